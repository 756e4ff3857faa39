"""Places on Earth."""
from __future__ import annotations

from dataclasses import dataclass


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
