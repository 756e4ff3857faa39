"""`peaks map`: the trek on a map, as one file that anybody can open."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from loader.commands.options import NEW_FILE, map_filter_options, say_limits, write_output
from loader.elastic.connection import Connection, connection_options
from loader.errors import PeaksError
from loader.search.filters import read_filters
from loader.search.trek import read_trek
from loader.search.written_values import parse_box
from loader.show.map.tiles import read_tile_server


@click.command("map")
@click.option("--output", metavar="FILE", required=True, type=NEW_FILE,
              help="FILE.html, one file that needs no other files and no network.")
@click.option("--title", default="Photos and peaks", show_default=True, help="Heading of the map.")
@click.option("--tiles", metavar="URL", help="Background from a tile server, such as "
              "https://tile.openstreetmap.org/{z}/{x}/{y}.png [default: none, the map works offline].")
@click.option("--thumbnails", type=click.IntRange(min=0), default=1000, show_default=True, metavar="N",
              help="Most thumbnails, about 13 kB each, spread evenly over the photos.")
@map_filter_options
@connection_options
def draw_trek(
    connection: Connection, output: Path, title: str, tiles: str | None, thumbnails: int, **filters: Any
) -> None:
    """Draw the trek on a map: peaks, photos, and the directions and sight lines of the cameras.

    On the page one can zoom, choose peaks and days, and look at the photos. It opens on --box, if given.
    """
    if output.suffix.lower() != ".html":
        raise PeaksError(f"The map is a page, and {output} is no .html file: give --output "
                         f"{output.with_suffix('.html')}.")
    from loader.show.map.page import describe_rest, headline, render_page  # Bokeh takes a second to import

    server = None if tiles is None else read_tile_server(tiles)
    client = connection.client()
    trek = read_trek(client, read_filters(client, **filters), thumbnails)
    box = None if filters["box"] is None else parse_box(filters["box"])
    page = render_page(trek, title, box, server).encode()
    write_output(output, page)
    click.echo(f"Map: {output} ({headline(trek)}; {len(page) / 1e6:.1f} MB)", err=True)
    for note in describe_rest(trek):
        click.echo(note, err=True)
    say_limits(client)
