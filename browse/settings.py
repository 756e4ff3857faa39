"""What `peaks browse` was started with; the page's script reads it in the same process."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from elasticsearch import Elasticsearch

from loader.elastic.connection import Connection
from loader.peaks.identification.identifier import Identifier, open_identifier
from loader.search.asked_image import read_siglip
from loader.show.map.tiles import TileServer
from loader.vision.local_vision import LocalVision

SCRIPT = Path(__file__).parent / "page.py"
_TIMEOUT = 15.0  # seconds: a person waits


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

    def open_identifier(self) -> Identifier:
        """The catalogue and the rule as they are now; see `loader.search.asked_image.read_siglip`."""
        return open_identifier(self.client, read_siglip(self.client, self.vision))
