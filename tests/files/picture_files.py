"""Small picture files with the EXIF that a test asks for, and hostile ones."""
from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.ExifTags import IFD

from scripts.hostile_photos.case import BLUE as BLUE
from scripts.hostile_photos.case import GREEN as GREEN
from scripts.hostile_photos.case import RED as RED
from scripts.hostile_photos.case import YELLOW as YELLOW
from scripts.hostile_photos.pictures import quadrants as quadrants

# EXIF tag number to value as Pillow writes it
Tags = Mapping[Any, Any]

# Pillow's transposition that turns an upright picture into the one a camera stores with this orientation.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored(picture: Image.Image, orientation: int) -> Image.Image:
    """The picture as a camera stores it that writes this orientation."""
    turn = STORED_AS[orientation]
    return picture.copy() if turn is None else picture.transpose(turn)


def make_exif(
    main: Tags | None = None, exif: Tags | None = None, gps: Tags | None = None
) -> Image.Exif:
    """An EXIF block of three directories."""
    block = Image.Exif()
    for tag, value in (main or {}).items():
        block[tag] = value
    if exif:
        block.get_ifd(IFD.Exif).update(exif)
        block[IFD.Exif] = block.get_ifd(IFD.Exif)
    if gps:
        block.get_ifd(IFD.GPSInfo).update(gps)
        block[IFD.GPSInfo] = block.get_ifd(IFD.GPSInfo)
    return block


def encode(picture: Image.Image, kind: str = "JPEG", exif: Image.Exif | None = None, **options: Any) -> bytes:
    """The bytes of a picture file."""
    stream = io.BytesIO()
    if exif is not None:
        options["exif"] = exif if kind == "TIFF" else exif.tobytes()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def write(path: Path, picture: Image.Image, kind: str = "JPEG", exif: Image.Exif | None = None) -> Path:
    """Write a picture file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(picture, kind, exif))
    return path
