"""Places in the drawing of a sight: on the compass's dial, and beside it.

The dial's radius is 1.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from loader.peaks.sight.geometry import Sight

# The farthest summit stands here, inside the compass points' letters.
FARTHEST_RADIUS = 0.88
RINGS_KM, MOST_RINGS = (100, 50, 20, 10, 5, 2, 1, 0.5), 3

HALF_HEIGHT = 1.3  # of the panel around the dial
STRONG_HEIGHT, PLAIN_HEIGHT = 0.145, 0.079  # of labels beside the dial, gaps included
MOST_PEAKS = 40


class Label(NamedTuple):
    """A peak's label beside the dial.

    Attributes:
        sight: of the peak.
        side: 1 right of the dial, -1 left of it.
        y: of its middle.
    """

    sight: Sight
    side: int
    y: float


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


def place_labels(drawn: Sequence[Sight]) -> list[Label]:
    """Return labels on both sides of the dial, as high as the point where their direction leaves it.

    Those that do not fit any more are left out, the last of ``drawn`` first.
    """
    labels: list[Label] = []
    for side in (1, -1):
        own = [sight for sight in drawn if (sight.bearing % 360 < 180) == (side == 1)]
        while sum(map(_height, own)) > 2 * HALF_HEIGHT:
            own.pop()
        own.sort(key=_rim_height)
        heights = spread([*map(_rim_height, own)], [*map(_height, own)], -HALF_HEIGHT, HALF_HEIGHT)
        labels += [Label(sight, side, y) for sight, y in zip(own, heights, strict=True)]
    return labels


def _height(sight: Sight) -> float:
    return STRONG_HEIGHT if sight.is_shown else PLAIN_HEIGHT


def _rim_height(sight: Sight) -> float:
    return dial_point(sight.bearing, 1.1)[1]
