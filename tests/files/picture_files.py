"""Small picture files with the EXIF that a test asks for, and hostile ones."""
from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image
from PIL.ExifTags import IFD

pillow_heif.register_heif_opener()

# EXIF tag number to value as Pillow writes it
Tags = Mapping[Any, Any]

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "TIFF")

# Four quadrants: what stands where tells every orientation apart.
RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 200, 20), (20, 20, 220), (230, 220, 20)


def quadrants(width: int = 96, height: int = 64) -> Image.Image:
    """A picture with red, green, blue and yellow corners, clockwise from the top left."""
    picture = Image.new("RGB", (width, height))
    half, middle = width // 2, height // 2
    for colour, box in (
        (RED, (0, 0, half, middle)),
        (GREEN, (half, 0, width, middle)),
        (BLUE, (half, middle, width, height)),
        (YELLOW, (0, middle, half, height)),
    ):
        picture.paste(colour, box)
    return picture


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
