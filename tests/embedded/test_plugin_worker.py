"""The inference worker by itself, spoken to over its socket as the plugin does."""
from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.embedded.worker_messages import Connection, Frame
from tests.embedded.plugin_node import Echo, Failing, Sorting, save_model

REPOSITORY = Path(__file__).resolve().parents[2]


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
        self.connection.send(Frame(load))
        half = len(model) // 2
        for part in (model[:half], model[half:]):
            self.connection.send(Frame({"type": "part"}, part))
        self.connection.send(Frame({"type": "start"}))
        return self.connection.receive().header

    def ask(self, request_id: str, *rows: list[int]) -> None:
        masks = [[1] * len(row) for row in rows]
        request = {"request_id": request_id, "tokens": list(rows), "arg_1": masks}
        self.connection.send(Frame({"type": "infer"}, json.dumps(request).encode()))

    def answer(self) -> Frame:
        return self.connection.receive()

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
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    wait_until(lambda: accepts(path), seconds=120)
    return process


def accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def client(worker: tuple[subprocess.Popen[bytes], Path]) -> Iterator[Client]:
    client = Client(worker[1])
    yield client
    client.close()


def model_bytes(module: Any, folder: Path) -> bytes:
    return save_model(module, folder).read_bytes()


def floats(frame: Frame) -> list[float]:
    return list(struct.unpack(f"<{len(frame.body) // 4}f", frame.body))


def test_model_answers_each_row_by_itself(client: Client, tmp_path: Path) -> None:
    assert client.load(model_bytes(Echo(), tmp_path)) == {"type": "loaded"}
    client.ask("1", [1, 2, 3])
    first = client.answer()
    assert (first.header["request_id"], first.header["shape"]) == ("1", [1, 4])
    assert floats(first) == [3.0, 6.0, 1.0, 0.5]
    client.ask("2", [1, 2], [3, 4])
    assert floats(client.answer()) == [2.0, 3.0, 1.0, 0.5, 2.0, 7.0, 1.0, 0.5]


def test_no_tokens_are_a_row_of_none(client: Client, tmp_path: Path) -> None:
    client.load(model_bytes(Echo(), tmp_path))
    client.ask("1", [])
    assert floats(client.answer()) == [0.0, 0.0, 1.0, 0.5]


def test_requests_overlap(client: Client, tmp_path: Path) -> None:
    client.load(model_bytes(Echo(), tmp_path))
    for number in range(40):
        client.ask(str(number), [number])
    answers = {frame.header["request_id"]: floats(frame)[1] for frame in (client.answer() for _ in range(40))}
    assert answers == {str(number): float(number) for number in range(40)}


def test_error_belongs_to_its_request(client: Client, tmp_path: Path) -> None:
    client.load(model_bytes(Failing(), tmp_path))
    client.ask("bad", [99])
    answer = client.answer()
    assert (answer.type, answer.header["request_id"]) == ("error", "bad")
    assert "out of bounds" in answer.header["reason"]
    client.ask("good", [3])
    assert floats(client.answer()) == [1.0] * 4


def test_unknown_operation_is_refused_in_the_ml_nodes_words(client: Client, tmp_path: Path) -> None:
    reason = "Model graph does not match any supported architecture. Unrecognised operations: aten::sort"
    assert client.load(model_bytes(Sorting(), tmp_path)) == {"type": "refused", "reason": reason}


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
    client.load(model_bytes(Echo(), tmp_path))
    assert children(process.pid)
    client.close()
    wait_until(lambda: not children(process.pid))


def test_nonsense_ends_only_its_connection(
    worker: tuple[subprocess.Popen[bytes], Path], tmp_path: Path
) -> None:
    process, path = worker
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(path))
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n" * 4)
    client = Client(path)
    assert client.load(model_bytes(Echo(), tmp_path)) == {"type": "loaded"}
    client.close()
    assert process.poll() is None


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_worker(end: signal.Signals, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "worker.sock")
        process = start_worker(path)
        client = Client(path)
        client.load(model_bytes(Echo(), tmp_path))
        [child] = children(process.pid)
        process.send_signal(end)
        process.wait(timeout=30)
        wait_until(lambda: not is_running(child))
        assert path.exists() == (end == signal.SIGKILL)
        client.close()


def children(parent: int) -> list[int]:
    """The running children of a process."""
    processes = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    own = [process for process in processes if stat_fields(process)[1:2] == [str(parent)]]
    return [process for process in own if is_running(process)]


def is_running(process: int) -> bool:
    fields = stat_fields(process)
    return bool(fields) and fields[0] != "Z"


def stat_fields(process: int) -> list[str]:
    """State, parent, … of a process; nothing when it has gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
