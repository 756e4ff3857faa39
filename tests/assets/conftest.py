"""The three photos on the node."""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from loader.elastic.assets import bind_model, read_assets, template_mappings
from tests.conftest import analyzers

from .three_photos import INDEX, MODEL, PHOTOS


@pytest.fixture(scope="module")
def stored(client: Elasticsearch) -> Iterator[Elasticsearch]:
    """The vector templates for three dimensions under names of their own, and an index with three photos."""
    assets = bind_model(read_assets(), MODEL)
    mappings = template_mappings(assets, "photos")
    client.indices.delete(index=INDEX, ignore_unavailable=True)
    client.indices.create(index=INDEX, mappings=mappings, settings=analyzers())
    for name, photo in PHOTOS.items():
        client.index(index=INDEX, id=name, document=photo)
    client.indices.refresh(index=INDEX)
    yield client
    client.indices.delete(index=INDEX)
