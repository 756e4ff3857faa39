"""Distances between places on the WGS 84 ellipsoid."""
from __future__ import annotations

from pyproj import Geod

from loader.files.place import Point

_GEOD = Geod(ellps="WGS84")


def measure_distance(one: Point, other: Point) -> float:
    """Return the length of the geodesic between two places in metres."""
    return float(_GEOD.inv(one.lon, one.lat, other.lon, other.lat)[2])
