"""Fixtures that every test area shares: one embedded node for the session, the demo's model in it.

`PEAKS_TEST_URL` points the cluster tests at a node that already runs (the indices behind the aliases of
`loader.elastic.assets` are deleted by the tests); without it the session starts the embedded node in a home
of its own and stops it at the end. `PEAKS_STACK` names the line of Elasticsearch, 8.19 or 9.5; without it
`peaks cluster start` chooses.
"""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from click.testing import Result
    from elasticsearch import Elasticsearch

# A shell that runs the tests in the background ignores Ctrl-C, and so would all processes that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.setdefault("OMP_NUM_THREADS", "1")
# None of the caller's own: the tests' node must not be sent the keys of another cluster.
for name in ("ES_URL", "CLOUD_ID", "ES_API_KEY", "ES_USERNAME", "ES_PASSWORD", "ES_CA_CERTS",
             "PEAKS_CHECKPOINT"):
    os.environ.pop(name, None)
# Two busy cores say nothing about an example.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"
DEMO_CHECKPOINT = REPOSITORY / "demo" / "siglip2-trek-tiny"
NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens
Truth = list[dict[str, Any]]  # one entry a drawn photo
DRAWN, DRAWN_SEED, DRAWN_SIDE = 24, 4242, 400  # drawn photos that several test areas share; pixels


@dataclass(frozen=True)
class Node:
    """The Elasticsearch node that cluster tests talk to."""

    url: str
    home: Path | None = None


