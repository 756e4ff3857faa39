"""Starts Streamlit on this machine alone: no statistics, no browser opened, no traceback on the page."""
from __future__ import annotations

import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from elasticsearch import Elasticsearch
from streamlit import net_util
from streamlit.web import bootstrap

from loader.elastic.connection import Connection
from loader.errors import PeaksError
from loader.peaks.identification.identifier import Identifier, open_identifier
from loader.search.asked_image import read_siglip
from loader.show.map.tiles import TileServer
from loader.vision.local_text import LocalText
from loader.vision.local_vision import LocalVision

SCRIPT = Path(__file__).parent / "page.py"
_TIMEOUT = 15.0  # seconds: a person waits
HOST = "127.0.0.1"
_OPTIONS = {  # named as `streamlit run` names its flags
    "server.address": HOST,
    "server.allowedHosts": [HOST, "localhost"],  # no web site under a name of its own that leads here
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 100,  # MB
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    # As in style.css; Streamlit's own is the red of an error. Given for both, or dark is lost.
    "theme.light.primaryColor": "#209280",
    "theme.dark.primaryColor": "#209280",
}


@dataclass(frozen=True)
class Settings:
    """What a person chose on the command line.

    Attributes:
        connection: to the cluster.
        checkpoint: that photos are identified with.
        tiles: the map's background; None needs no network.
        chosen: the ones that the page uses.
    """

    connection: Connection
    checkpoint: str | None = None
    tiles: TileServer | None = None
    chosen: ClassVar[Settings]

    @cached_property
    def client(self) -> Elasticsearch:
        """One client for all visits of the page."""
        return self.connection.client(_TIMEOUT)

    @cached_property
    def vision(self) -> LocalVision:
        """The checkpoint, which is read once."""
        return LocalVision(self.checkpoint)

    @cached_property
    def text(self) -> LocalText:
        """The checkpoint's text model, for a licence without machine learning."""
        return LocalText(self.checkpoint)

    def open_identifier(self) -> Identifier:
        """The catalogue and the rule as they are now; see `loader.search.asked_image.read_siglip`."""
        return open_identifier(self.client, read_siglip(self.client, self.vision))


def run_server(settings: Settings, port: int) -> None:
    """Serve the page at a port of `HOST` until Ctrl-C.

    Raises:
        PeaksError: the port is taken.
    """
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise PeaksError(f"Port {port} of {HOST} cannot be used ({error.strerror}): give another one with "
                         "--port.") from error
    Settings.chosen = settings
    net_util.get_external_ip = lambda: None  # it asks a server when a web site tries to open the page
    options = {**_OPTIONS, "server.port": port}
    bootstrap.load_config_options(options)
    bootstrap.run(str(SCRIPT), is_hello=False, args=[], flag_options=options)
