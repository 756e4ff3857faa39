"""The vision tower in 8-bit integers: half the time of float32 on a processor, where it proves itself.

Weights are quantised ahead, symmetric, one scale an output channel; activations while running, one scale a
tensor (Jacob et al. 2018, arXiv:1712.05877; PyTorch's `quantized::linear_dynamic`). Pictures go through one
by one, so that a vector never depends on the pictures beside it.

Processors without VNNI add two products of 8 bits in 16, which 255·127·2 overflows; PyTorch's own way there
is to give the activations 7 bits (`reduce_range`).
"""
# mypy: disallow-subclassing-any=False
from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from loader.vision_tower import Mlp, Tower

# The fastest first; of onednn's results, those on a processor with VNNI are also the most exact.
ENGINES = ("onednn", "x86", "fbgemm", "qnnpack")
LARGEST_WEIGHT = 127
PROCESSOR = Path("/proc/cpuinfo")


class QuantizedTower(nn.Module):
    """A tower's twin whose linear layers are 8-bit; everything else is shared with the tower.

    Args:
        tower: float32, on the CPU.
        engine: one of `usable_engines`.

    Raises:
        RuntimeError: PyTorch's engine does not take the layers.
    """

    def __init__(self, tower: Tower, engine: str) -> None:
        super().__init__()
        with _using(engine):
            self.tower = _twin(tower, reduce_range=not has_vnni())

    def forward(self, pixels: Tensor) -> Tensor:
        """[pictures, 3, side, side] float32, normalised, to [pictures, width] vectors of length 1."""
        return torch.cat([self.tower(picture) for picture in pixels.split(1)])


class QuantizedLinear(nn.Module):
    """A linear layer with int8 weights, one scale an output channel."""

    def __init__(self, layer: nn.Linear, *, reduce_range: bool) -> None:
        super().__init__()
        self.reduce_range = reduce_range
        largest = layer.weight.detach().abs().amax(1).double()
        scales = (largest / LARGEST_WEIGHT).clamp(min=torch.finfo(torch.float32).tiny)
        zeros = torch.zeros(len(scales), dtype=torch.int64)
        weight = torch.quantize_per_channel(layer.weight.detach(), scales, zeros, 0, torch.qint8)
        self.packed = torch.ops.quantized.linear_prepack(weight, layer.bias.detach())

    def forward(self, inputs: Tensor) -> Tensor:
        """[…, in] to […, out], float32."""
        outputs: Tensor = torch.ops.quantized.linear_dynamic(inputs, self.packed, self.reduce_range)
        return outputs


def usable_engines() -> list[str]:
    """Return PyTorch's quantisation engines of this build, the one to try first at the head."""
    return [engine for engine in ENGINES if engine in torch.backends.quantized.supported_engines]


def has_vnni(processor: Path = PROCESSOR) -> bool:
    """Return whether the processor adds 8-bit products without overflow; False where nobody says so."""
    try:
        words = set(processor.read_text().split())
    except OSError:  # not Linux
        return False
    return bool(words & {"avx512_vnni", "avx_vnni"})


@contextmanager
def _using(engine: str) -> Iterator[None]:
    """Pack weights for one engine; packed ones keep it."""
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        yield
    finally:
        torch.backends.quantized.engine = before


def _twin(module: nn.Module, *, reduce_range: bool) -> nn.Module:
    """Copy a module's structure, with 8-bit layers for its linear ones and the very same other weights."""
    if isinstance(module, nn.Linear):
        return QuantizedLinear(module, reduce_range=reduce_range)
    twin = copy.copy(module)
    twin._modules = {
        name: None if child is None else _twin(child, reduce_range=reduce_range)
        for name, child in module._modules.items()
    }
    if isinstance(module, Tower):
        twin.embed = module.embed  # 1 % of the time, and pixels are not to be rounded
    if isinstance(twin, Mlp):
        twin.approximate = "none"  # a quarter of the time; off by 0.0005, a fortieth of what 8 bits round
    return twin
