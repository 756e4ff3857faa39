"""The six photos in the node's indices, with peaks and concepts beside them."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from tests.conftest import DEMO_CHECKPOINT, Node, call_peaks, renew_indices
from tests.search.search_library import CONTENTS, NOTHING, SHOTS, make_library

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def photos(
    node: Node, client: Elasticsearch, deployed_model: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The folder of the six photos, which are in the index, with three peaks and two concepts beside them."""
    renew_indices(node, client, deployed_model)
    call_peaks("load-peaks", HERE / "peaks.yaml", "--url", node.url)
    call_peaks("load-concepts", HERE / "concepts.yaml", "--url", node.url)
    folder = make_library(tmp_path_factory.mktemp("library"))
    call_peaks("load-photos", folder, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    answer = client.search(index="photos", source=False, fields=[{"field": "path"}], size=len(SHOTS))
    for hit in answer["hits"]["hits"]:
        contents = {**NOTHING, **CONTENTS.get(hit["fields"]["path"][0], {})}
        client.update(index="photos", id=hit["_id"], doc=contents)
    client.indices.refresh(index="photos")
    yield folder
