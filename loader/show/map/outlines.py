"""A box or an outline that a person draws on the map, as a filter; the filter as an outline on the map."""
from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loader.place import Box, Point
from loader.search.trek import TrekPhoto
from loader.show.map.view import HALF, RADIUS, middle_longitude, project, unproject

MOST_CORNERS = 200  # of an outline, so that it can be sent in an address
_MARGIN = 200.0  # metres on the plane around photos
_ROOM = 0.04  # around an outline, as a share of its width and height
_DIGITS = 5  # of degrees: about a metre


def write_box(xs: Sequence[float], ys: Sequence[float]) -> str:
    """A rectangle of the plane, metres, as ``--box`` takes it; one across the date line stays one."""
    corner, other = unproject(min(xs), min(max(ys), HALF)), unproject(max(xs), max(min(ys), -HALF))
    left, right = (corner.lon, other.lon) if max(xs) - min(xs) < 2 * HALF else (-180.0, 180.0)
    return f"{corner.lat:.5f},{left:.5f},{other.lat:.5f},{right:.5f}"


def write_box_of(photos: Sequence[TrekPhoto]) -> str:
    """A rectangle around photos, at least one, with a margin, as ``--box`` takes it."""
    middle = middle_longitude(photo.gps for photo in photos)
    xs, ys = zip(*(project(photo.gps, middle) for photo in photos), strict=True)
    return write_box([min(xs) - _MARGIN, max(xs) + _MARGIN], [min(ys) - _MARGIN, max(ys) + _MARGIN])


def write_area(xs: Sequence[float], ys: Sequence[float]) -> str:
    """An outline of the plane, metres, as the filters take it; one across the date line goes beyond 180°.

    Elasticsearch refuses an outline that crosses itself, that encloses nothing or that goes around the world:
    the first is uncrossed, the others give "".
    """
    if max(xs) - min(xs) >= 2 * HALF:
        return ""
    step = math.ceil(len(xs) / MOST_CORNERS)
    turns = math.floor((xs[0] + HALF) / (2 * HALF))  # of the world, before the copy that it was drawn on
    corners = dict.fromkeys(
        (round(math.degrees(x / RADIUS) - 360 * turns, _DIGITS),
         round(unproject(x, max(-HALF, min(HALF, y))).lat, _DIGITS))
        for x, y in zip(xs[::step], ys[::step], strict=True)
    )
    ring = uncross(np.array([*corners]))
    if not np.any(_turns(ring, ring)):
        return ""
    return ",".join(f"{lon:.{_DIGITS}f} {lat:.{_DIGITS}f}" for lon, lat in [*ring, ring[0]])


def uncross(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """An outline through the same corners whose sides do not cross.

    Between two sides that cross, the corners are taken in the opposite order (2-opt; G. A. Croes, "A Method
    for Solving Traveling-Salesman Problems", 1958). That shortens the outline, so it comes to an end.

    Args:
        ring: x and y of the corners, ``(corners, 2)``; the first is not repeated at the end.
    """
    ring = ring.copy()
    while len(crossings := _find_crossings(ring)):
        one, other = crossings[0] + 1
        ring[one:other] = ring[one:other][::-1].copy()
    return ring


def _find_crossings(ring: NDArray[np.float64]) -> NDArray[np.intp]:
    """The places, ``(crossings, 2)``, of the corners where two sides begin that cross, the earlier first."""
    ends = np.roll(ring, -1, axis=0)
    are_apart = _turns(ring, ring) * _turns(ring, ends) < 0
    return np.argwhere(np.triu(are_apart & are_apart.T))


def _turns(ring: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """On which side of each of the ring's sides each point lies, ``(corners, points)``: left is above 0."""
    sides = np.roll(ring, -1, axis=0) - ring
    to_points = points[None] - ring[:, None]
    turns: NDArray[np.float64] = sides[:, None, 0] * to_points[..., 1] - sides[:, None, 1] * to_points[..., 0]
    return turns


def read_area(written: str) -> list[Point]:
    """The corners of what `write_area` wrote; longitudes may lie beyond 180."""
    corners = (corner.split() for corner in written.split(","))
    return [Point(float(lat), float(lon)) for lon, lat in corners]


def outline_box(box: Box) -> list[Point]:
    """The corners of a box, the last as the first; longitudes beyond 180 where it crosses the date line."""
    right = box.left + ((box.right - box.left) % 360 or 360)
    corners = [(box.top, box.left), (box.top, right), (box.bottom, right), (box.bottom, box.left)]
    return [Point(*corner) for corner in [*corners, corners[0]]]


def bound(outline: Sequence[Point]) -> Box:
    """A box around an outline, with room for its line; its right side may lie beyond 180."""
    latitudes, longitudes = [corner.lat for corner in outline], [corner.lon for corner in outline]
    bottom, top, left, right = min(latitudes), max(latitudes), min(longitudes), max(longitudes)
    high, wide = _ROOM * (top - bottom), min(_ROOM * (right - left), (360 - right + left) / 2)
    return Box(top + high, left - wide, bottom - high, right + wide)
