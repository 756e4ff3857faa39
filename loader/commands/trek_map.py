"""`peaks map`: the trek on a map, as one file that anybody can open."""
from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loader.elastic.connection import Connection, connection_options
from loader.errors import PeaksError
from loader.search.filters import Filters, read_filters

if TYPE_CHECKING:
    from loader.show.map.tiles import TileServer
    from loader.show.map.trek import Trek

KINDS = (".html", ".png")


@click.command("map")
@click.option("--output", metavar="FILE", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="FILE.html, which needs nothing beside it and no network, or FILE.png.")
@click.option("--title", default="Photos and peaks", show_default=True, help="Heading of the map.")
@click.option("--tiles", metavar="URL", help="Background from a tile server, such as "
              "https://tile.openstreetmap.org/{z}/{x}/{y}.png [default: none, the map works offline].")
@click.option("--thumbnails", type=click.IntRange(min=0), default=1000, show_default=True, metavar="N",
              help="Most thumbnails in FILE.html, about 13 kB each, spread evenly over the photos.")
@click.option("--from", "shot_from", metavar="DATE",
              help="Only photos taken on or after this year, month, day or time (UTC without an offset).")
@click.option("--to", "shot_to", metavar="DATE",
              help="Only photos taken on or before it; a day counts to its end.")
@click.option("--peak", "peaks", metavar="PEAK", multiple=True,
              help="Only photos predicted to show this peak (id or name); repeat for any of several.")
@click.option("--concept", "concepts", metavar="CONCEPT", multiple=True,
              help="Only photos predicted to show this concept (id or name); repeat for any of several.")
@click.option("--in-frame", "in_frame", metavar="PEAK", multiple=True,
              help="Only photos whose camera had this peak in its frame; repeat for any of several.")
@click.option("--near", metavar="LAT,LON|PEAK", help="Only what is near a point or a summit.")
@click.option("--within", metavar="DISTANCE", help="How near, with its unit [default 5km].")
@click.option("--box", metavar="TOP,LEFT,BOTTOM,RIGHT",
              help="Only what is inside a box of degrees, which is the view then.")
@connection_options
def draw_trek(
    connection: Connection,
    output: Path,
    title: str,
    tiles: str | None,
    thumbnails: int,
    shot_from: str | None,
    shot_to: str | None,
    peaks: Sequence[str],
    concepts: Sequence[str],
    in_frame: Sequence[str],
    near: str | None,
    within: str | None,
    box: str | None,
) -> None:
    """The trek on a map: peaks, photos, where they look and what they see.

    The HTML lets a person zoom, choose peaks and days, and look at the photos; the PNG is for a page or a
    print.
    """
    filters = read_filters(near, within, box, shot_from, shot_to, peaks, concepts, in_frame)
    is_page = _is_page(output)
    server = _read_tiles(tiles)
    trek = _read_trek(connection, filters, thumbnails if is_page else 0)
    _write(output, _page(trek, title, filters, server) if is_page else _picture(trek, title, filters, server))
    _report(output, trek, is_page)


def _is_page(output: Path) -> bool:
    kind = output.suffix.lower()
    if kind not in KINDS:
        raise PeaksError(f"{output} is neither .html nor .png: give --output one of these.")
    return kind == ".html"


def _read_tiles(written: str | None) -> TileServer | None:
    from loader.show.map.tiles import TileServer

    return None if written is None else TileServer.read(written)


def _read_trek(connection: Connection, filters: Filters, thumbnails: int) -> Trek:
    from loader.search.questions import resolve
    from loader.show.map.read import read_trek

    client = connection.client()
    return read_trek(client, resolve(client, filters), thumbnails)


def _page(trek: Trek, title: str, filters: Filters, tiles: TileServer | None) -> bytes:
    from loader.show.map.page import render_page  # Bokeh takes a second to import

    return render_page(trek, title, filters.box, tiles).encode("utf-8")


def _picture(trek: Trek, title: str, filters: Filters, tiles: TileServer | None) -> bytes:
    from loader.show.map.picture import render_picture  # so does matplotlib

    return render_picture(trek, title, filters.box, tiles)


def _write(file: Path, content: bytes) -> None:
    """Write the file whole or not at all."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise PeaksError(f"Cannot write {file} ({error.strerror}): give --output a file in a folder that you "
                         "can write to.") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(partial).chmod(0o644)
        Path(partial).replace(file)
    except OSError as error:
        Path(partial).unlink(missing_ok=True)
        raise PeaksError(f"Cannot write {file}: {error.strerror}.") from error


def _report(output: Path, trek: Trek, is_page: bool) -> None:
    from loader.show.map.notes import describe_rest
    from loader.show.map.trek import headline

    size = output.stat().st_size
    shown = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
    click.echo(f"Map: {output} ({headline(trek)}; {shown})", err=True)
    for note in describe_rest(trek, is_page=is_page):
        click.echo(note, err=True)
