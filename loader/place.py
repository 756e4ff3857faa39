"""Places on Earth."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "yd": 0.9144, "ft": 0.3048, "nmi": 1852.0}
_LENGTH = re.compile(rf"\s*(\d+(?:\.\d+)?)\s*({'|'.join(_METRES)})\s*", re.IGNORECASE)


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


def parse_length(text: str) -> float:
    """Read a number above 0 and its unit, such as ``40km``, as metres; ValueError for anything else."""
    found = _LENGTH.fullmatch(text)
    if found is None or float(found[1]) == 0:
        raise ValueError(f"{text!r} is no distance")
    return float(found[1]) * _METRES[found[2].lower()]
