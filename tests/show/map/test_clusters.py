"""Photos in dots: each in exactly one, near the others of its dot."""
from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.show.map.clusters import SECTORS, cluster_radius, directions, gather_dots

SPOTS = st.lists(st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)), max_size=60)


@given(SPOTS, st.floats(1, 1e5))
def test_every_photo_is_in_one_dot(spots: list[tuple[float, float]], radius: float) -> None:
    dots = gather_dots(spots, radius)
    assert sorted(member for dot in dots for member in dot.members) == list(range(len(spots)))


@given(SPOTS, st.floats(1, 1e5))
def test_a_dot_is_no_wider_than_two_radii(spots: list[tuple[float, float]], radius: float) -> None:
    for dot in gather_dots(spots, radius):
        assert all(math.dist(dot.spot, spots[member]) <= 2 * radius * (1 + 1e-9) for member in dot.members)


def test_near_photos_share_a_dot_at_their_mean() -> None:
    dots = gather_dots([(0, 0), (1000, 0), (10, 20)], 50)
    assert [(dot.spot, dot.members) for dot in dots] == [((5, 10), (0, 2)), ((1000, 0), (1,))]


def test_directions_are_told_once_a_sector() -> None:
    assert directions([10, 12, None, 100, 359.9, 371]) == pytest.approx([11, 100, 359.9])


def test_a_rosette_has_no_more_notches_than_sectors() -> None:
    assert len(directions([bearing / 10 for bearing in range(3600)])) == SECTORS


def test_many_photos_share_dots_sooner() -> None:
    assert cluster_radius(1) == cluster_radius(100) < cluster_radius(5000) <= cluster_radius(10**9) == 26
