"""One orientation for every kind of file and every command: pixels, sizes and fields of view follow it."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import Base

from loader.files.images import ModelInput, open_encoded, render_at_least
from loader.files.library import PhotoFile
from loader.files.orientation import read_orientation, upright_size
from loader.files.photo import Photo, decode_photo
from loader.peaks.sight.photo import read_photo_camera, read_picture
from tests.files.facts.test_xmp import hexadecimal, itxt, packet
from tests.files.picture_files import BLUE, GREEN, RED, YELLOW, encode, make_exif, quadrants, stored
from tests.files.test_images import corners

TAG = b"\1\x12\0\3\0\0\0\1\0"  # EXIF's orientation, its type and count, and the value's first byte
SIZE = (640, 480)
# A grid of tiles, and one picture.
FORMS = {"grid": {"tile_size": 256}, "single": {"tile_size": 0}}


def heic(orientation: int, form: str) -> bytes:
    """A HEIC whose EXIF alone says how it must be turned: no box does."""
    exif = make_exif({Base.Orientation: 1}, {Base.FocalLengthIn35mmFilm: 26})
    data = encode(stored(quadrants(*SIZE), orientation), "HEIF", exif, quality=90, **FORMS[form])
    assert data.count(TAG + b"\1") == 1 and b"irot" not in data and b"imir" not in data
    return data.replace(TAG + b"\1", TAG + bytes([orientation]))


def jpeg(orientation: int) -> bytes:
    exif = make_exif({Base.Orientation: orientation}, {Base.FocalLengthIn35mmFilm: 26})
    return encode(stored(quadrants(*SIZE), orientation), "JPEG", exif)


@pytest.mark.parametrize("side", [48, None])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_that_only_exif_turns_stands_upright(orientation: int, form: str, side: int | None) -> None:
    opened = open_encoded(heic(orientation, form))
    assert (read_orientation(opened), upright_size(opened)) == (orientation, SIZE)
    picture, full = render_at_least(opened, side)
    assert full == SIZE and corners(picture) == [RED, GREEN, BLUE, YELLOW]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_every_command_sees_the_same_photo(orientation: int, form: str, tmp_path: Path) -> None:
    seen = []
    for name, data in (("a.heic", heic(orientation, form)), ("a.jpg", jpeg(orientation))):
        path = tmp_path / name
        path.write_bytes(data)
        photo = decode_photo(PhotoFile(path, name, ""), ModelInput(64, 64))
        camera = read_photo_camera(str(path))
        assert isinstance(photo, Photo) and corners(photo.picture) == [RED, GREEN, BLUE, YELLOW]
        assert corners(read_picture(str(path))) == [RED, GREEN, BLUE, YELLOW]
        assert photo.fields["field_of_view"] == camera.fields["field_of_view"]
        assert (photo.fields["width"], photo.fields["height"]) == (camera.width, camera.height) == SIZE
        seen.append(photo.fields["field_of_view"])
    assert seen[0] == seen[1]


def test_boxes_that_turn_a_heic_are_not_repeated_by_exif() -> None:
    exif = make_exif({Base.Orientation: 6})  # pillow-heif writes both
    data = encode(stored(quadrants(*SIZE), 6), "HEIF", exif, quality=90)
    assert b"irot" in data and TAG + b"\6" in data
    opened = open_encoded(data)
    assert read_orientation(opened) == 1 and upright_size(opened) == SIZE


@pytest.mark.parametrize("is_behind", [False, True])
@pytest.mark.parametrize("chunk", [itxt, hexadecimal])
def test_a_png_that_only_xmp_turns_stands_upright(chunk: Callable[[bytes], bytes], is_behind: bool) -> None:
    data = encode(stored(quadrants(), 6), "PNG")
    start = data.find(b"IEND" if is_behind else b"IDAT") - 4
    opened = open_encoded(data[:start] + chunk(packet('tiff:Orientation="6"')) + data[start:])
    assert upright_size(opened) == quadrants().size
    assert corners(render_at_least(opened, None)[0]) == [RED, GREEN, BLUE, YELLOW]


def test_an_animated_png_is_turned_by_exif_behind_its_pictures() -> None:
    picture, turned = stored(quadrants(), 6), make_exif({Base.Orientation: 6})
    data = encode(picture, "PNG", turned, save_all=True, append_images=[quadrants().resize(picture.size)])
    start = data.find(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    assert b"fdAT" in data
    opened = open_encoded(data[:start] + data[end:-12] + data[start:end] + data[-12:])
    assert upright_size(opened) == quadrants().size
    assert corners(render_at_least(opened, None)[0]) == [RED, GREEN, BLUE, YELLOW]


def test_the_photo_that_lay_on_its_side(shared: Path) -> None:
    path = shared / "failing" / "heic_turned_by_exif_only.heic"
    if not path.is_file():
        pytest.skip("no such file there")
    with path.open("rb") as stream:
        opened = open_encoded(stream.read())
    assert isinstance(opened, Image.Image) and upright_size(opened) == (1536, 2048)
    assert render_at_least(opened, 300)[1] == (1536, 2048)
