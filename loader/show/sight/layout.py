"""Places in the drawing of a sight: on the compass's dial, and above the photo.

The dial's radius is 1.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

from loader.peaks.sight.geometry import Sight

# The farthest summit stands here, inside the compass points' letters.
FARTHEST_RADIUS = 0.88
RINGS_KM, MOST_RINGS = (100, 50, 20, 10, 5, 2, 1, 0.5), 3
MOST_PEAKS = 40


def dial_radius(distance: float, farthest: float) -> float:
    """Return the radius of a distance on the dial: by its square root, so that near summits do not crowd.

    Args:
        distance: metres, at most ``farthest``.
        farthest: metres, above 0.
    """
    return FARTHEST_RADIUS * math.sqrt(distance / farthest)


def dial_point(bearing: float, radius: float) -> tuple[float, float]:
    """Return x to the right (east) and y up (north) of a direction on the dial."""
    angle = math.radians(bearing)
    return radius * math.sin(angle), radius * math.cos(angle)


def choose_rings(farthest: float) -> list[float]:
    """Return the distances of the dial's rings, round kilometres in metres, from the farthest inwards."""
    return [ring * 1000.0 for ring in RINGS_KM if ring * 1000 <= farthest][:MOST_RINGS]


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Move labels along a line as little as possible so that none overlaps another.

    The least sum of squared moves, in the given order: isotonic regression over the places less the room that
    the labels before them take.

    Args:
        wanted: places of the labels' middles, ascending.
        sizes: of the labels along the line, gaps included; together at most ``high - low``.
        low: where the first label may begin.
        high: where the last one must end.
    """
    from scipy.optimize import isotonic_regression  # SciPy takes a while to import: not for a table

    if not wanted:
        return []
    before = [end - size / 2 for end, size in zip(accumulate(sizes), sizes, strict=True)]
    shifts = isotonic_regression([place - room for place, room in zip(wanted, before, strict=True)]).x
    most = high - sum(sizes)
    return [float(max(low, min(most, shift))) + room for shift, room in zip(shifts, before, strict=True)]


def choose_peaks(sights: Sequence[Sight]) -> list[Sight]:
    """Return at most `MOST_PEAKS` to draw: those in the frame first, then the most conspicuous others."""

    def rank(sight: Sight) -> tuple[bool, bool, float]:
        return not sight.is_shown, not sight.in_frame, -sight.seen_probability

    return sorted(sights, key=rank)[:MOST_PEAKS]


def choose_names(places: Sequence[tuple[Sight, float]], most: int) -> list[tuple[Sight, float]]:
    """Return at most so many peaks with their places: the most conspicuous, in the given order."""
    kept = sorted(places, key=lambda each: -each[0].seen_probability)[:most]
    return [each for each in places if each in kept]
