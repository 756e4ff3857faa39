"""What `peaks browse` was started with; the page's script reads it in the same process."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from elasticsearch import Elasticsearch

from loader.elastic.connection import Connection
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
    """

    connection: Connection
    checkpoint: str | None = None
    tiles: TileServer | None = None

    @cached_property
    def client(self) -> Elasticsearch:
        """One client for all visits of the page."""
        return self.connection.client(_TIMEOUT)

    @cached_property
    def vision(self) -> LocalVision:
        """The checkpoint, which is read once."""
        return LocalVision(self.checkpoint)


_chosen: list[Settings] = []


def choose_settings(settings: Settings) -> None:
    """Let the page use these settings from now on."""
    _chosen[:] = [settings]


def chosen_settings() -> Settings:
    """The settings that `choose_settings` was given last."""
    return _chosen[0]
