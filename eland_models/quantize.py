"""Linear layers and embeddings in 8-bit integers: a quarter of the size, and faster on x86-64.

Weights are quantised ahead, symmetric, one scale a row (output channel); activations while running, one
scale a tensor (Jacob et al. 2018, arXiv:1712.05877), by PyTorch's `quantized::linear_dynamic`, the one
quantised operation that the ML node allows.

The text encoder's weights use 7 bits and its activations 8. Processors without VNNI add two products in 16
bits, which 8 by 8 bits would overflow (255·127·2 > 32,767) and 8 by 7 cannot (255·63·2). PyTorch's own way,
7 bits for the activations (`reduce_range`), is the less exact of the two: one scale a tensor leaves outliers
to the activations.

Two parts of it stay in float32, as they cost little and matter much: the first block, whose input is still
bare embeddings of very unequal size (its rounding alone is more than that of everything behind it), and the
layers that see one position only and round last: the last block's query, output and MLP, and the head.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from collections.abc import Set

import torch
from torch import Tensor, nn
from torch.nn import functional

from eland_models.encoder import Embedding, Encoder

LARGEST_WEIGHT = 63
LARGEST_EMBEDDING = 127


class QuantizedLinear(nn.Module):
    """A linear layer with int8 weights, one scale an output channel.

    Args:
        layer: whose weights and bias to take.
        largest: integer that the largest weight of a row becomes, at most 127.
        reduce_range: whether activations get 7 bits in place of 8.
    """

    __constants__ = ("reduce_range",)

    def __init__(self, layer: nn.Linear, largest: int, *, reduce_range: bool = False) -> None:
        super().__init__()
        self.reduce_range = reduce_range
        weight = layer.weight.detach()
        scales = row_scales(weight, largest)
        quantised = torch.quantize_per_channel(
            weight, scales.to(torch.float64), torch.zeros(len(scales), dtype=torch.int64), 0, torch.qint8
        )
        self.packed = torch.ops.quantized.linear_prepack(quantised, layer.bias.detach())

    def forward(self, inputs: Tensor) -> Tensor:
        """[…, in] to […, out], float32."""
        return torch.ops.quantized.linear_dynamic(inputs, self.packed, self.reduce_range)


class QuantizedEmbedding(nn.Module):
    """An embedding table of int8 rows, each with its own scale."""

    def __init__(self, embedding: Embedding) -> None:
        super().__init__()
        scales = row_scales(embedding.table, LARGEST_EMBEDDING).unsqueeze(1)
        self.register_buffer("table", torch.round(embedding.table / scales).to(torch.int8))
        self.register_buffer("scales", scales)

    def forward(self, ids: Tensor) -> Tensor:
        """[texts, 64] int64 to [texts, 64, width] float32."""
        return functional.embedding(ids, self.table).to(torch.float32) * functional.embedding(
            ids, self.scales
        )


def row_scales(matrix: Tensor, steps: int) -> Tensor:
    """[rows] float32 scale that maps each row's largest absolute value to `steps`; 1 for a row of zeros."""
    largest = matrix.abs().amax(1)
    return torch.where(largest > 0, largest / steps, torch.ones_like(largest))


def quantize(encoder: Encoder) -> Encoder:
    """Make the encoder's embedding and linear layers 8-bit, in place, but for `exact_layers`; returns it."""
    assert isinstance(encoder.embedding, Embedding)
    encoder.embedding = QuantizedEmbedding(encoder.embedding)
    quantize_layers(encoder, LARGEST_WEIGHT, exact=exact_layers(encoder))
    return encoder


def quantize_layers(
    module: nn.Module, largest: int, *, reduce_range: bool = False, exact: Set[nn.Module] = frozenset()
) -> None:
    """Make the linear layers inside a module 8-bit, but for those in `exact`.

    The float32 weights of each layer are freed before the next one's turn, so that memory never holds both
    forms of the whole model.
    """
    for name, child in module.named_children():
        if not isinstance(child, nn.Linear):
            quantize_layers(child, largest, reduce_range=reduce_range, exact=exact)
        elif child not in exact:
            setattr(module, name, QuantizedLinear(child, largest, reduce_range=reduce_range))


def exact_layers(encoder: Encoder) -> set[nn.Module]:
    """The first block's linear layers, and those that work on the last position alone."""
    first = encoder.blocks[0] if len(encoder.blocks) else encoder.last_block
    last = encoder.last_block
    return {encoder.head, last.query, last.out, *linear_layers(last.mlp), *linear_layers(first)}


def linear_layers(module: nn.Module) -> list[nn.Module]:
    """The linear layers inside a module."""
    return [child for child in module.modules() if isinstance(child, nn.Linear)]
