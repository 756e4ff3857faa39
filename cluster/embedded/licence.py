"""The trial licence, which opens machine learning and RRF for 30 days, once for a data folder."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from cluster.embedded.calls import Server
from cluster.embedded.errors import ClusterError


@dataclass(frozen=True)
class Licence:
    """The node's licence: type ("basic", "trial"), whether it is in force, and when it ends, if ever."""

    type: str
    active: bool
    expires: datetime | None

    def __str__(self) -> str:
        if self.expires is None:
            return f"{self.type} licence"
        return f"{self.type} licence until {self.expires:%Y-%m-%d}" + ("" if self.active else ", expired")


def read_licence(server: Server) -> Licence | None:
    """The licence of a node; None until the node has made itself one."""
    answer = server.call("/_license")
    if answer is None or answer[0] != 200:
        return None
    licence = answer[1].get("license", {})
    milliseconds = licence.get("expiry_date_in_millis")
    expires = None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return Licence(licence.get("type", "?"), licence.get("status") == "active", expires)


def start_trial(server: Server) -> None:
    """Start the trial unless it runs; asking twice changes nothing.

    Raises:
        ClusterError: this data folder has had its trial, or the node refuses.
    """
    licence = read_licence(server)
    if licence is not None and licence.type != "basic" and licence.active:
        return
    answer = server.call("/_license/start_trial?acknowledge=true", "POST", timeout=30)
    licence = read_licence(server)
    if licence is None or licence.type == "basic" or not licence.active:
        document = {} if answer is None else answer[1]
        reason = document.get("error_message") or document.get("error") or "no answer"
        raise ClusterError(
            f"The node runs, but its trial licence could not be started ({reason}):"
            " `peaks cluster reset` makes a new data folder, which may have a new trial."
        )
