"""What is drawn on the map becomes a filter, and the other way round."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.place import Box, Point
from loader.search.trek import TrekPhoto
from loader.search.written_values import parse_box
from loader.show.map.outlines import (
    bound,
    outline_box,
    read_area,
    uncross,
    write_area,
    write_box,
    write_box_of,
)
from loader.show.map.view import HALF, project

PLACES = st.tuples(st.integers(0, 1000), st.integers(0, 1000))


def test_a_box_is_what_the_filter_takes() -> None:
    left, bottom = project(Point(27.5, 86.5))
    right, top = project(Point(28.0, 87.0))
    box = parse_box(write_box([right, left], [bottom, top]))
    assert (box.top, box.left, box.bottom, box.right) == pytest.approx((28, 86.5, 27.5, 87), abs=1e-4)
    across = parse_box(write_box([HALF - 1000, HALF + 1000], [bottom, top]))
    assert across.left > 179 and across.right < -179
    world = parse_box(write_box([-3 * HALF, 3 * HALF], [-9 * HALF, 9 * HALF]))
    assert (world.left, world.right) == (-180, 180)


def test_an_outline_is_closed_and_stays_one_across_the_date_line() -> None:
    places = [project(Point(27.5, 86.5)), project(Point(28, 86.5)), project(Point(28, 87))]
    xs, ys = zip(*places, strict=True)
    assert write_area(xs, ys) == "86.50000 27.50000,86.50000 28.00000,87.00000 28.00000,86.50000 27.50000"
    across = write_area([HALF - 1000, HALF + 1000, HALF], [0, 0, 9 * HALF])
    longitudes = [float(corner.split()[0]) for corner in across.split(",")]
    assert longitudes == pytest.approx([180, 180, 180, 180], abs=0.01) and longitudes[1] > 180
    assert write_area([x + 4 * HALF for x in xs], ys) == write_area(xs, ys)
    many = write_area([float(x) for x in range(1000)], [float(x % 7) for x in range(1000)])
    assert len(many.split(",")) == 201


@pytest.mark.parametrize("turn", [0, 2 * HALF], ids=["here", "beyond the date line"])
def test_an_outline_that_crosses_itself_is_uncrossed(turn: float) -> None:
    eight = [project(Point(lat, lon), lon) for lat, lon in ((1, 179), (-1, 181), (1, 181), (-1, 179))]
    corners = read_area(write_area([x - turn for x, _ in eight], [y for _, y in eight]))
    assert {(round(corner.lat), round(corner.lon) % 360) for corner in corners} == {
        (1, 179), (-1, 181), (1, 181), (-1, 179)}
    ring = np.array([(corner.lon, corner.lat) for corner in corners[:-1]])
    assert area(ring) == pytest.approx(4, abs=1e-3), "a rectangle"


def area(ring: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
    """What a ring encloses, by the shoelace formula."""
    x, y = ring.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


@given(st.lists(PLACES, min_size=3, max_size=25, unique=True))
def test_any_outline_can_be_uncrossed(places: list[tuple[int, int]]) -> None:
    ring = uncross(np.array(places, dtype=float))
    assert sorted(map(tuple, ring.tolist())) == sorted(places)
    assert len_of(ring) <= len_of(np.array(places, dtype=float)) + 1e-6
    sides = [*zip(ring.tolist(), np.roll(ring, -1, axis=0).tolist(), strict=True)]
    for place, (a, b) in enumerate(sides):
        for c, d in sides[:place]:
            assert not (turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0)


def len_of(ring: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
    return float(np.hypot(*(ring - np.roll(ring, -1, axis=0)).T).sum())


def turn(start: list[float], end: list[float], point: list[float]) -> float:
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def test_what_encloses_nothing_is_no_outline() -> None:
    assert write_area([0.0, 5e5, 1e6], [0.0, 0.0, 0.0]) == ""
    assert write_area([0.0, 0.0], [0.0, 1.0]) == ""


def test_a_filter_has_an_outline_and_a_box_around_it() -> None:
    across = outline_box(Box(-16, 179, -17, -179))
    assert across == [Point(-16, 179), Point(-16, 181), Point(-17, 181), Point(-17, 179), Point(-16, 179)]
    around = bound(across)
    assert around.left < 179 and around.right > 181 and around.bottom < -17 and around.top > -16
    wide = bound(outline_box(Box(50, -179, -50, 179)))
    assert wide.right - wide.left == pytest.approx(360)
    assert read_area("179 1,181.5 1,180 -1,179 1")[1] == Point(1, 181.5)


def test_a_box_holds_the_photos_that_it_is_of() -> None:
    photos = [TrekPhoto(str(lon), "", Point(-16.5, lon)) for lon in (179.99, -179.99)]
    box = parse_box(write_box_of(photos))
    assert box.left == pytest.approx(179.988, abs=1e-3) and box.right == pytest.approx(-179.988, abs=1e-3)
    assert box.bottom < -16.5 < box.top and math.isclose(box.top - box.bottom, 0.0034, abs_tol=2e-4)
