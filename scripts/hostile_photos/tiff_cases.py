"""TIFF files of every pixel format that exists, and of some that do not (TIFF 6.0)."""
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
from scripts.hostile_photos.exif_blocks import Directory, Entry, longs, shorts, write_directory
from scripts.hostile_photos.pictures import encode, quadrants, zeros_unfolding

DAMAGED = Refused("the TIFF file is damaged (")
UNSUPPORTED = Refused("this form of TIFF is not supported (")
WIDE = Refused("32-bit pixels have no defined brightness; save it with 8 or 16 bits")
TOO_MANY = Refused("it holds more than the 220 megapixels that are read")
GREYS = tuple((level, level, level) for level in (80, 126, 40, 201))
PIXELS = quadrants().tobytes()
BLACK_ON_WHITE = tuple((level, level, level) for level in (0, 0, 0, 255))

(COLUMNS, ROWS, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES) = (
    256, 257, 258, 259, 262, 273, 277, 278, 279,
)
PLANAR, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES, EXTRA, FORMAT = (
    284, 317, 322, 323, 324, 325, 338, 339,
)
LOWEST_IS_WHITE, LOWEST_IS_BLACK, RGB, CMYK, LAB = 0, 1, 2, 5, 8
LZW, FAX, DEFLATE, PACKBITS = 5, 4, 8, 32_773


def tiff_of(
    pixels: bytes, following: int = 0, further: Directory | None = None, /, **changes: Entry | None
) -> bytes:
    """A TIFF of one strip: 96 × 64 pixels of RGB, but for the changes (the names of the tags above).

    Args:
        pixels: they lie behind the header.
        following: the offset of the next directory; 0 ends the chain.
        further: more tags, by number.
        changes: other values, and None to leave a tag out.
    """
    tags: dict[int, Entry | None] = {
        **(further or {}),
        COLUMNS: longs(WIDTH), ROWS: longs(HEIGHT), BITS: shorts(8, 8, 8), COMPRESSION: shorts(1),
        PHOTOMETRIC: shorts(RGB), STRIPS: longs(8), SAMPLES: shorts(3), ROWS_PER_STRIP: longs(HEIGHT),
        STRIP_BYTES: longs(len(pixels)),
    }  # fmt: skip
    tags.update({globals()[name]: entry for name, entry in changes.items()})
    place = 8 + len(pixels) + len(pixels) % 2
    entries = sorted((tag, entry) for tag, entry in tags.items() if entry is not None)
    directory = write_directory(entries, place, following)
    return b"II*\0" + struct.pack("<L", place) + pixels.ljust(place - 8, b"\0") + directory


def tiff_cases() -> Iterator[Case]:
    """Yield every case of this module."""
    yield from _sizes()
    yield from _strips()
    yield from _compressions()
    yield from _greys()
    yield from _colours()
    yield from _directories()


def _sizes() -> Iterator[Case]:
    for name, about, expected, width, height in (
        ("65535", "65,535 × 65,535 pixels promised", TOO_MANY, 65_535, 65_535),
        ("4-billion", "4,294,967,295 × 2 pixels promised", TOO_MANY, 2**32 - 1, 2),
        ("16000", "16,000 × 16,000 pixels promised",
         Refused("16000 × 16000 pixels are more than the 220 megapixels that are read"), 16_000, 16_000),
        ("more-rows", "ten times the rows that are there", DAMAGED, WIDTH, 10 * HEIGHT),
        ("no-width", "a width of 0", DAMAGED, 0, HEIGHT),
    ):
        yield of_bytes(f"tiff/{name}.tif", about, expected,
                       partial(tiff_of, PIXELS, COLUMNS=longs(width), ROWS=longs(height),
                               ROWS_PER_STRIP=longs(height)))
    yield of_bytes("tiff/no-columns.tif", "no width at all", DAMAGED, partial(tiff_of, PIXELS, COLUMNS=None))
    yield of_bytes("tiff/1x20000.tif", "one column of 20,000 pixels", Loaded(1, 20_000, corners=(RED,) * 4),
                   lambda: encode(Image.new("RGB", (1, 20_000), RED), "TIFF"))


