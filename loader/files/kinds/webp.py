"""WebP files whose pixels end with zeros that are not theirs (RFC 9649, section 2)."""
from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

PIXELS = (b"VP8 ", b"VP8L")
HEADER, HEAD = 12, 8  # bytes of a file, and of a chunk
ZEROS = bytes(32)
LESS = 16  # bytes; a decoder that needs them reports that they are missing


def is_broken_off(data: bytes) -> bool:
    """Tell whether the pixels end with zeros, and the picture can be decoded without some of them.

    The pixels of one colour end with zeros, too, but need each. Animations are not looked at.
    """
    name, body = next((chunk for chunk in _chunks(data) if chunk[0] in PIXELS), (b"", b""))
    if not body.endswith(ZEROS):
        return False
    less = body[:-LESS]
    chunk = b"WEBP" + name + len(less).to_bytes(4, "little") + less + bytes(len(less) % 2)
    try:
        Image.open(io.BytesIO(b"RIFF" + len(chunk).to_bytes(4, "little") + chunk), formats=("WEBP",)).load()
    except OSError:
        return False
    return True


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each chunk."""
    place = HEADER
    while place + HEAD <= len(data):
        size = int.from_bytes(data[place + 4 : place + HEAD], "little")
        yield data[place : place + 4], data[place + HEAD : place + HEAD + size]
        place += HEAD + size + size % 2
