"""Photos that a map cannot draw side by side, gathered into one dot that tells how many they are.

Greedy, as map libraries do it: the next photo that no dot holds yet takes in all free ones within a radius,
and the dot stands at their mean. `page/clusters.js` does the same while a person zooms.
"""
from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loader.show.map.mercator import Spot

# Pixels within which photos share a dot: for few photos, and for very many, whose dots are large.
NEAREST, FARTHEST = 15.0, 26.0
FEW = 100

SECTORS = 24  # of a dot's rim, 15° each: the directions that its photos look


@dataclass(frozen=True)
class Dot:
    """One or several photos.

    Attributes:
        spot: mean place on the plane.
        members: places of its photos in the sequence that was given.
    """

    spot: Spot
    members: tuple[int, ...]


def cluster_radius(photos: int) -> float:
    """Return the pixels within which so many photos share a dot."""
    return min(FARTHEST, NEAREST + 4 * math.log10(max(1.0, photos / FEW)))


def gather_dots(spots: Sequence[Spot], radius: float) -> list[Dot]:
    """Gather places within ``radius`` of one another; each belongs to exactly one dot.

    Args:
        spots: on the plane, metres.
        radius: metres on the plane, above 0.
    """
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, spot in enumerate(spots):
        cells[_cell(spot, radius)].append(place)
    taken = [False] * len(spots)
    dots = []
    for place, spot in enumerate(spots):
        if taken[place]:
            continue
        members = [
            other for other in _around(cells, spot, radius)
            if not taken[other] and math.dist(spot, spots[other]) <= radius
        ]
        for other in members:
            taken[other] = True
        dots.append(Dot(_mean([spots[other] for other in members]), tuple(sorted(members))))
    return dots


def _cell(spot: Spot, radius: float) -> tuple[int, int]:
    return math.floor(spot[0] / radius), math.floor(spot[1] / radius)


def _around(cells: dict[tuple[int, int], list[int]], spot: Spot, radius: float) -> Iterable[int]:
    column, row = _cell(spot, radius)
    for right in (-1, 0, 1):
        for up in (-1, 0, 1):
            yield from cells.get((column + right, row + up), ())


def _mean(spots: Sequence[Spot]) -> Spot:
    return sum(x for x, _ in spots) / len(spots), sum(y for _, y in spots) / len(spots)


def directions(bearings: Iterable[float | None]) -> list[float]:
    """Return the directions in which photos look, each sector of `SECTORS` once, by its photos' mean.

    A direction is degrees clockwise from north; photos without a bearing have none.
    """
    sectors: dict[int, list[float]] = defaultdict(list)
    for bearing in bearings:
        if bearing is not None:
            sectors[math.floor(bearing % 360 * SECTORS / 360)].append(bearing % 360)
    return [sum(found) / len(found) for _, found in sorted(sectors.items())]
