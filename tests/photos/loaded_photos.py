"""The photos that an index holds, and what two loads must have in common."""
from __future__ import annotations

from typing import Any

import numpy as np
from elasticsearch import Elasticsearch

from loader.elastic.bulk import delete_documents

Documents = dict[str, dict[str, Any]]


def empty(client: Elasticsearch) -> None:
    delete_documents(client, "photos", documents(client))


def documents(client: Elasticsearch) -> Documents:
    """Every photo of the index by its id, vector included."""
    client.indices.refresh(index="photos")
    answer = client.search(index="photos", size=1000, fields=[{"field": "clip_image"}])
    return {
        hit["_id"]: {**hit["_source"], "clip_image": np.ravel(hit["fields"]["clip_image"])}
        for hit in answer["hits"]["hits"]
    }


def same(found: Documents, expected: Documents) -> bool:
    """Assert that two loads gave the same: the very ids, and for each the same content, vector and all."""
    assert found.keys() == expected.keys()
    for identifier, document in found.items():
        this, other = dict(document), dict(expected[identifier])
        assert float(this.pop("clip_image") @ other.pop("clip_image")) >= 0.9999
        assert {"thumbnail", "library", "modified", "size_bytes", "content_hash"} <= this.keys()
        assert this.pop("loaded") and other.pop("loaded")
        assert this.keys() == other.keys(), (identifier, this.keys() ^ other.keys())
        differing = [key for key in this if rounded(this[key]) != rounded(other[key])]
        assert not differing, [(identifier, key, this[key], other[key]) for key in differing]
    return True


def rounded(value: Any) -> Any:
    """A value whose floats are rounded to what the order of sums in a batch leaves of them."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, list) else value
