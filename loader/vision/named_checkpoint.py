"""A checkpoint that a person names for what is embedded on this machine."""
from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from eland_models.checkpoint import Checkpoint, Tower, open_checkpoint
from loader.errors import PeaksError


class NamedCheckpoint:
    """One tower of a checkpoint, opened when it is needed first.

    Args:
        name: the checkpoint's folder or hub id; None when the person named none.
    """

    _tower: ClassVar[Tower]
    _whose: ClassVar[str]  # vector it makes, as a sentence names it

    def __init__(self, name: str | None) -> None:
        self.name = name

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint's settings.

        Raises:
            PeaksError: none was named, or it cannot be opened.
        """
        if self.name is None:
            raise PeaksError(f"The {self._whose} vector must be made here: name the checkpoint that the "
                             "photos were loaded with, --checkpoint DIR_OR_HUB_ID (PEAKS_CHECKPOINT).")
        return open_checkpoint(self.name, tower=self._tower)
