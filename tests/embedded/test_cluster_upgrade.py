"""Data go from 8.19 to 9.5, which Elasticsearch upgrades by itself, and not back."""
from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from cluster.embedded.home import Home
from cluster.embedded.java import find_javas
from cluster.embedded.stacks import STACKS, Stack
from tests.conftest import call_peaks, free_port, must_run_peaks, run_peaks
from tests.embedded.plugin_node import Api

pytestmark = pytest.mark.cluster
NEW, OLD = STACKS


@pytest.fixture
def home(session_home: Path) -> Iterator[Home]:
    """A home beside that of the session, for a node without plugins."""
    with tempfile.TemporaryDirectory(dir=session_home.parent) as folder:
        (home := Home(Path(folder))).write_state({})
        for stack in STACKS:
            link_distribution(Home(session_home.parent), home, stack)
        yield home
        call_peaks("cluster", "stop", "--home", home.path)


def link_distribution(prepared: Home, home: Home, stack: Stack) -> None:
    """Take what `peaks cluster prepare` unpacked, if it did, because unpacking takes as long as a start."""
    if prepared.elasticsearch(stack).is_dir():
        copytree(prepared.elasticsearch(stack), home.elasticsearch(stack), copy_function=os.link)


def start(home: Home, port: int, stack: str) -> str:
    """Start the bare node; returns what is said, the choice of the line first."""
    options = ("--home", home.path, "--port", str(port), "--bare", "--heap", "512m")
    said = run_peaks("cluster", "start", *options, PEAKS_STACK=stack)
    return said.stderr + said.stdout


def test_data_of_8_19_are_upgraded_and_data_of_9_5_refused(home: Home) -> None:
    if os.environ.get("PEAKS_STACK") == OLD.name:
        pytest.skip(f"runs once, with the tests of {NEW.name}")
    if not any(java.fits(NEW.lowest_java) for java in find_javas()):
        pytest.skip(f"this machine has no JDK {NEW.lowest_java}")
    port = free_port()
    api = Api(f"http://127.0.0.1:{port}")
    start(home, port, OLD.name)
    api.ok("PUT", "/diary/_doc/1?refresh=true", {"text": "crossed the pass"})
    must_run_peaks("cluster", "stop", "--home", home.path)
    assert f"{NEW} on JDK" in start(home, port, NEW.name)
    (node,) = api.ok("GET", "/_nodes/_local")["nodes"].values()
    assert node["version"] == NEW.version
    assert api.ok("GET", "/diary/_doc/1")["_source"] == {"text": "crossed the pass"}
    must_run_peaks("cluster", "stop", "--home", home.path)
    assert f"Elasticsearch 9, and {OLD} cannot open it: take the other --stack" in start(home, port, OLD.name)
    status = json.loads(run_peaks("cluster", "status", "--home", home.path, "--json").stdout)
    assert (status["state"], status["stack"], status["version"]) == ("stopped", NEW.name, NEW.version)
