"""Places on Earth."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Point:
    """A place on Earth: latitude −90…90 and longitude −180…180, in degrees (WGS 84)."""

    lat: float
    lon: float


@dataclass(frozen=True)
class Box:
    """A rectangle of latitudes and longitudes, in degrees; ``left > right`` crosses the date line."""

    top: float
    left: float
    bottom: float
    right: float


def read_point(values: Sequence[Mapping[str, Any]] | None) -> Point | None:
    """Return the first value of a geo_point in the ``fields`` of a hit: GeoJSON, longitude first."""
    if not values:
        return None
    longitude, latitude = values[0]["coordinates"]
    return Point(lat=latitude, lon=longitude)
