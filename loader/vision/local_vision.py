"""The vision tower of a checkpoint that a person names, opened when an image needs it."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from eland_models.checkpoint import Checkpoint, open_checkpoint
from loader.errors import PeaksError

if TYPE_CHECKING:
    from PIL.Image import Image

    from loader.files.images import ModelInput
    from loader.vision.encoder import VisionEncoder


class LocalVision:
    """The vision tower of a checkpoint, opened when the first image needs it.

    Args:
        name: the checkpoint's folder or hub id; None when the person named none.
    """

    def __init__(self, name: str | None) -> None:
        self.name = name

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint's settings.

        Raises:
            PeaksError: none was named, or it cannot be opened.
        """
        if self.name is None:
            raise PeaksError("The image's vector must be made here: name the checkpoint that the photos were "
                             "loaded with, --checkpoint DIR_OR_HUB_ID (PEAKS_CHECKPOINT).")
        return open_checkpoint(self.name, tower="vision")

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
