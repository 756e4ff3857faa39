"""How a library is loaded."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone, tzinfo
from pathlib import Path

from loader.errors import PeaksError
from loader.files.location import Location
from loader.files.paths import printable_path


@dataclass(frozen=True)
class Part:
    """One of several machines' shares of a library: ``number`` of ``count``, from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, written: str) -> Part:
        """Return the share that a person names: "2/5".

        Raises:
            PeaksError: not of that form, or a number out of range.
        """
        found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", written)
        part = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 1 <= part.number <= part.count:
            raise PeaksError(f"--part {written} is no share: give K/N with K from 1 to N, such as 2/5.")
        return part

    def holds(self, identifier: str) -> bool:
        """Whether a document belongs to this share, by its id, which is a hash."""
        return int(identifier[:8], 16) % self.count == self.number - 1


WHOLE = Part(1, 1)


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
        moved: the library's folder is now at this root.
        is_unnamed: nobody chose the library's name: it is that of its root folder.
        location: how much of the place is written; None for what the library was loaded with before.
        started: when the load began.
    """

    library: str
    root: Path
    batch_size: int = 16
    workers: int = 0
    zone: tzinfo | None = None
    part: Part = WHOLE
    reload: bool = False
    checksum: bool = False
    moved: bool = False
    is_unnamed: bool = False
    location: Location | None = None
    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @property
    def root_text(self) -> str:
        """The root as documents hold it."""
        return printable_path(str(self.root))

    @property
    def origin(self) -> dict[str, str]:
        """The fields that say of a document in which library it is, and since when."""
        loaded = self.started.isoformat(timespec="milliseconds")
        return {"library": self.library, "library_root": self.root_text, "loaded": loaded}
