"""HEIC files whose boxes lie (ISO/IEC 14496-12 and 23008-12), and WebP files whose chunks do."""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np
from PIL import Image
from PIL.ExifTags import Base

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
    Unharmed,
    of_bytes,
)
from scripts.hostile_photos.exif_blocks import exif_block, shorts
from scripts.hostile_photos.pictures import encode, overwritten, patched, quadrants

HEIF_DAMAGED = Refused("the HEIF file is damaged (")
WEBP_DAMAGED = Refused("the WEBP file is damaged (")
TURNED = Loaded(HEIGHT, WIDTH, corners=(YELLOW, RED, GREEN, BLUE))
FUZZED = 12


def heif_cases() -> Iterator[Case]:
    """Yield every HEIC case."""
    yield from _places()
    yield from _properties()
    yield from _grids()
    yield from _turned()
    yield of_bytes("heic/only-a-brand.heic", "a file type and nothing else", HEIF_DAMAGED,
                   lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    yield of_bytes("heic/jpeg-behind-the-brand.heic", "a JPEG behind HEIC's file type", HEIF_DAMAGED,
                   lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + encode(quadrants()))
    yield of_bytes("heic/boxes-of-length-1.heic", "boxes that are shorter than their heads", HEIF_DAMAGED,
                   lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\2meta" * 500)
    for seed in range(FUZZED):
        yield of_bytes(f"heic/fuzzed-{seed}.heic", "three bytes changed at random", Unharmed(),
                       partial(_fuzzed, seed))


@cache
def _heic() -> bytes:
    return encode(quadrants(), "HEIF", quality=95)


def _box(healthy: Callable[[], bytes], name: bytes, place: int, new: bytes) -> bytes:
    """The file with bytes of the first box of this name changed, counted from behind the name."""
    data = healthy()
    return overwritten(data, data.index(name) + 4 + place, new)


def _places() -> Iterator[Case]:
    for name, about, place, new in (
        ("beyond-the-end", "the pixels lie beyond the end", 12, b"\x7f\xff\xff\xff"),
        ("too-long", "the pixels are 4 GB long", 22, b"\xff\xff\xff\xff"),
        ("empty", "the pixels have no length", 22, b"\0\0\0\0"),
        ("65535-items", "65,535 items promised", 6, b"\xff\xff"),
        ("65535-extents", "an item in 65,535 pieces", 16, b"\xff\xff"),
    ):
        yield of_bytes(f"heic/place-{name}.heic", about, HEIF_DAMAGED,
                       partial(_box, _heic, b"iloc", place, new))
    yield of_bytes("heic/place-version-9.heic", "places in a format that there is not",
                   Refused("this form of HEIF is not supported ("), lambda: _box(_heic, b"iloc", 0, b"\x09"))
    yield of_bytes("heic/place-of-itself.heic", "the pixels begin at the file's first byte", HEIF_DAMAGED,
                   lambda: _box(_heic, b"iloc", 12, b"\0\0\0\0"))
    yield of_bytes("heic/zeros.heic", "zeros for pixels", HEIF_DAMAGED, _zeroed)


def _zeroed() -> bytes:
    data = _heic()
    start = data.index(b"mdat") + 4
    return data[:start] + bytes(len(data) - start)


def _properties() -> Iterator[Case]:
    for name in ("hvcC", "pitm", "iinf", "iloc", "iprp"):
        yield of_bytes(f"heic/no-{name}.heic", f"no box {name}", HEIF_DAMAGED,
                       partial(_box, _heic, name.encode(), -4, b"free"))
    yield of_bytes("heic/primary-item-99.heic", "the primary item is none of the items", HEIF_DAMAGED,
                   lambda: _box(_heic, b"pitm", 4, b"\0\x63"))
    yield of_bytes("heic/property-99.heic", "an item with property 99 of four", HEIF_DAMAGED,
                   lambda: _box(_heic, b"ipma", 11, b"\xe3"))
    yield of_bytes("heic/15000.heic", "15,000 × 15,000 pixels promised",
                   Refused("15000 × 15000 pixels are more than the 220 megapixels that are read"),
                   lambda: _box(_heic, b"ispe", 4, struct.pack(">LL", 15_000, 15_000)))
    yield of_bytes("heic/30000.heic", "30,000 × 30,000 pixels promised",
                   Refused("30000 × 30000 pixels are more than the 220 megapixels that are read"),
                   lambda: _box(_heic, b"ispe", 4, struct.pack(">LL", 30_000, 30_000)))
    yield of_bytes("heic/4-billion.heic", "4,294,967,295 pixels a side promised", HEIF_DAMAGED,
                   lambda: _box(_heic, b"ispe", 4, b"\xff" * 8))
    yield of_bytes("heic/size-0.heic", "no pixel promised", HEIF_DAMAGED,
                   lambda: _box(_heic, b"ispe", 4, bytes(8)))
    yield of_bytes("heic/twice-as-wide.heic", "twice the width that is there", HEIF_DAMAGED,
                   lambda: _box(_heic, b"ispe", 4, struct.pack(">LL", 2 * WIDTH, HEIGHT)))
    yield of_bytes("heic/meta-too-long.heic", "a box that claims more than the file", HEIF_DAMAGED,
                   lambda: overwritten(_heic(), 28, b"\x7f\xff\xff\xff"))


@cache
def _grid() -> bytes:
    return encode(quadrants(1024, 512), "HEIF", quality=90, tile_size=512)


def _grids() -> Iterator[Case]:
    yield of_bytes("heic/grid.heic", "a healthy grid of two tiles", Loaded(1024, 512), _grid)
    for name, about, place, new in (
        ("of-65536-tiles", "65,536 tiles promised, two there", 2, b"\xff\xff"),
        ("of-one-tile", "one tile promised, two there", 2, b"\0\0"),
        ("without-a-size", "a picture without a size", 4, bytes(4)),
    ):
        yield of_bytes(f"heic/grid-{name}.heic", about, HEIF_DAMAGED,
                       partial(_box, _grid, b"idat", place, new))
    yield of_bytes("heic/grid-of-itself.heic", "a grid whose first tile is the grid", HEIF_DAMAGED, _circular)
    yield of_bytes("heic/grid-without-tiles.heic", "a grid that refers to nothing", HEIF_DAMAGED,
                   lambda: patched(_grid(), b"dimg", b"free"))


def _circular() -> bytes:
    data = _grid()
    references = data.index(b"dimg") + 4
    itself = data[references : references + 2]
    return overwritten(data, references + 4, itself)


def _turned() -> Iterator[Case]:
    exif = exif_block({Base.Orientation: shorts(6)})
    turned_by_both = partial(encode, quadrants(), "HEIF", quality=95, exif=exif)
    yield of_bytes("heic/turned-by-box-and-exif.heic", "a box and EXIF both turn it: once only", TURNED,
                   turned_by_both)
    upright = exif_block({Base.Orientation: shorts(1)})
    yield of_bytes("heic/turned-by-exif-alone.heic", "EXIF turns what no box turns", TURNED,
                   lambda: encode(quadrants(), "HEIF", quality=95, exif=upright).replace(upright, exif))


def _fuzzed(seed: int) -> bytes:
    random = np.random.default_rng(seed)
    data = bytearray(_heic() if seed % 2 else _grid())
    for place in random.integers(data.index(b"mdat") if seed % 3 else 12, len(data), 3):
        data[place] = int(random.integers(0, 256))
    return bytes(data)


def webp_cases() -> Iterator[Case]:
    """Yield every WebP case."""
    black = Image.new("RGB", (WIDTH, HEIGHT))
    lossless = partial(encode, quadrants(), "WEBP", lossless=True)
    yield of_bytes("webp/canvas-16000.webp", "16,000 × 16,000 pixels around a small animation",
                   Refused("16000 × 16000 pixels are more than the 220 megapixels that are read"),
                   lambda: _canvas(16_000, 16_000))
    yield of_bytes("webp/canvas-65535.webp", "65,535 × 65,535 pixels around an animation",
                   Refused("it holds more than the 220 megapixels that are read"),
                   lambda: _canvas(65_535, 65_535))
    nothing = (0, 0, 0)
    yield of_bytes("webp/canvas-twice.webp", "an animation that fills the left half of its canvas",
                   Loaded(2 * WIDTH, HEIGHT, corners=(RED, nothing, nothing, YELLOW)),
                   lambda: _canvas(2 * WIDTH, HEIGHT))
    yield of_bytes("webp/riff-too-long.webp", "a length of 4 GB", WEBP_DAMAGED,
                   lambda: overwritten(lossless(), 4, b"\xfe\xff\xff\xff"))
    yield of_bytes("webp/riff-too-short.webp", "a length of 0", WEBP_DAMAGED,
                   lambda: overwritten(lossless(), 4, bytes(4)))
    yield of_bytes("webp/garbage.webp", "pixels of garbage", WEBP_DAMAGED,
                   lambda: lossless()[:25] + b"\xa5" * (len(lossless()) - 25))
    yield of_bytes("webp/animated.webp", "an animation: its first frame counts", Loaded(),
                   lambda: encode(quadrants(), "WEBP", lossless=True, save_all=True, append_images=[black]))
    yield of_bytes("webp/frame-outside.webp", "a frame outside of the picture", WEBP_DAMAGED,
                   _frame_outside)
    yield from _healthy_webps()


def _healthy_webps() -> Iterator[Case]:
    lossless = partial(encode, quadrants(), "WEBP", lossless=True)
    alpha = quadrants().convert("RGBA")
    alpha.putalpha(0)
    yield of_bytes("webp/transparent.webp", "all transparent: white", Loaded(corners=((255, 255, 255),) * 4),
                   lambda: encode(alpha, "WEBP", lossless=True))
    yield of_bytes("webp/orientation.webp", "orientation 6", TURNED,
                   lambda: lossless(exif=exif_block({Base.Orientation: shorts(6)})))
    yield of_bytes("webp/icc-garbage.webp", "a colour profile of garbage", Loaded(),
                   lambda: lossless(icc_profile=b"garbage " * 30))


def _canvas(width: int, height: int) -> bytes:
    black = Image.new("RGB", (WIDTH, HEIGHT))
    data = encode(quadrants(), "WEBP", lossless=True, save_all=True, append_images=[black])
    sides = struct.pack("<L", width - 1)[:3] + struct.pack("<L", height - 1)[:3]
    return overwritten(data, data.index(b"VP8X") + 12, sides)


def _frame_outside() -> bytes:
    black = Image.new("RGB", (WIDTH, HEIGHT))
    data = encode(quadrants(), "WEBP", lossless=True, save_all=True, append_images=[black])
    return overwritten(data, data.index(b"ANMF") + 8, b"\xff\xff\x00")
