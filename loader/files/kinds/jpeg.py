"""JPEGs without an end marker, and forms of JPEG that libjpeg does not decode (ITU-T T.81, annex B)."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from PIL import Image

from loader.files.decoding_cost import START_OF_SCAN, segments

END = b"\xff\xd9"
FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
SEQUENTIAL = (0xC0, 0xC1)
HUFFMAN = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive
BITS = 8
COEFFICIENTS = 64  # of a block
# If pixels are missing, a decoder makes them from these bits. Without them they would be grey.
FILLER = bytes((0x5A, 0xC3, 0x96, 0x3C)) * 64
HOLE = bytes(64)
NUMBER_OF_LINES = 0xDC  # a marker, instead of a height
HUFFMAN_TABLES, AC_TABLE, END_OF_BLOCK = 0xC4, 0x10, 0  # a marker, a class of tables, and a code's meaning
MID_GREY = (127, 128)  # the first in inverted CMYK


def add_end(data: bytes) -> bytes | None:
    """Return a JPEG that ends in its last scan with the end marker that it lacks, zeros behind it left out.

    Returns:
        None when there is a marker, or more is missing.
    """
    first = next((start for marker, start, _ in segments(data) if marker == START_OF_SCAN), None)
    if first is None or data.find(END, first) >= 0:  # quick, and scans hold no such bytes
        return None
    _, last, size = list(segments(data))[-1]
    if last + size > len(data) or not _has_all_scans(data):
        return None
    stripped = data.rstrip(b"\0")
    return (stripped + b"\0" if stripped.endswith(b"\xff") else stripped) + END


def end_otherwise(data: bytes) -> bytes:
    """Return a JPEG with other bits before its end marker; it gives another picture if pixels are missing."""
    *_, (_, last, _) = segments(data)
    return data[: data.find(END, last)] + FILLER + END


def has_hole(data: bytes) -> bool:
    """Tell whether the only scan of a sequential JPEG has zeros that its own table makes no picture of.

    Blocks of one colour may be zeros, but only if their end has the code of zeros.
    """
    if HOLE not in data:
        return False
    found = list(segments(data))
    scans = [start for marker, start, _ in found if marker == START_OF_SCAN]
    is_sequential = any(marker in SEQUENTIAL for marker, _, _ in found)
    if not is_sequential or len(scans) != 1 or not 0 <= data.find(HOLE, scans[0]) < data.find(END, scans[0]):
        return False
    table = AC_TABLE | data[scans[0] + 2] & 15  # of the first component
    return dict(_codes_of_zeros(data, found)).get(table, END_OF_BLOCK) != END_OF_BLOCK


def _codes_of_zeros(data: bytes, found: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Yield class and number of each Huffman table, and what its first code means, which is all zeros."""
    for marker, start, size in found:
        place = start
        while marker == HUFFMAN_TABLES and place + 17 < start + size:
            yield data[place], data[place + 17]
            place += 17 + sum(data[place + 1 : place + 17])


def ends_grey(picture: Image.Image) -> bool:
    """Tell whether the last pixel is mid-grey, which libjpeg gives to what is missing."""
    levels: Any = picture.getpixel((picture.width - 1, picture.height - 1))
    return all(level in MID_GREY for level in (levels if isinstance(levels, tuple) else (levels,)))


def find_unsupported(data: bytes) -> str | None:
    """Name the form of a JPEG that libjpeg does not decode; None when it is a usual one."""
    for marker, start, _ in segments(data):
        if marker in FRAMES:
            if data[start : start + 1] != bytes([BITS]):
                return f"{data[start]} bits a sample"
            if any(later == NUMBER_OF_LINES for later, _, _ in segments(data)):
                return "its height stands behind its pixels"
            return None if marker in HUFFMAN else "lossless, hierarchical or arithmetic coding"
    return None


def _has_all_scans(data: bytes) -> bool:
    """Tell whether the scans give every bit of every coefficient of each component."""
    missing: dict[int, list[int]] = {}
    for marker, start, size in segments(data):
        body = data[start : start + size]
        if marker in FRAMES:
            missing = {body[place]: [1] * COEFFICIENTS for place in range(6, 6 + 3 * body[5], 3)}
        elif marker == START_OF_SCAN:
            first, last, bits = body[1 + 2 * body[0] :][:3]
            for component in body[1 : 1 + 2 * body[0] : 2]:
                missing[component][first : last + 1] = [bits & 15] * (last + 1 - first)
    return bool(missing) and not any(map(any, missing.values()))
