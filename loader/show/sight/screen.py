"""A photo for a screen: a JPEG of its file, upright, or with the peaks before its camera."""
from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image

from loader.peaks.sight.geometry import Summits
from loader.peaks.sight.photo import read_photo_camera, read_picture, sight_photo
from loader.show.sight.diagram import render_diagram

SCREEN_SIDE = 1600  # pixels of the longer side
_QUALITY = 85


def read_large(file: str) -> bytes:
    """A photo's file as a JPEG, upright, at most `SCREEN_SIDE` pixels long.

    Raises:
        PeaksError: it cannot be read.
    """
    return _write_jpeg(read_picture(file, SCREEN_SIDE))


def draw_sight(file: str, name: str, summits: Summits) -> bytes:
    """A photo with the peaks before its camera, as `peaks sight` draws it; alone where it has no position.

    Args:
        file: its path.
        name: that a person knows it by.
        summits: that may be seen.

    Raises:
        PeaksError: the file cannot be read.
    """
    sighted = sight_photo(replace(read_photo_camera(file), path=name), summits)
    return read_large(file) if sighted.camera is None else render_diagram("png", sighted, read_picture(file))


def _write_jpeg(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()
