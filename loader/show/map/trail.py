"""The way on foot: photos joined in the order of time, where a person can have walked between them."""
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from loader.peaks.sight.geometry import measure_distance
from loader.place import Point
from loader.search.trek import TrekPhoto

FASTEST = 6.0  # km/h in a straight line, which is shorter than the way
LONGEST = 30_000.0  # metres in a straight line
SAME_PLACE = 400.0  # metres that positions of one place differ by, whatever the clock says


def walked_ways(photos: Sequence[TrekPhoto]) -> list[list[Point]]:
    """Return the ways between photos, each of two points or more.

    A leg that nobody walks (a flight, a drive, a wrong clock) ends a way.

    Args:
        photos: in the order of time; those without a time are passed over.
    """
    timed = [photo for photo in photos if photo.moment is not None]
    ways: list[list[Point]] = []
    way = [timed[0].gps] if timed else []
    for one, other in pairwise(timed):
        if not is_walked(one, other):
            ways.append(way)
            way = []
        way.append(other.gps)
    return [way for way in [*ways, way] if len(way) > 1]


def is_walked(one: TrekPhoto, other: TrekPhoto) -> bool:
    """Whether a person can have walked from the place of a photo to that of a later one."""
    assert one.moment is not None and other.moment is not None
    metres = measure_distance(one.gps, other.gps)
    hours = (other.moment - one.moment).total_seconds() / 3600
    return metres <= SAME_PLACE or (metres <= LONGEST and metres / 1000 <= FASTEST * hours)
