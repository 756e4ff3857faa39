"""What is drawn on the map becomes a filter."""
from __future__ import annotations

from typing import Any

import pytest

from browse.address import Address
from browse.parts.trek_view import read_selection
from loader.place import Point
from loader.search.written_values import parse_box
from loader.show.map.view import HALF, View, project, write_area, write_box


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


def test_an_outline_around_the_world_is_a_box() -> None:
    xs, ys = [-1.2 * HALF, 1.2 * HALF, 1.2 * HALF, -1.2 * HALF], [0.0, 0.0, 9e6, 9e6]
    view = View(-HALF, -HALF, HALF, HALF)
    chosen: dict[str, list[Any]] = {"box": [], "lasso": [{"x": xs, "y": ys}], "points": []}
    assert read_selection(chosen, view, [], Address()) == {"area": "", "box": write_box(xs, ys)}
    chosen["lasso"][0]["x"] = [x / 2 for x in xs]
    assert read_selection(chosen, view, [], Address())["box"] == ""
