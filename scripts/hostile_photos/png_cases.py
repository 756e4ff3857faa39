"""PNG files that are damaged, lie about themselves or unfold into gigabytes (PNG, third edition)."""
from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import partial

import numpy as np
from PIL import Image

from scripts.hostile_photos.case import (
    BLUE,
    GREEN,
    HEIGHT,
    RED,
    WIDTH,
    YELLOW,
    Case,
    Loaded,
    Refused,
    of_bytes,
)
from scripts.hostile_photos.exif_blocks import exif_block, shorts
from scripts.hostile_photos.pictures import encode, overwritten, quadrants, zeros_unfolding

SIGNATURE = b"\x89PNG\r\n\x1a\n"
DAMAGED = Refused("the PNG file is damaged (")
WHITE = (255, 255, 255)
ORIENTATION = 274


def png_chunk(name: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def png_with(*chunks: bytes, behind: bool = False) -> bytes:
    """A PNG with further chunks before or behind its pixels."""
    data = encode(quadrants(), "PNG")
    place = (data.rindex(b"IEND") if behind else data.index(b"IDAT")) - 4
    return data[:place] + b"".join(chunks) + data[place:]


def png_of(width: int, height: int, pixels: bytes, *chunks: bytes, bits: int = 8, kind: int = 2) -> bytes:
    """A PNG from its parts; ``pixels`` are compressed already."""
    header = struct.pack(">LLBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = (png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b""))
    return SIGNATURE + b"".join(parts)


def png_cases() -> Iterator[Case]:
    """Yield every case of this module."""
    yield from _sizes()
    yield from _unfolding()
    yield from _chunks()
    yield from _colours()
    yield from _frames()


def _sizes() -> Iterator[Case]:
    yield of_bytes("png/60000.png", "60,000 × 60,000 pixels of zeros",
                   Refused("it holds more than the 220 megapixels that are read"),
                   lambda: png_of(60_000, 60_000, zlib.compress(bytes(1 << 24), 9)))
    yield of_bytes("png/16000.png", "16,000 × 16,000 grey pixels of zeros",
                   Refused("16000 × 16000 pixels are more than the 220 megapixels that are read"),
                   lambda: png_of(16_000, 16_000, zlib.compress(bytes(1 << 24), 9), kind=0))
    yield of_bytes("png/no-width.png", "a width of 0", DAMAGED, lambda: png_of(0, 64, zlib.compress(b"")))
    yield of_bytes("png/negative.png", "a width with its highest bit set",
                   Refused("it holds more than the 220 megapixels that are read"),
                   lambda: png_of(2**31 + 5, 64, zlib.compress(b"")))
    yield of_bytes("png/1x20000.png", "one column of 20,000 pixels", Loaded(1, 20_000, corners=(RED,) * 4),
                   lambda: encode(Image.new("RGB", (1, 20_000), RED), "PNG"))
    yield of_bytes("png/fewer-rows.png", "half of the rows are missing", DAMAGED,
                   lambda: png_of(96, 64, zlib.compress(bytes(97 * 3 * 20))))
    yield of_bytes("png/more-rows.png", "100 times the rows that are promised",
                   Loaded(corners=((0, 0, 0),) * 4),
                   lambda: png_of(96, 64, zlib.compress(bytes((96 * 3 + 1) * 6400))))
    yield of_bytes("png/endless-pixels.png", "256 MB of zeros behind the last row",
                   Loaded(corners=((0, 0, 0),) * 4), lambda: png_of(96, 64, zeros_unfolding()))


def _unfolding() -> Iterator[Case]:
    starts = {b"iCCP": b"profile\0\0", b"zTXt": b"Comment\0\0", b"iTXt": b"Comment\0\1\0\0\0"}
    for name, start in starts.items():
        about = f"a chunk {name.decode()} that unfolds into 256 MB"
        yield of_bytes(f"png/bomb-{name.decode().lower()}.png", about, Loaded(), partial(_bomb, name, start))
    yield of_bytes("png/bomb-100-ztxt.png", "100 texts of 1 MB each", Loaded(), _many_texts)


def _bomb(name: bytes, start: bytes) -> bytes:
    return png_with(png_chunk(name, start + zeros_unfolding()))


def _many_texts() -> bytes:
    text = zlib.compress(bytes((1 << 20) - 1))
    return png_with(*(png_chunk(b"zTXt", b"Comment %d\0\0" % number + text) for number in range(100)))


def _chunks() -> Iterator[Case]:
    plain = encode(quadrants(), "PNG")
    pixels = plain.index(b"IDAT")
    yield of_bytes("png/no-pixels.png", "no IDAT", DAMAGED,
                   lambda: plain[: pixels - 4] + png_chunk(b"IEND", b""))
    yield of_bytes("png/header-checksum.png", "a wrong check sum of the header", DAMAGED,
                   lambda: overwritten(plain, 29, b"\0\0\0\0"))
    yield of_bytes("png/pixel-checksum.png", "a wrong check sum of right pixels", Loaded(),
                   lambda: overwritten(plain, plain.rindex(b"IEND") - 8, b"\0\0\0\0"))
    yield of_bytes("png/chunk-of-4-gb.png", "the pixels claim 4 GB", Loaded(),
                   lambda: overwritten(plain, pixels - 4, b"\xff\xff\xff\xff"))
    yield of_bytes("png/header-twice.png", "a second header of another size", DAMAGED,
                   lambda: png_with(png_chunk(b"IHDR", struct.pack(">LLBBBBB", 5000, 5000, 8, 2, 0, 0, 0))))
    yield of_bytes("png/no-compression-known.png", "pixels that are no zlib stream", DAMAGED,
                   lambda: png_of(96, 64, b"garbage" * 100))
    turned = Loaded(64, 96, corners=(YELLOW, RED, GREEN, BLUE))
    block = png_chunk(b"eXIf", exif_block({ORIENTATION: shorts(6)}))
    yield of_bytes("png/orientation.png", "orientation 6 before the pixels", turned, lambda: png_with(block))
    yield of_bytes("png/orientation-behind.png", "orientation 6 behind the pixels", turned,
                   lambda: png_with(block, behind=True))
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'
    yield of_bytes("png/orientation-xmp.png", "orientation 6 in XMP alone", turned,
                   lambda: png_with(png_chunk(b"iTXt", xmp)))
    yield of_bytes("png/raw-profile-garbage.png", "EXIF in hexadecimal that is none",
                   Loaded(notes=("its EXIF is damaged and was not read",)),
                   lambda: png_with(png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 3\nxyz")))


def _colours() -> Iterator[Case]:
    levels = np.asarray(quadrants()).astype(np.uint16) * 257
    rgb = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    yield of_bytes("png/rgb-16.png", "16 bits a level", Loaded(),
                   lambda: png_of(96, 64, zlib.compress(rgb), bits=16))
    opaque = np.concatenate([levels, np.full((64, 96, 1), 65_535, np.uint16)], axis=2)
    rgba = b"".join(b"\0" + row.astype(">u2").tobytes() for row in opaque)
    yield of_bytes("png/rgba-16.png", "16 bits a level with transparency", Loaded(),
                   lambda: png_of(96, 64, zlib.compress(rgba), bits=16, kind=6))
    grey = Image.fromarray(np.asarray(quadrants().convert("L")).astype(np.uint16) * 257)
    shades = tuple((level, level, level) for level in (80, 126, 40, 201))
    yield of_bytes("png/grey-16.png", "16 bits of grey", Loaded(corners=shades), lambda: encode(grey, "PNG"))
    bits = tuple((level, level, level) for level in (0, 0, 0, 255))
    yield of_bytes("png/1-bit.png", "one bit a pixel", Loaded(corners=bits),
                   lambda: encode(quadrants().convert("L").point(lambda v: 255 * (v > 150), "1"), "PNG"))
    yield from _transparent()


def _transparent() -> Iterator[Case]:
    palette = quadrants().quantize(4)
    first = palette.getpixel((0, 0))
    yield of_bytes("png/palette-alpha.png", "a palette whose red is transparent",
                   Loaded(corners=(WHITE, GREEN, BLUE, YELLOW)),
                   lambda: encode(palette, "PNG", transparency=first))
    yield of_bytes("png/palette-missing.png", "a palette picture without a palette",
                   Refused("the PNG file is damaged (its palette is missing)"),
                   lambda: png_of(96, 64, zlib.compress(bytes(97 * 64)), kind=3))
    index = zlib.compress((b"\0" + b"\xc8" * WIDTH) * HEIGHT)
    yield of_bytes("png/palette-beyond.png", "colour 200 of a palette of two",
                   Loaded(corners=((0, 0, 0),) * 4),
                   lambda: png_of(96, 64, index, png_chunk(b"PLTE", b"\xff\0\0\0\xff\0"), kind=3))
    yield of_bytes("png/transparent-colour.png", "red is the transparent colour",
                   Loaded(corners=(WHITE, GREEN, BLUE, YELLOW)),
                   lambda: encode(quadrants(), "PNG", transparency=RED))


def _frames() -> Iterator[Case]:
    black = Image.new("RGB", (WIDTH, HEIGHT))
    yield of_bytes("png/animated.png", "an animation: its first frame counts", Loaded(),
                   lambda: encode(quadrants(), "PNG", save_all=True, append_images=[black]))
    yield of_bytes("png/animated-without-frames.png", "an animation of no frames", Loaded(),
                   lambda: png_with(png_chunk(b"acTL", struct.pack(">LL", 0, 0))))
    yield of_bytes("png/animated-4-billion.png", "an animation of 4,294,967,295 frames", Loaded(),
                   lambda: png_with(png_chunk(b"acTL", struct.pack(">LL", 2**32 - 1, 0))))
    frame = struct.pack(">LLLLLHHBB", 0, 5000, 5000, 90, 60, 1, 1, 0, 0)
    yield of_bytes("png/animated-large-frame.png", "a frame larger than the picture", Loaded(),
                   lambda: png_with(png_chunk(b"acTL", struct.pack(">LL", 2, 0)), png_chunk(b"fcTL", frame)))
