"""Where things stand in the drawing of a sight: in the picture, on the compass's dial, around its rim.

The dial's radius is 1.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loader.peaks.sight.geometry import Sight

# The farthest summit stands here, inside the compass points' letters.
FARTHEST_RADIUS = 0.88
# Rings nearer to the middle or to each other than this would crowd their labels.
LEAST_RADIUS, LEAST_GAP = 0.2, 0.16
RINGS_KM = (0.5, 1, 2, 5, 10, 20, 50, 100)

HALF_HEIGHT = 1.3  # of the panel around the dial
LABEL_RADIUS = 1.1
STRONG_HEIGHT, PLAIN_HEIGHT = 0.145, 0.079  # of labels around the rim, gaps included
MOST_PEAKS = 40


@dataclass(frozen=True)
class Label:
    """A peak's label at the rim.

    Attributes:
        sight: of the peak.
        side: 1 right of the dial, -1 left of it.
        height: gaps included.
        y: of its middle.
    """

    sight: Sight
    side: int
    height: float
    y: float

    @property
    def x(self) -> float:
        """Where it begins: outside the rim, and outside the point where its leader leaves the dial.

        So a leader never runs through a label: its own lies outside of it, and those between its label and
        the dial begin farther out.
        """
        clear = max(abs(self.y) - self.height / 2, 0.0)
        beside = math.sqrt(max(LABEL_RADIUS**2 - clear**2, 0.0))
        leaving = abs(dial_point(self.sight.bearing, 1)[0])
        return self.side * max(beside, leaving + 0.04, 0.06)


def place_in_picture(offset: float | None, field_of_view: float | None) -> float | None:
    """Return where a direction falls in an upright picture: 0 is its left edge, 1 its right one.

    0.5 + tan(offset) / (2·tan(w/2)), a pinhole's central projection. Outside 0 to 1 it lies beside the frame.

    Args:
        offset: degrees right of the optical axis.
        field_of_view: horizontal, degrees, between 0 and 180.

    Returns:
        None for what lies beside or behind the camera, 90° and more from the axis, or where one is not known.
    """
    if offset is None or field_of_view is None or abs(offset) >= 90:
        return None
    return 0.5 + math.tan(math.radians(offset)) / (2 * math.tan(math.radians(field_of_view / 2)))


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
    rings: list[float] = []
    for ring in (kilometres * 1000.0 for kilometres in reversed(RINGS_KM)):
        radius = dial_radius(ring, farthest)
        last = dial_radius(rings[-1], farthest) if rings else math.inf
        if LEAST_RADIUS <= radius <= FARTHEST_RADIUS and last - radius >= LEAST_GAP:
            rings.append(ring)
    return rings


def quiet_bearing(taken: Iterable[float]) -> float:
    """Return the direction, a multiple of 5°, that is farthest from all that is drawn on the dial."""
    points = list(taken)
    return max(
        map(float, range(0, 360, 5)),
        key=lambda bearing: min((_apart(bearing, point) for point in points), default=0.0),
    )


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Move labels along a line as little as possible so that none overlaps another.

    The least sum of squared moves, in the given order: isotonic regression by pooling adjacent violators
    (Best and Chakravarti 1990) over the places less the room that the labels before them take.

    Args:
        wanted: places of the labels' middles, ascending.
        sizes: of the labels along the line, gaps included; together at most ``high - low``.
        low: where the first label may begin.
        high: where the last one must end.
    """
    before = [sum(sizes[:row]) + sizes[row] / 2 for row in range(len(sizes))]
    pools: list[tuple[float, int]] = []  # mean, count
    for place, room in zip(wanted, before, strict=True):
        pools.append((place - room, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (one, many), (other, more) = pools.pop(-2), pools.pop()
            pools.append(((one * many + other * more) / (many + more), many + more))
    level = [mean for mean, count in pools for _ in range(count)]
    most = high - sum(sizes)
    return [max(low, min(most, shift)) + room for shift, room in zip(level, before, strict=True)]


def choose_peaks(sights: Sequence[Sight]) -> list[Sight]:
    """Return at most `MOST_PEAKS` to draw: those in the frame, and of the others the most conspicuous."""

    def rank(sight: Sight) -> tuple[bool, bool, float]:
        return not sight.is_shown, not sight.in_frame, -sight.seen_probability

    return sorted(sights, key=rank)[:MOST_PEAKS]


def place_labels(drawn: Sequence[Sight]) -> list[Label]:
    """Return labels on both sides of the dial, at the height where their direction leaves it or near it.

    Those that do not fit any more are left out, the last of ``drawn`` first.
    """
    labels: list[Label] = []
    for side in (1, -1):
        own = [sight for sight in drawn if (sight.bearing % 360 < 180) == (side == 1)]
        heights = [STRONG_HEIGHT if sight.is_shown else PLAIN_HEIGHT for sight in own]
        while sum(heights) > 2 * HALF_HEIGHT:
            own, heights = own[:-1], heights[:-1]
        rows = sorted(zip(own, heights, strict=True), key=lambda row: dial_point(row[0].bearing, 1)[1])
        wanted = [dial_point(sight.bearing, LABEL_RADIUS)[1] for sight, _ in rows]
        places = spread(wanted, [height for _, height in rows], -HALF_HEIGHT, HALF_HEIGHT)
        labels += [Label(sight, side, height, y) for (sight, height), y in zip(rows, places, strict=True)]
    return labels
