"""The plane of the map: its projection against PROJ, its grid and its scale."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from loader.files.place import Point
from loader.show.map.mercator import (
    HALF,
    View,
    fit_view,
    format_degrees,
    format_length,
    grid_lines,
    scale_length,
    to_point,
    to_spot,
)

LATITUDES, LONGITUDES = st.floats(-85, 85), st.floats(-180, 180)
PROJ = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)


@given(LATITUDES, LONGITUDES)
def test_projects_as_proj_does(lat: float, lon: float) -> None:
    assert to_spot(Point(lat, lon)) == pytest.approx(PROJ.transform(lon, lat), abs=1e-3)


@given(LATITUDES, LONGITUDES)
def test_comes_back(lat: float, lon: float) -> None:
    back = to_point(*to_spot(Point(lat, lon)))
    assert (back.lat, back.lon) == pytest.approx((lat, lon), abs=1e-9)


@pytest.mark.parametrize("lat", [90, -90])
def test_a_pole_lies_on_the_edge(lat: float) -> None:
    assert abs(to_spot(Point(lat, 0))[1]) == pytest.approx(HALF)


@given(
    st.lists(st.tuples(st.floats(-HALF, HALF), st.floats(-HALF, HALF)), min_size=1, max_size=8),
    st.floats(0.3, 3),
)
def test_a_view_holds_its_places_and_has_its_shape(spots: list[tuple[float, float]], aspect: float) -> None:
    view = fit_view(spots, aspect, 0.1, 5000)
    assert all(view.holds(spot) for spot in spots)
    assert view.width / view.height == pytest.approx(aspect, rel=1e-6)
    assert min(view.width, view.height) >= 5000 * (1 - 1e-9)


@given(st.floats(-180, 179.9), st.floats(0.02, 200), st.integers(2, 12))
def test_grid_lines_are_few_round_and_inside(low: float, span: float, most: int) -> None:
    lines = grid_lines(low, low + span, most)
    assert len(lines) <= most
    assert all(low - 1e-6 <= line <= low + span + 1e-6 for line in lines)


def test_grid_of_the_trail() -> None:
    assert grid_lines(86.55, 87.02, 6) == [86.6, 86.7, 86.8, 86.9, 87.0]


@pytest.mark.parametrize(("degrees", "letters", "words"), [
    (86.8, "EW", "86.8° E"), (-0.25, "NS", "0.25° S"), (0.0, "EW", "0°"), (28.0, "NS", "28° N"),
])
def test_degrees_in_words(degrees: float, letters: str, words: str) -> None:
    assert format_degrees(degrees, letters) == words


@pytest.mark.parametrize(("longest", "words"), [
    (12_345, "10 km"), (4_999, "2 km"), (999, "500 m"), (1_999_999, "1,000 km"), (3, "10 m"),
])
def test_scale_is_a_round_length(longest: float, words: str) -> None:
    assert format_length(scale_length(longest)) == words


def test_ground_is_shorter_than_the_plane() -> None:
    y = to_spot(Point(60, 0))[1]
    assert View(-10, y - 10, 10, y + 10).ground == pytest.approx(0.5, abs=1e-4)
