"""The map on the page: what a person chooses on it goes into the address."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit

from browse.address import WHOLE_WORLD, Address
from browse.server import Settings
from loader.place import Box
from loader.search.answer import Answer
from loader.search.trek import read_trek
from loader.search.written_values import parse_box
from loader.show.map.figure import draw_map
from loader.show.map.markers import CELLS, Marker, gather_markers
from loader.show.map.page import describe_rest
from loader.show.map.view import HALF, View, start_view, write_area, write_box

_MARGIN = 200.0  # metres on the plane around the photos of a marker
_HEIGHT = 520  # pixels
_PHONE = "Mobi"  # in the names of the browsers of phones
_PHONE_CELLS = 14  # of the map's width
# Named one by one: Plotly's own choice holds a button that sends the figure to its company.
_CONFIG = {"scrollZoom": True, "doubleClick": False, "displaylogo": False,
           "displayModeBar": True,
           "modeBarButtons": [["pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]]}


def show_trek(settings: Settings, address: Address, answer: Answer) -> None:
    """Show photos on the map; a box filters, a click opens.

    Without words it shows all photos that pass the filters, not only a page of them.

    Raises:
        PeaksError: no photo has a position, or none with these filters.
    """
    is_asked = bool(address.q.strip() or address.like or address.stack)
    filters = address.filters(settings.client)
    trek = read_trek(settings.client, filters, answer=answer if is_asked else None)
    trek = replace(trek, without_thumbnail=0)
    is_phone = _PHONE in streamlit.context.headers.get("User-Agent", "")
    view = start_view(trek, _read_box(address))
    key, markers = f"map {address.link()}", gather_markers(trek, view, _PHONE_CELLS if is_phone else CELLS)
    figure = draw_map(trek, view, markers, settings.tiles).update_layout(height=_HEIGHT)
    streamlit.plotly_chart(figure, key=key, config=_CONFIG, selection_mode=("points", "box", "lasso"),
                           on_select=partial(_follow, key, view, markers, address))
    streamlit.caption(" ".join(["A box or a lasso, in the bar above, filters; a click opens a photo or "
                                "narrows to a group or a peak.", *describe_rest(trek)]))


def _read_box(address: Address) -> Box | None:
    """The degrees that the map opens with; None opens it with the trek."""
    if address.area:
        corners = (map(float, corner.split()) for corner in address.area.split(","))
        longitudes, latitudes = zip(*corners, strict=True)
        return Box(max(latitudes), min(longitudes), min(latitudes), max(longitudes))
    return parse_box(address.box) if address.box not in ("", WHOLE_WORLD) else None


def _follow(key: str, view: View, markers: Sequence[Marker], address: Address) -> None:
    """Change the address by what was chosen on the map, before the page is made anew."""
    selection = streamlit.session_state[key]["selection"]
    if changes := read_selection(selection, view, markers, address):
        streamlit.query_params.from_dict(address.change(**changes).parameters())


def read_selection(
    selection: Mapping[str, Any], view: View, markers: Sequence[Marker], address: Address
) -> dict[str, Any]:
    """What a selection on the map changes in the address."""
    if boxes := selection["box"]:
        return {"box": write_box(boxes[0]["x"], boxes[0]["y"]), "area": ""}
    if outlines := selection["lasso"]:
        xs, ys = outlines[0]["x"], outlines[0]["y"]
        if max(xs) - min(xs) < 2 * HALF:
            return {"area": write_area(xs, ys), "box": ""}
        return {"area": "", "box": write_box(xs, ys)}  # Elasticsearch takes no outline around the world
    for point in selection["points"]:
        picked = point.get("customdata")
        if isinstance(picked, str):
            return {"peak": (*(each for each in address.peak if each != picked), picked)}
        if isinstance(picked, int) and picked < len(markers):
            return _open_marker(view, markers[picked])
    return {}


def _open_marker(view: View, marker: Marker) -> dict[str, Any]:
    if len(marker.photos) == 1:
        return {"photo": marker.photos[0].id}
    xs, ys = zip(*(view.place(photo.gps) for photo in marker.photos), strict=True)
    box = write_box([min(xs) - _MARGIN, max(xs) + _MARGIN], [min(ys) - _MARGIN, max(ys) + _MARGIN])
    return {"box": box, "area": ""}
