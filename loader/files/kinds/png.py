"""A PNG without the chunks that would keep its pixels from being read (ISO/IEC 15948, section 5).

Pillow refuses a file for a wrong checksum of any chunk before the pixels, and for long texts, but does not
check the pixels' own checksums. What stands behind the pixels it reads only after these.
"""
from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from PIL.PngImagePlugin import MAX_TEXT_CHUNK

SIGNATURE = 8  # bytes
PIXELS = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
LAST = (b"IDAT", b"IEND")
ANIMATION = (b"acTL", b"fcTL", b"fdAT")  # only the first picture is read
APPLE = b"CgBI"  # pixels in another order and compression, which only Xcode writes
DEFLATED, TEXTS = (b"zTXt", b"iCCP"), (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
XMP = b"XML:com.adobe.xmp\0"
MAX_TEXTS = 32 * MAX_TEXT_CHUNK  # of all together; Pillow refuses twice as much
MAX_PIXEL_BYTES = 1 << 31  # more than the largest picture has, of four samples of 16 bits


class Chunk(NamedTuple):
    """The name of a chunk, its content, all its bytes, and whether its checksum is right."""

    name: bytes
    body: memoryview
    whole: memoryview
    is_sound: bool


def mend(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Leave out damaged chunks that hold no pixels, texts that are too long, and all pictures but the first.

    Returns:
        The file, with its pixels behind all other chunks, and what of it is damaged, as ends of the sentence
        "a.png: …".

    Raises:
        ValueError: pixels are damaged.
    """
    kept, noted, left = [memoryview(data)[:SIGNATURE]], dict[str, None](), MAX_TEXTS
    chunks = list(_chunks(data))
    if not all(chunk.is_sound for chunk in chunks if chunk.name in PIXELS):
        _refuse_wrong_pixels(chunks)
    for chunk in chunks:
        if not chunk.is_sound and chunk.name not in PIXELS:
            what = "EXIF" if chunk.name == b"eXIf" else f"chunk {chunk.name.decode('latin-1')}"
            noted[f"its {what} is damaged and was not read"] = None
        elif chunk.name in TEXTS:
            size = _text_size(chunk) if left > 0 else 0
            left -= size
            if 0 < size <= MAX_TEXT_CHUNK:
                kept.append(chunk.whole)
            elif bytes(chunk.body[: len(XMP)]) == XMP:
                noted["its XMP is longer than 1 MiB and was not read"] = None
        elif chunk.name not in ANIMATION:
            kept.append(chunk.whole)
    ordered = [kept[0], *sorted(kept[1:], key=lambda chunk: bytes(chunk[4:8]) in LAST)]
    is_whole = ordered == kept and sum(map(len, kept)) == len(data)
    return (data, ()) if is_whole else (b"".join(ordered), tuple(noted))


def find_unsupported(data: bytes) -> str | None:
    """Name the form of a PNG that Pillow does not read; None when it is a usual one."""
    return "Apple's CgBI" if data[SIGNATURE + 4 : SIGNATURE + 8] == APPLE else None


def _chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks up to the last one. Of what is cut off only pixels are kept, of which some may do."""
    view, place = memoryview(data), SIGNATURE
    while place + 12 <= len(data):
        end = place + 12 + int.from_bytes(view[place : place + 4], "big")
        name = bytes(view[place + 4 : place + 8])
        body = view[place + 8 : end - 4]
        checksum = int.from_bytes(view[end - 4 : end], "big")
        if end <= len(data) or name in PIXELS:
            is_sound = end > len(data) or zlib.crc32(body, zlib.crc32(name)) == checksum
            yield Chunk(name, body, view[place:end], is_sound)
        if name == b"IEND":
            return
        place = end


def _refuse_wrong_pixels(chunks: Iterable[Chunk]) -> None:
    """Refuse what has a wrong checksum, unless only that of pixels is wrong, which another one covers, too.

    Raises:
        ValueError, zlib.error: pixels or sizes are damaged.
    """
    if not all(chunk.is_sound for chunk in chunks if chunk.name in PIXELS and chunk.name != b"IDAT"):
        raise ValueError("a checksum is wrong")
    inflater, left = zlib.decompressobj(), MAX_PIXEL_BYTES
    for chunk in chunks:
        rest: bytes | memoryview = chunk.body if chunk.name == b"IDAT" else b""
        while rest and left > 0:
            left -= len(inflater.decompress(rest, MAX_TEXT_CHUNK))
            rest = inflater.unconsumed_tail
    if not inflater.eof:
        raise ValueError("the checksum of its pixels is wrong")


def _text_size(chunk: Chunk) -> int:
    """Return the length of a text or profile, which is unpacked to one byte more than allowed at most."""
    _, _, rest = bytes(chunk.body).partition(b"\0")
    if chunk.name == b"iTXt" and rest[:1] == b"\1":
        rest = b"\0" + rest[2:].split(b"\0", 2)[-1]
    elif chunk.name not in DEFLATED:
        return len(chunk.body)
    try:
        return len(zlib.decompressobj().decompress(rest[1:], MAX_TEXT_CHUNK + 1)) or 1
    except zlib.error:
        return len(chunk.body)
