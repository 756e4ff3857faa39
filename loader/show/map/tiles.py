"""A tile server: its address, in the form that other maps use, and its tiles under a view."""
from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loader.errors import PeaksError
from loader.show.map.view import HALF, View

if TYPE_CHECKING:  # an address is read before Plotly, which takes a second to import
    import plotly.graph_objects as go

EXAMPLE = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"

MOST_ZOOM = 17
_TILES_WIDE = 3

# {s} stands for a server's letter, {r} asks for a double picture.
_PLACES = {"x": "{x}", "y": "{y}", "z": "{z}", "s": "a", "r": ""}


@dataclass(frozen=True)
class TileServer:
    """Where square pictures of the world come from.

    Attributes:
        url: template with ``{x}``, ``{y}`` and ``{z}``.
        attribution: the owner of the tiles; OpenStreetMap asks to be named.
    """

    url: str
    attribution: str


def read_tile_server(written: str) -> TileServer:
    """Read a URL template as a person gives it, in small or capital letters.

    Raises:
        PeaksError: it is no web address, lacks a place or has an unknown one.
    """
    try:
        parts = urlsplit(written)
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:  # a bracket without its other half
        host = None
    named = {name.lower() for name in re.findall(r"\{([^{}]*)\}", written)}
    if not host or not {"x", "y", "z"} <= named <= set(_PLACES):
        raise PeaksError(
            f"--tiles {written!r} is no web address with {{x}}, {{y}} and {{z}}: give one such as {EXAMPLE}."
        )
    is_osm = f".{host}".endswith(".openstreetmap.org")
    url = re.sub(r"\{([^{}]*)\}", lambda place: _PLACES[place[1].lower()], written)
    return TileServer(
        url,
        "© OpenStreetMap contributors" if is_osm else f"Tiles: {urlsplit(url).hostname}",
    )


def cover_view(figure: go.Figure, view: View, tiles: TileServer) -> None:
    """Lay tiles of one zoom under a view and around it."""
    zoom = min(MOST_ZOOM, max(0, round(math.log2(2 * HALF / (view.right - view.left) * _TILES_WIDE))))
    count = 2**zoom
    side = 2 * HALF / count
    columns = range(math.floor((view.left + HALF) / side) - 1, math.floor((view.right + HALF) / side) + 2)
    rows = range(math.floor((HALF - view.top) / side) - 1, math.floor((HALF - view.bottom) / side) + 2)
    for column in columns:
        for row in (row for row in rows if 0 <= row < count):
            url = tiles.url.replace("{x}", str(column % count)).replace("{y}", str(row))
            figure.add_layout_image(
                source=url.replace("{z}", str(zoom)), xref="x", yref="y", sizex=side, sizey=side,
                sizing="stretch", x=column * side - HALF, y=HALF - row * side, layer="below",
            )
    figure.add_annotation(
        text=escape(tiles.attribution), xref="paper", yref="paper", x=1, y=0, showarrow=False,
        font={"size": 10, "color": "#333"}, bgcolor="rgba(255,255,255,0.7)",
    )
