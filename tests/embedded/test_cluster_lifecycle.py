"""The life of a real cluster in a home of its own: start, crash, start again, stop, reset."""
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.embedded.home import Home
from cluster.embedded.processes import find_members, is_node, is_worker
from tests.conftest import free_port, run_peaks
from tests.embedded.plugin_node import Api, Echo, infer, put_model, save_model, start_model

pytestmark = pytest.mark.cluster


PORT = free_port()
URL = f"http://127.0.0.1:{PORT}"


def peaks(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_peaks("cluster", *arguments, timeout=300)


def request(method: str, path: str, body: object = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    question = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(question, timeout=30) as answer:
        document = json.load(answer)
    assert isinstance(document, dict)
    return document


def status(home: Home) -> dict[str, Any]:
    document = json.loads(peaks("status", "--home", str(home.path), "--json").stdout)
    assert isinstance(document, dict)
    return document


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert condition()


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A running cluster, with blanks in its path, where every account can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="life of a cluster ", dir="/var/tmp"))
    try:
        started = peaks("start", "--home", str(folder), "--port", str(PORT), "--heap", "512m")
        assert started.returncode == 0, started.stderr
        yield Home(folder)
    finally:
        peaks("stop", "--home", str(folder))
        shutil.rmtree(folder)


def test_it_runs_without_root_on_loopback_with_a_trial(home: Home) -> None:
    document = status(home)
    assert document["state"] == "running"
    assert document["url"] == URL
    assert document["licence"] == {"type": "trial", "active": True}
    for part in ("node", "worker"):
        facts = Path("/proc", str(document[part]["pid"]), "status").read_text()
        users = next(line for line in facts.splitlines() if line.startswith("Uid:")).split()[1:]
        assert "0" not in users  # real, effective, saved, file system


def test_another_start_changes_nothing_and_another_port_is_refused(home: Home) -> None:
    before = status(home)
    assert peaks("start", "--home", str(home.path)).returncode == 0
    after = status(home)
    assert (after["node"]["pid"], after["worker"]["pid"]) == (before["node"]["pid"], before["worker"]["pid"])
    refused = peaks("start", "--home", str(home.path), "--port", str(free_port()))
    assert refused.returncode == 1
    assert f"runs already, at {URL}" in refused.stderr


def test_another_cluster_on_its_port_is_refused(home: Home) -> None:
    with tempfile.TemporaryDirectory(dir=home.path.parent) as other:
        Path(other, home.elasticsearch.name).symlink_to(home.elasticsearch)
        Path(other, "cluster.json").write_text("{}")
        refused = peaks("start", "--home", other, "--port", str(PORT))
    assert refused.returncode == 1
    assert f"Port {PORT} is taken by java (process {status(home)['node']['pid']})" in refused.stderr


def test_a_worker_that_died_comes_back_without_the_node_restarting(home: Home) -> None:
    before = status(home)
    os.kill(before["worker"]["pid"], signal.SIGKILL)
    wait_for(lambda: not find_members(home, is_worker))
    broken = peaks("status", "--home", str(home.path))
    assert broken.returncode == 3
    assert "is not running" in broken.stdout
    assert peaks("start", "--home", str(home.path)).returncode == 0
    after = status(home)
    assert after["state"] == "running"
    assert after["node"]["pid"] == before["node"]["pid"]
    assert after["worker"]["pid"] != before["worker"]["pid"]


def test_data_licence_and_models_survive_a_crash_of_the_node(home: Home, tmp_path: Path) -> None:
    request("PUT", "/diary/_doc/1?refresh=true", {"text": "crossed the pass"})
    put_model(Api(URL), "echo", save_model(Echo(), tmp_path))
    start_model(Api(URL), "echo")
    vectors = infer(Api(URL), "echo", "namaste")
    trial = request("GET", "/_license")["license"]["uid"]
    os.kill(status(home)["node"]["pid"], signal.SIGKILL)
    wait_for(lambda: not find_members(home, is_node))
    assert peaks("status", "--home", str(home.path)).returncode == 3
    started = peaks("start", "--home", str(home.path), "--port", str(PORT), "--heap", "512m")
    assert started.returncode == 0, started.stderr
    assert request("GET", "/diary/_doc/1")["_source"] == {"text": "crossed the pass"}
    assert request("GET", "/_license")["license"]["uid"] == trial
    assert infer(Api(URL), "echo", "namaste") == vectors


def test_stop_leaves_no_process_and_reset_no_data(home: Home) -> None:
    assert peaks("stop", "--home", str(home.path)).stdout == "Stopped.\n"
    assert find_members(home, is_node) == []
    assert find_members(home, is_worker) == []
    assert not home.socket.exists()
    assert peaks("stop", "--home", str(home.path)).stdout == "Nothing was running.\n"
    assert peaks("reset", "--home", str(home.path), "--yes").returncode == 0
    assert not home.data.exists()
    assert home.elasticsearch.is_dir()
