"""HEIC pictures decoded tile by tile: as libheif shows them, or not at all."""
from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import Base
from pillow_heif import open_heif

from loader.files import images
from loader.files.content import UnreadableImage
from loader.files.images import ModelInput, open_encoded, render_at_least, render_upright
from loader.files.kinds import heif_grid, heif_tiles
from loader.files.kinds.heif_boxes import read_meta
from loader.files.kinds.heif_tiles import decode_tiles
from loader.files.shrinking import shrink_lines
from tests.files.picture_files import encode, make_exif, stored

needs_decoder = pytest.mark.skipif(
    not heif_tiles.is_available(), reason="the package av (extra fast) is not installed"
)
SHAPE = ModelInput(40, 40)


def soft(width: int, height: int) -> Image.Image:
    """A picture of broad spots of all colours, which survive HEVC and averaging."""
    spots = np.random.default_rng(7).integers(0, 255, (height // 16 + 2, width // 16 + 2, 3), dtype=np.uint8)
    return Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC)


def heic(size: tuple[int, int], orientation: int = 1, tile_size: int = 64, **options: int) -> bytes:
    """A HEIC file of a picture of this upright size; a ``tile_size`` of 0 makes one HEVC picture of it."""
    exif = make_exif({Base.Orientation: orientation})
    picture = stored(soft(*size), orientation)
    return encode(picture, "HEIF", exif, quality=90, tile_size=tile_size, **options)


def decode(data: bytes, side: int = 48) -> Image.Image | None:
    return decode_tiles(open_encoded(data), data, side)


def small(data: bytes, side: int = 48) -> Image.Image:
    picture = decode(data, side)
    assert picture is not None
    return picture


def by_libheif(data: bytes, factor: int) -> Image.Image:
    heif = open_heif(io.BytesIO(data), remove_stride=False)
    return shrink_lines(memoryview(heif.data), heif.mode, heif.size, heif.stride, factor)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Root mean square difference, grey levels of 255."""
    gap = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    return float(np.sqrt((gap**2).mean()))


@needs_decoder
def test_photos_of_phones_are_as_libheif_shows_them(shared: Path) -> None:
    photos = sorted((shared / "photos").glob("*.HEIC"))[::15]
    assert photos
    for path in photos:
        data = path.read_bytes()
        assert difference(small(data, 672), by_libheif(data, 4)) < 1, path.name


@needs_decoder
@pytest.mark.parametrize("tile_size", [64, 0])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(256, 192), (250, 190)])
def test_every_orientation_and_size(size: tuple[int, int], orientation: int, tile_size: int) -> None:
    data = heic(size, orientation, tile_size)
    full = render_upright(open_encoded(data))
    assert full.size == size
    # Brought to one size both are the same picture, though the averaged squares lie differently.
    assert difference(SHAPE.fit(small(data)), SHAPE.fit(full)) < 2
    if size == (256, 192):
        assert difference(small(data), by_libheif(data, 4)) < 1


@needs_decoder
@pytest.mark.parametrize(("side", "factor"), [(12, 16), (13, 8), (24, 8), (25, 4), (48, 4), (49, 2), (96, 2)])
def test_the_shorter_side_keeps_what_is_asked_for(side: int, factor: int) -> None:
    data = heic((256, 192))
    picture = small(data, side)
    assert picture.size == (256 // factor, 192 // factor)
    assert difference(picture, by_libheif(data, factor)) < 1


@needs_decoder
def test_tiles_that_would_leave_a_seam_are_shrunk_less() -> None:
    assert small(heic((260, 210), tile_size=68), 24).size == (65, 53)  # 68 is no multiple of 8


@needs_decoder
@pytest.mark.parametrize(
    "options", [{"chroma": 444}, {"chroma": 422}, {"matrix_coefficients": 1}, {"full_range_flag": 0}]
)
def test_other_colours_are_left_to_libheif(options: dict[str, int]) -> None:
    data = heic((256, 192), **options)
    assert decode(data) is None
    picture, full = render_at_least(open_encoded(data), 48)
    assert full == (256, 192) and difference(picture, by_libheif(data, 4)) < 1


@needs_decoder
def test_the_reader_takes_it_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("libheif was asked")

    data = heic((256, 192), 6)
    expected = by_libheif(data, 4)
    monkeypatch.setattr(images, "_decode_heif", refuse)
    picture, full = render_at_least(open_encoded(data), 48)
    assert full == (256, 192) and difference(picture, expected) < 1


@pytest.mark.parametrize("has_decoder", [True, False])
@pytest.mark.parametrize("tile_size", [64, 0])
def test_exif_turns_what_no_box_turns(
    tile_size: int, has_decoder: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_decoder:
        monkeypatch.setattr(heif_tiles, "is_available", lambda: False)
    upright = heic((256, 192), 1, tile_size)
    tag = b"\1\x12\0\3\0\0\0\1\0"  # EXIF's orientation, its type and count, and the value's first byte
    assert upright.count(tag + b"\1") == 1
    picture, full = render_at_least(open_encoded(upright.replace(tag + b"\1", tag + b"\6")), 48)
    assert full == (192, 256)
    assert difference(picture, by_libheif(upright, 4).transpose(Image.Transpose.ROTATE_270)) < 1


def outcome(data: bytes) -> str:
    """What the reader makes of a file: its size, or the reason why not."""
    try:
        picture, full = render_at_least(open_encoded(data), 48)
    except UnreadableImage as unreadable:
        return unreadable.reason
    return f"{full}, {picture.size}"


DAMAGED = {"grid": heic((256, 192)), "one": heic((256, 192), 6, 0)}


@needs_decoder
@pytest.mark.parametrize("kind", DAMAGED)
@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_ends_as_with_libheif(
    kind: str, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = DAMAGED[kind][: int(len(DAMAGED[kind]) * share)]
    found = outcome(data)
    monkeypatch.setattr(heif_tiles, "is_available", lambda: False)
    assert found == outcome(data)


@given(data=st.data(), kind=st.sampled_from(sorted(DAMAGED)))
@settings(max_examples=60)
def test_garbled_bytes_never_crash_the_reader(data: st.DataObject, kind: str) -> None:
    file = bytearray(DAMAGED[kind])
    boxes = file.find(b"mdat")
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.one_of(st.integers(12, boxes), st.integers(boxes, len(file) - 1)))
        file[place] = data.draw(st.integers(0, 255))
    outcome(bytes(file))


@given(st.binary(max_size=300))
def test_any_bytes_are_no_picture(tail: bytes) -> None:
    start = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + b"\0\0\1\0meta\0\0\0\0"
    heif_grid.read_hevc_picture(start + tail)
    heif_grid.read_hevc_picture(tail)


def test_items_that_share_bytes_are_refused() -> None:
    """A small file whose tiles all claim the same long extent would be copied once for each of them."""
    data = heic((256, 192))
    meta = read_meta(data)
    assert meta is not None
    longest = max(meta.used_items(), key=meta.length)
    assert meta.shares_nothing(meta.used_items())
    assert not meta.shares_nothing([longest] * (len(data) // meta.length(longest) + 1))
