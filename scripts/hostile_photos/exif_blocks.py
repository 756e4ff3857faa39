"""EXIF blocks of any tags, types and lies, which no library would write (TIFF 6.0, section 2)."""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL.ExifTags import IFD

BYTE, ASCII, SHORT, LONG, RATIONAL = 1, 2, 3, 4, 5
UNDEFINED, SIGNED_SHORT, SIGNED_RATIONAL, FLOAT, DOUBLE = 7, 8, 10, 11, 12


@dataclass(frozen=True)
class Entry:
    """What a tag claims and holds.

    Attributes:
        kind: its type's number.
        count: of values, as claimed.
        data: its values, in the block's byte order.
        offset: where it claims that they are, or None for where they really are.
    """

    kind: int
    count: int
    data: bytes
    offset: int | None = None


Directory = Mapping[int, Entry]


def words(text: str | bytes) -> Entry:
    """An ASCII tag, closed by its NUL."""
    data = (text.encode() if isinstance(text, str) else text) + b"\0"
    return Entry(ASCII, len(data), data)


def undefined(data: bytes) -> Entry:
    """Bytes without a meaning of their own."""
    return Entry(UNDEFINED, len(data), data)


def octets(data: bytes) -> Entry:
    """Values of one byte."""
    return Entry(BYTE, len(data), data)


def _numbers(kind: int, codes: str) -> Callable[..., Entry]:
    """Return the maker of a tag's values, each of as many numbers as there are codes of `struct`."""

    def make(*values: Any) -> Entry:
        rows = [value if isinstance(value, tuple) else (value,) for value in values]
        return Entry(kind, len(rows), b"".join(struct.pack(f"<{codes}", *row) for row in rows))

    return make


shorts, longs = _numbers(SHORT, "H"), _numbers(LONG, "L")
rationals, signed_rationals = _numbers(RATIONAL, "LL"), _numbers(SIGNED_RATIONAL, "ll")  # of pairs
floats, doubles = _numbers(FLOAT, "f"), _numbers(DOUBLE, "d")  # which EXIF has no tag for


def exif_block(
    main: Directory, exif: Directory | None = None, gps: Directory | None = None, following: int = 0
) -> bytes:
    """Return a little-endian block of three directories.

    Args:
        main: its first directory; a pointer in it stands instead of the right one.
        exif: how the picture was taken.
        gps: where.
        following: the offset of the next directory.
    """
    below = [(int(tag), each) for tag, each in ((IFD.Exif, exif), (IFD.GPSInfo, gps)) if each is not None]
    top: dict[int, Entry] = {**{tag: longs(0) for tag, _ in below}, **main}
    place, tail = 8 + size(top), b""
    for tag, directory in below:
        if tag not in main:
            top[tag] = longs(place + len(tail))
        tail += write_directory(directory.items(), place + len(tail))
    return b"II*\0" + struct.pack("<L", 8) + write_directory(sorted(top.items()), 8, following) + tail


def size(directory: Directory) -> int:
    """Return the bytes that `write_directory` needs."""
    outside = (len(entry.data) for entry in directory.values() if len(entry.data) > 4)
    return 2 + 12 * len(directory) + 4 + sum(outside)


def write_directory(entries: Iterable[tuple[int, Entry]], place: int, following: int = 0) -> bytes:
    """Return a directory that lies at ``place``, in the order given, with its values behind it."""
    listed = list(entries)
    table, values = b"", b""
    behind = place + 2 + 12 * len(listed) + 4
    for tag, entry in listed:
        inline = entry.data.ljust(4, b"\0")
        if len(entry.data) > 4 or entry.offset is not None:
            inline = struct.pack("<L", behind + len(values) if entry.offset is None else entry.offset)
            values += entry.data
        table += struct.pack("<HHL", tag, entry.kind, entry.count) + inline
    return struct.pack("<H", len(listed)) + table + struct.pack("<L", following) + values
