"""The PNG: opens, is small, shows what it should, and draws whatever is missing or hostile."""
from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from loader.files.place import Box, Point
from loader.search.answer import ShotTime
from loader.show.map.clusters import Dot
from loader.show.map.picture import render_picture
from loader.show.map.picture_map import dot_shape, dot_size, peak_sizes
from loader.show.map.trek import Trek, TrekPhoto

from .treks import EVEREST, NO_HEIGHT, PUMORI, lonely_trek, make_hostile_trek, make_trek


def open_picture(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    picture.load()
    assert picture.format == "PNG"
    assert picture.size == (1200, 800)
    return picture.convert("RGB")


def pixels_like(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    counts = picture.getcolors(1 << 20)
    assert counts is not None
    return sum(
        count for count, found in counts
        if isinstance(found, tuple) and all(abs(a - b) < 16 for a, b in zip(found, colour, strict=True))
    )


def test_shows_peaks_photos_and_sight_lines() -> None:
    picture = open_picture(render_picture(make_trek(), "Photos and peaks"))
    assert pixels_like(picture, (0xBD, 0x27, 0x1E)) > 150
    assert pixels_like(picture, (0x20, 0x92, 0x80)) > 1500
    assert len(picture.getcolors(1 << 20) or []) > 100


def test_is_small_and_always_the_same() -> None:
    png = render_picture(make_trek(), "Photos and peaks")
    assert len(png) < 250_000
    assert png == render_picture(make_trek(), "Photos and peaks")


def test_many_photos_stay_small() -> None:
    assert len(render_picture(make_trek(3000), "Many")) < 250_000


UNTIMED = replace(make_trek(), photos=tuple(replace(p, time=ShotTime()) for p in make_trek().photos))
POLES = TrekPhoto("1", "a.jpg", Point(-89.9, 179.9)), TrekPhoto("2", "b.jpg", Point(89.9, -179.9))
ONE_MOMENT = replace(make_trek(), photos=(make_trek().photos[4],) * 3)


@pytest.mark.parametrize("trek", [lonely_trek(), make_hostile_trek(), UNTIMED, Trek(POLES, {}), ONE_MOMENT],
                         ids=["one photo", "hostile texts", "no times", "poles", "one moment"])
def test_draws_whatever_there_is(trek: Trek) -> None:
    open_picture(render_picture(trek, "<b>$x$</b> " * 30))


def test_a_box_is_drawn() -> None:
    box = Box(27.95, 86.75, 27.85, 86.9)
    assert render_picture(make_trek(), "x", box) != render_picture(make_trek(), "x")


def test_higher_peaks_are_larger() -> None:
    sizes = peak_sizes([EVEREST, PUMORI, NO_HEIGHT])
    assert sizes["mount-everest"] > sizes["pumori"] >= sizes["nameless"]
    assert set(peak_sizes([NO_HEIGHT]).values()) == {13.0}


def test_more_photos_make_a_larger_dot() -> None:
    assert dot_size(1) < dot_size(10) < dot_size(100) <= dot_size(10**9)


@pytest.mark.parametrize(("bearing", "tip"), [(0, (0, 1)), (90, (1, 0)), (180, (0, -1)), (270, (-1, 0))])
def test_a_notch_points_where_the_photo_looks(bearing: float, tip: tuple[int, int]) -> None:
    corners = np.asarray(dot_shape(Dot((0.0, 0.0), (0,)), [bearing]).vertices, dtype=float)
    lengths = np.hypot(corners[:, 0], corners[:, 1])
    farthest = int(lengths.argmax())
    assert corners[farthest] / lengths[farthest] == pytest.approx(tip, abs=1e-6)
