"""The map's lines of degrees, fine enough for the view that it opens with."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from loader.place import Point
from loader.show import colours
from loader.show.map.view import MOST_LATITUDE, View, project, unproject

_STEPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 45)
_MOST_LINES = 6  # of a view, one way


def degree_axes(view: View) -> dict[str, Any]:
    """Plotly's two axes of a map that opens with a view, with lines for three times its width."""
    west, south, east, north = _degrees(view)
    step = next((step for step in _STEPS if (east - west) / step <= _MOST_LINES), _STEPS[-1])
    across, down = east - west, north - south
    return {
        "xaxis": {
            **_lines(west - across, east + across, step, lambda lon: project(Point(0, lon), lon)[0], "EW"),
            "range": [view.left, view.right],
        },
        "yaxis": {
            **_lines(max(south - down, -MOST_LATITUDE), min(north + down, MOST_LATITUDE), step,
                     lambda lat: project(Point(lat, 0))[1], "NS"),
            "range": [view.bottom, view.top], "scaleanchor": "x",
        },
    }


def _degrees(view: View) -> tuple[float, float, float, float]:
    """West, south, east and north; east may lie behind 180."""
    corner, other = unproject(view.left, view.bottom), unproject(view.right, view.top)
    width = (view.right - view.left) / (2 * project(Point(0, 180))[0]) * 360
    return corner.lon, corner.lat, corner.lon + width, other.lat


def _lines(
    start: float, end: float, step: float, place: Callable[[float], float], ends: str
) -> dict[str, Any]:
    numbers = range(math.ceil(start / step), math.floor(end / step) + 1)
    degrees = [round(number * step, 6) for number in numbers]
    return {
        "tickvals": [place(each) for each in degrees], "ticktext": [_write(each, ends) for each in degrees],
        "showgrid": True, "gridcolor": colours.GRID, "zeroline": False, "showline": False, "ticks": "",
        "ticklabelposition": "inside", "tickfont": {"size": 10, "color": colours.GREY},
    }


def _write(degrees: float, ends: str) -> str:
    turned = (degrees + 180) % 360 - 180 if ends == "EW" else degrees
    return f"{abs(turned):g}°{ends[turned < 0] if turned else ''}"
