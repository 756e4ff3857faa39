"""How much memory the decoding of a picture takes, told before a pixel of it is decoded.

The figures are upper bounds that were measured as the peak of fresh processes (docs/loading.md).
"""
from __future__ import annotations

import io
from math import prod

from PIL import Image

from loader.files.jpeg_segments import START_OF_SCAN, segments

# With a base-size model in about 750 MB and another worker in 60, a load then stays within 1.5 GB.
DECODED_BYTES = 600_000_000

BAND_BYTES = 10_000_000  # of `loader.files.shrinking`'s bands, and the decoders' own tables
OUTPUT_BYTES = 4  # a pixel of RGB as Pillow keeps it
BYTES_BY_MODE = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}  # others: 4
COEFFICIENT_BYTES = 2  # libjpeg's JCOEF

# TIFF tags and the values of "no compression"
COMPRESSION, ORIENTATION, ROWS_PER_STRIP, TILE_WIDTH, TILE_LENGTH = 259, 274, 278, 322, 323
UNCOMPRESSED = 1
SAMPLES_BYTES = 8  # a pixel of four samples of 16 bits, in a strip or tile before Pillow unpacks it

HEIF_CHROMA = {420: 0.25, 422: 0.5, 444: 1.0}  # samples of each chroma plane, of the picture's

# WebP's decoder of animations keeps two canvases of RGBA, and hands out a third for Pillow to unpack.
WEBP_BYTES = 16


def bytes_needed(image: Image.Image, full: tuple[int, int], factor: int) -> int:
    """Return the bytes that decoding an opened image, and shrinking it, takes at its peak, file included.

    Args:
        image: opened, and drafted if it is to be; its pixels are not decoded.
        full: its size before it was drafted, pixels.
        factor: by which it will be shrunk afterwards (`loader.files.shrinking`).
    """
    decode = _DECODERS.get(image.format or "", _plain_bytes)
    small = OUTPUT_BYTES * prod(image.size) // factor**2
    # The small picture counts twice: it may have to be turned.
    return decode(image, full) + 2 * small + len(file_bytes(image)) + BAND_BYTES


def file_bytes(image: Image.Image) -> bytes:
    """Return the whole file of an image that `loader.files.images.open_encoded` opened."""
    stream = getattr(image, "fp", None)
    return stream.getvalue() if isinstance(stream, io.BytesIO) else b""


def _plain_bytes(image: Image.Image, full: tuple[int, int]) -> int:
    return BYTES_BY_MODE.get(image.mode, 4) * prod(image.size)


def _jpeg_bytes(image: Image.Image, full: tuple[int, int]) -> int:
    return _plain_bytes(image, full) + (_coefficients(image, full) if _is_buffered(image) else 0)


def _is_buffered(image: Image.Image) -> bool:
    """Tell whether libjpeg must keep all coefficients: the file has more scans than one."""
    if "progressive" in image.info:
        return True
    data = file_bytes(image)
    starts = (start for marker, start, _ in segments(data) if marker == START_OF_SCAN)
    first = next(starts, 0)  # its first byte: how many components it holds
    return data[first : first + 1] != bytes([len(_sampling(image))])


def _coefficients(image: Image.Image, full: tuple[int, int]) -> int:
    """Return the bytes of the coefficients of all components, each sampled by its own factors."""
    sampling = _sampling(image) or [(1, 1)] * 4
    across, down = max(one[0] for one in sampling), max(one[1] for one in sampling)
    return sum(COEFFICIENT_BYTES * prod(full) * h * v // (across * down) for h, v in sampling)


def _sampling(image: Image.Image) -> list[tuple[int, int]]:
    layers = getattr(image, "layer", [])
    return [(int(layer[1]), int(layer[2])) for layer in layers if layer[1] and layer[2]]


def _webp_bytes(image: Image.Image, full: tuple[int, int]) -> int:
    return WEBP_BYTES * prod(image.size)


def _heif_bytes(image: Image.Image, full: tuple[int, int]) -> int:
    samples = 1 + 2 * HEIF_CHROMA.get(image.info.get("chroma", 0), 1.0)
    deep = 2 if image.info.get("bit_depth", 8) > 8 else 1
    channels = 4 if image.mode == "RGBA" else 3
    return int((samples * deep + channels) * prod(image.size))


def _tiff_bytes(image: Image.Image, full: tuple[int, int]) -> int:
    pictures = 1 if _tag(image, ORIENTATION, 1) == 1 else 2  # Pillow turns a TIFF itself, into a second one
    plain = pictures * _plain_bytes(image, full)
    if _tag(image, COMPRESSION, UNCOMPRESSED) == UNCOMPRESSED:
        return plain
    width, height = image.size
    strip = width * min(_tag(image, ROWS_PER_STRIP, height), height)
    tile = _tag(image, TILE_WIDTH, 0) * _tag(image, TILE_LENGTH, 0)
    return plain + SAMPLES_BYTES * (tile or strip)


def _tag(image: Image.Image, number: int, default: int) -> int:
    value = getattr(image, "tag_v2", {}).get(number)
    return value if isinstance(value, int) else default


_DECODERS = {
    "HEIF": _heif_bytes,
    "WEBP": _webp_bytes,
    "TIFF": _tiff_bytes,
    "JPEG": _jpeg_bytes,
    "MPO": _jpeg_bytes,
}
