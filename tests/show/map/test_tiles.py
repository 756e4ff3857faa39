"""Tile servers: their addresses, and a real one on this machine."""
from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from loader.errors import PeaksError
from loader.show.map.backdrop import MOST_TILES, cover_view, fetch_backdrop
from loader.show.map.mercator import HALF, View
from loader.show.map.picture import render_picture
from loader.show.map.start import start_view
from loader.show.map.tiles import TileServer

from .treks import make_trek


class TileHandler(BaseHTTPRequestHandler):
    """Blue tiles; zoom 3 has none, and zoom 4 is no picture."""

    def do_GET(self) -> None:
        zoom = self.path.split("/")[1]
        stream = io.BytesIO()
        Image.new("RGB", (256, 256), "#3366cc").save(stream, "PNG")
        body = b"<html>" if zoom == "4" else stream.getvalue()
        self.send_response(404 if zoom == "3" else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), TileHandler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_reads_the_addresses_that_people_know() -> None:
    tiles = TileServer.read("https://{s}.tile.example.org/{Z}/{X}/{Y}{r}.png?k={{")
    assert tiles.bokeh_url == "https://a.tile.example.org/{Z}/{X}/{Y}.png?k={{"
    assert tiles.url(1, 2, 3) == "https://a.tile.example.org/3/1/2.png?k={{"
    assert tiles.attribution == "Tiles: a.tile.example.org"


def test_openstreetmap_is_named() -> None:
    assert "OpenStreetMap" in TileServer.read("https://tile.openstreetmap.org/{z}/{x}/{y}.png").attribution
    assert "OpenStreetMap" not in TileServer.read("https://openstreetmap.org.evil/{z}/{x}/{y}").attribution


@pytest.mark.parametrize(("written", "words"), [
    ("ftp://x/{z}/{x}/{y}", "no web address"),
    ("javascript:alert(1)//{z}/{x}/{y}", "no web address"),
    ("http://[::1/{z}/{x}/{y}", "no web address"),
    ("tiles", "no web address"),
    ("https://x.org/{z}/{x}.png", "lacks {y}"),
    ("https://x.org/", "lacks {x} and {y} and {z}"),
    ("https://x.org/{z}/{x}/{y}?k={key}", "{key}"),
])
def test_refuses_what_is_no_tile_server(written: str, words: str) -> None:
    with pytest.raises(PeaksError) as refused:
        TileServer.read(written)
    assert words in refused.value.message


@given(
    st.floats(-HALF, HALF * 0.99), st.floats(-HALF, HALF * 0.99), st.floats(100, HALF), st.floats(0.1, 2000)
)
def test_a_cover_holds_the_view_with_few_tiles(left: float, bottom: float, side: float, pixel: float) -> None:
    view = View(left, bottom, min(left + side, HALF), min(bottom + side, HALF))
    cover = cover_view(view, pixel)
    assert len(cover.columns) * len(cover.rows) <= MOST_TILES
    assert cover.view.left <= view.left + 1e-3 and cover.view.right >= view.right - 1e-3
    assert cover.view.bottom <= view.bottom + 1e-3 and cover.view.top >= view.top - 1e-3


def test_tiles_lie_under_the_drawing(server: str) -> None:
    tiles = TileServer.read(server + "/{z}/{x}/{y}.png")
    picture = Image.open(io.BytesIO(render_picture(make_trek(), "With tiles", tiles=tiles))).convert("RGB")
    blue = np.abs(np.asarray(picture, dtype=int) - (0x33, 0x66, 0xCC)).max(axis=-1) < 12
    assert blue.sum() > 100_000


@pytest.mark.parametrize(("zoom", "words"), [(3, "HTTP 404"), (4, "cannot identify image")])
def test_a_tile_that_cannot_be_had_is_one_sentence(server: str, zoom: int, words: str) -> None:
    tiles = TileServer(server + f"/{zoom}/{{x}}/{{y}}/{{z}}")
    with pytest.raises(PeaksError) as refused:
        fetch_backdrop(tiles, start_view(make_trek(), 1.5), 70)
    assert words in refused.value.message
    assert "--tiles" in refused.value.message


def test_no_server_is_one_sentence() -> None:
    tiles = TileServer("http://127.0.0.1:9/{z}/{x}/{y}")
    with pytest.raises(PeaksError, match="cannot be had"):
        fetch_backdrop(tiles, start_view(make_trek(), 1.5), 70)