def _strips() -> Iterator[Case]:
    for name, about, strips in (
        ("beyond", "the pixels lie beyond the end", longs(2**31)),
        ("of-itself", "the pixels are their own directory", longs(8 + len(PIXELS))),
        ("nowhere", "no place for the pixels", None),
        ("empty", "places for no strip", longs()),
    ):
        yield of_bytes(f"tiff/strip-{name}.tif", about, DAMAGED,
                       partial(tiff_of, PIXELS, STRIPS=strips))
    same = longs(*[8] * HEIGHT)
    yield of_bytes("tiff/strips-all-the-same.tif", "64 strips that are one and the same row",
                   Loaded(corners=(RED, GREEN, GREEN, RED)),
                   lambda: tiff_of(PIXELS, STRIPS=same, ROWS_PER_STRIP=longs(1),
                                   STRIP_BYTES=longs(*[WIDTH * 3] * HEIGHT)))
    yield of_bytes("tiff/tile-0.tif", "tiles without a size", DAMAGED,
                   lambda: tiff_of(PIXELS, STRIPS=None, TILE_WIDTH=longs(0), TILE_HEIGHT=longs(0),
                                   TILES=longs(8), TILE_BYTES=longs(10)))
    yield of_bytes("tiff/tile-of-2-billion.tif", "a tile of 2³¹ pixels a side",
                   Refused("the TIFF file is damaged (its sizes cannot be true)"),
                   lambda: tiff_of(zlib.compress(PIXELS), STRIPS=None, TILE_WIDTH=longs(2**31 - 16),
                                   TILE_HEIGHT=longs(2**31 - 16), TILES=longs(8), TILE_BYTES=longs(10),
                                   COMPRESSION=shorts(DEFLATE)))


def _compressions() -> Iterator[Case]:
    for name, method in (("lzw", LZW), ("fax", FAX), ("deflate", DEFLATE), ("packbits", PACKBITS)):
        yield of_bytes(f"tiff/{name}-garbage.tif", f"garbage for {name}", DAMAGED,
                       partial(tiff_of, b"\x80\x7f garbage" * 9, COMPRESSION=shorts(method)))
    yield of_bytes("tiff/compression-4711.tif", "a compression that there is not", UNSUPPORTED,
                   lambda: tiff_of(PIXELS, COMPRESSION=shorts(4711)))
    yield of_bytes("tiff/deflate-bomb.tif", "256 MB of zeros for a small picture",
                   Loaded(corners=((0, 0, 0),) * 4),
                   lambda: tiff_of(zeros_unfolding(), COMPRESSION=shorts(DEFLATE)))
    yield of_bytes("tiff/deflate.tif", "healthy: compressed with a predictor", Loaded(),
                   lambda: encode(quadrants(), "TIFF", compression="tiff_adobe_deflate"))


def _grey(levels: np.ndarray, photometric: int, bits: int, **changes: Entry | None) -> bytes:
    return tiff_of(levels.tobytes(), PHOTOMETRIC=shorts(photometric), BITS=shorts(bits), SAMPLES=shorts(1),
                   **changes)


def _greys() -> Iterator[Case]:
    levels = np.asarray(quadrants().convert("L"))
    deep, ones = levels.astype("<u2") * 257, np.packbits(levels > 150, axis=1)
    white, black = LOWEST_IS_WHITE, LOWEST_IS_BLACK
    yield of_bytes("tiff/grey-8-white-is-0.tif", "0 is white", Loaded(corners=GREYS),
                   lambda: _grey(255 - levels, white, 8))
    yield of_bytes("tiff/grey-16.tif", "16 bits of grey", Loaded(corners=GREYS),
                   lambda: _grey(deep, black, 16))
    yield of_bytes("tiff/grey-16-white-is-0.tif", "16 bits of grey, 0 is white", Loaded(corners=GREYS),
                   lambda: _grey(65_535 - deep, white, 16))
    yield of_bytes("tiff/1-bit.tif", "one bit a pixel", Loaded(corners=BLACK_ON_WHITE),
                   lambda: _grey(ones, black, 1))
    yield of_bytes("tiff/1-bit-white-is-0.tif", "one bit a pixel, 0 is white", Loaded(corners=BLACK_ON_WHITE),
                   lambda: _grey(~ones, white, 1))
    yield of_bytes("tiff/float.tif", "floating point", WIDE,
                   lambda: _grey(levels.astype("<f4"), black, 32, FORMAT=shorts(3)))
    yield of_bytes("tiff/32-bit.tif", "32 bits of grey", WIDE, lambda: _grey(levels.astype("<u4"), black, 32))
    yield of_bytes("tiff/bits-0.tif", "no bits a level", DAMAGED, lambda: _grey(levels, black, 0))
    yield of_bytes("tiff/bits-65535.tif", "65,535 bits a level", DAMAGED,
                   lambda: _grey(levels, black, 65_535))


