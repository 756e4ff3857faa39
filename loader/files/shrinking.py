"""Turns decoded pictures into small RGB ones in bands of rows, so that no second full picture is needed.

A picture is averaged over squares of a whole number of pixels (Pillow's `reduce`). If a side is not a
multiple of that number, the last column or row covers less than a whole square: `extent` says which part of
the small picture the image really covers, and `ModelInput.fit` takes only that part. Otherwise the picture
would be stretched by about a thousandth, which lowers the cosine more than every other step here.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from PIL.Image import Transpose

Extent = tuple[float, float, float, float]  # left, top, right, bottom, pixels

BAND_PIXELS = 1 << 18  # converted at a time: 1 MB of RGB, and up to 5 MB on the way to it

BITS_PER_SAMPLE, PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0  # TIFF tags, and a value of the second
_EXTENT = "extent"


def shrink_factor(size: tuple[int, int], side: int | None) -> int:
    """Return the largest power of two by which a picture can be shrunk and keep ``side`` pixels both ways.

    The decoders of JPEG and HEIC shrink by powers of two as well, so a photo gives the same picture with each
    of them. A ``side`` of None gives 1.
    """
    return 1 << (max(1, min(size) // side).bit_length() - 1) if side else 1


def shrink_to_rgb(image: Image.Image, factor: int) -> Image.Image:
    """Convert a decoded image of any mode but "I" and "F" to RGB, averaged over squares of ``factor`` pixels.

    Transparent pixels are laid on white, 16-bit levels scaled to 8. Each level is within 1 of converting the
    whole and then reducing it. With a factor of 1 an RGB image is returned as it is.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        return image if factor == 1 else image.reduce(factor)
    tags = getattr(image, "tag_v2", {})
    bits = int(tags.get(BITS_PER_SAMPLE, (16,))[0])  # a TIFF's grey of 9 to 16 bits is kept in 16
    is_negative = tags.get(PHOTOMETRIC) == WHITE_IS_ZERO  # Pillow inverts such a TIFF, but not of 16 bits

    def band(top: int, bottom: int) -> Image.Image:
        return _to_rgb(image.crop((0, top, image.width, bottom)), bits, is_negative)

    return _shrink_bands(image.size, factor, band)


def shrink_lines(
    lines: memoryview, mode: str, size: tuple[int, int], stride: int, factor: int
) -> Image.Image:
    """Convert a decoder's own lines to RGB as `shrink_to_rgb` does, without a full Pillow image.

    Args:
        lines: rows of interleaved samples of 8 bits, or of 16 for one of Pillow's deep grey modes.
        mode: Pillow's name of the samples, such as "RGB", "RGBA" or "I;16".
        size: width and height, pixels.
        stride: bytes from one row to the next.
        factor: pixels a side of the squares.
    """

    def band(top: int, bottom: int) -> Image.Image:
        part: Any = lines[top * stride : bottom * stride]
        return _to_rgb(Image.frombuffer(mode, (size[0], bottom - top), part, "raw", mode, stride, 1), 16)

    return _shrink_bands(size, factor, band)


def _shrink_bands(
    size: tuple[int, int], factor: int, band: Callable[[int, int], Image.Image]
) -> Image.Image:
    """Convert some `BAND_PIXELS` of rows at a time, always a multiple of ``factor``."""
    (width, height), step = size, max(1, BAND_PIXELS // (size[0] * factor)) * factor
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, step):
        rgb = band(top, min(top + step, height))
        small.paste(rgb if factor == 1 else rgb.reduce(factor), (0, top // factor))
    return small


def _to_rgb(band: Image.Image, bits: int, is_negative: bool = False) -> Image.Image:
    if band.mode.startswith("I;16"):
        levels = np.asarray(band)
        if isinstance(transparent := band.info.get("transparency"), int):
            levels = np.where(levels == transparent, (1 << bits) - 1, levels)
        levels = levels >> max(bits - 8, 0)  # Pillow's own conversion would clip them
        levels = 255 - levels if is_negative else levels
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    if band.has_transparency_data:
        paper = Image.new("RGBA", band.size, "white")
        paper.alpha_composite(band.convert("RGBA"))
        return paper.convert("RGB")
    return band.convert("RGB")


def extent(picture: Image.Image) -> Extent:
    """Return the part of a shrunk picture that the full image covers: all of it, or nearly."""
    covered: Extent = picture.info.get(_EXTENT, (0.0, 0.0, float(picture.width), float(picture.height)))
    return covered


def mark_extent(picture: Image.Image, width: float, height: float) -> Image.Image:
    """Note that the image covers only ``width`` × ``height`` pixels of a picture, from the top left."""
    picture.info = {}  # EXIF and profiles must not travel with it
    if (width, height) != picture.size:
        picture.info[_EXTENT] = (0.0, 0.0, min(width, picture.width), min(height, picture.height))
    return picture


def turn(picture: Image.Image, how: Transpose) -> Image.Image:
    """Turn or mirror a picture, and its extent with it."""
    turned = picture.transpose(how)
    if _EXTENT in picture.info:
        turned.info = {_EXTENT: _turn_extent(extent(picture), picture.width, picture.height, how)}
    return turned


def _turn_extent(covered: Extent, width: float, height: float, how: Transpose) -> Extent:
    left, top, right, bottom = covered
    if how in (Transpose.FLIP_LEFT_RIGHT, Transpose.ROTATE_180, Transpose.ROTATE_90, Transpose.TRANSVERSE):
        left, right = width - right, width - left
    if how in (Transpose.FLIP_TOP_BOTTOM, Transpose.ROTATE_180, Transpose.ROTATE_270, Transpose.TRANSVERSE):
        top, bottom = height - bottom, height - top
    swapped = how in (Transpose.ROTATE_90, Transpose.ROTATE_270, Transpose.TRANSPOSE, Transpose.TRANSVERSE)
    return (top, left, bottom, right) if swapped else (left, top, right, bottom)
