"""Directions in words: the points of the compass."""
from __future__ import annotations

_POINTS = (
    *("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE"),
    *("S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"),
)


def compass_point(bearing: float) -> str:
    """The nearest of the 16 points of the compass: 22.5 gives "NNE"."""
    return _POINTS[round(bearing / 22.5) % 16]


def format_direction(bearing: float) -> str:
    """``84.2`` gives ``84° (E)``."""
    return f"{round(bearing) % 360}° ({compass_point(bearing)})"
