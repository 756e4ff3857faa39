"""Healthy pictures, to be damaged."""
from __future__ import annotations

import io
import zlib
from functools import cache
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from scripts.hostile_photos.case import BLUE, GREEN, HEIGHT, RED, WIDTH, YELLOW

pillow_heif.register_heif_opener()

KINDS = ("JPEG", "PNG", "WEBP", "HEIF", "TIFF")
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIF": "heic", "TIFF": "tif"}


def quadrants(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A picture with red, green, blue and yellow corners, clockwise from the top left."""
    picture = Image.new("RGB", (width, height))
    half, middle = width // 2, height // 2
    picture.paste(RED, (0, 0, half, middle))
    picture.paste(GREEN, (half, 0, width, middle))
    picture.paste(BLUE, (half, middle, width, height))
    picture.paste(YELLOW, (0, middle, half, height))
    return picture


def noise(width: int = 160, height: int = 120) -> Image.Image:
    """A picture that no encoder makes small, so that a cut hits its pixels."""
    levels = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(levels)


@cache
def zeros_unfolding(size: int = 1 << 28) -> bytes:
    """So many zeros, compressed without ever being there."""
    packer, block = zlib.compressobj(9), bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


def encode(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The bytes of a picture file."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    """The bytes with one occurrence of ``old`` replaced, which must be there once."""
    if data.count(old) != 1:
        raise ValueError(f"{old!r} occurs {data.count(old)} times")
    return data.replace(old, new)


def overwritten(data: bytes, place: int, new: bytes) -> bytes:
    """The bytes with others in their place from ``place`` on."""
    return data[:place] + new + data[place + len(new) :]
