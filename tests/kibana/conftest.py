"""The drawn trek in the node's indices, drawn and loaded once for all of these tests.

It must stay as it is until the last of them: the test in `test_apply` that wants empty indices runs before.
"""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch

from loader.cli import peaks
from tests.conftest import DEMO_CHECKPOINT, REPOSITORY, Node, delete_indices, must_run_peaks
from tests.kibana.drawn_trek import DrawnTrek, draw_trek


@pytest.fixture(scope="package")
def trek(
    node: Node, client: Elasticsearch, deployed_model: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DrawnTrek]:
    """Photos, peaks and concepts in fresh indices."""
    drawn = draw_trek(tmp_path_factory.mktemp("trek"))
    delete_indices(client)
    for words in (
        ("apply", "--es-model-id", deployed_model),
        ("load-peaks", str(REPOSITORY / "demo" / "peaks.yaml")),
        ("load-concepts", str(REPOSITORY / "demo" / "concepts.yaml")),
    ):
        done = CliRunner().invoke(peaks, [*words, "--url", node.url])
        assert done.exit_code == 0, done.output
    must_run_peaks("load-photos", drawn.folder, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    yield drawn
    delete_indices(client)
