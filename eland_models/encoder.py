"""SigLIP-2's text tower as a small module of its own that TorchScript can hold.

The architecture is SigLIP's (Zhai et al. 2023, arXiv:2303.15343; `SiglipTextTransformer` of transformers):
token and position embeddings, transformer blocks (the padding is attended to), a last norm, and a linear
head on the **last position**. Because only that position is read, the last block computes its query, its
attention and its MLP for it alone, which does not change the result.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from eland_models.blocks import ACTIVATION, Block, Mlp, TowerSettings, attend_once, linear, norm, unit
from eland_models.checkpoint import Checkpoint, weight_files
from eland_models.errors import ModelError
from eland_models.tokenizer import TOKENS
from eland_models.weights import ANY, Weights


@dataclass(frozen=True)
class TextSettings(TowerSettings):
    """The text tower's shape."""

    max_position_embeddings: int = TOKENS


def load_encoder(checkpoint: Checkpoint, piece_ids: Tensor) -> Encoder:
    """Read a checkpoint's text tower, keeping of the embedding table the rows of `piece_ids` [n] alone.

    Raises:
        ModelError: the tower is not SigLIP-2's, or its weights are missing or damaged.
    """
    settings = TextSettings.read(checkpoint.folder, "text_config")
    if settings.hidden_act != ACTIVATION or settings.max_position_embeddings != TOKENS:
        raise ModelError(
            f"{checkpoint.folder} is no SigLIP-2 text tower (activation {settings.hidden_act}, "
            f"{settings.max_position_embeddings} positions; expected {ACTIVATION} and {TOKENS}): "
            "use a checkpoint such as google/siglip2-base-patch16-224."
        )
    weights = Weights(weight_files(checkpoint.folder), "text_model.")
    return Encoder(weights, settings, piece_ids, checkpoint.dims)


class Encoder(nn.Module):
    """Ids to unit vectors."""

    def __init__(self, weights: Weights, settings: TextSettings, piece_ids: Tensor, dims: int) -> None:
        super().__init__()
        width = settings.hidden_size
        table = weights.take("embeddings.token_embedding.weight", ANY, width)
        self.embedding: nn.Module = Embedding(table, piece_ids)
        del table
        positions = weights.take("embeddings.position_embedding.weight", TOKENS, width)
        self.register_buffer("positions", positions)
        last = settings.num_hidden_layers - 1
        self.blocks = nn.ModuleList(
            Block(weights, f"encoder.layers.{number}.", settings) for number in range(last)
        )
        self.last_block = LastBlock(weights, f"encoder.layers.{last}.", settings)
        self.norm = norm(weights, "final_layer_norm.", settings)
        self.dims = dims
        self.head: nn.Module = linear(weights, ["head."], width, dims)

    def forward(self, ids: Tensor) -> Tensor:
        """[texts, 64] int64 dense ids to [texts, dims] float32 vectors of length 1."""
        hidden = self.embedding(ids) + self.positions
        for block in self.blocks:
            hidden = block(hidden)
        vector = self.head(self.norm(self.last_block(hidden)))
        return unit(vector)


class Embedding(nn.Module):
    """The token embeddings that some text can reach, in float32."""

    def __init__(self, table: Tensor, piece_ids: Tensor) -> None:
        super().__init__()
        if int(piece_ids.max()) >= table.size(0):
            raise ModelError(
                f"The tokenizer has ids up to {int(piece_ids.max())} but the embedding table only "
                f"{table.size(0)} rows: take tokenizer.json and weights from one checkpoint."
            )
        self.register_buffer("table", table[piece_ids].contiguous())

    def forward(self, ids: Tensor) -> Tensor:
        """[texts, 64] int64 to [texts, 64, width] float32."""
        return functional.embedding(ids, self.table)


class LastBlock(nn.Module):
    """The last block, for the last position alone: [texts, 64, width] to [texts, width]."""

    def __init__(self, weights: Weights, prefix: str, settings: TextSettings) -> None:
        super().__init__()
        width = settings.hidden_size
        self.heads = settings.num_attention_heads
        self.head_width = width // self.heads
        self.attention_norm = norm(weights, prefix + "layer_norm1.", settings)
        self.query: nn.Module = linear(weights, [prefix + "self_attn.q_proj."], width, width)
        parts = [f"{prefix}self_attn.{part}_proj." for part in "kv"]
        self.key_value: nn.Module = linear(weights, parts, width, width)
        self.out: nn.Module = linear(weights, [prefix + "self_attn.out_proj."], width, width)
        self.mlp = Mlp(weights, prefix + "layer_norm2.", prefix + "mlp.", settings)

    def forward(self, hidden: Tensor) -> Tensor:
        normed = self.attention_norm(hidden)
        query = self.query(normed[:, -1]).view(hidden.size(0), self.heads, 1, self.head_width)
        return self.mlp(hidden[:, -1] + self.out(attend_once(query, self.key_value(normed))))
