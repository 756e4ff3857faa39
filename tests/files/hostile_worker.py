"""Load a folder of hostile photos in a process of its own: one line of JSON for each file that is done.

Run as `python -m tests.files.hostile_worker FOLDER`, with the names that were dealt with before as JSON on
stdin. The first line says what the walk found. Before a file is decoded its name is written, so that the
parent knows which one a crash or a hang belongs to.
"""
from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from loader.files.images import ModelInput
from loader.files.library import PhotoFile, walk_library
from loader.files.photo import Photo, decode_photo
from scripts.make_hostile_photos import all_cases

ADDRESS_SPACE = 3 << 30  # bytes
SHAPE = ModelInput(224, 224)
NOBODY = 65_534
UNIVERSAL = frozenset(
    ("path", "path_words", "width", "height", "size_bytes", "modified", "content_hash", "thumbnail")
)


def main() -> None:
    """Walk the folder, and decode what it found."""
    folder, done = Path(sys.argv[1]), set(json.load(sys.stdin))
    cases = {case.printable: case for case in all_cases()}
    Image.init()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    with as_nobody():
        library = walk_library(folder)
    say(
        photos=[photo.name for photo in library.photos],
        ids=[photo.id for photo in library.photos],
        skipped={skipped.name: skipped.reason for skipped in library.skipped},
        passed_over=library.passed_over,
        reads_all=os.geteuid() == 0 and not can_be_nobody(),
    )
    for file in library.photos:
        case = cases[file.name]
        if file.name in done:
            continue
        say(started=file.name)
        if case.meanwhile:
            case.meanwhile(case.path(folder))
        with as_nobody() if case.mode_matters else contextlib.nullcontext():
            say(name=file.name, **measured(file))


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's right to read everything, for a while."""
    gives_up = os.geteuid() == 0 and can_be_nobody()
    if gives_up:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if gives_up:
            os.seteuid(0)


def can_be_nobody() -> bool:
    """Tell whether root may take another account here: a container may know no other, or forbid it."""
    try:
        os.seteuid(NOBODY)
        os.seteuid(0)
    except OSError:
        return False
    return True


def measured(file: PhotoFile) -> dict[str, Any]:
    """Decode one file and add what it cost: seconds, and megabytes that were resident at its most."""
    forget_peak()
    before, start = peak_megabytes(), time.monotonic()
    outcome = described(file)
    return {**outcome, "seconds": time.monotonic() - start, "megabytes": peak_megabytes() - before}


def described(file: PhotoFile) -> dict[str, Any]:
    """Return what became of one file."""
    outcome = decode_photo(file, SHAPE)
    if not isinstance(outcome, Photo):
        return {"reason": outcome.reason}
    fields = outcome.fields
    thumbnail = Image.open(io.BytesIO(base64.b64decode(fields["thumbnail"]))).convert("RGB")
    return {
        "id": outcome.id,
        "size": [fields["width"], fields["height"]],
        "fields": {name: value for name, value in fields.items() if name not in UNIVERSAL},
        "notes": outcome.notes,
        "corners": corners(outcome.picture),
        "thumbnail": corners(thumbnail),
        "shape": outcome.picture.size,
    }


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


def say(**words: Any) -> None:
    """Write one line of JSON."""
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main()
