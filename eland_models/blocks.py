"""What both towers of SigLIP are made of: pre-norm transformer blocks without any mask.

The architecture is SigLIP's (Zhai et al. 2023, arXiv:2303.15343; `SiglipEncoderLayer` of transformers).
Query, key and value share one matrix product, which does not change the result. Modules are built from
tensors by transformers' names, in float32 whatever the file holds. TorchScript compiles them for the text
tower, so they use only what the ML node allows.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from eland_models.checkpoint import DEFAULT_HIDDEN_SIZE, read_json
from eland_models.weights import Weights

ACTIVATION = "gelu_pytorch_tanh"

Settings = TypeVar("Settings", bound="TowerSettings")


@dataclass(frozen=True)
class TowerSettings:
    """A tower's shape; the defaults are those of transformers' SiglipTextConfig and SiglipVisionConfig."""

    hidden_size: int = DEFAULT_HIDDEN_SIZE
    intermediate_size: int = 3072
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    layer_norm_eps: float = 1e-6
    hidden_act: str = ACTIVATION

    @classmethod
    def read(cls: type[Settings], folder: Path, section: str) -> Settings:
        """Read the settings from a section of config.json.

        Raises:
            ModelError: the file cannot be read.
        """
        config: dict[str, Any] = read_json(folder / "config.json").get(section, {})
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in config.items() if name in names})


class Block(nn.Module):
    """One pre-norm transformer block: [rows, positions, width] in and out."""

    def __init__(self, weights: Weights, prefix: str, settings: TowerSettings) -> None:
        super().__init__()
        width = settings.hidden_size
        self.heads = settings.num_attention_heads
        self.head_width = width // self.heads
        self.attention_norm = norm(weights, prefix + "layer_norm1.", settings)
        parts = [f"{prefix}self_attn.{part}_proj." for part in "qkv"]
        self.query_key_value: nn.Module = linear(weights, parts, width, width)
        self.out: nn.Module = linear(weights, [prefix + "self_attn.out_proj."], width, width)
        self.mlp = Mlp(weights, prefix + "layer_norm2.", prefix + "mlp.", settings)

    def forward(self, hidden: Tensor) -> Tensor:
        joint = self.query_key_value(self.attention_norm(hidden))
        rows, positions, width = hidden.size(0), hidden.size(1), hidden.size(2)
        query, key, value = (
            joint.view(rows, positions, 3 * self.heads, self.head_width).transpose(1, 2).chunk(3, 1)
        )
        seen = functional.scaled_dot_product_attention(query, key, value)
        hidden = hidden + self.out(seen.transpose(1, 2).reshape(rows, positions, width))
        return self.mlp(hidden)


class Mlp(nn.Module):
    """Norm, widen, GELU, narrow, and the residual: the same shape in and out.

    Attributes:
        approximate: of PyTorch's GELU, "tanh" or "none".
    """

    __constants__ = ("approximate",)

    def __init__(self, weights: Weights, norm_prefix: str, prefix: str, settings: TowerSettings) -> None:
        super().__init__()
        width, wide = settings.hidden_size, settings.intermediate_size
        self.approximate = "tanh"
        self.norm = norm(weights, norm_prefix, settings)
        self.widen: nn.Module = linear(weights, [prefix + "fc1."], width, wide)
        self.narrow: nn.Module = linear(weights, [prefix + "fc2."], wide, width)

    def forward(self, hidden: Tensor) -> Tensor:
        wide = functional.gelu(self.widen(self.norm(hidden)), approximate=self.approximate)
        return hidden + self.narrow(wide)


def attend_once(query: Tensor, key_value: Tensor) -> Tensor:
    """Let one query a row attend to all positions.

    Args:
        query: [rows, heads, 1, head width].
        key_value: [rows, positions, 2 · width], keys beside values.

    Returns:
        [rows, width].
    """
    rows, heads, head_width = query.size(0), query.size(1), query.size(3)
    joint = key_value.view(rows, key_value.size(1), 2 * heads, head_width)
    key, value = joint.transpose(1, 2).chunk(2, 1)
    seen = functional.scaled_dot_product_attention(query, key, value)
    return seen.reshape(rows, heads * head_width)


def unit(vectors: Tensor) -> Tensor:
    """Scale the last dimension to length 1; a zero vector stays zero."""
    return vectors / torch.linalg.vector_norm(vectors, dim=-1, keepdim=True).clamp(min=1e-12)


def norm(weights: Weights, prefix: str, settings: TowerSettings) -> nn.LayerNorm:
    """A layer norm with the checkpoint's weights."""
    width = settings.hidden_size
    layer = nn.LayerNorm(width, eps=settings.layer_norm_eps)
    return frozen(layer, weights.take(prefix + "weight", width), weights.take(prefix + "bias", width))


def linear(weights: Weights, prefixes: list[str], inputs: int, outputs: int) -> nn.Linear:
    """Linear layers of one input as a single one, their outputs side by side."""
    weight = torch.cat([weights.take(prefix + "weight", outputs, inputs) for prefix in prefixes])
    return linear_of(weight, torch.cat([weights.take(prefix + "bias", outputs) for prefix in prefixes]))


def linear_of(weight: Tensor, bias: Tensor) -> nn.Linear:
    """A linear layer of [outputs, inputs] and [outputs] numbers.

    It is made small and then filled: random numbers in the real size take seconds, and the device "meta"
    imports sympy, half a second and 30 MB.
    """
    layer = nn.Linear(1, 1)
    layer.out_features, layer.in_features = weight.shape
    return frozen(layer, weight, bias)


def frozen(layer: Any, weight: Tensor, bias: Tensor) -> Any:
    """Give a layer its weights, not to be trained."""
    layer.weight = nn.Parameter(weight, requires_grad=False)
    layer.bias = nn.Parameter(bias, requires_grad=False)
    return layer
