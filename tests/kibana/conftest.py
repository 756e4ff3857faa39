"""The drawn trek in the node's indices: drawn once, loaded anew for each module that asks for it."""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from tests.conftest import DEMO_CHECKPOINT, REPOSITORY, Node, delete_indices, must_run_peaks
from tests.kibana.drawn_trek import DrawnTrek, draw_trek


@pytest.fixture(scope="package")
def drawn_trek(tmp_path_factory: pytest.TempPathFactory) -> DrawnTrek:
    """A folder of photos."""
    return draw_trek(tmp_path_factory.mktemp("trek"))


@pytest.fixture(scope="module")
def trek(
    node: Node, client: Elasticsearch, deployed_model: str, drawn_trek: DrawnTrek
) -> Iterator[DrawnTrek]:
    """Photos, peaks and concepts in fresh indices."""
    delete_indices(client)
    must_run_peaks("apply", "--url", node.url, "--es-model-id", deployed_model)
    must_run_peaks("load-peaks", REPOSITORY / "demo" / "peaks.yaml", "--url", node.url)
    must_run_peaks("load-concepts", REPOSITORY / "demo" / "concepts.yaml", "--url", node.url)
    must_run_peaks("load-photos", drawn_trek.folder, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    yield drawn_trek
    delete_indices(client)
