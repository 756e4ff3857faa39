"""Starting and ending the page's server."""
from __future__ import annotations

import signal
import socket
from http.client import HTTPConnection

import pytest

from browse.server import Settings, run_server
from demo.screenshots import serve_page
from loader.elastic.connection import Connection
from loader.errors import PeaksError
from tests.conftest import NOWHERE


def test_a_taken_port_is_one_sentence() -> None:
    before = signal.getsignal(signal.SIGINT)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PeaksError, match=f"^Port {port} of 127.0.0.1 .* give another one with --port"):
            run_server(Settings(Connection(url=NOWHERE)), port)
    assert signal.getsignal(signal.SIGINT) is before


def shake_hands(host: str, port: int, origin: str) -> int:
    """How the page's server answers a web site's wish to open a websocket to it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/_stcore/stream", headers={
        "Host": f"{host}:{port}", "Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    })
    status = connection.getresponse().status
    connection.close()
    return status


def test_no_other_web_site_drives_the_page(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither one that asks 127.0.0.1, nor one whose own name leads there; nothing is asked because of it."""
    with serve_page(NOWHERE, "none") as site:
        port = int(site.rstrip("/").rpartition(":")[2])
        assert shake_hands("127.0.0.1", port, f"http://127.0.0.1:{port}") == 101
        assert shake_hands("localhost", port, f"http://localhost:{port}") == 101
        assert shake_hands("127.0.0.1", port, "http://other.example") == 403
        assert shake_hands("other.example", port, f"http://other.example:{port}") == 403
    assert "external IP" not in "".join(capfd.readouterr())
