"""SigLIP-2's text tower as a small module of its own that TorchScript can hold.

The architecture is SigLIP's (Zhai et al. 2023, arXiv:2303.15343; `SiglipTextTransformer` of transformers):
token and position embeddings, pre-norm blocks without any mask (the padding is attended to), a last norm,
and a linear head on the **last position**. Because only that position is read, the last block computes its
query, its attention and its MLP for it alone; query, key and value share one matrix product. Neither
changes the result.

Weights arrive by transformers' names, in float32 whatever the file holds.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from eland_models.checkpoint import DEFAULT_HIDDEN_SIZE, Checkpoint, read_json, weight_files
from eland_models.errors import ModelError
from eland_models.tokenizer import TOKENS

Weights = dict[str, Tensor]
PREFIX = "text_model."


@dataclass(frozen=True)
class TextSettings:
    """The text tower's shape; the defaults are transformers' SiglipTextConfig's."""

    hidden_size: int = DEFAULT_HIDDEN_SIZE
    intermediate_size: int = 3072
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    max_position_embeddings: int = TOKENS
    layer_norm_eps: float = 1e-6
    hidden_act: str = "gelu_pytorch_tanh"


def read_settings(folder: Path) -> TextSettings:
    """Read the text tower's shape from config.json.

    Raises:
        ModelError: a setting that this encoder does not follow.
    """
    config: dict[str, Any] = read_json(folder / "config.json").get("text_config", {})
    settings = TextSettings(
        **{name: config[name] for name in TextSettings.__dataclass_fields__ if name in config}
    )
    if settings.hidden_act != "gelu_pytorch_tanh" or settings.max_position_embeddings != TOKENS:
        raise ModelError(
            f"{folder} is no SigLIP-2 text tower (activation {settings.hidden_act}, "
            f"{settings.max_position_embeddings} positions; expected gelu_pytorch_tanh and {TOKENS}): "
            "use a checkpoint such as google/siglip2-base-patch16-224."
        )
    return settings


def read_weights(checkpoint: Checkpoint) -> Weights:
    """The text tower's tensors as float32, by their names without ``text_model.``."""
    from safetensors import safe_open

    weights: Weights = {}
    for path in weight_files(checkpoint.folder):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 (not a dict)
                if name.startswith(PREFIX):
                    weights[name.removeprefix(PREFIX)] = file.get_tensor(name).to(torch.float32)
    return weights


class Encoder(nn.Module):
    """Ids to unit vectors."""

    def __init__(self, weights: Weights, settings: TextSettings, piece_ids: Tensor) -> None:
        """Build from transformers' tensors, keeping of the embedding table the rows of `piece_ids` [n]
        alone."""
        super().__init__()
        self.embedding: nn.Module = Embedding(take(weights, "embeddings.token_embedding.weight"), piece_ids)
        self.register_buffer("positions", take(weights, "embeddings.position_embedding.weight"))
        last = settings.num_hidden_layers - 1
        self.blocks = nn.ModuleList(
            Block(weights, f"encoder.layers.{number}.", settings) for number in range(last)
        )
        self.last_block = LastBlock(weights, f"encoder.layers.{last}.", settings)
        self.norm = norm(weights, "final_layer_norm.", settings)
        head = linear(weights, "head.")
        self.dims = head.out_features
        self.head: nn.Module = head

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


class Block(nn.Module):
    """One pre-norm transformer block: [texts, 64, width] in and out."""

    def __init__(self, weights: Weights, prefix: str, settings: TextSettings) -> None:
        super().__init__()
        self.heads = settings.num_attention_heads
        self.head_width = settings.hidden_size // settings.num_attention_heads
        self.attention_norm = norm(weights, prefix + "layer_norm1.", settings)
        self.query_key_value = stacked_linear(weights, [f"{prefix}self_attn.{part}_proj." for part in "qkv"])
        self.out = linear(weights, prefix + "self_attn.out_proj.")
        self.mlp = Mlp(weights, prefix, settings)

    def forward(self, hidden: Tensor) -> Tensor:
        joint = self.query_key_value(self.attention_norm(hidden))
        texts, positions, width = hidden.size(0), hidden.size(1), hidden.size(2)
        query, key, value = (
            joint.view(texts, positions, 3 * self.heads, self.head_width).transpose(1, 2).chunk(3, 1)
        )
        seen = functional.scaled_dot_product_attention(query, key, value)
        hidden = hidden + self.out(seen.transpose(1, 2).reshape(texts, positions, width))
        return self.mlp(hidden)


