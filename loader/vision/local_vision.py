"""The vision tower of a checkpoint that a person names, opened when an image needs it."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from loader.vision.named_checkpoint import NamedCheckpoint

if TYPE_CHECKING:
    from PIL.Image import Image

    from loader.files.images import ModelInput
    from loader.vision.encoder import VisionEncoder


class LocalVision(NamedCheckpoint):
    """The vision tower of a checkpoint, opened when the first image needs it."""

    _tower, _whose = "vision", "image's"

    @cached_property
    def _encoder(self) -> VisionEncoder:
        # torch is slow to import, and most questions need none
        from loader.vision.encoder import VisionEncoder

        return VisionEncoder(self.checkpoint)

    @property
    def input(self) -> ModelInput:
        """What the tower takes; for this its weights are not read.

        Raises:
            PeaksError: as for `checkpoint`, or it asks for another preprocessing than SigLIP's.
        """
        from loader.vision.model_input import read_model_input  # numpy and Pillow

        return read_model_input(self.checkpoint)

    def embed(self, images: Sequence[Image]) -> list[list[float]]:
        """L2-normalised vectors of upright RGB images, one of the checkpoint's ``dims`` floats an image."""
        vectors: list[list[float]] = self._encoder.encode(images).tolist()
        return vectors
