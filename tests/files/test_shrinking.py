"""Pictures averaged in bands: as if the whole had been converted and then reduced."""
from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.Image import Transpose

from loader.files import shrinking
from loader.files.images import ModelInput, open_encoded, render_at_least, render_upright
from loader.files.shrinking import (
    extent,
    mark_extent,
    shrink_factor,
    shrink_lines,
    shrink_to_rgb,
    turn,
)
from tests.files.picture_files import encode

MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16")


def noise(mode: str, width: int, height: int) -> Image.Image:
    """A picture of random samples."""
    random = np.random.default_rng(width * height)
    if mode == "I;16":
        return Image.fromarray(random.integers(0, 1 << 16, (height, width), dtype=np.uint16))
    picture = Image.fromarray(random.integers(0, 255, (height, width, 4), dtype=np.uint8), "RGBA")
    if mode in ("P", "PA"):
        return picture.convert("RGB").quantize(16).convert(mode)
    return picture if mode == "RGBA" else picture.convert("RGB").convert(mode)


def whole(image: Image.Image) -> Image.Image:
    """The plain conversion, without bands."""
    if image.mode == "I;16":
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def levels(picture: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.asarray(picture).astype(np.int64)


@pytest.mark.parametrize("mode", MODES)
@given(width=st.integers(1, 60), height=st.integers(1, 60), factor=st.integers(1, 9))
@settings(max_examples=25)
def test_bands_change_nothing(mode: str, width: int, height: int, factor: int) -> None:
    image = noise(mode, width, height)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shrinking, "BAND_PIXELS", 200)
        small = shrink_to_rgb(image, factor)
    plain = whole(image)
    expected = plain if factor == 1 else plain.reduce(factor)
    assert small.mode == "RGB" and small.size == expected.size
    assert np.abs(levels(small) - levels(expected)).max() <= 1


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 5), st.integers(0, 7))
@settings(max_examples=40)
def test_a_decoder_s_lines_are_read_with_their_padding(
    width: int, height: int, factor: int, padding: int
) -> None:
    image = noise("RGB", width, height)
    rows = np.pad(np.asarray(image).reshape(height, width * 3), ((0, 0), (0, padding)))
    lines = memoryview(rows.tobytes())
    small = shrink_lines(lines, "RGB", image.size, width * 3 + padding, factor)
    expected = image if factor == 1 else image.reduce(factor)
    assert np.array_equal(levels(small), levels(expected))


def test_a_transparent_colour_of_an_rgb_picture_lies_on_white() -> None:
    data = encode(Image.new("RGB", (8, 8), (10, 20, 30)), "PNG", transparency=(10, 20, 30))
    picture, _ = render_at_least(open_encoded(data), 2)
    assert picture.size == (2, 2) and picture.getpixel((0, 0)) == (255, 255, 255)


@given(width=st.integers(1, 9000), height=st.integers(1, 9000), side=st.integers(1, 1000))
def test_the_factor_is_the_largest_that_keeps_the_side(width: int, height: int, side: int) -> None:
    factor = shrink_factor((width, height), side)
    shorter = min(width, height)
    assert factor in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
    assert factor == 1 or shorter / factor >= side
    assert shorter / (2 * factor) < side
    assert shrink_factor((width, height), None) == 1


@pytest.mark.parametrize("how", list(Transpose))
def test_the_extent_turns_with_the_picture(how: Transpose) -> None:
    """A white frame stands for what is outside of the extent; no turn may bring it inside."""
    picture = Image.new("RGB", (9, 7), "white")
    picture.paste("navy", (0, 0, 8, 5))
    turned = turn(mark_extent(picture, 8, 5), how)
    box = extent(turned)
    inside = turned.crop((int(box[0]), int(box[1]), int(box[2]), int(box[3])))
    assert sorted(inside.size) == [5, 8]
    assert inside.getcolors() == [(40, (0, 0, 128))]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("size", [(1001, 763), (997, 1021)])
def test_a_side_that_is_no_multiple_stretches_nothing(kind: str, size: tuple[int, int]) -> None:
    """Fine stripes would move by a part of a pixel; what is left is what the averaging itself changes."""
    stripes = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    stripes[:, :, :] = ((np.arange(size[0]) // 24 + np.arange(size[1])[:, None] // 24) % 2 * 255)[..., None]
    data = encode(Image.fromarray(stripes), kind)
    shape = ModelInput(64, 64)
    picture, full = render_at_least(open_encoded(data), 190)
    assert full == size and max(picture.size) == -(-max(size) // 4)
    exact = levels(shape.fit(render_upright(open_encoded(data))))
    fitted = shape.fit(picture)
    stretched = picture.resize((64, 64), shape.resample)
    error = np.sqrt(((levels(fitted) - exact) ** 2).mean())
    assert error < np.sqrt(((levels(stretched) - exact) ** 2).mean())
    assert error < 3
    assert fitted.info == {}


def test_a_shrunk_picture_carries_no_metadata() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "JPEG", comment=b"x" * 1000, dpi=(300, 300))
    picture, _ = render_at_least(open_encoded(stream.getvalue()), 16)
    assert picture.size == (16, 16) and picture.info == {}
