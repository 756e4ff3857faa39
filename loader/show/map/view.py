"""The view that a map opens with: the trek with the most photos, and the mountains that it shows.

Places lie on the plane of Web Mercator (EPSG:3857), the projection of map tiles: x = R·λ and
y = R·ln tan(π/4 + φ/2) in metres, on a sphere of R = 6,378,137 m. One photo at home would make a trek of two
weeks tiny, so photos far from the others do not widen the view. The plane repeats every 360°: places are
drawn on the copy nearest to the view, so that nothing is torn apart at the date line.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from loader.place import Box, Point
from loader.search.trek import Trek, TrekPhoto

RADIUS = 6_378_137.0  # metres
MOST_LATITUDE = 85.051_128_779_806_59  # degrees, where the plane is a square
HALF = math.pi * RADIUS

# Photos of one trek stand in cells of so many degrees that touch: gaps of more than about 100 km part two.
CELL_DEGREES = 0.5
# Mountains farther from the photos than this share of their own spread do not widen the view.
REACH = 0.6
LEAST_REACH = 12_000.0  # metres on the plane
LEAST_VIEW = 6_000.0
MARGIN = 0.07
ASPECT = 1.4  # width by height; the page widens the view to its own

PlanePoint = tuple[float, float]


@dataclass(frozen=True)
class View:
    """A rectangle of the plane, in metres."""

    left: float
    bottom: float
    right: float
    top: float

    def holds(self, place: PlanePoint) -> bool:
        """Whether the place lies inside."""
        x, y = place
        return self.left <= x <= self.right and self.bottom <= y <= self.top

    def place(self, point: Point) -> PlanePoint:
        """Where a place is drawn: on the copy of the world nearest to the view."""
        return project(point, math.degrees((self.left + self.right) / 2 / RADIUS))

    def trace(self, points: Iterable[Point]) -> list[PlanePoint]:
        """Where a line is drawn: each of its points on the copy of the world nearest to the one before."""
        places: list[PlanePoint] = []
        for point in points:
            near = math.degrees(places[-1][0] / RADIUS) if places else None
            places.append(self.place(point) if near is None else project(point, near))
        return places


@dataclass(frozen=True)
class Screen:
    """Room for a map: a page holds it for both screens, and its styles show the one that fits.

    Attributes:
        name: of the map in a page.
        width: pixels; names do not overlap where the map is as wide or wider.
        cells: of the view's width; photos of one cell are one marker.
    """

    name: str
    width: int
    cells: int


WIDE = Screen("wide", 640, 32)
NARROW = Screen("narrow", 340, 14)
SCREENS = (WIDE, NARROW)


def project(point: Point, near: float = 0.0) -> PlanePoint:
    """Return x and y on the plane; latitudes beyond the square's edge are brought to it.

    Args:
        point: a place on Earth.
        near: longitude, degrees, which the point's lies within 180° of on the plane.
    """
    latitude = max(-MOST_LATITUDE, min(MOST_LATITUDE, point.lat))
    longitude = point.lon - 360 * round((point.lon - near) / 360)
    y = RADIUS * math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))
    return RADIUS * math.radians(longitude), y


def unproject(x: float, y: float) -> Point:
    """The place on Earth of a point on the plane, in metres; the inverse of `project`."""
    longitude = (math.degrees(x / RADIUS) + 180) % 360 - 180
    return Point(math.degrees(2 * math.atan(math.exp(y / RADIUS)) - math.pi / 2), longitude)


def middle_longitude(points: Iterable[Point]) -> float:
    """The middle, −180…180 degrees, of the shortest arc of longitudes that holds all points, at least one."""
    longitudes = sorted({point.lon % 360 for point in points})
    starts = [*longitudes[1:], longitudes[0] + 360]
    _, start, end = max(
        (start - before, start, before + 360) for before, start in zip(longitudes, starts, strict=True)
    )
    return ((start + end) / 2 + 180) % 360 - 180


def fit_view(places: Iterable[PlanePoint], margin: float, least: float) -> View:
    """Return the smallest view of the page's shape that holds places with a margin around them.

    Args:
        places: at least one.
        margin: on each side, as a share of the places' width and height.
        least: shortest side of the view, metres on the plane.
    """
    xs, ys = zip(*places, strict=True)
    width = max((max(xs) - min(xs)) * (1 + 2 * margin), least)
    height = max((max(ys) - min(ys)) * (1 + 2 * margin), least)
    width, height = max(width, height * ASPECT), max(height, width / ASPECT)
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return View(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def start_view(trek: Trek, box: Box | None = None) -> View:
    """Return the view that a map opens with.

    Args:
        trek: what is drawn.
        box: degrees that the person asked for; they are the view then.
    """
    if box is not None:
        middle = box.left + ((box.right - box.left) % 360 or 360) / 2
        corners = [Point(box.top, box.left), Point(box.bottom, 2 * middle - box.left)]
        return fit_view([project(corner, corner.lon) for corner in corners], 0.0, 0.0)
    photos = main_trek(trek.photos)
    middle = middle_longitude(photo.gps for photo in photos)
    places = [project(photo.gps, middle) for photo in photos]
    return fit_view([*places, *_mountains_near(trek, photos, places, middle)], MARGIN, LEAST_VIEW)


def _mountains_near(
    trek: Trek, photos: Sequence[TrekPhoto], places: Sequence[PlanePoint], middle: float
) -> list[PlanePoint]:
    """The peaks that the photos show or had in their frame, unless they stand far from all of them."""
    xs, ys = zip(*places, strict=True)
    reach = max(REACH * max(max(xs) - min(xs), max(ys) - min(ys)), LEAST_REACH)
    around = View(min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach)
    ids = {peak_id for photo in photos for peak_id in photo.in_frame}
    ids |= {found.peak.id for photo in photos for found in photo.predictions}
    summits = (trek.peaks[peak_id].position for peak_id in ids)
    return [place for summit in summits if summit and around.holds(place := project(summit, middle))]


def main_trek(photos: Sequence[TrekPhoto]) -> list[TrekPhoto]:
    """Return the photos of the region that holds most of them, in the order given."""
    middle = middle_longitude(photo.gps for photo in photos)
    degrees = np.array([(photo.gps.lat + 90, (photo.gps.lon - middle + 180) % 360) for photo in photos])
    rows, columns = (degrees // CELL_DEGREES).astype(int).T
    taken = np.zeros((rows.max() + 1, columns.max() + 1), dtype=bool)
    taken[rows, columns] = True
    regions = ndimage.label(taken, np.ones((3, 3)))[0][rows, columns]  # cells that touch, by side or corner
    largest = np.bincount(regions).argmax()
    return [photo for photo, region in zip(photos, regions, strict=True) if region == largest]
