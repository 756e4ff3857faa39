"""The cost of decoding a picture, estimated before any pixel is decoded: memory, and the time of a JPEG.

The figures of memory are upper bounds that were measured as the peak of fresh processes (docs/loading.md). A
large picture is decoded by one process at a time (`large_decoding`). A JPEG's markers: ITU-T T.81, annex B.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import takewhile
from math import prod

from PIL import Image
from PIL.ExifTags import Base

from loader.files.content import file_bytes

# With a base-size model in about 750 MB and another worker in 60, a load then stays within 1.5 GB.
DECODED_BYTES = 600_000_000
LARGE_BYTES = 100_000_000  # a picture of some 40 megapixels: possible once, but not in every worker at a time

BAND_BYTES = 10_000_000  # of `loader.files.shrinking`'s bands, and the decoders' own tables
OUTPUT_BYTES = 4  # a pixel of RGB as Pillow keeps it
BYTES_BY_MODE = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}  # others: 4
COEFFICIENT_BYTES = 2  # libjpeg's JCOEF
HEIF_CHROMA = {420: 0.25, 422: 0.5, 444: 1.0}  # samples of each chroma plane, of the picture's
# WebP's decoder of animations keeps two canvases of RGBA, and hands out a third for Pillow to unpack.
WEBP_BYTES = 16
UNCOMPRESSED = 1  # of TIFF's Compression
SAMPLES_BYTES = 8  # a pixel of four samples of 16 bits, in a TIFF's strip or tile before Pillow unpacks it

# Encoders write 1 to 10 scans; one for every bit of every band of three components would be about 200. Even a
# scan without data makes the decoder visit every block: a file of 100 kB could take hours.
MAX_SCANS = 200
# One segment holds 64 kB at most. Pillow joins the EXIF of several.
MAX_EXIF_BYTES = 1 << 20
START_OF_SCAN, END_OF_IMAGE, APP1 = 0xDA, 0xD9, 0xE1
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
# Within a scan 0xFF is followed by 0 (stuffing), by another 0xFF (fill) or by a restart marker.
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])", re.DOTALL)  # each byte is looked at once

Lock = Callable[[], AbstractContextManager[object]]
_lock: Lock = nullcontext


def use_gate(lock: Lock) -> None:
    """Make the large decodings of this process wait for those of other processes.

    Args:
        lock: returns a context that only one process can be in at a time.
    """
    global _lock
    _lock = lock


def large_decoding(needed: int) -> AbstractContextManager[object]:
    """Hold the gate while a picture needs more than `LARGE_BYTES`; smaller pictures do not wait."""
    return _lock() if needed > LARGE_BYTES else nullcontext()


def bytes_needed(image: Image.Image, full: tuple[int, int], factor: int) -> int:
    """Return the bytes that decoding an opened image, and shrinking it, takes at its peak, file included.

    Args:
        image: opened, and drafted if it is to be; its pixels are not decoded.
        full: its size before it was drafted, pixels.
        factor: by which it will be shrunk afterwards (`loader.files.shrinking`).
    """
    decoded = BYTES_BY_MODE.get(image.mode, 4) * prod(image.size)
    if image.format in ("JPEG", "MPO"):
        decoded += _coefficient_bytes(image, full)
    elif image.format == "HEIF":
        decoded = _heif_bytes(image)
    elif image.format == "WEBP":
        decoded = WEBP_BYTES * prod(image.size)
    elif image.format == "TIFF":
        decoded = _tiff_bytes(image, decoded)
    small = OUTPUT_BYTES * prod(image.size) // factor**2
    # The small picture counts twice: it may have to be turned.
    return decoded + 2 * small + len(file_bytes(image)) + BAND_BYTES


def find_excess(data: bytes) -> str | None:
    """Name the part of which a JPEG has too much, as the end of a sentence; None when there is none.

    Args:
        data: the whole file; only its first picture is checked.
    """
    if data.count(b"\xff\xda") > MAX_SCANS:  # quick, and never less than the scans
        scans = sum(marker == START_OF_SCAN for marker, _, _ in segments(data))
        if scans > MAX_SCANS:
            return f"{scans:,} scans, where pictures have at most {MAX_SCANS}"
    header = takewhile(lambda segment: segment[0] != START_OF_SCAN, segments(data))
    exif = sum(
        size for marker, start, size in header if marker == APP1 and data.startswith(b"Exif\0\0", start)
    )
    if exif > MAX_EXIF_BYTES:
        return f"{exif:,} bytes of EXIF, where one segment holds 65,533"
    return None


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and size of the content of each segment of a JPEG's first picture."""
    place = 2
    while found := _MARKER.search(data, place):
        marker, place = found[1][0], found.end()
        if marker == END_OF_IMAGE or place + 2 > len(data):
            return
        if marker in _WITHOUT_LENGTH:
            continue
        size = int.from_bytes(data[place : place + 2], "big")
        yield marker, place + 2, max(size - 2, 0)
        place += max(size, 2)


def _coefficient_bytes(image: Image.Image, full: tuple[int, int]) -> int:
    """Return the bytes of the coefficients that libjpeg must keep: none, or all if there are more scans."""
    layers = getattr(image, "layer", [])
    sampling = [(int(layer[1]), int(layer[2])) for layer in layers if layer[1] and layer[2]]
    data = file_bytes(image)
    scan = next((start for marker, start, _ in segments(data) if marker == START_OF_SCAN), 0)
    is_only_scan = data[scan : scan + 1] == bytes([len(sampling)])  # it holds all components
    if is_only_scan and "progressive" not in image.info:
        return 0
    sampling = sampling or [(1, 1)] * 4
    across, down = max(one[0] for one in sampling), max(one[1] for one in sampling)
    return sum(COEFFICIENT_BYTES * prod(full) * h * v // (across * down) for h, v in sampling)


def _heif_bytes(image: Image.Image) -> int:
    chroma, channels = image.info.get("chroma", 0), 4 if image.mode == "RGBA" else 3
    samples, is_deep = 1 + 2 * HEIF_CHROMA.get(chroma, 1.0), image.info.get("bit_depth", 8) > 8
    # libheif brings other chroma than 4:2:0 to RGB by way of a picture more.
    more = channels * (2 if is_deep else 1) if chroma != 420 else channels / 2 * is_deep
    return int((samples * (2 if is_deep else 1) + channels + more) * prod(image.size))


def _tiff_bytes(image: Image.Image, picture: int) -> int:
    # Pillow turns a TIFF itself, into a second picture.
    plain = picture if _tag(image, Base.Orientation, 1) == 1 else 2 * picture
    if _tag(image, Base.Compression, UNCOMPRESSED) == UNCOMPRESSED:
        return plain
    width, height = image.size
    strip = width * min(_tag(image, Base.RowsPerStrip, height), height)
    tile = _tag(image, Base.TileWidth, 0) * _tag(image, Base.TileLength, 0)
    return plain + SAMPLES_BYTES * (tile or strip)


def _tag(image: Image.Image, number: int, default: int) -> int:
    value = getattr(image, "tag_v2", {}).get(number)
    return value if isinstance(value, int) else default
