"""JPEG files that are damaged, lie about themselves or were made to keep a decoder busy (ITU-T T.81)."""
from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from scripts.hostile_photos.case import HEIGHT, WIDTH, Case, Loaded, Refused, Unharmed, of_bytes
from scripts.hostile_photos.pictures import encode, overwritten, patched, quadrants

DAMAGED = Refused("the JPEG file is damaged (")
UNSUPPORTED = Refused("this form of JPEG is not supported (")
SCANS = 5000


def jpeg_cases() -> Iterator[Case]:
    """Yield every case of this module."""
    yield from _headers()
    yield from _segments()
    yield from _colours()
    many = "5,001 scans, where pictures have at most 200"
    bomb = Refused(f"the JPEG file is damaged, or made to do harm ({many})")
    yield of_bytes("jpeg/scan-bomb.jpg", "a progressive picture of 196 megapixels with 5,000 empty scans",
                   bomb, lambda: _scan_bomb(14_000, 14_000))
    yield of_bytes("jpeg/baseline-scan-bomb.jpg", "a baseline picture with 5,000 empty scans",
                   bomb, _baseline_bomb)
    yield of_bytes("jpeg/scans-in-the-tail.jpg", "what looks like 5,000 scans, behind the picture's end",
                   Loaded(), lambda: _plain() + b"\xff\xda" * SCANS)


def _plain() -> bytes:
    return encode(quadrants(), quality=95, subsampling=0)


def _sized(width: int, height: int) -> bytes:
    data = _plain()
    frame = data.index(b"\xff\xc0")
    return overwritten(data, frame + 5, struct.pack(">HH", height, width))


def _frame(marker: int) -> bytes:
    return patched(_plain(), b"\xff\xc0\0\x11\x08", bytes((0xFF, marker, 0, 0x11, 8)))


