"""The EXIF block of an image file, and the few tags of it that are wanted: a reader of TIFF directories.

Pillow's own directories decode every tag of a block. A hostile file can make that cost many times its size
(a list of rationals becomes a list of objects), and one tag that claims too much makes Pillow drop all that
follow it. Here only wanted tags are decoded, each within fixed bounds, and a damaged one costs itself alone.
Layout: TIFF 6.0, section 2; BigTIFF as LibTIFF describes it; Exif's own types (CIPA DC-008, 4.6.2).
"""
from __future__ import annotations

import io
import math
import re
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from PIL import Image
from PIL.ExifTags import IFD, Base

Value = str | bytes | int | float | tuple[int | float, ...]

MAX_ENTRIES = 65_535  # of a directory; BigTIFF could claim 2⁶⁴
MAX_TEXT_BYTES = 65_536  # read of one text, which is more than a JPEG's whole block
MAX_NUMBERS = 64  # read of one list

BYTE, ASCII, RATIONAL, UNDEFINED, SIGNED_RATIONAL = 1, 2, 5, 7, 10
# By a tag's type: the bytes of one value, and its format for `struct`. 13 and 18 are offsets of directories.
SIZES = {
    **{1: (1, "B"), 2: (1, "s"), 3: (2, "H"), 4: (4, "L"), 5: (8, "LL"), 6: (1, "b"), 7: (1, "s")},
    **{8: (2, "h"), 9: (4, "l"), 10: (8, "ll"), 11: (4, "f"), 12: (8, "d"), 13: (4, "L")},
    **{16: (8, "Q"), 17: (8, "q"), 18: (8, "Q")},
}

