"""`peaks` with a tap at the vision tower, in a process of its own that a test may kill.

    python -m tests.photos.loader_process --log FILE [--seconds S] [--gate FILE] load-photos DIR …

Everything is the real thing; only `VisionEncoder.encode` is wrapped: before it runs, the SHA-256 of every
picture is written to the log, one a line and all of a call at one stroke, so that what a kill leaves there is
what was embedded. ``--seconds`` makes each call last longer, as a larger tower does; with ``--gate`` it waits
until that file is there.
"""
from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from eland_models.checkpoint import Checkpoint
    from loader.elastic.models import IndexModel
    from loader.photos.settings import Encoder
    from loader.vision.vectors import Vectors

LOOK = 0.01  # seconds between two looks at the gate


def hash_picture(picture: Image.Image) -> str:
    """Return what the log says of a picture."""
    return sha256(picture.tobytes()).hexdigest()


def read_log(path: Path) -> Counter[str]:
    """Return how often each picture was embedded; nothing when no process has come so far."""
    return Counter(path.read_text().splitlines()) if path.exists() else Counter()


def main() -> None:
    """Take the tap's options off the command line, tap the tower, and run `peaks` with the rest."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--gate", type=Path)
    options, words = parser.parse_known_args()

    from loader import cli

    _tap_when_imported(options.log, options.seconds, options.gate)
    sys.argv[1:] = words
    cli.main(words)


def _tap_when_imported(log: Path, seconds: float, gate: Path | None) -> None:
    """Tap the tower when the loader asks for it: imported now, torch would delay what comes before."""
    from loader.photos import photo_model

    make_encoder = photo_model.make_encoder

    def make_tapped(checkpoint: Checkpoint, index: IndexModel, precision: str) -> Encoder:
        encoder: Encoder = make_encoder(checkpoint, index, precision)
        encode = encoder.encode

        def tapped(images: Sequence[Image.Image]) -> Vectors:
            _write(log, images)
            time.sleep(seconds)
            while gate is not None and not gate.exists():
                time.sleep(LOOK)
            return encode(images)

        encoder.encode = tapped  # type: ignore[method-assign]
        return encoder

    photo_model.make_encoder = make_tapped


def _write(log: Path, pictures: Sequence[Image.Image]) -> None:
    lines = "".join(f"{hash_picture(picture)}\n" for picture in pictures).encode()
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        written = os.write(descriptor, lines)
        assert written == len(lines)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main()
