"""What a map shows when it opens: the trek that most photos belong to, and the mountains before its cameras.

One photo at home would otherwise shrink a trek of two weeks to a dot.
"""
from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Sequence

from loader.files.place import Box, Point
from loader.show.map.mercator import Spot, View, fit_view, to_spot
from loader.show.map.trek import Trek, TrekPhoto

# Photos of one trek stand in cells of so many degrees that touch: gaps of more than about 100 km part two.
CELL_DEGREES = 0.5
# Mountains farther from the photos than this share of their own spread do not widen the view.
REACH = 0.6
LEAST_REACH = 12_000.0  # metres on the plane
LEAST_VIEW = 6_000.0
MARGIN = 0.07


def main_trek(photos: Sequence[TrekPhoto]) -> list[TrekPhoto]:
    """Return the photos of the region that holds most of them, in the order given."""
    counts = Counter(_cell(photo.gps) for photo in photos)
    regions = _regions(set(counts))
    largest = max(regions, key=lambda cells: (sum(counts[cell] for cell in cells), min(cells)))
    return [photo for photo in photos if _cell(photo.gps) in largest]


def _cell(point: Point) -> tuple[int, int]:
    return math.floor(point.lat / CELL_DEGREES), math.floor(point.lon / CELL_DEGREES)


def _regions(cells: set[tuple[int, int]]) -> list[set[tuple[int, int]]]:
    """Sort cells into sets that hang together, by sides or corners."""
    regions = []
    while cells:
        region, waiting = set(), deque([cells.pop()])
        while waiting:
            row, column = waiting.popleft()
            region.add((row, column))
            around = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & cells
            cells -= around
            waiting.extend(around)
        regions.append(region)
    return regions


def start_view(trek: Trek, aspect: float, box: Box | None = None) -> View:
    """Return the view that a map opens with.

    Args:
        trek: what is drawn.
        aspect: the map's width by its height.
        box: degrees that the person asked for; they are the view then.
    """
    if box is not None and box.left < box.right:
        corners = [to_spot(Point(box.top, box.left)), to_spot(Point(box.bottom, box.right))]
        return fit_view(corners, aspect, 0.0, 0.0)
    photos = main_trek(trek.photos)
    spots = [to_spot(photo.gps) for photo in photos]
    return fit_view([*spots, *_mountains_near(trek, photos, spots)], aspect, MARGIN, LEAST_VIEW)


def _mountains_near(trek: Trek, photos: Sequence[TrekPhoto], spots: Sequence[Spot]) -> list[Spot]:
    """The peaks that the photos show or had in their frame, unless they stand far from all of them."""
    xs, ys = zip(*spots, strict=True)
    reach = max(REACH * max(max(xs) - min(xs), max(ys) - min(ys)), LEAST_REACH)
    around = View(min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach)
    ids = {identifier for photo in photos for identifier in photo.in_frame}
    ids |= {found.peak.id for photo in photos for found in photo.predictions}
    places = [to_spot(summit) for peak_id, summit in trek.summits.items() if peak_id in ids]
    return [spot for spot in places if around.holds(spot)]
