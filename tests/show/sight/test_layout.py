"""Where things stand in the drawing: the dial, the labels."""
from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.show.sight.layout import (
    FARTHEST_RADIUS,
    choose_rings,
    dial_point,
    dial_radius,
    spread,
)


@pytest.mark.parametrize(
    ("bearing", "point"), [(0, (0, 1)), (90, (1, 0)), (180, (0, -1)), (270, (-1, 0)), (45, (0.7071, 0.7071))]
)
def test_north_is_up_and_east_is_right(bearing: float, point: tuple[float, float]) -> None:
    assert dial_point(bearing, 1.0) == pytest.approx(point, abs=1e-4)


def test_the_radius_is_the_distances_square_root() -> None:
    assert dial_radius(40_000, 40_000) == FARTHEST_RADIUS
    assert dial_radius(10_000, 40_000) == FARTHEST_RADIUS / 2
    assert dial_radius(0, 40_000) == 0


def test_rings_are_round_and_no_farther_than_the_farthest_peak() -> None:
    assert choose_rings(37_000.0) == [20_000.0, 10_000.0, 5_000.0]
    assert choose_rings(700.0) == [500.0]
    assert choose_rings(400.0) == []


labels = st.lists(st.tuples(st.floats(-1, 1), st.floats(0.01, 0.1)), min_size=1, max_size=20)


@given(labels)
def test_labels_never_overlap_and_keep_their_order(rows: list[tuple[float, float]]) -> None:
    rows.sort()
    wanted, sizes = [row[0] for row in rows], [row[1] for row in rows]
    placed = spread(wanted, sizes, -1.0, 1.0)
    edges = [(place - size / 2, place + size / 2) for place, size in zip(placed, sizes, strict=True)]
    assert all(one[1] <= other[0] + 1e-9 for one, other in pairwise(edges))
    assert edges[0][0] >= -1 - 1e-9 and edges[-1][1] <= 1 + 1e-9


@given(st.lists(st.floats(-0.9, 0.9), min_size=1, max_size=8, unique=True))
def test_labels_with_room_stay_where_they_are(wanted: list[float]) -> None:
    wanted.sort()
    gap = min(np.diff(wanted), default=1.0)
    sizes = [min(float(gap), 0.2)] * len(wanted)
    assert spread(wanted, sizes, -1.0, 1.0) == pytest.approx(wanted, abs=1e-9)


def test_crowded_labels_share_the_move() -> None:
    assert spread([0.0, 0.0, 0.0], [0.2] * 3, -1, 1) == pytest.approx([-0.2, 0.0, 0.2])
    assert spread([0.95, 1.0], [0.2, 0.2], -1, 1) == pytest.approx([0.7, 0.9])
    assert spread([], [], -1, 1) == []
