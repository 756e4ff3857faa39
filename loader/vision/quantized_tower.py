"""The vision tower in 8-bit integers: half the time of float32 on a processor, where it proves itself.

Weights are quantised ahead, symmetric, one scale an output channel; activations while running, one scale a
tensor (Jacob et al. 2018, arXiv:1712.05877; PyTorch's `quantized::linear_dynamic`). Pictures go through one
by one, so that a vector never depends on the pictures beside it.

Processors without VNNI add two products of 8 bits in 16, which 255·127·2 overflows; PyTorch's own way there
is to give the activations 7 bits (`reduce_range`).
"""
# mypy: disallow-subclassing-any=False
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from loader.vision.tower import Mlp, Tower

# The fastest first; of onednn's results, those on a processor with VNNI are also the most exact.
ENGINES = ("onednn", "x86", "fbgemm", "qnnpack")
LARGEST_WEIGHT = 127
TRIED_SIZE = (64, 64)  # of the layer that tells whether an engine runs
PROCESSOR = Path("/proc/cpuinfo")


class QuantizedTower(nn.Module):
    """A tower whose linear layers have become 8-bit, one after the other: both never are in memory at once.

    Args:
        tower: float32, on the CPU; it is used up.
        engine: one that runs here (see `find_engine`).
    """

    def __init__(self, tower: Tower, engine: str) -> None:
        super().__init__()
        with _using(engine):
            _convert(tower, reduce_range=not has_vnni())
        self.tower = tower

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


def find_engine() -> str | None:
    """Return the fastest of PyTorch's quantisation engines that this processor can run, if any."""
    return next((engine for engine in ENGINES if _runs(engine)), None)


def _runs(engine: str) -> bool:
    """Whether an engine is in this build of PyTorch, and for this processor: only computing tells."""
    if engine not in torch.backends.quantized.supported_engines:
        return False
    try:
        with _using(engine), torch.inference_mode():
            QuantizedLinear(nn.Linear(*TRIED_SIZE), reduce_range=not has_vnni())(torch.ones(1, TRIED_SIZE[0]))
    except RuntimeError:
        return False
    return True


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


def _convert(tower: Tower, *, reduce_range: bool) -> None:
    """Make a tower's linear layers 8-bit; the float32 weights of each go before the next one's turn."""
    for module in tower.modules():
        if isinstance(module, Mlp):
            # A quarter of the time; off by 0.0005, a fortieth of what 8 bits round.
            module.approximate = "none"
    # `embed` stays: it is 1 % of the time, and pixels are not to be rounded.
    for part in (tower.blocks, tower.head):
        for module in list(part.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.Linear):
                    setattr(module, name, QuantizedLinear(child, reduce_range=reduce_range))
