"""The inference worker's socket and its processes. What it answers: tests/embedded/test_plugin_models.py."""
from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.embedded.processes import Process, is_alive, list_processes
from cluster.embedded.worker_messages import Connection, Frame
from tests.conftest import REPOSITORY
from tests.embedded.plugin_node import Echo, save_model, wait_until


class Client:
    """One connection to the worker: one model."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.connection = Connection.over(self.socket)

    def load(self, model: bytes, *, claimed: int | None = None) -> dict[str, Any]:
        """Send a model in two parts; returns the worker's answer."""
        size = len(model) if claimed is None else claimed
        load = {"type": "load", "deployment": "test", "bytes": size, "threads": 1, "allocations": 2}
        self.connection.send(Frame({**load, "memory": 2 * size, "dims": 4}))
        half = len(model) // 2
        for part in (model[:half], model[half:]):
            self.connection.send(Frame({"type": "part"}, part))
        self.connection.send(Frame({"type": "start"}))
        return self.connection.receive().header

    def close(self) -> None:
        self.connection.reader.close()
        self.connection.writer.close()
        self.socket.close()


@pytest.fixture(scope="module")
def worker() -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A worker on a socket of a short path, and that path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "worker.sock")
        path.touch()  # as if left by a worker that was killed
        process = start_worker(path)
        yield process, path
        process.terminate()
        process.wait(timeout=30)


def start_worker(path: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cluster.embedded.worker", "--socket", str(path)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(path.parent)},
        start_new_session=True,
    )
    wait_until(lambda: accepts(path))
    return process


def accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


@pytest.fixture
def client(worker: tuple[subprocess.Popen[bytes], Path]) -> Iterator[Client]:
    client = Client(worker[1])
    yield client
    client.close()


@pytest.mark.parametrize(("model", "claimed"), [(b"no model at all", None), (b"cut off", 1000)])
def test_what_is_no_model_is_refused(client: Client, model: bytes, claimed: int | None) -> None:
    answer = client.load(model, claimed=claimed)
    assert answer["type"] == "refused"
    assert answer["reason"]


def test_process_ends_with_its_connection(
    worker: tuple[subprocess.Popen[bytes], Path], tmp_path: Path
) -> None:
    process, path = worker
    client = Client(path)
    client.load(save_model(Echo(), tmp_path).read_bytes())
    assert children(process.pid)
    client.close()
    wait_until(lambda: not children(process.pid))


def test_nonsense_ends_only_its_connection(
    worker: tuple[subprocess.Popen[bytes], Path], tmp_path: Path
) -> None:
    process, path = worker
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.connect(str(path))
        foreign.sendall(b"GET / HTTP/1.1\r\n\r\n" * 4)
    client = Client(path)
    assert client.load(save_model(Echo(), tmp_path).read_bytes()) == {"type": "loaded"}
    client.close()
    assert process.poll() is None


def test_an_upload_that_is_broken_off_leaves_no_file(worker: tuple[subprocess.Popen[bytes], Path]) -> None:
    process, path = worker
    client = Client(path)
    load = {"type": "load", "deployment": "test", "bytes": 9, "threads": 1, "allocations": 1, "memory": 9}
    client.connection.send(Frame(load))
    client.connection.send(Frame({"type": "part"}, bytes(9)))
    client.close()
    wait_until(lambda: not children(process.pid))
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_worker(how: signal.Signals, tmp_path: Path) -> None:
    model = save_model(Echo(), tmp_path).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "worker.sock")
        end_with_its_child(start_worker(path), path, model, how)
        assert path.exists() == (how == signal.SIGKILL)


def end_with_its_child(
    process: subprocess.Popen[bytes], path: Path, model: bytes, how: signal.Signals
) -> None:
    client = Client(path)
    client.load(model)
    wait_until(lambda: len(children(process.pid)) == 1)  # that of `accepts` ends by itself
    [child] = children(process.pid)
    process.send_signal(how)
    process.wait(timeout=30)
    wait_until(lambda: not is_alive(child))
    client.close()


def children(worker: int) -> list[Process]:
    """The running children of a worker, which leads a session."""
    return [process for process in list_processes() if process.session == worker != process.pid]