class LastBlock(nn.Module):
    """The last block, for the last position alone: [texts, 64, width] to [texts, width]."""

    def __init__(self, weights: Weights, prefix: str, settings: TextSettings) -> None:
        super().__init__()
        self.heads = settings.num_attention_heads
        self.head_width = settings.hidden_size // settings.num_attention_heads
        self.attention_norm = norm(weights, prefix + "layer_norm1.", settings)
        self.query = linear(weights, prefix + "self_attn.q_proj.")
        self.key_value = stacked_linear(weights, [f"{prefix}self_attn.{part}_proj." for part in "kv"])
        self.out = linear(weights, prefix + "self_attn.out_proj.")
        self.mlp = Mlp(weights, prefix, settings)

    def forward(self, hidden: Tensor) -> Tensor:
        normed = self.attention_norm(hidden)
        texts, positions, width = hidden.size(0), hidden.size(1), hidden.size(2)
        query = self.query(normed[:, -1]).view(texts, self.heads, 1, self.head_width)
        joint = self.key_value(normed).view(texts, positions, 2 * self.heads, self.head_width)
        key, value = joint.transpose(1, 2).chunk(2, 1)
        seen = functional.scaled_dot_product_attention(query, key, value)
        return self.mlp(hidden[:, -1] + self.out(seen.reshape(texts, width)))


class Mlp(nn.Module):
    """Norm, widen, GELU (tanh form), narrow, and the residual: the same shape in and out."""

    def __init__(self, weights: Weights, prefix: str, settings: TextSettings) -> None:
        super().__init__()
        self.norm = norm(weights, prefix + "layer_norm2.", settings)
        self.widen = linear(weights, prefix + "mlp.fc1.")
        self.narrow = linear(weights, prefix + "mlp.fc2.")

    def forward(self, hidden: Tensor) -> Tensor:
        wide = functional.gelu(self.widen(self.norm(hidden)), approximate="tanh")
        return hidden + self.narrow(wide)


def unit(vectors: Tensor) -> Tensor:
    """Scale the last dimension to length 1; a zero vector stays zero."""
    return vectors / torch.linalg.vector_norm(vectors, dim=-1, keepdim=True).clamp(min=1e-12)


def take(weights: Weights, name: str) -> Tensor:
    """One tensor by its name.

    Raises:
        ModelError: the checkpoint has none of that name.
    """
    if name not in weights:
        raise ModelError(
            f"The checkpoint has no tensor {PREFIX}{name}, so its text tower is not SigLIP's: "
            "use one such as google/siglip2-base-patch16-224."
        )
    return weights[name]


def norm(weights: Weights, prefix: str, settings: TextSettings) -> nn.LayerNorm:
    """A layer norm with the checkpoint's weights."""
    weight = take(weights, prefix + "weight")
    layer = nn.LayerNorm(weight.numel(), eps=settings.layer_norm_eps)
    return frozen(layer, weight, take(weights, prefix + "bias"))


def linear(weights: Weights, prefix: str) -> nn.Linear:
    """A linear layer with the checkpoint's weights."""
    return stacked_linear(weights, [prefix])


def stacked_linear(weights: Weights, prefixes: list[str]) -> nn.Linear:
    """Several linear layers of one input as a single one, their outputs side by side."""
    weight = torch.cat([take(weights, prefix + "weight") for prefix in prefixes])
    bias = torch.cat([take(weights, prefix + "bias") for prefix in prefixes])
    layer = nn.Linear(weight.size(1), weight.size(0), device="meta")
    return frozen(layer, weight, bias)


def frozen(layer: Any, weight: Tensor, bias: Tensor) -> Any:
    """Give a layer its weights, not to be trained."""
    layer.weight = nn.Parameter(weight, requires_grad=False)
    layer.bias = nn.Parameter(bias, requires_grad=False)
    return layer
