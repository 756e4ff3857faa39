"""Tile servers: addresses as people know them from other maps."""
from __future__ import annotations

import pytest

from loader.errors import PeaksError
from loader.show.map.tiles import read_tile_server


def test_reads_the_addresses_that_people_know() -> None:
    tiles = read_tile_server("https://{s}.tile.example.org/{Z}/{x}/{Y}{r}.png?k=1")
    assert tiles.url == "https://a.tile.example.org/{z}/{x}/{y}.png?k=1"
    assert tiles.attribution == "Tiles: a.tile.example.org"
    assert "OpenStreetMap" in read_tile_server("https://tile.openstreetmap.org/{z}/{x}/{y}.png").attribution
    assert "OpenStreetMap" not in read_tile_server("https://openstreetmap.org.evil/{z}/{x}/{y}").attribution


@pytest.mark.parametrize("written", [
    "ftp://x/{z}/{x}/{y}", "javascript:alert(1)//{z}/{x}/{y}", "http://[::1/{z}/{x}/{y}", "tiles",
    "https://x.org/{z}/{x}.png", "https://x.org/{z}/{x}/{y}?k={key}",
])
def test_refuses_what_is_no_tile_server(written: str) -> None:
    with pytest.raises(PeaksError, match="is no web address with"):
        read_tile_server(written)
