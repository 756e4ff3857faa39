"""What a worker process does with a folder of hostile photos, and what it says of each."""
from __future__ import annotations

import base64
import contextlib
import io
import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from loader.files.images import ModelInput
from loader.files.library import Library, PhotoFile, walk_library
from loader.files.photo import Photo, decode_photo
from scripts.hostile_photos.case import Case
from scripts.make_hostile_photos import all_cases

ADDRESS_SPACE = 3 << 30  # bytes
SHAPE = ModelInput(224, 224)
NOBODY = 65_534
UNIVERSAL = frozenset(
    ("path", "path_words", "width", "height", "size_bytes", "modified", "content_hash", "thumbnail")
)


@dataclass
class Record:
    """What became of one file.

    Attributes:
        harm: how it ended the worker; None: it did not.
        reason: why it is not loaded; None: it is.
        size: upright pixels.
        fields: of its document that come from EXIF.
        notes: what was left out.
        corners: colours of the picture for the tower, and of the thumbnail, clockwise from the top left.
        shape: pixels of the picture for the tower.
        megabytes: that were resident at its most.
    """

    harm: str | None = None
    reason: str | None = None
    size: tuple[int, int] = (0, 0)
    fields: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    corners: tuple[list[Any], ...] = ()
    shape: tuple[int, int] = (0, 0)
    megabytes: float = 0.0


def limit_memory() -> None:
    """Prepare a worker process."""
    Image.init()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def walk(folder: Path) -> tuple[Library, bool]:
    """Return what the walk finds, and whether this process may read what nobody may."""
    with as_nobody():
        return walk_library(folder), os.geteuid() == 0


def decode_case(folder: Path, file: PhotoFile) -> Record:
    """Decode one file, after what happens to it meanwhile."""
    case = cases()[file.name]
    if case.meanwhile:
        case.meanwhile(case.path(folder))
    with as_nobody() if case.mode_matters else contextlib.nullcontext():
        forget_peak()
        before = peak_megabytes()
        record = described(file)
        record.megabytes = peak_megabytes() - before
        return record


@cache
def cases() -> dict[str, Case]:
    """Every case by its name as the loader writes it."""
    return {case.printable: case for case in all_cases()}


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's right to read everything, where a container allows it."""
    with contextlib.suppress(OSError):
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.seteuid(os.getuid())


def described(file: PhotoFile) -> Record:
    """Decode one file and say what became of it."""
    outcome = decode_photo(file, SHAPE)
    if not isinstance(outcome, Photo):
        return Record(reason=outcome.reason)
    fields = outcome.fields
    thumbnail = Image.open(io.BytesIO(base64.b64decode(fields["thumbnail"]))).convert("RGB")
    return Record(
        size=(fields["width"], fields["height"]),
        fields={name: value for name, value in fields.items() if name not in UNIVERSAL},
        notes=outcome.notes,
        corners=(corners(outcome.picture), corners(thumbnail)),
        shape=outcome.picture.size,
    )


def corners(picture: Image.Image) -> list[Any]:
    """The colours of the four corners, clockwise from the top left, a little inside of a large picture."""
    across, down = (min(side // 8, 24) for side in picture.size)
    right, bottom = picture.width - 1 - across, picture.height - 1 - down
    places = ((across, down), (right, down), (right, bottom), (across, bottom))
    return [picture.getpixel(place) for place in places]


def forget_peak() -> None:
    """Let the kernel count the resident memory's peak from here on."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_megabytes() -> float:
    """The most memory that was resident since `forget_peak`, 0 where the kernel does not say."""
    with contextlib.suppress(OSError), Path("/proc/self/status").open() as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0