def _colours() -> Iterator[Case]:
    yield of_bytes("tiff/rgb-16.tif", "16 bits a level", Loaded(),
                   lambda: tiff_of((np.asarray(quadrants()).astype("<u2") * 257).tobytes(),
                                   BITS=shorts(16, 16, 16)))
    yield of_bytes("tiff/rgba-16.tif", "16 bits a level with transparency", Loaded(), _rgba_16)
    yield of_bytes("tiff/planes.tif", "red, green and blue one behind the other", Loaded(),
                   lambda: tiff_of(np.asarray(quadrants()).transpose(2, 0, 1).tobytes(), PLANAR=shorts(2),
                                   STRIPS=longs(8, 6152, 12_296), STRIP_BYTES=longs(6144, 6144, 6144)))
    yield of_bytes("tiff/cmyk.tif", "four inks", Loaded(),
                   lambda: encode(quadrants().convert("CMYK"), "TIFF"))
    yield of_bytes("tiff/lab.tif", "CIE L*a*b*", Loaded(), _lab)
    yield of_bytes("tiff/palette.tif", "a palette", Loaded(),
                   lambda: encode(quadrants().quantize(4), "TIFF"))
    yield of_bytes("tiff/palette-missing.tif", "a palette picture without a palette", DAMAGED,
                   lambda: _grey(np.zeros((HEIGHT, WIDTH), np.uint8), 3, 8))
    yield of_bytes("tiff/samples-65535.tif", "65,535 levels a pixel", DAMAGED,
                   lambda: tiff_of(PIXELS, SAMPLES=shorts(65_535)))
    yield of_bytes("tiff/photometric-99.tif", "colours that there are not", UNSUPPORTED,
                   lambda: tiff_of(PIXELS, PHOTOMETRIC=shorts(99)))


def _rgba_16() -> bytes:
    levels = np.asarray(quadrants()).astype("<u2") * 257
    opaque = np.concatenate([levels, np.full((HEIGHT, WIDTH, 1), 65_535, "<u2")], axis=2)
    return tiff_of(opaque.tobytes(), BITS=shorts(16, 16, 16, 16), SAMPLES=shorts(4), EXTRA=shorts(2))


def _lab() -> bytes:
    """The quadrants in CIE L*a*b* of D50: L* as 0 to 255, a* and b* signed (TIFF 6.0, section 23)."""
    colours = {RED: (46, 69, 58), GREEN: (71, -70, 68), BLUE: (27, 61, -97), YELLOW: (87, -9, 85)}
    rows = np.asarray(quadrants()).reshape(-1, 3)
    levels = [colours[(int(red), int(green), int(blue))] for red, green, blue in rows]
    encoded = [(round(lightness * 2.55), a & 255, b & 255) for lightness, a, b in levels]
    return tiff_of(bytes(value for triple in encoded for value in triple), PHOTOMETRIC=shorts(LAB))


def _directories() -> Iterator[Case]:
    black = Image.new("RGB", (WIDTH, HEIGHT))
    yield of_bytes("tiff/pages.tif", "three pages: the first one counts", Loaded(),
                   lambda: encode(quadrants(), "TIFF", save_all=True, append_images=[black, black]))
    yield of_bytes("tiff/loop.tif", "the directory is followed by itself", Loaded(),
                   lambda: tiff_of(PIXELS, 8 + len(PIXELS)))
    for name, about, data in (
        ("header-only", "a header and nothing else", b"II*\0\x08\0\0\0"),
        ("directory-beyond", "the directory lies beyond the end", b"II*\0\xff\xff\xff\x7f" + bytes(100)),
        ("directory-0", "the directory is the header", b"II*\0\0\0\0\0" + bytes(100)),
        ("65535-entries", "65,535 entries promised", b"II*\0\x08\0\0\0\xff\xff" + bytes(100)),
        ("big-2-60-entries", "BigTIFF with 2⁶⁰ entries",
         b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**60) + bytes(100)),
    ):
        yield of_bytes(f"tiff/{name}.tif", about, DAMAGED, partial(bytes, data))
    yield of_bytes("tiff/big.tif", "a healthy BigTIFF", Loaded(),
                   lambda: encode(quadrants(), "TIFF", big_tiff=True))
