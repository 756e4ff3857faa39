"""Forms of TIFF that Pillow does not read, told from damage (TIFF 6.0, section 8)."""
from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from PIL.TiffImagePlugin import ImageFileDirectory_v2

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, FORMAT = 256, 257, 258, 259, 262, 277, 339
PLACES = ((273, 279), (324, 325))  # offsets and lengths of strips, and of tiles
MOST_BITS, MOST_SAMPLES = 64, 64
PLAIN_BITS, PLAIN_SAMPLES = 8, 4  # Pillow reads these in all colours of the standard itself
BIG, BIG_HEADER, HEADER = 43, 16, 8

# What Pillow's libtiff decodes; with any of these a failure is damage.
DECODED = frozenset((1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000))
PLAIN_COLOURS, LOG_LUV = range(7), 32845  # of TIFF 6.0 itself, and of high dynamic range
FORMATS = {2: "signed", 3: "floating-point"}


def find_unsupported(data: bytes, is_opened: bool) -> str | None:
    """Name the form of a TIFF that Pillow does not read; None when it is a usual one, or damaged.

    Args:
        data: the whole file.
        is_opened: its header could be read, so that only its compression can be unusual.
    """
    if data.startswith(b"MM\0+"):
        return "big-endian BigTIFF"
    try:
        tags = _read_directory(data)
        if not _is_sound(tags, len(data)):
            return None
    except Exception:  # hostile bytes can raise any
        return None
    compression, photometric = int(tags.get(COMPRESSION, 1)), int(tags.get(PHOTOMETRIC, 1))
    bits, samples = int(tags.get(BITS, (1,))[0]), int(tags.get(SAMPLES, 1))
    is_plain = bits == PLAIN_BITS and samples <= PLAIN_SAMPLES and photometric in PLAIN_COLOURS
    if compression in DECODED and (is_opened or is_plain):
        return None
    kind = FORMATS.get(int(tags.get(FORMAT, (1,))[0]), "")
    parts = [] if compression in DECODED else [f"compression {compression}"]
    if photometric not in PLAIN_COLOURS:
        parts.append("LogLuv" if photometric == LOG_LUV else f"photometric interpretation {photometric}")
    parts.append(f"{samples} {kind} sample{'s' * (samples > 1)} of {bits} bits".replace("  ", " "))
    return ", ".join(parts)


def _read_directory(data: bytes) -> Mapping[int, Any]:
    stream = io.BytesIO(data)
    directory = ImageFileDirectory_v2(stream.read(BIG_HEADER if data[2] == BIG else HEADER))
    stream.seek(directory.next)
    directory.load(stream)
    return directory


def _is_sound(tags: Mapping[int, Any], length: int) -> bool:
    """Tell whether the sizes can be true, and the pixels lie in the file."""
    offsets, lengths = next(((tags[a], tags[b]) for a, b in PLACES if a in tags and b in tags), ((), ()))
    return (
        tags[WIDTH] > 0
        and tags[HEIGHT] > 0
        and all(1 <= bits <= MOST_BITS for bits in tags.get(BITS, (1,)))
        and 1 <= tags.get(SAMPLES, 1) <= MOST_SAMPLES
        and bool(offsets)
        and all(size and place + size <= length for place, size in zip(offsets, lengths, strict=True))
    )
