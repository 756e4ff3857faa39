"""One hostile file: how it is made, and what must become of it."""
from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

Colour = tuple[int, int, int]

# Four quadrants: what stands where tells every orientation apart.
RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 200, 20), (20, 20, 220), (230, 220, 20)
CLOCKWISE = (RED, GREEN, BLUE, YELLOW)  # from the top left
WIDTH, HEIGHT = 96, 64


@dataclass(frozen=True)
class Loaded:
    """The file is a photo after all.

    Attributes:
        width: upright pixels.
        height: upright pixels.
        fields: all that its EXIF gives, but for ``has_gps``, which goes with ``gps``.
        notes: what is said to be left out.
        corners: colours clockwise from the top left.
    """

    width: int = WIDTH
    height: int = HEIGHT
    fields: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    corners: tuple[Colour, ...] = CLOCKWISE


@dataclass(frozen=True)
class Refused:
    """The file is named with a reason; one that ends in "(" or "…" goes on in a decoder's own words."""

    reason: str

    def is_met_by(self, reason: str) -> bool:
        """Tell whether a reason is the one expected."""
        start = self.reason.removesuffix("…")
        return reason.startswith(start) if start.endswith("(") or start != self.reason else reason == start


@dataclass(frozen=True)
class PassedOver:
    """The file is counted among those that are no pictures."""


@dataclass(frozen=True)
class Unseen:
    """A folder or a link to one: its files are counted where they really lie."""


@dataclass(frozen=True)
class Unharmed:
    """Pixels damaged where no check sum tells: loaded or refused, as long as nothing crashes or hangs."""


Outcome = Loaded | Refused | PassedOver | Unseen | Unharmed


@dataclass(frozen=True)
class Case:
    """A hostile file.

    Attributes:
        name: its path in the folder, with ``/``, as `os.fsdecode` gives it.
        about: what is wrong with it.
        expected: what must become of it.
        make: writes it.
        meanwhile: what happens to it between walk and reading.
        mode_matters: root reads it whatever its mode says.
    """

    name: str
    about: str
    expected: Outcome
    make: Callable[[Path], None]
    meanwhile: Callable[[Path], None] | None = None
    mode_matters: bool = False

    def path(self, folder: Path) -> Path:
        """Return where the file lies."""
        return folder / self.name

    @property
    def printable(self) -> str:
        """Its name as the loader writes it: bytes that are not UTF-8 as ``\\xff``."""
        return os.fsencode(self.name).decode("utf-8", "backslashreplace")


def of_bytes(name: str, about: str, expected: Outcome, make: Callable[[], bytes]) -> Case:
    """Return the case of a file with the content that ``make`` returns."""
    return Case(name, about, expected, partial(_write, make))


def _write(make: Callable[[], bytes], path: Path) -> None:
    path.write_bytes(make())
