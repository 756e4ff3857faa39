"""The EXIF of an opened image of any kind: its block of bytes, read by exifread within bounds.

A hostile block of 60 kB can hold directories that share their values; reading them all would take minutes and
gigabytes. Such a block is not read to its end.
"""
from __future__ import annotations

import io
import logging
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import exifread
from exifread.tags import IGNORE_TAGS
from PIL import Image
from PIL.ExifTags import Base

from loader.files.content import file_bytes

# The most bytes that may be read of one block. Each read counts as at least 64 bytes, and one beyond the end
# as more. A photo needs 30 kB.
MAX_READ, BEYOND = 2 << 20, 1 << 10
MAX_VALUE = 1 << 16  # bytes of one value, which is more than a JPEG's whole block
SHORT, LONG, UNDEFINED = 3, 4, 7  # types of tags

_PREFIX = b"Exif\0\0"
_HEADERS = (b"II*\0", b"MM\0*")

logging.getLogger("exifread").disabled = True  # it would print a line for every damaged tag
IGNORE_TAGS[:] = [tag for tag in IGNORE_TAGS if tag != Base.UserComment]  # a person's words, and short


class _Bounded(io.BytesIO):
    """Bytes that may not be read too often, nor too much of them."""

    left = MAX_READ

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(MAX_VALUE if size is None or size < 0 else min(size, MAX_VALUE))
        self.left -= max(len(data), 64) if data else BEYOND
        if self.left < 0:
            raise EOFError("the block costs too much to read")
        return data


@dataclass
class Tags:
    """The EXIF tags of one photo by exifread's names, such as "Image Make" or "GPS GPSLatitude".

    Attributes:
        block: the bytes from the TIFF header on; empty when the file has no EXIF.
        found: what exifread made of it.
        is_damaged: a directory, or a value that was asked for, could not be read.
    """

    block: bytes = b""
    found: Mapping[str, Any] = field(default_factory=dict)
    is_damaged: bool = False

    def text(self, name: str) -> str:
        """Return the text of an ASCII tag without outer blanks; "" for other types."""
        values = self._values(name)
        if isinstance(values, bytes):  # exifread found that they are no UTF-8
            values = values.decode("latin-1")
        return values.strip() if isinstance(values, str) else ""

    def numbers(self, name: str) -> list[float]:
        """Return a tag's numbers, [] when it has none; a zero denominator and infinity give NaN."""
        values = self._values(name)
        is_list = isinstance(values, list) and self.found[name].field_type != UNDEFINED
        return [_number(value) for value in values] if is_list else []

    def number(self, name: str) -> float | None:
        """Return the number of a tag that holds just one, and a finite one."""
        values = self.numbers(name)
        return values[0] if len(values) == 1 and math.isfinite(values[0]) else None

    def utf16(self, name: str) -> str:
        """Return the text of a Windows XP tag: UTF-16, little-endian (Microsoft's ``PKEY`` properties)."""
        return _utf16(self._octets(name), "le").partition("\0")[0].strip()

    def comment(self, name: str) -> str:
        """Return a text whose first eight bytes name its character set (Exif 4.6.6, table 9)."""
        written = self._octets(name)
        charset, data = written[:8].rstrip(b"\0 ").upper(), written[8:]
        if charset == b"JIS":
            return data.decode("iso2022_jp", "replace").strip("\0 ")
        if charset == b"UNICODE":
            return _utf16_of_either_order(data, "le" if self.block.startswith(b"II") else "be")
        return data.partition(b"\0")[0].decode("utf-8", "replace").strip()

    def _values(self, name: str) -> Any:
        tag = self.found.get(name)
        if tag is not None and tag.field_offset + tag.field_length > len(self.block):
            self.is_damaged = True
            return None
        return None if tag is None else tag.values

    def _octets(self, name: str) -> bytes:
        if self._values(name) is None:
            return b""
        tag = self.found[name]  # of the values themselves exifread keeps no more than 999
        return self.block[tag.field_offset : tag.field_offset + min(tag.field_length, MAX_VALUE)]


def read_tags(image: Image.Image) -> Tags:
    """Read the EXIF of an opened image; its pixels need not be decoded. Never raises."""
    block = _find_block(image)
    if not block:
        return Tags()
    found: Mapping[str, Any] = {}
    if block.startswith(_HEADERS):
        with suppress(Exception):  # hostile bytes can raise any exception in a reader
            found = exifread.process_file(_Bounded(block), details=False, extract_thumbnail=False)
    parts = {name.partition(" ")[0] for name in found}
    pointers = {"EXIF": found.get("Image ExifOffset"), "GPS": found.get("Image GPSInfo")}
    lost = any(
        pointer is not None and part not in parts and not _is_left_empty(block, pointer.values)
        for part, pointer in pointers.items()
    )
    is_read = found or (block.startswith(_HEADERS) and _is_left_empty(block, [_read_number(block, 4, 8)]))
    return Tags(block, found, is_damaged=lost or not is_read)


def _is_left_empty(block: bytes, pointer: Any) -> bool:
    """Whether a directory has no entry, or only the maker's note, which exifread is not asked for."""
    if not (isinstance(pointer, list) and len(pointer) == 1):
        return False
    start = pointer[0]
    entries, first = _read_number(block, start, start + 2), _read_number(block, start + 2, start + 4)
    return start + 2 <= len(block) and (entries == 0 or (entries, first) == (1, Base.MakerNote))


def _read_number(block: bytes, start: int, end: int) -> int:
    order: Literal["little", "big"] = "little" if block.startswith(b"II") else "big"
    return int.from_bytes(block[start:end], order)


def _find_block(image: Image.Image) -> bytes:
    """Return an opened image's EXIF from its TIFF header on; of a TIFF that is the whole file."""
    if image.format == "TIFF":
        data = file_bytes(image)
        return data if data.startswith(_HEADERS) else b""  # BigTIFF is not read
    block = image.info.get("exif")
    if block is None and image.format == "PNG":
        block = raw_profile(image, "exif")
    block = block if isinstance(block, bytes) else b""
    while block.startswith(_PREFIX):
        block = block[len(_PREFIX) :]
    return block


def raw_profile(image: Image.Image, kind: str) -> bytes | None:
    """Return what ImageMagick writes into a PNG's text: a name, a length and hexadecimal digits in lines.

    None when there is no such text; a question mark, which is damaged EXIF or XMP, when they are no digits.
    """
    digits = image.info.get(f"Raw profile type {kind}")
    try:
        return bytes.fromhex("".join(digits.split("\n")[3:])) if isinstance(digits, str) else None
    except ValueError:
        return b"?"


def _utf16(data: bytes, order: str) -> str:
    return data[: len(data) // 2 * 2].decode(f"utf-16-{order}", "replace")


def _utf16_of_either_order(data: bytes, usual: str) -> str:
    # The standard does not fix the order: the byte order mark decides, else the order that gives fewer rare
    # characters, else the order of the file.
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").strip("\0 ")
    readings = [_utf16(data, order).strip("\0 ") for order in (usual, "be" if usual == "le" else "le")]
    return min(readings, key=lambda reading: sum(character >= "\u3000" for character in reading))


def _number(value: Any) -> float:
    if isinstance(value, tuple):  # exifread's way to hand over a float
        value = value[0]
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan
