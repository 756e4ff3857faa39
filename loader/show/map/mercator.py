"""Web Mercator (EPSG:3857), the projection of map tiles: degrees to metres on its plane, and back.

x = R·λ, y = R·ln tan(π/4 + φ/2) on a sphere of R = 6,378,137 m. Distances on the plane are 1/cos φ too long.
"""
from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from loader.files.place import Point

RADIUS = 6_378_137.0  # metres
MOST_LATITUDE = 85.051_128_779_806_59  # degrees, where the plane is a square
HALF = math.pi * RADIUS

Spot = tuple[float, float]

# Steps of a grid in degrees, and of a scale in metres on the ground.
_DEGREES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_METRES = tuple(digit * 10.0**power for power in range(1, 8) for digit in (1, 2, 5))


@dataclass(frozen=True)
class View:
    """A rectangle of the plane, in metres."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Metres on the plane."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Metres on the plane."""
        return self.top - self.bottom

    @property
    def ground(self) -> float:
        """Metres on the ground for each on the plane, in the view's middle."""
        return math.cos(math.radians(to_point(0.0, (self.bottom + self.top) / 2).lat))

    def holds(self, spot: Spot) -> bool:
        """Whether the place lies inside."""
        x, y = spot
        return self.left <= x <= self.right and self.bottom <= y <= self.top


def to_spot(point: Point) -> Spot:
    """Return x and y on the plane; latitudes beyond the square's edge are brought to it."""
    latitude = max(-MOST_LATITUDE, min(MOST_LATITUDE, point.lat))
    x = RADIUS * math.radians(point.lon)
    return x, RADIUS * math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))


def to_point(x: float, y: float) -> Point:
    """Return the place on Earth."""
    latitude = 2 * math.atan(math.exp(y / RADIUS)) - math.pi / 2
    return Point(math.degrees(latitude), math.degrees(x / RADIUS))


def fit_view(spots: Iterable[Spot], aspect: float, margin: float, least: float) -> View:
    """Return the smallest view of a shape that holds places with a margin around them.

    Args:
        spots: at least one.
        aspect: width by height.
        margin: on each side, as a share of the places' width and height.
        least: shortest side of the view, metres on the plane.
    """
    xs, ys = zip(*spots, strict=True)
    width = max((max(xs) - min(xs)) * (1 + 2 * margin), least)
    height = max((max(ys) - min(ys)) * (1 + 2 * margin), least)
    width, height = max(width, height * aspect), max(height, width / aspect)
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return View(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def grid_lines(low: float, high: float, most: int) -> list[float]:
    """Return round degrees between two bounds, at most so many."""
    for step in _DEGREES:
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first < most:
            return [round(line * step, 6) for line in range(first, last + 1)]
    return []


def format_degrees(degrees: float, letters: str) -> str:
    """``86.8`` with the letters "EW" gives ``86.8° E``."""
    return f"{abs(degrees):g}° {letters[degrees < 0]}" if degrees else "0°"


def scale_length(longest: float) -> float:
    """Return the longest round length in metres that is at most ``longest``."""
    return max((length for length in _METRES if length <= longest), default=_METRES[0])


def format_length(metres: float) -> str:
    """``5000`` gives ``5 km``."""
    return f"{metres / 1000:,g} km" if metres >= 1000 else f"{metres:g} m"
