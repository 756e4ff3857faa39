"""`peaks map`: the trek on a map, as one file that anybody can open."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from loader.commands.options import NEW_FILE, map_filter_options, require_page, write_output
from loader.elastic.connection import Connection, connection_options
from loader.elastic.models import find_limits
from loader.peaks.identification.calibration_store import read_cut_off
from loader.search.asking import answer_question
from loader.search.filters import Filters, read_filters
from loader.search.notes import is_file_name
from loader.search.question import ask_text
from loader.search.trek import read_trek
from loader.search.written_values import parse_box
from loader.show.map.tiles import read_tile_server
from loader.show.tables import fold_line

_LIKELIEST, _MOST_FOUND = 48, 200  # photos that words find; the search templates take no more


@click.command("map")
@click.argument("text", required=False)
@click.option("--output", metavar="FILE", required=True, type=NEW_FILE, callback=require_page,
              help="FILE.html, one file that needs no other files and no network.")
@click.option("--title", default="Photos and peaks", show_default=True, help="Heading of the map.")
@click.option("--tiles", metavar="URL", help="Background from a tile server, such as "
              "https://tile.openstreetmap.org/{z}/{x}/{y}.png [default: none, the map works offline].")
@click.option("--thumbnails", type=click.IntRange(min=0), default=1000, show_default=True, metavar="N",
              help="Most thumbnails, about 13 kB each, spread evenly over the photos.")
@map_filter_options
@connection_options
def draw_trek(
    connection: Connection,
    text: str | None,
    output: Path,
    title: str,
    tiles: str | None,
    thumbnails: int,
    **filters: Any,
) -> None:
    """Draw the trek on a map: peaks, photos and sight lines.

    With TEXT it shows the photos that fit it best: 48, or with a cut-off that `peaks calibrate` measured up
    to 200. On the page one can zoom, choose peaks and days, and look at the photos. It opens on --box, if
    given.
    """
    from loader.show.map.page import describe_rest, headline, render_page  # Plotly takes a second to import

    server = None if tiles is None else read_tile_server(tiles)
    client = connection.client()
    chosen, answer = read_filters(client, **filters), None
    if text is not None:
        cut_off = read_cut_off(client)
        likeliest = chosen + Filters({"size": _LIKELIEST if cut_off is None else _MOST_FOUND})
        answer = answer_question(client, ask_text(
            text, "photo", likeliest, hybrid=is_file_name(text), cut_off=cut_off
        ))
    trek = read_trek(client, chosen, thumbnails, answer=answer)
    box = None if filters["box"] is None else parse_box(filters["box"])
    limits = find_limits(client)
    page = render_page(trek, title, box, server, limits).encode()
    write_output(output, page)
    click.echo(f"Map: {output} ({headline(trek)}; {len(page) / 1e6:.1f} MB)", err=True)
    notes = [*describe_rest(trek), limits, None if answer is None else answer.note]
    for note in filter(None, notes):
        click.echo(fold_line(note), err=True)
