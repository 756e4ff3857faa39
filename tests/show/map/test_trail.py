"""The way on foot: only what a person can have walked is joined."""
from __future__ import annotations

from dataclasses import replace

import pytest

from loader.files.place import Point
from loader.search.answer import ShotTime
from loader.show.map.trail import walked_ways
from loader.show.map.trek import TrekPhoto


def shot(lat: float, lon: float, clock: str | None) -> TrekPhoto:
    instant = None if clock is None else f"2023-10-{clock}:00.000Z"
    return TrekPhoto(f"{lat}", "p.jpg", Point(lat, lon), ShotTime(instant))


LUKLA, PHAKDING = shot(27.6881, 86.7314, "26T07:00"), shot(27.7402, 86.7128, "26T10:00")
NAMCHE = shot(27.8049, 86.7140, "27T13:00")


def test_joins_what_was_walked() -> None:
    assert walked_ways([LUKLA, PHAKDING, NAMCHE]) == [[LUKLA.gps, PHAKDING.gps, NAMCHE.gps]]


def test_a_flight_ends_the_way() -> None:
    kathmandu = shot(27.6966, 85.3591, "26T06:00")
    assert walked_ways([kathmandu, LUKLA, PHAKDING]) == [[LUKLA.gps, PHAKDING.gps]]


def test_a_wrong_clock_ends_the_way() -> None:
    late = shot(27.8049, 86.7140, "26T10:05")
    assert walked_ways([LUKLA, PHAKDING, late]) == [[LUKLA.gps, PHAKDING.gps]]


def test_photos_of_one_moment_and_place_stay_joined() -> None:
    beside = replace(LUKLA, gps=Point(27.6890, 86.7314))
    assert len(walked_ways([LUKLA, beside, PHAKDING])[0]) == 3


@pytest.mark.parametrize("photos", [[], [LUKLA], [shot(27.7, 86.7, None), LUKLA]])
def test_no_way_without_two_times(photos: list[TrekPhoto]) -> None:
    assert walked_ways(photos) == []
