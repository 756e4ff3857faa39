"""How photos are loaded, and what is needed once one must be embedded."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from loader.photos.comparison import WHOLE, Part

if TYPE_CHECKING:
    from loader.files.images import ModelInput
    from loader.photos.stages import Encoder
    from loader.photos.writer import Identify


@dataclass(frozen=True)
class Settings:
    """How photos are loaded.

    Attributes:
        library: the library's name.
        root: what the names of its files are relative to.
        batch_size: most photos that are embedded and not yet written.
        workers: processes that decode; 0 takes one for each core.
        zone: the camera's clock where a file does not tell its UTC offset.
        part: the share of the files to load.
        reload: load unchanged photos too.
        checksum: read every file; do not trust its size and time.
    """

    library: str
    root: Path
    batch_size: int = 16
    workers: int = 0
    zone: tzinfo | None = None
    part: Part = WHOLE
    reload: bool = False
    checksum: bool = False

    @property
    def opens_all(self) -> bool:
        """Whether no file goes by its size and time."""
        return self.reload or self.checksum


@dataclass(frozen=True)
class PhotoModel:
    """What is needed once a photo must be embedded; an unchanged library needs none of it.

    Attributes:
        input: the picture that the vision tower takes.
        make_encoder: loads the tower.
        open_identification: reads what the cluster knows of peaks and concepts.
    """

    input: ModelInput
    make_encoder: Callable[[], Encoder]
    open_identification: Callable[[], Identify]