def _headers() -> Iterator[Case]:
    bomb = "65,500 × 65,500 pixels, of which there are 6,144"
    yield of_bytes("jpeg/65500.jpg", bomb, Refused("it holds more than the 220 megapixels that are read"),
                   lambda: _sized(65_500, 65_500))
    yield of_bytes("jpeg/15000.jpg", "15,000 × 15,000 pixels promised",
                   Refused("15000 × 15000 pixels are more than the 220 megapixels that are read"),
                   lambda: _sized(15_000, 15_000))
    yield of_bytes("jpeg/more-rows.jpg", "ten times the rows that are there: grey in a decoder", Unharmed(),
                   lambda: _sized(WIDTH, 10 * HEIGHT))
    yield of_bytes("jpeg/no-width.jpg", "a width of 0", DAMAGED, lambda: _sized(0, HEIGHT))
    yield of_bytes("jpeg/no-height.jpg", "a height of 0", DAMAGED, lambda: _sized(WIDTH, 0))
    yield of_bytes("jpeg/twelve-bits.jpg", "12 bits a level", UNSUPPORTED,
                   lambda: patched(_plain(), b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"))
    yield of_bytes("jpeg/lossless.jpg", "a lossless frame", UNSUPPORTED, lambda: _frame(0xC3))
    yield of_bytes("jpeg/arithmetic.jpg", "an arithmetic frame with Huffman's data", Unharmed(),
                   lambda: _frame(0xC9).replace(b"\xff\xc4", b"\xff\xef"))
    yield of_bytes("jpeg/only-a-start.jpg", "three bytes", DAMAGED, lambda: b"\xff\xd8\xff")
    yield of_bytes("jpeg/1x1.jpg", "one pixel", Loaded(1, 1, corners=((220, 20, 20),) * 4),
                   lambda: encode(quadrants().crop((0, 0, 1, 1)), quality=95, subsampling=0))
    yield of_bytes("jpeg/1x20000.jpg", "one column of 20,000 pixels",
                   Loaded(1, 20_000, corners=((220, 20, 20),) * 4),
                   lambda: encode(Image.new("RGB", (1, 20_000), (220, 20, 20)), quality=95, subsampling=0))
    yield of_bytes("jpeg/65500x1.jpg", "one row of 65,500 pixels",
                   Loaded(65_500, 1, corners=((220, 20, 20),) * 4),
                   lambda: encode(Image.new("RGB", (65_500, 1), (220, 20, 20)), quality=95, subsampling=0))


def _segments() -> Iterator[Case]:
    yield of_bytes("jpeg/no-tables.jpg", "no Huffman tables: the usual ones are meant", Loaded(),
                   lambda: _plain().replace(b"\xff\xc4", b"\xff\xef"))
    yield of_bytes("jpeg/no-quantization.jpg", "no quantization tables", DAMAGED,
                   lambda: _plain().replace(b"\xff\xdb", b"\xff\xef"))
    yield of_bytes("jpeg/segment-of-length-0.jpg", "a segment that says it has no length", Loaded(),
                   lambda: overwritten(_plain(), 4, b"\0\0"))
    yield of_bytes("jpeg/segment-without-end.jpg", "a segment that claims all that follows", DAMAGED,
                   lambda: overwritten(_plain(), 4, b"\xff\xff"))
    yield of_bytes("jpeg/megabyte-behind.jpg", "a megabyte behind the picture's end", Loaded(),
                   lambda: _plain() + bytes(range(256)) * 4096)
    entities = b"<!DOCTYPE x [<!ENTITY a '&a;'>]>&a;"
    profile = b"ICC_PROFILE\0\x01\x01" + b"garbage " * 30
    yield of_bytes("jpeg/icc-garbage.jpg", "a colour profile of garbage", Loaded(),
                   lambda: _with_segment(0xE2, profile))
    yield of_bytes("jpeg/icc-piece-200.jpg", "piece 200 of a profile of 3", Loaded(),
                   lambda: _with_segment(0xE2, b"ICC_PROFILE\0\xc8\x03" + bytes(200)))
    yield of_bytes("jpeg/xmp-garbage.jpg", "XMP that is no XML, with entities in entities", Loaded(),
                   lambda: _with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + entities))
    yield of_bytes("jpeg/mpf-garbage.jpg", "an index of further pictures that is garbage", Loaded(),
                   lambda: _with_segment(0xE2, b"MPF\0II*\0\x08\0\0\0\xff\xff" + bytes(100)))
    yield of_bytes("jpeg/photoshop-garbage.jpg", "Photoshop's segment, cut", Loaded(),
                   lambda: _with_segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x03\xed\0\0\xff\xff"))


def _with_segment(marker: int, content: bytes) -> bytes:
    data = _plain()
    return data[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content + data[2:]


def _colours() -> Iterator[Case]:
    grey = tuple((level, level, level) for level in (80, 126, 40, 201))
    yield of_bytes("jpeg/grey.jpg", "one component", Loaded(corners=grey),
                   lambda: encode(quadrants().convert("L"), quality=95))
    yield of_bytes("jpeg/cmyk.jpg", "four components: CMYK, inverted as Adobe does", Loaded(),
                   lambda: encode(quadrants().convert("CMYK"), quality=95))
    yield of_bytes("jpeg/ycck.jpg", "four components: YCCK", Loaded(), _ycck)
    yield of_bytes("jpeg/progressive.jpg", "a progressive picture that is healthy", Loaded(),
                   lambda: encode(quadrants(), quality=95, subsampling=0, progressive=True))


def _ycck() -> bytes:
    """CMYK with its first three channels as luminance and colour differences (Adobe's transform 2)."""
    cyan, magenta, yellow, black = quadrants().convert("CMYK").split()
    differences = Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr").split()
    # the encoder stores CMYK inverted
    inverted = [Image.fromarray(255 - np.asarray(channel)) for channel in differences]
    data = encode(Image.merge("CMYK", (*inverted, black)), quality=95)
    adobe = data.index(b"Adobe")
    return overwritten(data, adobe + 11, b"\x02")


def _scan_bomb(width: int, height: int) -> bytes:
    """A progressive frame of one component with scans of nothing: for each a decoder visits every block."""
    small = encode(Image.new("L", (8, 8)), progressive=True)
    frame = small.index(b"\xff\xc2")
    start = small.index(b"\xff\xda")
    head = overwritten(small[:start], frame + 5, struct.pack(">HH", height, width))
    table = b"\xff\xc4\0\x14\x10\x01" + bytes(15) + b"\xe0"  # one code: end of band, for 2^14 blocks and more
    direct = b"\xff\xda\0\x08\x01\x01\x00\0\0\0"
    scan = b"\xff\xda\0\x08\x01\x01\x00\x01\x3f\0" + bytes(8)
    return head + table + direct + scan * SCANS + b"\xff\xd9"


def _baseline_bomb() -> bytes:
    data = encode(Image.new("RGB", (4000, 4000)), subsampling=0)
    start = data.index(b"\xff\xda")
    scan = b"\xff\xda\0\x08\x01\x01\x00\0\x3f\0"
    return data[:start] + scan * SCANS + data[start:]
