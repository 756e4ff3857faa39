"""The vision tower in 8-bit integers: half the time of float32 on a processor.

Weights have 8 bits (see `eland_models.quantize`). Pictures are embedded one by one, so a vector never depends
on the other pictures of a batch. Processors without VNNI add two products of 8 bits in 16 bits, which
255·127·2 overflows; there PyTorch gives the activations 7 bits (`reduce_range`).
"""
# mypy: disallow-subclassing-any=False
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from eland_models.blocks import Mlp
from eland_models.quantize import QuantizedLinear, quantize_layers
from loader.vision.tower import Tower

# The fastest first; of onednn's results, those on a processor with VNNI are also the most exact.
ENGINES = ("onednn", "x86", "fbgemm", "qnnpack")
LARGEST_WEIGHT = 127
TRIED_SIZE = (64, 64)  # of the layer with which an engine is tried
PROCESSOR = Path("/proc/cpuinfo")


class QuantizedTower(nn.Module):
    """A tower whose linear layers have become 8-bit.

    Args:
        tower: float32, on the CPU; it cannot be used afterwards.
        engine: one that runs here (see `find_engine`).
    """

    def __init__(self, tower: Tower, engine: str) -> None:
        super().__init__()
        for module in tower.modules():
            if isinstance(module, Mlp):
                # A quarter of the time; off by 0.0005, a fortieth of what 8 bits round.
                module.approximate = "none"
        with _using(engine):
            # `embed` stays: it is 1 % of the time, and pixels are not to be rounded.
            for part in (tower.blocks, tower.head):
                quantize_layers(part, LARGEST_WEIGHT, reduce_range=not has_vnni())
        self.tower = tower

    def forward(self, pixels: Tensor) -> Tensor:
        """[pictures, 3, side, side] float32, normalised, to [pictures, width] vectors of length 1."""
        return torch.cat([self.tower(picture) for picture in pixels.split(1)])


def find_engine() -> str | None:
    """Return the fastest of PyTorch's quantisation engines that this processor can run, if any."""
    return next((engine for engine in ENGINES if _runs(engine)), None)


def _runs(engine: str) -> bool:
    """Whether an engine runs with this build of PyTorch on this processor, found by a small computation."""
    if engine not in torch.backends.quantized.supported_engines:
        return False
    try:
        with _using(engine), torch.inference_mode():
            layer = QuantizedLinear(nn.Linear(*TRIED_SIZE), LARGEST_WEIGHT, reduce_range=not has_vnni())
            layer(torch.ones(1, TRIED_SIZE[0]))
    except RuntimeError:
        return False
    return True


def has_vnni(processor: Path = PROCESSOR) -> bool:
    """Return whether the processor adds 8-bit products without overflow; False where that is not known."""
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
