"""The way on foot: only what a person can have walked is joined."""
from __future__ import annotations

from dataclasses import replace

import pytest

from loader.place import Point
from loader.search.answer import ShotTime
from loader.search.trek import TrekPhoto
from loader.show.map.trail import walked_ways


def shot(lat: float, lon: float, clock: str | None) -> TrekPhoto:
    instant = None if clock is None else f"2023-10-{clock}:00.000Z"
    return TrekPhoto(f"{lat}", "p.jpg", Point(lat, lon), ShotTime(instant))


LUKLA, PHAKDING = shot(27.6881, 86.7314, "26T07:00"), shot(27.7402, 86.7128, "26T10:00")
NAMCHE = shot(27.8049, 86.7140, "27T13:00")


KATHMANDU, LATE = shot(27.6966, 85.3591, "26T06:00"), shot(27.8049, 86.7140, "26T10:05")
BESIDE = replace(LUKLA, gps=Point(27.6890, 86.7314))


@pytest.mark.parametrize(("photos", "way"), [
    ([LUKLA, PHAKDING, NAMCHE], [LUKLA, PHAKDING, NAMCHE]),
    ([KATHMANDU, LUKLA, PHAKDING], [LUKLA, PHAKDING]),
    ([LUKLA, PHAKDING, LATE], [LUKLA, PHAKDING]),
    ([LUKLA, BESIDE, PHAKDING], [LUKLA, BESIDE, PHAKDING]),
    ([], []),
    ([LUKLA], []),
    ([shot(27.7, 86.7, None), LUKLA], []),
], ids=["on foot", "a flight", "a wrong clock", "two at one moment", "nothing", "one photo", "one time"])
def test_only_what_was_walked_is_joined(photos: list[TrekPhoto], way: list[TrekPhoto]) -> None:
    assert walked_ways(photos) == ([[photo.gps for photo in way]] if way else [])
