"""The encoder in 8-bit integers: a quarter of the size, and faster on x86-64.

Weights are quantised ahead, symmetric, one scale a row (output channel); activations while running, one
scale a tensor, by PyTorch's `quantized::linear_dynamic`, the one quantised operation that the ML node
allows.

Weights use 7 bits and activations 8. Processors without VNNI add two products in 16 bits, which 8 by 8 bits
would overflow (255·127·2 > 32,767) and 8 by 7 cannot (255·63·2). PyTorch's own way, 7 bits for the
activations (`reduce_range`), is the less exact of the two: one scale a tensor leaves outliers to the
activations.

Two parts stay in float32, as they cost little and matter much: the first block, whose input is still bare
embeddings of very unequal size (its rounding alone is more than that of everything behind it), and the
layers that see one position only and round last: the last block's query, output and MLP, and the head.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from eland_models.encoder import Embedding, Encoder

LARGEST_WEIGHT = 63
LARGEST_EMBEDDING = 127


class QuantizedLinear(nn.Module):
    """A linear layer with int8 weights, one scale an output channel."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        weight = layer.weight.detach()
        scales = row_scales(weight, LARGEST_WEIGHT)
        quantised = torch.quantize_per_channel(
            weight, scales.to(torch.float64), torch.zeros(len(scales), dtype=torch.int64), 0, torch.qint8
        )
        self.packed = torch.ops.quantized.linear_prepack(quantised, layer.bias.detach())

    def forward(self, inputs: Tensor) -> Tensor:
        """[…, in] to […, out], float32."""
        return torch.ops.quantized.linear_dynamic(inputs, self.packed, False)


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
    exact = exact_layers(encoder)
    for module in list(encoder.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear) and child not in exact:
                setattr(module, name, QuantizedLinear(child))
    return encoder


def exact_layers(encoder: Encoder) -> set[nn.Module]:
    """The first block's linear layers, and those that work on the last position alone."""
    first = encoder.blocks[0] if len(encoder.blocks) else encoder.last_block
    last = encoder.last_block
    return {encoder.head, last.query, last.out, *linear_layers(last.mlp), *linear_layers(first)}


def linear_layers(module: nn.Module) -> list[nn.Module]:
    """The linear layers inside a module."""
    return [child for child in module.modules() if isinstance(child, nn.Linear)]
