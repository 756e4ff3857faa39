"""Fixtures of loads that are killed, stopped and disturbed: a library, and what a quiet load of it gives."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from demo.render import TRUTH_FILE, render
from loader.files.library import list_files
from tests.conftest import REPOSITORY, Node, call_peaks, renew_indices
from tests.elastic.fault_proxy import FaultProxy, run_proxy
from tests.files.picture_files import quadrants, write
from tests.photos.loaded_photos import Documents, documents, empty
from tests.photos.running_load import RunningLoad

PHOTOS, PICTURE_SIDE = 40, 200
BATCH = 4
Start = Callable[..., RunningLoad]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of the demo, small, so that drawing and decoding take no time."""
    folder = tmp_path_factory.mktemp("library") / "trek"
    render(folder, PHOTOS, seed=6, processes=2, long_side=PICTURE_SIDE)
    (folder / TRUTH_FILE).unlink()
    return folder


@pytest.fixture
def cards(tmp_path: Path) -> tuple[Path, Path]:
    """Two cards with a folder of one name, two files of the same names and two of others."""
    for card, width in (("card1", 300), ("card2", 500)):
        for number in range(4):
            name = f"IMG_{number}.jpg" if number < 2 else f"IMG_{width}{number}.jpg"
            write(tmp_path / card / "DCIM" / "100" / name, quadrants(width + 20 * number, 300))
    return tmp_path / "card1" / "DCIM", tmp_path / "card2" / "DCIM"


@pytest.fixture(scope="module")
def undisturbed(
    client: Elasticsearch, deployed_model: str, node: Node, library: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Documents:
    """What a load gives that nothing happens to."""
    renew_indices(node, client, deployed_model)
    call_peaks("load-peaks", REPOSITORY / "demo" / "peaks.yaml", "--url", node.url)
    load = RunningLoad(library, node.url, tmp_path_factory.mktemp("undisturbed")).finish()
    assert load.outcomes == {"created": PHOTOS}, load.said
    found = documents(client)
    assert found.keys() == {file.id for file in list_files(library).files}
    return found


@pytest.fixture
def expected(client: Elasticsearch, undisturbed: Documents) -> Documents:
    """What a load must give, whatever happens to it; the index of photos is empty."""
    empty(client)
    return undisturbed


@pytest.fixture
def proxy(node: Node) -> Iterator[FaultProxy]:
    with run_proxy(node.url, seed=6) as proxy:
        yield proxy


@pytest.fixture
def start(node: Node, library: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a load of the library; whatever is left of it at the end of the test is killed."""
    started: list[RunningLoad] = []

    def begin(
        *options: object, url: str = node.url, folder: Path = library, **tower: Any
    ) -> RunningLoad:
        started.append(RunningLoad(folder, url, tmp_path, "--batch-size", BATCH, *options, **tower))
        return started[-1]

    yield begin
    for load in started:
        load.kill()
