"""SigLIP-2's vision tower as a small module of its own: pixels to unit vectors.

The architecture is SigLIP's (Zhai et al. 2023, arXiv:2303.15343; `SiglipVisionTransformer` of transformers):
patches and learned positions, transformer blocks, a last norm, and an attention pooling head ("MAP", Lee et
al. 2019, arXiv:1810.00825) in which one learned probe attends to all patches. The probe's query is computed
once, which does not change the result. Importing transformers for this would cost seconds and 270 MB.
"""
# mypy: disallow-subclassing-any=False
from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from eland_models.blocks import ACTIVATION, Block, Mlp, TowerSettings, attend_once, linear, linear_of, norm
from eland_models.checkpoint import DEFAULT_IMAGE_SIZE, Checkpoint, weight_files
from eland_models.weights import Weights
from loader.errors import PeaksError

CHANNELS = 3


@dataclass(frozen=True)
class VisionSettings(TowerSettings):
    """The vision tower's shape."""

    num_channels: int = CHANNELS
    image_size: int = DEFAULT_IMAGE_SIZE
    patch_size: int = 16
    vision_use_head: bool = True


def load_tower(checkpoint: Checkpoint) -> Tower:
    """Read a checkpoint's vision tower; its other weights are not read.

    Raises:
        PeaksError: weights are missing or have other sizes, or the tower is not SigLIP's.
    """
    settings = VisionSettings.read(checkpoint.folder, "vision_config")
    found = (settings.hidden_act, settings.num_channels, settings.vision_use_head)
    if found != (ACTIVATION, CHANNELS, True):
        raise PeaksError(
            f"{checkpoint.folder} is no SigLIP-2 vision tower (activation {found[0]}, {found[1]} "
            f"channels, pooling head {found[2]}; expected {ACTIVATION}, {CHANNELS} and True): "
            "use a checkpoint such as google/siglip2-base-patch16-224."
        )
    tower = Tower(Weights(weight_files(checkpoint.folder), "vision_model."), settings)
    tower.eval()
    return tower


class Tower(nn.Module):
    """Pictures to unit vectors."""

    def __init__(self, weights: Weights, settings: VisionSettings) -> None:
        super().__init__()
        self.patch = patch = settings.patch_size
        width, patches = settings.hidden_size, (settings.image_size // patch) ** 2
        positions = weights.take("embeddings.position_embedding.weight", patches, width)
        self.register_buffer("positions", positions)
        kernel = weights.take("embeddings.patch_embedding.weight", width, CHANNELS, patch, patch).flatten(1)
        self.embed = linear_of(kernel, weights.take("embeddings.patch_embedding.bias", width))
        self.blocks = nn.ModuleList(
            Block(weights, f"encoder.layers.{number}.", settings)
            for number in range(settings.num_hidden_layers)
        )
        self.norm = norm(weights, "post_layernorm.", settings)
        self.head = PoolingHead(weights, "head.", settings)

    def forward(self, pixels: Tensor) -> Tensor:
        """[pictures, 3, side, side] float32, normalised, to [pictures, width] vectors of length 1."""
        hidden = self.embed(self._cut(pixels)) + self.positions
        for block in self.blocks:
            hidden = block(hidden)
        return functional.normalize(self.head(self.norm(hidden)), dim=-1)

    def _cut(self, pixels: Tensor) -> Tensor:
        """[pictures, 3, side, side] to [pictures, patches, 3 · patch²]; what is left at the edges is dropped,
        as by a convolution without padding."""
        rows = pixels.unfold(2, self.patch, self.patch).unfold(3, self.patch, self.patch)
        return rows.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


class PoolingHead(nn.Module):
    """A probe's attention to all patches, and an MLP: [pictures, patches, width] to [pictures, width]."""

    def __init__(self, weights: Weights, prefix: str, settings: VisionSettings) -> None:
        super().__init__()
        width = settings.hidden_size
        weight = weights.take(prefix + "attention.in_proj_weight", 3 * width, width)
        bias = weights.take(prefix + "attention.in_proj_bias", 3 * width)
        query = functional.linear(weights.take(prefix + "probe", 1, 1, width), weight[:width], bias[:width])
        query = query.unflatten(2, (settings.num_attention_heads, -1)).transpose(1, 2)
        self.register_buffer("query", query)
        self.key_value: nn.Module = linear_of(weight[width:].clone(), bias[width:].clone())
        self.out: nn.Module = linear(weights, [prefix + "attention.out_proj."], width, width)
        self.mlp = Mlp(weights, prefix + "layernorm.", prefix + "mlp.", settings)

    def forward(self, hidden: Tensor) -> Tensor:
        query = self.query.expand(len(hidden), -1, -1, -1)
        return self.mlp(self.out(attend_once(query, self.key_value(hidden))))
