"""Distances between places on the WGS 84 ellipsoid."""
from __future__ import annotations

from pyproj import Geod

_GEOD = Geod(ellps="WGS84")


def measure_distance(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the length of the geodesic between two places (degrees) in metres."""
    return float(_GEOD.inv(lon, lat, other_lon, other_lat)[2])
