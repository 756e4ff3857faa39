"""The map on the page: what a person chooses on it goes into the address."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit

from browse.address import WHOLE_WORLD, Address
from browse.server import Settings
from loader.search.answer import Answer
from loader.search.filters import Filters
from loader.search.trek import read_trek
from loader.search.written_values import parse_box
from loader.show.map.figure import add_links, draw_map
from loader.show.map.markers import Marker, gather_markers
from loader.show.map.outlines import bound, outline_box, read_area, write_area, write_box, write_box_of
from loader.show.map.page import describe_rest
from loader.show.map.view import SCREENS, start_view

_HEIGHT = 520  # pixels
# Named one by one: Plotly's own choice holds a button that sends the figure to its company.
_CONFIG = {"scrollZoom": True, "doubleClick": False, "displaylogo": False, "displayModeBar": True,
           "modeBarButtons": [["pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]]}


def show_trek(settings: Settings, address: Address, filters: Filters, answer: Answer) -> None:
    """Show photos on the map; a box filters, a click opens.

    Without words it shows all photos that pass the filters, not only a page of them.

    Raises:
        PeaksError: no photo has a position, or none with these filters.
    """
    is_asked = address.has_match or bool(address.stack)
    trek = read_trek(settings.client, filters, answer=answer if is_asked else None)
    trek, outline = replace(trek, without_thumbnail=0), []
    if address.area:
        outline = read_area(address.area)
    elif address.box not in ("", WHOLE_WORLD):
        outline = outline_box(parse_box(address.box))
    view = start_view(trek, bound(outline) if outline else None)
    for screen in SCREENS:  # style.css shows the one that fits
        markers, key = gather_markers(trek, view, screen.cells), f"{screen.name} map {address.link()}"
        figure = draw_map(trek, view, markers, screen, settings.tiles, outline).update_layout(height=_HEIGHT)
        add_links(figure, partial(_link, markers, address))
        streamlit.plotly_chart(figure, key=key, config=_CONFIG, selection_mode=("points", "box", "lasso"),
                               on_select=partial(_follow, key, markers, address))
    streamlit.caption(" ".join(["A box or a lasso, in the bar above, filters; a click opens a photo or "
                                "narrows to a group or a peak.",
                                *(["Shown are the best of the answer."] if address.has_match else []),
                                *describe_rest(trek)]))


def _follow(key: str, markers: Sequence[Marker], address: Address) -> None:
    """Change the address by what was chosen on the map, before the page is made anew."""
    if changes := read_selection(streamlit.session_state[key]["selection"], markers, address):
        streamlit.query_params.from_dict(address.change(**changes).parameters())


def read_selection(
    selection: Mapping[str, Any], markers: Sequence[Marker], address: Address
) -> dict[str, Any]:
    """What a selection on the map changes in the address."""
    if boxes := selection["box"]:
        return {"box": write_box(boxes[0]["x"], boxes[0]["y"]), "area": ""}
    if outlines := selection["lasso"]:
        xs, ys = outlines[0]["x"], outlines[0]["y"]
        area = write_area(xs, ys)
        return {"area": area, "box": "" if area else write_box(xs, ys)}
    picked = next((point["customdata"] for point in selection["points"] if "customdata" in point), None)
    return {} if picked is None else _pick(picked, markers, address)


def _pick(picked: str | int, markers: Sequence[Marker], address: Address) -> dict[str, Any]:
    """What a click on a peak, by its id, or on a marker, by its place, changes in the address."""
    if isinstance(picked, str):
        return {"peak": (*(each for each in address.peak if each != picked), picked)}
    photos = markers[picked].photos
    return {"photo": photos[0].id} if len(photos) == 1 else {"box": write_box_of(photos), "area": ""}


def _link(markers: Sequence[Marker], address: Address, picked: str | int) -> str:
    return address.link(**_pick(picked, markers, address))
