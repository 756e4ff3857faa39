"""The life of the session's cluster: started twice, its worker dies, its node dies; both come back."""
from __future__ import annotations

import json
import os
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cluster.embedded.home import Home
from cluster.embedded.processes import find_members, is_node, is_worker
from cluster.embedded.stacks import STACKS
from tests.conftest import Node, free_port, invoke, must_run_peaks
from tests.embedded.plugin_node import (
    Api,
    Echo,
    drop_model,
    infer,
    put_model,
    save_model,
    start_model,
    wait_until,
)

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def home(node: Node) -> Home:
    """The session's own home, with a blank in its path."""
    if node.home is None:
        pytest.skip("the node was started by somebody else: it is not this test's to kill")
    assert " " in str(node.home)
    return Home(node.home)


def call(command: str, home: Path, *options: str) -> Result:
    """Call a `peaks cluster` command that starts no process."""
    return invoke("cluster", command, "--home", home, *options)


def status(home: Home) -> dict[str, Any]:
    document = json.loads(call("status", home.path, "--json").stdout)
    assert isinstance(document, dict)
    return document


def test_it_runs_without_root_on_loopback_with_a_trial(home: Home, node: Node) -> None:
    document = status(home)
    assert (document["state"], document["url"]) == ("running", node.url)
    assert document["licence"] == {"type": "trial", "active": True}
    for part in ("node", "worker"):
        facts = Path("/proc", str(document[part]["pid"]), "status").read_text()
        users = next(line for line in facts.splitlines() if line.startswith("Uid:")).split()[1:]
        assert "0" not in users  # real, effective, saved, file system


def test_no_secret_of_the_starter_reaches_node_worker_or_logs(
    home: Home, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ES_JAVA_OPTS", raising=False)
    os.kill(status(home)["worker"]["pid"], signal.SIGKILL)
    wait_until(lambda: not find_members(home, is_worker))
    for name in ("ES_API_KEY", "ES_PASSWORD", "HF_TOKEN", "OTHERS_TOKEN"):
        monkeypatch.setenv(name, f"canary of {name}")
    must_run_peaks("cluster", "start", "--home", home.path)
    told = {
        part: Path("/proc", str(status(home)[part]["pid"]), "environ").read_bytes().split(b"\0")
        for part in ("node", "worker")
    }
    names = {line.partition(b"=")[0].decode() for line in told["worker"] if line}
    assert names == {"PATH", "HOME", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONUNBUFFERED"}
    assert not [line for lines in told.values() for line in lines if b"canary" in line]
    logs = [path for path in home.logs.rglob("*") if path.is_file()]
    assert len(logs) > 1 and not [path for path in logs if b"canary" in path.read_bytes()]


def test_another_start_changes_nothing_and_another_port_or_line_is_refused(home: Home, node: Node) -> None:
    before = status(home)
    assert call("start", home.path).exit_code == 0
    after = status(home)
    assert all(after[part]["pid"] == before[part]["pid"] for part in ("node", "worker"))
    running, other = sorted(STACKS, key=lambda each: each.version != before["version"])
    refused = call("start", home.path, "--stack", other.name)
    assert refused.exit_code == 1 and f"runs already, {running} at" in refused.stderr
    refused = call("start", home.path, "--port", str(free_port()))
    assert refused.exit_code == 1 and f"runs already, {running} at {node.url}" in refused.stderr


def test_another_cluster_on_its_port_is_refused(home: Home, node: Node) -> None:
    port = node.url.rpartition(":")[2]
    with tempfile.TemporaryDirectory(dir=home.path.parent) as other:
        Path(other, "cluster.json").write_text("{}")
        refused = call("start", Path(other), "--port", port)
    assert refused.exit_code == 1
    assert f"Port {port} is taken by java (process {status(home)['node']['pid']})" in refused.stderr


def test_a_worker_that_died_comes_back_without_the_node_restarting(home: Home) -> None:
    before = status(home)
    os.kill(before["worker"]["pid"], signal.SIGKILL)
    wait_until(lambda: not find_members(home, is_worker))
    broken = call("status", home.path)
    assert broken.exit_code == 3 and "is not running" in broken.stdout
    must_run_peaks("cluster", "start", "--home", home.path)
    after = status(home)
    assert after["state"] == "running"
    assert after["node"]["pid"] == before["node"]["pid"]
    assert after["worker"]["pid"] != before["worker"]["pid"]


def test_data_licence_and_models_survive_a_crash_of_the_node(home: Home, node: Node, tmp_path: Path) -> None:
    api = Api(node.url)
    api.ok("PUT", "/diary/_doc/1?refresh=true", {"text": "crossed the pass"})
    put_model(api, "echo", save_model(Echo(), tmp_path))
    start_model(api, "echo", "&deployment_id=echo-ingest")
    api.ok("POST", "/_ml/trained_models/echo-ingest/deployment/_update", {"number_of_allocations": 3})
    vectors, trial = infer(api, "echo", "namaste"), api.ok("GET", "/_license")["license"]["uid"]
    os.kill(status(home)["node"]["pid"], signal.SIGKILL)
    wait_until(lambda: not find_members(home, is_node))
    assert call("status", home.path).exit_code == 3
    must_run_peaks("cluster", "start", "--home", home.path, "--port", node.url.rpartition(":")[2])
    assert api.ok("GET", "/diary/_doc/1")["_source"] == {"text": "crossed the pass"}
    assert api.ok("GET", "/_license")["license"]["uid"] == trial
    assert infer(api, "echo-ingest", "namaste") == vectors
    [stats] = api.ok("GET", "/_ml/trained_models/echo/_stats")["trained_model_stats"]
    assert stats["deployment_stats"]["allocation_status"]["allocation_count"] == 3
    drop_model(api, "echo")
    api.ok("DELETE", "/diary")
