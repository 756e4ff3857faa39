"""Pictures by content, upright and RGB. What is refused: tests/files/test_hostile_photos.py."""
from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base
from PIL.PngImagePlugin import PngInfo

from loader.files import images
from loader.files.content import UnreadableImage
from loader.files.images import (
    ModelInput,
    open_encoded,
    render_at_least,
    render_upright,
)
from loader.files.orientation import upright_size
from scripts.hostile_photos.pictures import KINDS
from scripts.hostile_photos.png_cases import png_of
from tests.files.picture_files import BLUE, GREEN, RED, YELLOW, encode, make_exif, quadrants, stored

XMP = 700  # TIFF's tag

# Pillow warns of the damage that some of these files are made with
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")


def render(data: bytes) -> Image.Image:
    return render_upright(open_encoded(data))


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableImage) as refused:
        render(data)
    return refused.value.reason


def corners(picture: Image.Image) -> list[tuple[int, ...]]:
    """The colours of the four corners, clockwise from the top left, each the nearest of the four drawn."""
    width, height = picture.size
    places = ((4, 4), (width - 5, 4), (width - 5, height - 5), (4, height - 5))
    drawn = np.array([RED, GREEN, BLUE, YELLOW])
    pixels = np.asarray(picture).astype(int)
    return [tuple(map(int, drawn[np.abs(drawn - pixels[y, x]).sum(axis=1).argmin()])) for x, y in places]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(kind: str, orientation: int) -> None:
    exif = make_exif({Base.Orientation: orientation})
    # pillow-heif turns the pixels itself by the orientation it is given, with a box of HEIF's own
    opened = open_encoded(encode(stored(quadrants(), orientation), kind, exif))
    assert upright_size(opened) == (96, 64)
    upright = render_upright(opened)
    assert upright.size == (96, 64)
    assert upright.mode == "RGB"
    assert corners(upright) == [RED, GREEN, BLUE, YELLOW]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_xmp_turns_as_exif_does(kind: str, orientation: int) -> None:
    packet = f'<x tiff:Orientation="{orientation}"/>'.encode()
    options: dict[str, Any] = {"xmp": packet}
    if kind == "PNG":
        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet.decode())
    elif kind == "TIFF":
        options = {"tiffinfo": {XMP: packet}}
    opened = open_encoded(encode(stored(quadrants(), orientation), kind, **options))
    assert upright_size(opened) == (96, 64)
    assert corners(render_upright(opened)) == [RED, GREEN, BLUE, YELLOW]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_sixteen_bits_are_scaled_not_clipped(kind: str, orientation: int) -> None:
    levels = np.array([[0, 128 << 8, 255 << 8]] * 2, dtype=np.uint16)
    turned = stored(Image.fromarray(levels), orientation)
    picture = render(encode(turned, kind, make_exif({Base.Orientation: orientation})))
    assert picture.size == (3, 2)
    assert np.asarray(picture)[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1", "AVIF is not read (JPEG, PNG, WebP, HEIF and TIFF are)"),
        (b"\0\0\0\x20ftypmif1\0\0\0\0avifmif1", "AVIF is not read (JPEG, PNG, WebP, HEIF and TIFF are)"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "Canon raw is not read (JPEG, PNG, WebP, HEIF and TIFF are)"),
        (b"II*\0\x10\0\0\0CR\2\0", "Canon raw is not read (JPEG, PNG, WebP, HEIF and TIFF are)"),
    ],
)
def test_other_content_is_named(data: bytes, reason: str) -> None:
    assert refusal(data) == reason


def test_a_raw_file_in_a_tiff_is_refused() -> None:
    data = encode(quadrants(), "TIFF", make_exif({images.DNG_VERSION: b"\1\4\0\0"}))
    assert refusal(data) == "a camera's raw file is not read; export it as JPEG or HEIF"


def test_pictures_of_today_s_largest_sensors_are_not_refused() -> None:
    assert open_encoded(png_of(16_320, 12_240, zlib.compress(b""))).size == (16_320, 12_240)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_decoded_small_tells_its_full_size(orientation: int) -> None:
    picture = stored(quadrants(1201, 804), orientation)
    opened = open_encoded(encode(picture, "JPEG", make_exif({Base.Orientation: orientation})))
    assert opened.size == picture.size
    small, full = render_at_least(opened, 200)
    assert full == (1201, 804)
    assert small.size == (301, 201)
    assert corners(small) == [RED, GREEN, BLUE, YELLOW]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_small_or_no_jpeg_is_decoded_in_full(kind: str) -> None:
    small, full = render_at_least(open_encoded(encode(quadrants(), kind)), 60)
    assert small.size == full == (96, 64)


def test_the_model_s_picture_is_stretched() -> None:
    assert corners(ModelInput(40, 40).fit(quadrants())) == [RED, GREEN, BLUE, YELLOW]


def test_the_blocks_of_a_jpeg_are_scaled_to_a_quarter_and_never_an_eighth() -> None:
    opened = open_encoded(encode(quadrants(1201, 804), "JPEG"))
    small, full = render_at_least(opened, 50)
    assert opened.size == (301, 201) and full == (1201, 804)  # an eighth would do for 50 pixels
    assert min(small.size) >= 50 and corners(small) == [RED, GREEN, BLUE, YELLOW]
