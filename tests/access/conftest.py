"""A node with security, started once for this folder. The command makes its keys, and they set it up."""
from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result
from elasticsearch import Elasticsearch

from cluster.embedded.calls import read_password
from cluster.embedded.home import Home
from cluster.embedded.stacks import STACKS
from loader.elastic.assets import KEY_PURPOSES
from loader.elastic.connection import Connection
from tests.conftest import DEMO_CHECKPOINT, call_peaks, free_port, invoke, must_run_peaks
from tests.search.search_library import make_library
from tests.session_node import link_distribution

SEARCH_DATA = Path(__file__).parent.parent / "search"


@dataclass(frozen=True)
class Secured:
    """The node with security, the keys by their purposes, and the folder of the six photos in it."""

    home: Home
    url: str
    keys: dict[str, str]
    photos: Path

    def run(self, who: str, *words: str | Path) -> Result:
        """Run a `peaks` command with a key, or as elastic."""
        return invoke(*words, env={"ES_URL": self.url, **self._credentials(who)})

    def must_run(self, who: str, *words: str | Path) -> str:
        """As `run`, for what must succeed."""
        result = self.run(who, *words)
        assert result.exit_code == 0, f"{who}: {' '.join(map(str, words))}\n{result.output}"
        return result.stdout

    def client(self, who: str) -> Elasticsearch:
        given = self._credentials(who)
        return Connection(
            url=self.url, username=given.get("ES_USERNAME"), password=given.get("ES_PASSWORD"),
            api_key=given.get("ES_API_KEY"),
        ).client()

    def _credentials(self, who: str) -> dict[str, str]:
        if who in self.keys:
            return {"ES_API_KEY": self.keys[who]}
        return {"ES_USERNAME": "elastic", "ES_PASSWORD": read_password(self.home.password)}


@pytest.fixture(scope="package")
def secured(session_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """The node, with model, assets and catalogue put there by the keys; the photos are loaded."""
    with tempfile.TemporaryDirectory(dir=session_home.parent) as folder:
        (home := Home(Path(folder))).write_state({})
        for stack in STACKS:
            link_distribution(Home(session_home.parent), home, stack)
        port = free_port()
        must_run_peaks("cluster", "start", "--security", "--home", home.path, "--port", str(port),
                       "--heap", "512m")
        try:
            photos = make_library(tmp_path_factory.mktemp("library"))
            fill(node := Secured(home, f"http://127.0.0.1:{port}", {}, photos))
            yield node
        finally:
            call_peaks("cluster", "stop", "--home", home.path)


def fill(node: Secured) -> None:
    for purpose in KEY_PURPOSES:
        node.keys[purpose] = node.must_run("elastic", "keys", "create", purpose, "--expires", "1d").strip()
    node.must_run("setup", "model", "deploy", "--checkpoint", DEMO_CHECKPOINT)
    node.must_run("setup", "apply", "--es-model-id", DEMO_CHECKPOINT.name)
    node.must_run("loader", "load-peaks", SEARCH_DATA / "peaks.yaml")
    node.must_run("loader", "load-concepts", SEARCH_DATA / "concepts.yaml")
    checkpoint = ("--checkpoint", DEMO_CHECKPOINT)
    node.must_run("loader", "load-photos", node.photos, *checkpoint, "--precision", "fp32")
    elastic = node.client("elastic")
    elastic.index(index="diary", id="1", document={"text": "private"}, refresh=True)
    elastic.put_script(id="other", script={"lang": "mustache", "source": '{"query": {"match_all": {}}}'})
    elastic.close()


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest puts the page in the place of the main module, which child processes would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
