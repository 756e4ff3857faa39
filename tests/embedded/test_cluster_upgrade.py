"""Data and the model go from 8.19 to 9.5, which Elasticsearch upgrades by itself, and not back."""
from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from browse.server import SCRIPT, Settings
from cluster.embedded.home import Home
from cluster.embedded.java import find_javas
from cluster.embedded.stacks import STACKS
from loader.elastic.connection import Connection
from tests.conftest import (
    DEMO_CHECKPOINT,
    Node,
    ask,
    call_peaks,
    free_port,
    invoke,
    must_run_peaks,
    run_peaks,
)
from tests.embedded.plugin_node import Api, infer
from tests.session_node import link_distribution

pytestmark = [pytest.mark.cluster, pytest.mark.release]
NEW, OLD = STACKS


@pytest.fixture
def home(session_home: Path) -> Iterator[Home]:
    """A home beside that of the session."""
    with tempfile.TemporaryDirectory(dir=session_home.parent) as folder:
        (home := Home(Path(folder))).write_state({})
        for stack in STACKS:
            link_distribution(Home(session_home.parent), home, stack)
        yield home
        call_peaks("cluster", "stop", "--home", home.path)


def start(home: Home, port: int, stack: str, *more: str) -> str:
    """Start the node; returns what is said, the choice of the line first."""
    options = ("--port", str(port), "--heap", "512m", *more)
    said = run_peaks("cluster", "start", "--home", home.path, *options, PEAKS_STACK=stack)
    return said.stderr + said.stdout


def load(node: Node, api: Api) -> None:
    """Deploy the demo's text model, and store a photo whose vector is that of "prayer flags", and a peak."""
    call_peaks("model", "deploy", "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    call_peaks("apply", "--es-model-id", DEMO_CHECKPOINT.name, "--url", node.url)
    [vector] = infer(api, DEMO_CHECKPOINT.name, "prayer flags")
    api.ok("PUT", "/photos/_doc/1?refresh=true", {"path": "flags.jpg", "clip_image": vector})
    put_peak(api, "before")


def put_peak(api: Api, identifier: str) -> None:
    """Store a peak, whose vector the ingest pipeline computes."""
    peak = {"id": identifier, "names": ["Ama Dablam"], "elev_m": 6812}
    api.ok("PUT", f"/peaks_catalog/_doc/{identifier}?refresh=true", peak)


def answer(node: Node) -> tuple[str, Any]:
    """The photo that a search finds, and its cosine."""
    [hit] = ask(node, "search", "prayer flags", "--recipe", "none")["hits"]
    return hit["path"], hit["cosine"]


def check_basic_licence(node: Node, api: Api) -> None:
    """Without machine learning a search by words says so, and this machine can make its vector."""
    words = ("search", "prayer flags", "--recipe", "none")
    before = ask(node, *words)["hits"]
    api.ok("POST", "/_license/start_basic?acknowledge=true", None)
    refused = invoke(*words, "--url", node.url)
    assert refused.exit_code == 1 and refused.stderr.count("\n") < 5
    assert "licence does not include [ml]" in refused.stderr.replace("\n", " ")
    after = ask(node, *words, "--client-vectors", "--checkpoint", DEMO_CHECKPOINT)["hits"]
    assert [hit["path"] for hit in after] == [hit["path"] for hit in before] == ["flags.jpg"]
    assert after[0]["cosine"] == pytest.approx(before[0]["cosine"], abs=1e-5)
    Settings.chosen = Settings(Connection(url=node.url), str(DEMO_CHECKPOINT))
    page = AppTest.from_file(str(SCRIPT), default_timeout=60)
    page.query_params["q"] = "prayer flags"
    seen = "".join(each.proto.body for each in page.run().get("html"))
    assert "flags.jpg" in seen and 'role="alert"' not in seen


def test_data_and_model_of_8_19_are_upgraded_and_data_of_9_5_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # which AppTest replaces
    if os.environ.get("PEAKS_STACK") == OLD.name:
        pytest.skip(f"runs once, with the tests of {NEW.name}")
    if not any(java.fits(NEW.lowest_java) for java in find_javas()):
        pytest.skip(f"this machine has no JDK {NEW.lowest_java}")
    port = free_port()
    node = Node(f"http://127.0.0.1:{port}")
    api = Api(node.url)
    start(home, port, OLD.name, "--bare")
    api.ok("PUT", "/diary/_doc/1?refresh=true", {"text": "crossed the pass"})
    must_run_peaks("cluster", "stop", "--home", home.path)
    start(home, port, OLD.name)
    load(node, api)
    assert answer(node) == ("flags.jpg", pytest.approx(1, abs=1e-3))
    must_run_peaks("cluster", "stop", "--home", home.path)
    assert f"{NEW} on JDK" in start(home, port, NEW.name)
    (info,) = api.ok("GET", "/_nodes/_local")["nodes"].values()
    assert info["version"] == NEW.version
    assert api.ok("GET", "/diary/_doc/1")["_source"] == {"text": "crossed the pass"}
    assert answer(node) == ("flags.jpg", pytest.approx(1, abs=1e-3))
    put_peak(api, "after")
    needed = invoke("peak", "before", "--url", node.url)
    assert "[photos-of-peak] is not in the cluster: run `peaks apply`." in needed.stderr
    call_peaks("apply", "--es-model-id", DEMO_CHECKPOINT.name, "--url", node.url)
    found = [ask(node, "peak", identifier)["hits"] for identifier in ("before", "after")]
    assert found[0] == found[1] and found[0][0]["path"] == "flags.jpg"
    check_basic_licence(node, api)
    must_run_peaks("cluster", "stop", "--home", home.path)
    assert f"Elasticsearch 9, and {OLD} cannot open it: take the other --stack" in start(home, port, OLD.name)
    status = json.loads(run_peaks("cluster", "status", "--home", home.path, "--json").stdout)
    assert (status["state"], status["stack"], status["version"]) == ("stopped", NEW.name, NEW.version)