TURNED_BY_DECODER = ("HEIF", "TIFF")

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PREFIX = b"Exif\0\0"
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])["<]')


@dataclass
class Directories:
    """The wanted tags of the three directories of one photo, by tag number.

    Attributes:
        main: of the primary image.
        exif: of how it was taken.
        gps: of where.
        endian: "<" or ">", or None when there is no block.
        damaged: a wanted value, a directory or the whole block could not be read.
    """

    main: dict[int, Value] = field(default_factory=dict)
    exif: dict[int, Value] = field(default_factory=dict)
    gps: dict[int, Value] = field(default_factory=dict)
    endian: str | None = None
    damaged: bool = False


def read_directories(
    image: Image.Image, main: Collection[int], exif: Collection[int], gps: Collection[int]
) -> Directories:
    """Read the wanted tags of an opened image; its pixels need not be decoded. Never raises.

    Args:
        image: as `PIL.Image.open` returns it.
        main: wanted tags of the first directory.
        exif: of the Exif directory.
        gps: of the GPS directory.
    """
    block = exif_block(image)
    if block is None:
        return Directories()
    reader = _Reader.of(block)
    if reader is None:
        return Directories(damaged=True)
    found = Directories(endian=reader.endian)
    found.main = reader.directory(reader.first, {*main, IFD.Exif, IFD.GPSInfo})
    for pointer, wanted, values in ((IFD.Exif, exif, found.exif), (IFD.GPSInfo, gps, found.gps)):
        offset = found.main.pop(pointer, None)
        if offset is not None and wanted:
            values.update(reader.directory(offset, wanted))
    found.damaged = reader.damaged
    return found


def read_orientation(image: Image.Image) -> int:
    """Return how an opened image must be turned: EXIF's 1 to 8, and 1 when the file says nothing or nonsense.

    Where EXIF has no such tag, XMP's is taken, as Pillow does. Always 1 for HEIF and TIFF, which come upright
    from their decoders: libheif goes by the file's own boxes, Pillow turns a TIFF itself.
    """
    if image.format in TURNED_BY_DECODER:
        return 1
    written = read_directories(image, (Base.Orientation,), (), ()).main.get(Base.Orientation)
    value = written[0] if isinstance(written, tuple) and written else written
    if value is None:
        value = _xmp_orientation(image)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def exif_block(image: Image.Image) -> bytes | None:
    """Return an opened image's EXIF from its TIFF header on, None when there is none.

    For a TIFF that is the whole file. In a PNG the block may lie behind the pixels, which Pillow would have
    to decode first, or be written in hexadecimal, as ImageMagick does.
    """
    block = image.info.get("exif")
    if block is None and image.format == "PNG":
        block = _png_block(_file_bytes(image)) or _hexadecimal(image.info.get("Raw profile type exif"))
    if block is None and image.format == "TIFF":
        block = _file_bytes(image)
    if not isinstance(block, bytes) or not block:
        return None
    while block.startswith(_PREFIX):
        block = block[len(_PREFIX) :]
    return block if len(block) else None


class _Reader:
    """Directories of one block, each bounded by the block itself."""

    def __init__(self, block: bytes, endian: str, big: bool) -> None:
        self.block, self.endian = block, endian
        self.damaged = False
        # an entry: tag, type, count and four or eight bytes that hold the value or where it is
        self.count = struct.Struct(endian + ("Q" if big else "H"))
        self.entry = struct.Struct(endian + ("HHQ8s" if big else "HHL4s"))
        self.offset = struct.Struct(endian + ("Q" if big else "L"))
        self.first = self.offset.unpack_from(block, 8 if big else 4)[0]

    @classmethod
    def of(cls, block: bytes) -> _Reader | None:
        """Return a reader of a block with a TIFF header, or None when it has none."""
        endian = {b"II": "<", b"MM": ">"}.get(block[:2])
        if endian is None or len(block) < 8:
            return None
        version = struct.unpack_from(endian + "H", block, 2)[0]
        if version == 42 or (version == 43 and len(block) >= 16):
            return cls(block, endian, version == 43)
        return None

    def directory(self, offset: Value, wanted: Collection[int]) -> dict[int, Value]:
        """Return the wanted tags of the directory at an offset; of tags that occur twice the first."""
        found: dict[int, Value] = {}
        if not isinstance(offset, int) or not 8 <= offset <= len(self.block) - self.count.size:
            self.damaged = True
            return found
        for tag, kind, count, inline in self._entries(offset):
            if tag in wanted and tag not in found:
                value = self._value(kind, count, inline)
                if value is None:
                    self.damaged = True
                else:
                    found[tag] = value
        return found

    def _entries(self, offset: int) -> Iterator[tuple[int, int, int, bytes]]:
        claimed = self.count.unpack_from(self.block, offset)[0]
        start = offset + self.count.size
        present = (len(self.block) - start) // self.entry.size
        self.damaged |= claimed > present
        for index in range(min(claimed, present, MAX_ENTRIES)):
            yield self.entry.unpack_from(self.block, start + index * self.entry.size)

    def _value(self, kind: int, count: int, inline: bytes) -> Value | None:
        """Return one tag's value, the beginning of an overlong one, or None when it is not in the block."""
        if kind not in SIZES:
            return None
        width, code = SIZES[kind]
        data: bytes | None = inline[: count * width]
        if count * width > len(inline):
            data = self._outside(self.offset.unpack(inline)[0], count * width)
        if data is None:
            return None
        if kind in (BYTE, UNDEFINED):
            return data
        if kind == ASCII:
            return data.decode("latin-1").removesuffix("\0")
        values = self._numbers(kind, data, width, code)
        return values[0] if len(values) == 1 else values

    def _outside(self, offset: int, size: int) -> bytes | None:
        if offset + size > len(self.block):
            return None
        return self.block[offset : offset + min(size, MAX_TEXT_BYTES)]

    def _numbers(self, kind: int, data: bytes, width: int, code: str) -> tuple[int | float, ...]:
        count = min(len(data) // width, MAX_NUMBERS)
        values = struct.unpack(self.endian + code * count, data[: count * width])
        if kind not in (RATIONAL, SIGNED_RATIONAL):
            return values
        pairs = zip(values[::2], values[1::2], strict=True)
        return tuple(above / below if below else math.nan for above, below in pairs)


def _file_bytes(image: Image.Image) -> bytes:
    stream = getattr(image, "fp", None)
    if isinstance(stream, io.BytesIO):
        return stream.getvalue()  # no copy: the bytes that it was made of
    if stream is None:
        return b""
    place = stream.tell()
    stream.seek(0)
    data: bytes = stream.read()
    stream.seek(place)
    return data


def _png_block(data: bytes) -> bytes | None:
    """Return the content of a PNG's eXIf chunk, wherever it stands (PNG, third edition, 11.3.4.7)."""
    place = len(_PNG_START)
    while data.startswith(_PNG_START) and place + 8 <= len(data):
        size, name = struct.unpack_from(">L4s", data, place)
        if name == b"eXIf":
            return data[place + 8 : place + 8 + size]
        place += 12 + size  # length, name and check sum stand around the content
    return None


def _hexadecimal(profile: object) -> bytes | None:
    """Return the bytes that the lines of a raw profile stand for: its name, its length, then its digits."""
    if not isinstance(profile, str):
        return None
    try:
        return bytes.fromhex("".join(profile.split("\n")[3:]))
    except ValueError:
        return b"?"  # no block, but one was meant


def _xmp_orientation(image: Image.Image) -> int | None:
    packet = image.info.get("XML:com.adobe.xmp") or image.info.get("xmp")
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    found = _XMP_ORIENTATION.search(packet) if isinstance(packet, bytes) else None
    return int(found[1]) if found else None