def run_peaks(
    *arguments: str | Path, timeout: float = 600, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the `peaks` command as a person would; returns its exit code, stdout and stderr."""
    return subprocess.run(
        [sys.executable, "-m", "loader", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
        timeout=timeout,
    )


def must_run_peaks(*arguments: str | Path, timeout: float = 600, **environment: str) -> str:
    """Run `peaks` and return its stdout; a non-zero exit fails the test with what it said."""
    result = run_peaks(*arguments, timeout=timeout, **environment)
    assert result.returncode == 0, f"peaks {' '.join(map(str, arguments))}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def free_port() -> int:
    """A TCP port that nothing listens on now, and that no outgoing connection is ever given (ip(7))."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def claimed(file: Path) -> Iterator[None]:
    """Hold a file's lock, so that sessions do not share homes; a session that comes second fails."""
    with file.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.fail(
                "Another pytest session in this checkout uses its node: wait until it ends, or test in a "
                "checkout of its own.", pytrace=False,
            )
        yield


@pytest.fixture(scope="session")
def session_home() -> Iterator[Path]:
    """A home for the session's own node, with blanks, where the account that runs it can reach it."""
    from cluster.embedded.accounts import choose_account
    from cluster.embedded.home import locate_home

    with claimed(Path(__file__)):
        yield locate_home(None, choose_account(None, REPOSITORY)).path / "of the tests"


class NoWaiting:
    """Stands in place of the module `time` of retries, for tests that have no cluster to wait for."""

    monotonic = staticmethod(time.monotonic)

    @staticmethod
    def sleep(seconds: float) -> None:
        raise AssertionError("a test without the mark `cluster` waits for a cluster")


@pytest.fixture(autouse=True)
def fail_instead_of_waiting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test without the mark `cluster` fails at once where it would wait ten minutes for one."""
    if not request.node.get_closest_marker("cluster"):
        monkeypatch.setattr("loader.elastic.retries.time", NoWaiting)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence is one line, whatever terminal the tests run in."""
    monkeypatch.setenv("COLUMNS", "500")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos and the full tokenizer that stands beside some checkouts."""
    if not SHARED.is_dir():
        pytest.skip("the shared folder with real photos and the full tokenizer is not beside this checkout")
    return SHARED


def repaired_catalogue(shared: Path) -> str:
    """The published catalogue without the second entry of its duplicate id."""
    text = (shared / "peaks.yaml").read_text(encoding="utf-8")
    start = text.rindex("- id: ama-dablam")
    return text[:start] + text[text.index("- id:", start + 1) :]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 drawn photos, two of each peak of the demo, and their truth file; drawing takes seconds."""
    from demo.render import render

    folder = tmp_path_factory.mktemp("drawn")
    render(folder, DRAWN, DRAWN_SEED, processes=2, long_side=DRAWN_SIDE)
    return folder


@pytest.fixture(scope="session")
def truth(drawn: Path) -> Truth:
    """What the renderer says is true of the drawn photos."""
    from demo.render import TRUTH_FILE

    entries: Truth = json.loads((drawn / TRUTH_FILE).read_text(encoding="utf-8"))
    return entries


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> Iterator[Node]:
    """One embedded Elasticsearch node for the whole session, trial licence started."""
    given = os.environ.get("PEAKS_TEST_URL")
    if given:
        yield Node(given)
        return
    from cluster.embedded.home import Home
    from cluster.embedded.processes import find_members, is_node, is_worker

    port, home = free_port(), request.getfixturevalue("session_home")
    call_peaks("cluster", "reset", "--yes", "--home", home)  # what a session that was broken off left
    must_run_peaks("cluster", "start", "--home", home, "--port", str(port))
    try:
        yield Node(f"http://127.0.0.1:{port}", home)
    finally:
        stopped = call_peaks("cluster", "stop", "--home", home)
    assert stopped == "Stopped.\n" and not Home(home).socket.exists()
    assert not find_members(Home(home), is_node) and not find_members(Home(home), is_worker)


@pytest.fixture(scope="session")
def client(node: Node) -> Iterator[Elasticsearch]:
    """A client that is connected to the session's node."""
    from loader.elastic.connection import Connection

    client = Connection(url=node.url).client()
    yield client
    client.close()


@pytest.fixture(scope="session")
def deployed_model(node: Node) -> str:
    """The demo checkpoint's text encoder, deployed and started; returns its model id."""
    call_peaks("model", "deploy", "--checkpoint", DEMO_CHECKPOINT, "--clear-previous", "--url", node.url)
    return DEMO_CHECKPOINT.name


def invoke(*arguments: str | Path, **more: Any) -> Result:
    """Run a `peaks` command in this process, which takes no seconds to start.

    A command that starts processes of its own is for `run_peaks`. `more` is click's: `env`, `input`.
    """
    from click.testing import CliRunner

    from loader.cli import peaks

    return CliRunner().invoke(peaks, list(map(str, arguments)), **more)


def call_peaks(*arguments: str | Path) -> str:
    """Run a `peaks` command that must succeed in this process, and return its output."""
    called = invoke(*arguments)
    assert called.exit_code == 0, f"peaks {' '.join(map(str, arguments))}\n{called.output}"
    return called.stdout


def analyzers() -> dict[str, Any]:
    """The analyzers that the fields of photos name, as settings of an index that a test makes."""
    file = REPOSITORY / "mappings" / "component_templates" / "photos-fields.json"
    settings: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["template"]["settings"]["index"]
    return settings


def renew_indices(node: Node, client: Elasticsearch, model_id: str) -> None:
    """Apply every asset, and leave an empty index behind each alias."""
    from tests.session_node import delete_indices, delete_used_indices

    arguments = ("apply", "--url", node.url, "--es-model-id", model_id)
    delete_used_indices(client)
    try:
        call_peaks(*arguments)
    except AssertionError:  # a test has deployed another model under this id
        delete_indices(client)
        call_peaks(*arguments)


@pytest.fixture
def fresh_indices(node: Node, client: Elasticsearch, deployed_model: str) -> str:
    """Every asset applied, and an empty index behind each alias; returns the model id."""
    renew_indices(node, client, deployed_model)
    return deployed_model


def ask(node: Node, *words: str | Path) -> dict[str, Any]:
    """Run a `peaks` command with ``--json`` in this process and read its document."""
    document = json.loads(call_peaks(*words, "--json", "--url", node.url))
    assert isinstance(document, dict)
    return document


def stored_vector(client: Elasticsearch, index: str, field: str, query: dict[str, Any]) -> Any:
    """The vector of the first document that a query finds, ``(dims,)``."""
    import numpy as np

    hits = client.search(index=index, query=query, fields=[{"field": field}], source=False)["hits"]["hits"]
    return np.array(hits[0]["fields"][field], dtype=np.float64).ravel()
