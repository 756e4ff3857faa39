"""Tensors of a safetensors checkpoint, each read into memory of its own.

The usual way maps the file: then its pages count as the process's memory beside the copies, and a checkpoint
that is replaced under a running load changes the vectors or ends the process (SIGBUS).
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from eland_models.checkpoint import safetensors_header
from loader.errors import PeaksError

TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@dataclass(frozen=True)
class StoredTensor:
    """Where one tensor lies.

    Attributes:
        path: of the safetensors file.
        kind: its numbers' type, as the file calls it.
        shape: its dimensions.
        start: of its bytes in the file.
        size: bytes.
    """

    path: Path
    kind: str
    shape: tuple[int, ...]
    start: int
    size: int

    def read(self) -> Tensor:
        """Return the tensor as float32.

        Raises:
            PeaksError: another type of numbers, or a file that is cut short.
        """
        if self.kind not in TYPES:
            raise PeaksError(
                f"{self.path} holds weights as {self.kind}, which are not read: take a checkpoint with "
                f"{', '.join(TYPES)}."
            )
        tensor = torch.empty(self.shape, dtype=TYPES[self.kind])
        if tensor.nbytes != self.size or self._fill(tensor) != self.size:
            raise PeaksError(f"{self.path} is cut short or damaged: fetch the checkpoint again.")
        return tensor.to(torch.float32)

    def _fill(self, tensor: Tensor) -> int:
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.readinto(tensor.view(-1).view(torch.uint8).numpy())


class TensorFiles:
    """The tensors of one or more safetensors files, by name.

    Args:
        paths: the files.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._tensors: dict[str, StoredTensor] = {}
        for path in paths:
            header, data_start = safetensors_header(path)
            for name, entry in header.items():
                if name != "__metadata__":
                    begin, end = entry["data_offsets"]
                    place = (data_start + begin, end - begin)
                    self._tensors[name] = StoredTensor(path, entry["dtype"], tuple(entry["shape"]), *place)

    def strange(self, shapes: dict[str, tuple[int, ...]]) -> list[str]:
        """Return the names of those that are missing or have another number of values, in order."""
        return [name for name, shape in sorted(shapes.items()) if not self._has(name, shape)]

    def take(self, name: str) -> Tensor:
        """Read one tensor as float32, see `StoredTensor.read`; KeyError when there is none."""
        return self._tensors[name].read()

    def stack(self, names: Sequence[str]) -> Tensor:
        """Read several tensors and lay them one behind the other along their first dimension."""
        return torch.cat([self.take(name) for name in names])

    def _has(self, name: str, shape: tuple[int, ...]) -> bool:
        return name in self._tensors and math.prod(self._tensors[name].shape) == math.prod(shape)
