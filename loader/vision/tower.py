"""SigLIP-2's vision tower as a small module of its own: pixels to unit vectors.

The architecture is SigLIP's (Zhai et al. 2023, arXiv:2303.15343; `SiglipVisionTransformer` of transformers):
patches and learned positions, pre-norm blocks, a last norm, and an attention pooling head ("MAP", Lee et al.
2019, arXiv:1810.00825) in which one learned probe attends to all patches. Query, key and value share one
matrix product, and the probe's query is computed once; neither changes the result, as a test against
transformers shows. Importing transformers for this would cost seconds and 270 MB.
"""
# mypy: disallow-subclassing-any=False
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.nn import functional

from eland_models.checkpoint import DEFAULT_HIDDEN_SIZE, DEFAULT_IMAGE_SIZE, read_json, weight_files
from eland_models.errors import ModelError
from loader.errors import PeaksError
from loader.vision.tensor_files import TensorFiles

if TYPE_CHECKING:
    from eland_models.checkpoint import Checkpoint

PREFIX = "vision_model."
CHANNELS = 3


@dataclass(frozen=True)
class VisionSettings:
    """The vision tower's shape; the defaults are transformers' SiglipVisionConfig's."""

    hidden_size: int = DEFAULT_HIDDEN_SIZE
    intermediate_size: int = 3072
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    num_channels: int = CHANNELS
    image_size: int = DEFAULT_IMAGE_SIZE
    patch_size: int = 16
    layer_norm_eps: float = 1e-6
    hidden_act: str = "gelu_pytorch_tanh"
    vision_use_head: bool = True

    @property
    def patches(self) -> int:
        """Whole patches of the image."""
        return int((self.image_size // self.patch_size) ** 2)


def load_tower(checkpoint: Checkpoint) -> Tower:
    """Read a checkpoint's vision tower, and of its weights no others.

    Raises:
        PeaksError: weights are missing or have other sizes, or the tower is not SigLIP's.
    """
    try:
        settings = _read_settings(checkpoint)
        weights = TensorFiles(weight_files(checkpoint.folder))
    except ModelError as error:
        raise PeaksError(str(error)) from error
    missing = weights.strange({PREFIX + name: shape for name, shape in shapes(settings).items()})
    if missing:
        raise PeaksError(
            f"{checkpoint.folder} lacks {len(missing)} of the vision tower's weights "
            f"({', '.join(missing[:3])}): copy the whole checkpoint."
        )
    tower = Tower(weights, settings)
    tower.eval()
    return tower


def _read_settings(checkpoint: Checkpoint) -> VisionSettings:
    config: dict[str, Any] = read_json(checkpoint.folder / "config.json").get("vision_config", {})
    settings = VisionSettings(
        **{name: config[name] for name in VisionSettings.__dataclass_fields__ if name in config}
    )
    followed = (settings.hidden_act, settings.num_channels, settings.vision_use_head)
    if followed != ("gelu_pytorch_tanh", CHANNELS, True):
        raise PeaksError(
            f"{checkpoint.folder} is no SigLIP-2 vision tower (activation {followed[0]}, {followed[1]} "
            f"channels, pooling head {followed[2]}; expected gelu_pytorch_tanh, {CHANNELS} and True): "
            "use a checkpoint such as google/siglip2-base-patch16-224."
        )
    return settings


def shapes(settings: VisionSettings) -> dict[str, tuple[int, ...]]:
    """Return the dimensions of every weight by transformers' names, without ``vision_model.``."""
    width, patch = settings.hidden_size, settings.patch_size
    found: dict[str, tuple[int, ...]] = {
        "embeddings.patch_embedding.weight": (width, CHANNELS, patch, patch),
        "embeddings.patch_embedding.bias": (width,),
        "embeddings.position_embedding.weight": (settings.patches, width),
        "head.probe": (1, 1, width),
        "head.attention.in_proj_weight": (3 * width, width),
        "head.attention.in_proj_bias": (3 * width,),
    }
    norms, squares, mlps = ["post_layernorm", "head.layernorm"], ["head.attention.out_proj"], ["head.mlp"]
    for layer in (f"encoder.layers.{number}." for number in range(settings.num_hidden_layers)):
        norms += [layer + "layer_norm1", layer + "layer_norm2"]
        squares += [f"{layer}self_attn.{part}_proj" for part in ("q", "k", "v", "out")]
        mlps.append(layer + "mlp")
    layers: dict[str, tuple[int, ...]] = dict.fromkeys(norms, (width,))
    layers |= dict.fromkeys(squares, (width, width))
    layers |= {name + ".fc1": (settings.intermediate_size, width) for name in mlps}
    layers |= {name + ".fc2": (width, settings.intermediate_size) for name in mlps}
    for name, shape in layers.items():
        found |= {name + ".weight": shape, name + ".bias": shape[:1]}
    return found


class Tower(nn.Module):
    """Pictures to unit vectors."""

    def __init__(self, weights: TensorFiles, settings: VisionSettings) -> None:
        super().__init__()
        self.patch = settings.patch_size
        embedding = PREFIX + "embeddings."
        self.register_buffer("positions", weights.take(embedding + "position_embedding.weight"))
        kernel = weights.take(embedding + "patch_embedding.weight").flatten(1)
        self.embed: nn.Module = _linear_of(kernel, weights.take(embedding + "patch_embedding.bias"))
        layers = range(settings.num_hidden_layers)
        self.blocks = nn.ModuleList(
            Block(weights, f"{PREFIX}encoder.layers.{number}.", settings) for number in layers
        )
        self.norm = _norm(weights, PREFIX + "post_layernorm.", settings)
        self.head = PoolingHead(weights, PREFIX + "head.", settings)

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


class Block(nn.Module):
    """One pre-norm transformer block: [pictures, patches, width] in and out."""

    def __init__(self, weights: TensorFiles, prefix: str, settings: VisionSettings) -> None:
        super().__init__()
        self.heads = settings.num_attention_heads
        self.attention_norm = _norm(weights, prefix + "layer_norm1.", settings)
        parts = [f"{prefix}self_attn.{part}_proj." for part in "qkv"]
        self.query_key_value: nn.Module = _linear(weights, *parts)
        self.out: nn.Module = _linear(weights, prefix + "self_attn.out_proj.")
        self.mlp_norm = _norm(weights, prefix + "layer_norm2.", settings)
        self.mlp = Mlp(weights, prefix + "mlp.")

    def forward(self, hidden: Tensor) -> Tensor:
        joint = self.query_key_value(self.attention_norm(hidden))
        query, key, value = joint.unflatten(2, (3 * self.heads, -1)).transpose(1, 2).chunk(3, 1)
        seen = functional.scaled_dot_product_attention(query, key, value)
        hidden = hidden + self.out(seen.transpose(1, 2).flatten(2))
        return hidden + self.mlp(self.mlp_norm(hidden))


class PoolingHead(nn.Module):
    """A probe's attention to all patches, and an MLP: [pictures, patches, width] to [pictures, width]."""

    def __init__(self, weights: TensorFiles, prefix: str, settings: VisionSettings) -> None:
        super().__init__()
        self.heads, width = settings.num_attention_heads, settings.hidden_size
        weight, bias = (weights.take(f"{prefix}attention.in_proj_{part}") for part in ("weight", "bias"))
        probe = weights.take(prefix + "probe").view(1, 1, width)
        query = functional.linear(probe, weight[:width], bias[:width])
        self.register_buffer("query", query.unflatten(2, (self.heads, -1)).transpose(1, 2))
        self.key_value: nn.Module = _linear_of(weight[width:].clone(), bias[width:].clone())
        self.out: nn.Module = _linear(weights, prefix + "attention.out_proj.")
        self.norm = _norm(weights, prefix + "layernorm.", settings)
        self.mlp = Mlp(weights, prefix + "mlp.")

    def forward(self, hidden: Tensor) -> Tensor:
        joint = self.key_value(hidden).unflatten(2, (2 * self.heads, -1)).transpose(1, 2)
        key, value = joint.chunk(2, 1)
        query = self.query.expand(len(hidden), -1, -1, -1)
        seen = functional.scaled_dot_product_attention(query, key, value)
        pooled = self.out(seen.transpose(1, 2).flatten(1))
        return pooled + self.mlp(self.norm(pooled))


class Mlp(nn.Module):
    """Widen, GELU (tanh form), narrow.

    Attributes:
        approximate: of PyTorch's GELU, "tanh" or "none".
    """

    def __init__(self, weights: TensorFiles, prefix: str) -> None:
        super().__init__()
        self.approximate = "tanh"
        self.widen: nn.Module = _linear(weights, prefix + "fc1.")
        self.narrow: nn.Module = _linear(weights, prefix + "fc2.")

    def forward(self, hidden: Tensor) -> Tensor:
        return self.narrow(functional.gelu(self.widen(hidden), approximate=self.approximate))


def _norm(weights: TensorFiles, prefix: str, settings: VisionSettings) -> nn.LayerNorm:
    layer = nn.LayerNorm(settings.hidden_size, eps=settings.layer_norm_eps)
    return _frozen(layer, weights.take(prefix + "weight"), weights.take(prefix + "bias"))


def _linear(weights: TensorFiles, *prefixes: str) -> nn.Linear:
    """Several linear layers of one input as a single one, their outputs side by side."""
    weight = weights.stack([prefix + "weight" for prefix in prefixes])
    return _linear_of(weight, weights.stack([prefix + "bias" for prefix in prefixes]))


def _linear_of(weight: Tensor, bias: Tensor) -> nn.Linear:
    # Made small and then filled: random numbers in the real size take seconds, and the device "meta" imports
    # sympy, which takes half a second and 30 MB.
    layer = nn.Linear(1, 1)
    layer.out_features, layer.in_features = weight.shape
    return _frozen(layer, weight, bias)


def _frozen(layer: Any, weight: Tensor, bias: Tensor) -> Any:
    layer.weight = nn.Parameter(weight, requires_grad=False)
    layer.bias = nn.Parameter(bias, requires_grad=False)
    return layer
