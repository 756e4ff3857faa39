"""A HEIF file without all of its picture is refused, and one that is only unusual is not."""
from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pillow_heif import HeifFile, from_pillow

from loader.files.content import UnreadableImage, notes
from loader.files.images import ModelInput, open_encoded, render_at_least, render_upright
from loader.files.kinds import heif_tiles
from loader.files.kinds.heif_boxes import Meta
from loader.files.library import PhotoFile
from loader.files.photo import Photo, decode_photo
from tests.files.picture_files import encode
from tests.files.test_heif_tiles import heic, needs_decoder, soft

GRID = heic((640, 480), tile_size=256)
KINDS = {"grid": GRID, "single": heic((640, 480), tile_size=0)}


def refusal(data: bytes, side: int | None = 48) -> str | None:
    """Why a file is refused; None when it is not."""
    try:
        render_at_least(open_encoded(data), side)
    except UnreadableImage as refused:
        return refused.reason
    return None


def end_of_picture(data: bytes) -> int:
    """The place behind the last byte of the primary picture."""
    meta = Meta(data)
    return max(
        offset + length
        for item in meta.used_items()
        for method, offset, length in meta._extents[item]
        if method == 0
    )


def cuts(data: bytes) -> list[int]:
    """Lengths from the boxes to the end of the picture, every twentieth of the file."""
    first, last = data.find(b"mdat") + 8, end_of_picture(data)
    return [*range(first, last, max(1, len(data) // 20)), last - 1]


@pytest.mark.parametrize("side", [48, None])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_file_is_refused(kind: str, side: int | None) -> None:
    data = KINDS[kind]
    expected = "the HEIF file is damaged (its picture reaches beyond the file's end)"
    assert {refusal(data[:length], side) for length in cuts(data)} == {expected}


@pytest.mark.parametrize("has_decoder", [True, False])
@pytest.mark.parametrize("kind", ["grid", "single"])
def test_a_file_that_ends_with_zeros_is_refused(
    kind: str, has_decoder: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_decoder:
        monkeypatch.setattr(heif_tiles, "is_available", lambda: False)
    data = KINDS[kind]
    lengths = [length for length in cuts(data) if length < end_of_picture(data) - 16]
    assert None not in {refusal(data[:length] + bytes(len(data) - length)) for length in lengths}


def test_a_hole_of_zeros_is_found_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the transparency, and without the second decoder."""
    monkeypatch.setattr(heif_tiles, "is_available", lambda: False)
    alpha = Image.linear_gradient("L").resize((640, 480))
    clear = soft(640, 480)
    clear.putalpha(alpha)
    for data in (*KINDS.values(), encode(clear, "HEIF", quality=90)):
        assert refusal(data) is None
        for start in cuts(data)[:-3]:
            holed = data[:start] + bytes(64) + data[start + 64 :]
            assert str(refusal(holed)).startswith("the HEIF file is damaged (")


@pytest.mark.parametrize("colour", ["black", "white", "green", "grey"])
def test_a_picture_of_one_colour_is_whole(colour: str) -> None:
    data = encode(Image.new("RGB", (640, 480), colour), "HEIF", tile_size=256)
    assert refusal(data) is None and refusal(data, None) is None


def test_what_is_cut_off_behind_the_picture_is_noted() -> None:
    stream = io.BytesIO()
    picture = soft(640, 480)
    picture.save(stream, "HEIF", save_all=True, append_images=[picture], quality=90)
    data = stream.getvalue()
    cut = open_encoded(data[:-100])
    assert notes(cut) == ("the file is cut off behind its picture",)
    assert render_upright(cut).tobytes() == render_upright(open_encoded(data)).tobytes()


def count_found(data: bytes, side: int | None, times: int) -> int:
    """How many files are refused of which one bit of the picture is flipped."""
    chance, found = random.Random(7), 0
    start, end = data.find(b"mdat") + 8, end_of_picture(data)
    for _ in range(times):
        flipped = bytearray(data)
        flipped[chance.randrange(start, end)] ^= 1 << chance.randrange(8)
        found += refusal(bytes(flipped), side) is not None
    return found


@needs_decoder
@pytest.mark.parametrize("side", [48, None])
def test_flipped_bits_are_found_where_the_decoder_stumbles(side: int | None) -> None:
    """No checksum guards a tile; grain can be almost any bits."""
    levels = np.random.default_rng(7).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    assert count_found(encode(Image.fromarray(levels), "HEIF", quality=60, tile_size=256), side, 50) >= 2


@needs_decoder
def test_most_flipped_bits_of_a_phone_s_photo_are_found(shared: Path) -> None:
    photo = sorted((shared / "photos").glob("*.HEIC"))[0]
    assert count_found(photo.read_bytes(), 672, 20) >= 10


@needs_decoder
def test_missing_blocks_are_found() -> None:
    """A slice that ends early is no error to the decoder; what lies behind it would be green."""
    data = bytearray(GRID)
    meta = Meta(GRID)
    tile = max(meta.parts[meta.primary], key=meta.length)
    found = 0
    for bit in range(8 * 12):
        place = GRID.find(meta.content(tile)) + meta.length(tile) // 2 + bit // 8
        data[place] ^= 1 << bit % 8
        found += refusal(bytes(data)) is not None
        data[place] ^= 1 << bit % 8
    assert refusal(bytes(data)) is None and found


@needs_decoder
@pytest.mark.parametrize("bits", [8, 10])
def test_missing_blocks_are_found_in_full_size_too(bits: int) -> None:
    """Erased flash memory reads as 255, which ends a slice early."""
    stream, picture = io.BytesIO(), soft(640, 480)
    heif = from_pillow(picture) if bits == 8 else HeifFile()
    if bits > 8:
        deep = np.asarray(picture).astype(np.uint16) * 257
        heif.add_frombytes("RGB;16", picture.size, deep.tobytes())
    heif.save(stream, quality=90, save_as_bit_depth=bits)
    data = stream.getvalue()
    assert refusal(data, None) is None
    for length in cuts(data)[4:-4]:
        erased = data[:length] + b"\xff" * (len(data) - length)
        assert str(refusal(erased, None)).startswith("the HEIF file is damaged ("), length


def test_a_tile_without_its_settings_is_refused() -> None:
    """libheif leaves such a tile green."""
    meta, expected = Meta(GRID), "the HEIF file is damaged (a part of its picture has lost its settings)"
    for tile in meta.parts[meta.primary]:
        owned = GRID.find(b"ipma") + 12
        place = GRID.find(tile.to_bytes(2, "big"), owned) + 3
        data = GRID[:place] + b"\x00" + GRID[place + 1 :]
        if data != GRID:
            assert refusal(data) == expected


def placed_otherwise(start: int, value: int) -> bytes:
    """`GRID`, the entry of whose first tile in the box iloc (version 1) has this value at this place."""
    meta, entries = Meta(GRID), GRID.find(b"iloc")
    assert GRID[entries + 4] == 1
    place = GRID.find(meta.parts[meta.primary][0].to_bytes(2, "big") + bytes(4), entries + 12) + start
    return GRID[:place] + value.to_bytes(2, "big") + GRID[place + 2 :]


def test_a_tile_inside_of_another_item_is_not_supported() -> None:
    """libheif cannot read it, and would leave it green."""
    reason = str(refusal(placed_otherwise(2, 2)))
    assert reason.startswith("this form of HEIF is not supported (Unsupported construction method")


def test_a_tile_with_a_data_reference_is_read() -> None:
    assert refusal(placed_otherwise(4, 1)) is None


@pytest.mark.parametrize("coding", ["avc1", "hev2", "j2k1", "jpeg", "unci", "vvc1"])
def test_a_coding_that_is_not_hevc_is_not_supported(coding: str) -> None:
    for whole in KINDS.values():
        reason = str(refusal(whole.replace(b"hvc1", coding.encode())))
        assert reason.startswith(f"this form of HEIF is not supported (coded as {coding}, not as HEVC)")
        assert refusal(whole.replace(b"hvc1", coding.encode())[:-900]) == (
            "the HEIF file is damaged (its picture reaches beyond the file's end)"
        )


@pytest.mark.parametrize("brand", ["1pic", "miaf", "MiHB", "mif2", "heif"])
def test_a_file_whose_first_brand_is_another_is_read(brand: str) -> None:
    data = GRID[:8] + brand.encode() + GRID[12:]
    assert GRID[8:12] == b"heic" and b"heic" in data[12:32]
    assert refusal(data) is None and refusal(data, None) is None


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_what_is_unusual_is_read(mode: str, bits: int) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (192, 1))
    picture = Image.fromarray(ramp).convert(mode)
    stream = io.BytesIO()
    deep = np.asarray(picture).astype(np.uint16) * 257
    heif = from_pillow(picture) if bits == 8 else HeifFile()
    if bits > 8:
        heif.add_frombytes(f"{mode};16", picture.size, deep.tobytes())
    heif.save(stream, quality=90, save_as_bit_depth=bits)
    shown = np.asarray(render_upright(open_encoded(stream.getvalue()))).astype(int)
    assert np.abs(shown[..., 0] - ramp).max() < 12


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_cut_files_of_a_phone(share: float, shared: Path) -> None:
    path = sorted((shared / "failing").glob("heic_grid_cut_at_*.heic"))
    if not path:
        pytest.skip("no cut files there")
    for file in path:
        outcome = decode_photo(PhotoFile(file, file.name, ""), ModelInput(224, 224))
        assert not isinstance(outcome, Photo) and "damaged" in outcome.reason
