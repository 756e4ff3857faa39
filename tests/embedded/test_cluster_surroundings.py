"""A busy port is named together with its holder."""
from __future__ import annotations

import os
import socket

import pytest

from cluster.embedded.errors import ClusterError
from cluster.embedded.surroundings import find_holder, require_free_port


def test_a_free_port_passes() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    require_free_port(port)
    assert find_holder(port) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_busy_port_is_named_with_its_holder(address: str) -> None:
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]
        assert find_holder(port) == os.getpid()
        sentence = rf"Port {port} is taken by .*\(process {os.getpid()}\).*--port"
        with pytest.raises(ClusterError, match=sentence):
            require_free_port(port)
