"""SigLIP-2's vision tower on this machine: pictures to vectors.

The reference is transformers' `SiglipImageProcessor` (the slow one: Pillow's antialiased resize on 8-bit
pixels) and `SiglipVisionModel`, whose pooled output is the image's vector. The fast processor resizes with
torchvision, another rounding, and needs a further package.
"""
from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

# Read by GNU OpenMP when torch loads it. By default, waiting threads spin for milliseconds on cores that
# other threads need; on a busy machine the 8-bit tower is then slower by a factor of 2.5 to 5.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from eland_models.checkpoint import Checkpoint, open_checkpoint
from loader.arrays import Vectors
from loader.errors import PeaksError
from loader.vision.model_input import read_model_input, read_pixel_scale
from loader.vision.quantized_tower import QuantizedTower, find_engine
from loader.vision.tower import Tower, load_tower

PRECISIONS = ("fp32", "int8", "auto")

# The cosine that every shortcut must keep, and the pictures that 8 bits are tried with.
LEAST_AGREEMENT = 0.999
TRIAL_PICTURES, MOST_TRIAL_PICTURES = 16, 32


class VisionEncoder:
    """The vision tower of a SigLIP-2 checkpoint, on a GPU when there is one.

    With the precision "auto", a processor computes the first pictures in float32 and in 8-bit integers. When
    the least of their cosines is 0.999 or more, all further pictures are done in 8 bits; otherwise, and on a
    GPU, float32 stays.

    Args:
        checkpoint: an opened checkpoint; only the vision tower's weights are kept in memory.
        device: a torch device such as "cpu" or "cuda:1"; None takes CUDA when it is there.
        precision: of `PRECISIONS`; "int8" has no trial.

    Attributes:
        input: the form to which `encode` brings pictures; if workers do that first with `ModelInput.fit`, the
            vectors are the same.
        agreement: least cosine of the trial's pictures in 8 bits to float32; None before or without a trial.

    Raises:
        PeaksError: the checkpoint lacks weights of the vision tower, or asks for another preprocessing.
    """

    def __init__(self, checkpoint: Checkpoint, device: str | None = None, precision: str = "fp32") -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dims = checkpoint.dims
        self.input = read_model_input(checkpoint)
        self.agreement: float | None = None
        self._scale = read_pixel_scale(checkpoint)
        self._checkpoint = checkpoint
        self._tower: Tower | QuantizedTower = load_tower(checkpoint).to(self.device)
        engine = find_engine() if precision != "fp32" and self.device.type == "cpu" else None
        self._trial = _Trial(engine) if precision == "auto" and engine else None
        if precision == "int8" and engine:
            self._quantize(engine)

    @property
    def precision(self) -> str:
        """How the next pictures are computed: "fp32" or "int8"."""
        return "int8" if isinstance(self._tower, QuantizedTower) else "fp32"

    def encode(self, images: Sequence[Image.Image]) -> Vectors:
        """Embed upright RGB pictures of any size.

        Returns:
            float32 ``(len(images), dims)``, each row of length 1.
        """
        if not images:
            return np.zeros((0, self.dims), dtype=np.float32)
        fitted = [np.asarray(self.input.fit(image)) for image in images]
        with torch.inference_mode():
            pixels = torch.from_numpy(self._scale.apply(np.stack(fitted)))
            computed = self._tower(pixels.to(self.device))
            if self._trial is not None:
                self._try(self._trial, pixels, computed)
            vectors: Vectors = computed.cpu().numpy()
        return vectors

    def _try(self, trial: _Trial, pixels: Tensor, vectors: Tensor) -> None:
        """Keep pictures for the trial; when there are enough, turn to 8 bits, and back if they fail."""
        trial.add(pixels, vectors)
        if trial.pictures < TRIAL_PICTURES:
            return
        self._trial = None
        self._quantize(trial.engine)
        self.agreement = trial.agreement(self._tower)
        if self.agreement < LEAST_AGREEMENT:
            self._tower = _reload(self._checkpoint)

    def _quantize(self, engine: str) -> None:
        """Turn the tower into its 8-bit form, and free the memory of the float32 weights."""
        self._tower = QuantizedTower(self._tower, engine)
        _return_memory()


@dataclass
class _Trial:
    """The first pictures and their float32 vectors, for an engine that computes in 8 bits."""

    engine: str
    pictures: int = 0
    _pixels: list[Tensor] = field(default_factory=list)
    _vectors: list[Tensor] = field(default_factory=list)

    def add(self, pixels: Tensor, vectors: Tensor) -> None:
        kept = pixels[: MOST_TRIAL_PICTURES - self.pictures]
        self.pictures += len(kept)
        self._pixels.append(kept)
        self._vectors.append(vectors[: len(kept)])

    def agreement(self, tower: nn.Module) -> float:
        """Return the least cosine of a tower's vectors to those in float32; of NaN, −1."""
        cosines = torch.linalg.vecdot(tower(torch.cat(self._pixels)), torch.cat(self._vectors))
        return float(cosines.nan_to_num(nan=-1.0).min())


def _reload(checkpoint: Checkpoint) -> Tower:
    """Read the tower again, from files that may have been replaced meanwhile.

    Raises:
        PeaksError: they were.
    """
    if open_checkpoint(str(checkpoint.folder), tower="vision").fingerprint != checkpoint.fingerprint:
        raise PeaksError(f"{checkpoint.folder} was replaced while photos were embedded: start again.")
    return load_tower(checkpoint)


def _return_memory() -> None:
    """Make glibc return freed memory to the system, which it keeps otherwise."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)
