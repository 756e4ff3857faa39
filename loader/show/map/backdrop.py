"""A map's background out of a tile server's pictures."""
from __future__ import annotations

import io
import math
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException

from PIL import Image

from loader import __version__
from loader.errors import PeaksError
from loader.show.map.mercator import HALF, View
from loader.show.map.tiles import TileServer

SIDE = 256  # pixels of a tile
CLOSEST = 19  # the zoom that most servers end at
MOST_TILES = 100
PATIENCE = 20.0  # seconds for one tile
AT_ONCE = 4
AGENT = f"peaks-in-elasticsearch/{__version__}"


@dataclass(frozen=True)
class Backdrop:
    """A picture with the part of the plane that it covers.

    Attributes:
        attribution: whose tiles they are.
    """

    picture: Image.Image
    view: View
    attribution: str


@dataclass(frozen=True)
class Cover:
    """The tiles that cover a view: columns from the west, rows from the north, both without their end."""

    zoom: int
    columns: range
    rows: range

    @property
    def view(self) -> View:
        """The part of the plane that the tiles cover."""
        side = 2 * HALF / 2**self.zoom
        return View(
            self.columns.start * side - HALF, HALF - self.rows.stop * side,
            self.columns.stop * side - HALF, HALF - self.rows.start * side,
        )


def cover_view(view: View, pixel: float) -> Cover:
    """Return the tiles whose pixels come nearest to the map's.

    Args:
        view: to cover.
        pixel: of the map, metres on the plane.
    """
    zoom = max(0, min(CLOSEST, round(math.log2(2 * HALF / SIDE / pixel))))
    while True:
        side, most = 2 * HALF / 2**zoom, 2**zoom
        columns = _between((view.left + HALF) / side, (view.right + HALF) / side, most)
        rows = _between((HALF - view.top) / side, (HALF - view.bottom) / side, most)
        if zoom == 0 or len(columns) * len(rows) <= MOST_TILES:
            return Cover(zoom, columns, rows)
        zoom -= 1


def _between(low: float, high: float, most: int) -> range:
    first = max(0, min(most - 1, math.floor(low)))
    return range(first, max(first + 1, min(most, math.ceil(high))))


def fetch_backdrop(tiles: TileServer, view: View, pixel: float) -> Backdrop:
    """Fetch the tiles that cover a view and put them together.

    Raises:
        PeaksError: a tile cannot be fetched or is no picture.
    """
    cover = cover_view(view, pixel)
    places = [(column, row) for row in cover.rows for column in cover.columns]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pictures = list(pool.map(_fetch, [tiles.url(x, y, cover.zoom) for x, y in places]))
    sheet = Image.new("RGB", (SIDE * len(cover.columns), SIDE * len(cover.rows)), "white")
    for (column, row), picture in zip(places, pictures, strict=True):
        place = SIDE * (column - cover.columns.start), SIDE * (row - cover.rows.start)
        sheet.paste(picture.resize((SIDE, SIDE)), place)
    return Backdrop(sheet, cover.view, tiles.attribution)


def _fetch(url: str) -> Image.Image:
    request = urllib.request.Request(url, headers={"User-Agent": AGENT})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return Image.open(io.BytesIO(answer.read())).convert("RGB")
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise PeaksError(f"The tile {url} cannot be had ({_reason(error)}): look at --tiles, or leave it out "
                         "for a map that needs no network.") from error


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    return str(getattr(error, "reason", error)) or type(error).__name__
