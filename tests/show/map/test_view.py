"""What a map opens with: the trek, not the photo at home; its plane held against PROJ."""
from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from loader.peaks.catalogue import Peak
from loader.place import Box, Point
from loader.search.trek import Trek, TrekPhoto
from loader.show.map.page import describe_rest
from loader.show.map.view import ASPECT, HALF, LEAST_VIEW, View, fit_view, main_trek, project, start_view

from .treks import AMA_DABLAM, EVEREST, lonely_trek, make_trek

HOME = TrekPhoto("home", "home.jpg", Point(48.1, 11.6))
PROJ = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)


def with_photos(trek: Trek, *more: TrekPhoto) -> Trek:
    return replace(trek, photos=(*trek.photos, *more))


def width(view: View) -> float:
    return view.right - view.left


@given(st.floats(-85, 85), st.floats(-180, 180))
def test_projects_as_proj_does(lat: float, lon: float) -> None:
    assert project(Point(lat, lon)) == pytest.approx(PROJ.transform(lon, lat), abs=1e-3)


def test_a_pole_lies_on_the_edge() -> None:
    assert project(Point(90, 0))[1] == pytest.approx(HALF) == -project(Point(-90, 0))[1]


@given(st.lists(st.tuples(st.floats(-HALF, HALF), st.floats(-HALF, HALF)), min_size=1, max_size=8))
def test_a_view_holds_its_places_and_has_the_pages_shape(places: list[tuple[float, float]]) -> None:
    view = fit_view(places, 0.1, 5000)
    assert all(view.holds(place) for place in places)
    assert width(view) / (view.top - view.bottom) == pytest.approx(ASPECT, rel=1e-6)
    assert view.top - view.bottom >= 5000 * (1 - 1e-9)


def test_the_view_holds_the_trek_and_its_mountains_but_not_the_photo_at_home() -> None:
    trek = make_trek()
    view = start_view(trek)
    assert all(view.holds(project(photo.gps)) for photo in trek.photos)
    for peak in (EVEREST, AMA_DABLAM):
        assert peak.position is not None and view.holds(project(peak.position))
    assert width(view) < 80_000
    assert main_trek(with_photos(trek, HOME).photos) == list(trek.photos)
    assert start_view(with_photos(trek, HOME)) == view


def test_a_far_mountain_does_not_widen_the_view() -> None:
    trek = make_trek()
    kanchenjunga = Peak("kanchenjunga", ("Kanchenjunga",), Point(27.7025, 88.1475), 8586)
    seeing = replace(trek.photos[0], in_frame=("kanchenjunga",))
    far = Trek((seeing, *trek.photos[1:]), {**trek.peaks, "kanchenjunga": kanchenjunga})
    assert width(start_view(far)) < 1.3 * width(start_view(trek))


def test_a_box_is_the_view_and_one_photo_has_one() -> None:
    view = start_view(make_trek(), Box(28.0, 86.7, 27.9, 86.9))
    (left, bottom), (right, top) = project(Point(27.9, 86.7)), project(Point(28.0, 86.9))
    assert (view.left, view.right) == pytest.approx((left, right))
    assert view.bottom < bottom < top < view.top
    alone = start_view(lonely_trek())
    assert alone.top - alone.bottom >= LEAST_VIEW and alone.holds(project(Point(27.9, 86.8)))


def test_what_the_page_leaves_out_is_said() -> None:
    trek = make_trek()
    assert describe_rest(trek) == []
    later, unplaced, apart, thumbnails = describe_rest(
        replace(with_photos(trek, HOME), left_out=1200, without_position=6, without_thumbnail=30))
    assert later.startswith("1,200 later photos are left out")
    assert unplaced == "6 photos without a position are not on the map."
    assert apart.startswith("1 photo was taken far away from the others: outside the view")
    assert thumbnails.startswith("11 of 41 photos have their thumbnail")
    assert describe_rest(with_photos(trek, HOME, HOME))[0].startswith("2 photos were taken far away")
