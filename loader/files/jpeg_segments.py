"""A JPEG's segments, walked before it is decoded: what would cost minutes or gigabytes is refused here.

Markers: ITU-T T.81, annex B. A scan without any data still makes the decoder visit every block of the
picture, so that a file of 100 kB can keep it busy for hours; libjpeg leaves the limit to its callers.
"""
from __future__ import annotations

import re
from collections.abc import Iterator

# Encoders write 1 to 10 scans; one for every bit of every band of three components would be about 200.
MAX_SCANS = 200
# One segment holds 64 kB at most. Pillow joins the EXIF of several and may make objects of all of it.
MAX_EXIF_BYTES = 1 << 20

START_OF_SCAN, END_OF_IMAGE, APP1 = 0xDA, 0xD9, 0xE1
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
# Within a scan 0xFF is followed by 0 (stuffing), by another 0xFF (fill) or by a restart marker.
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)


def find_excess(data: bytes) -> str | None:
    """Say what a JPEG has too much of, as the end of a sentence; None when it has nothing in excess.

    Args:
        data: the whole file; what follows the first picture is not looked at.
    """
    if data.count(b"\xff\xda") > MAX_SCANS:  # quick, and never less than the scans
        scans = sum(marker == START_OF_SCAN for marker, _, _ in segments(data))
        if scans > MAX_SCANS:
            return f"{scans:,} scans, where pictures have at most {MAX_SCANS}"
    exif = sum(
        size
        for marker, start, size in header_segments(data)
        if marker == APP1 and data.startswith(b"Exif\0\0", start)
    )
    if exif > MAX_EXIF_BYTES:
        return f"{exif:,} bytes of EXIF, where one segment holds 65,533"
    return None


def header_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and size of each segment before the first scan (see `segments`)."""
    for marker, start, size in segments(data):
        if marker == START_OF_SCAN:
            return
        yield marker, start, size


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and size of the content of each segment of the first picture."""
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
