"""The address of a tile server, in the form that other maps use."""
from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from loader.errors import PeaksError

EXAMPLE = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"

# Bokeh writes the three places in capitals; {s} stands for a server's letter, {r} asks for a double picture.
_PLACES = {"x": "{X}", "y": "{Y}", "z": "{Z}", "s": "a", "r": ""}


@dataclass(frozen=True)
class TileServer:
    """Where square pictures of the world come from.

    Attributes:
        url: template with ``{X}``, ``{Y}`` and ``{Z}``.
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
