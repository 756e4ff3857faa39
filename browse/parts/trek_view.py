"""The map on the page: what a person chooses on it goes into the address."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit

from browse.address import WHOLE_WORLD, Address
from browse.settings import Settings
from loader.search.trek import read_trek
from loader.search.written_values import parse_box
from loader.show.map.figure import draw_map
from loader.show.map.markers import Marker, gather_markers
from loader.show.map.page import describe_rest
from loader.show.map.view import HALF, View, start_view, unproject

_MARGIN = 200.0  # metres on the plane around the photos of a marker
_HEIGHT = 520  # pixels
# Named one by one: Plotly's own choice holds a button that sends the figure to its company.
_CONFIG = {"scrollZoom": True, "displaylogo": False,
           "modeBarButtons": [["pan2d", "select2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]]}


def show_trek(settings: Settings, address: Address) -> None:
    """Show the photos of the filters on the map; a box filters, a click opens.

    Raises:
        PeaksError: no photo has a position, or none with these filters.
    """
    trek = replace(read_trek(settings.client, address.filters(settings.client)), without_thumbnail=0)
    box = parse_box(address.box) if address.box not in ("", WHOLE_WORLD) else None
    view = start_view(trek, box)
    key, markers = f"map {address.link()}", gather_markers(trek, view)
    figure = draw_map(trek, view, markers, settings.tiles).update_layout(height=_HEIGHT)
    streamlit.plotly_chart(figure, key=key, config=_CONFIG, selection_mode=("points", "box"),
                           on_select=partial(_follow, key, view, markers, address))
    streamlit.caption(" ".join(["Box Select in the bar above filters; a click opens a photo or narrows "
                                "to a group or a peak.", *describe_rest(trek)]))


def _follow(key: str, view: View, markers: Sequence[Marker], address: Address) -> None:
    """Change the address by what was chosen on the map, before the page is made anew."""
    selection = streamlit.session_state[key]["selection"]
    for name, value in _read_selection(selection, view, markers, address).items():
        streamlit.query_params[name] = value


def _read_selection(
    selection: Mapping[str, Any], view: View, markers: Sequence[Marker], address: Address
) -> dict[str, Any]:
    """What a selection on the map changes in the address."""
    if boxes := selection["box"]:
        return {"box": write_box(boxes[0]["x"], boxes[0]["y"])}
    for point in selection["points"]:
        picked = point.get("customdata")
        if isinstance(picked, str):
            return {"peak": [*(each for each in address.peak if each != picked), picked]}
        if isinstance(picked, int) and picked < len(markers):
            return _open_marker(view, markers[picked])
    return {}


def _open_marker(view: View, marker: Marker) -> dict[str, Any]:
    if len(marker.photos) == 1:
        return {"photo": marker.photos[0].id}
    xs, ys = zip(*(view.place(photo.gps) for photo in marker.photos), strict=True)
    return {"box": write_box([min(xs) - _MARGIN, max(xs) + _MARGIN], [min(ys) - _MARGIN, max(ys) + _MARGIN])}


def write_box(xs: Sequence[float], ys: Sequence[float]) -> str:
    """A rectangle of the plane, metres, as ``--box`` takes it; one across the date line stays one."""
    corner, other = unproject(min(xs), min(max(ys), HALF)), unproject(max(xs), max(min(ys), -HALF))
    left, right = (corner.lon, other.lon) if max(xs) - min(xs) < 2 * HALF else (-180.0, 180.0)
    return f"{corner.lat:.5f},{left:.5f},{other.lat:.5f},{right:.5f}"
