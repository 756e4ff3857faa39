"""`peaks browse`: a page for people, on this machine."""
from __future__ import annotations

import click

from loader.commands.options import checkpoint_option
from loader.elastic.connection import Connection, connection_options
from loader.errors import PeaksError
from loader.show.map.tiles import read_tile_server


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True,
              help="Port of the page, on 127.0.0.1 alone.")
@click.option("--tiles", metavar="URL", help="Background of the map from a tile server, such as "
              "https://tile.openstreetmap.org/{z}/{x}/{y}.png [default: none, nothing leaves this machine].")
@checkpoint_option
@connection_options
def browse(connection: Connection, port: int, tiles: str | None, checkpoint: str | None) -> None:
    """Search and look at photos in the browser, until Ctrl-C.

    It asks what the other commands ask, and changes nothing but what you say that a photo shows. Its address
    holds the search, so it can be bookmarked.
    """
    server = None if tiles is None else read_tile_server(tiles)
    connection.client()  # refuses flags that contradict each other
    try:
        from browse.server import Settings, run_server
    except ModuleNotFoundError as error:
        if error.name != "streamlit":
            raise
        raise PeaksError("The page needs Streamlit, which is not installed: run "
                         "`pip install 'peaks-in-elasticsearch[browse]'`, or `make setup`.") from error
    run_server(Settings(connection, checkpoint, server), port)
