"""The rrf retriever on the node: fusion, window, filters, aggregations, explanations, templates."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.embedded.plugin_node import Api

pytestmark = pytest.mark.cluster

INDEX = "plugin-rrf"
DOCUMENTS = {
    "a": {"text": "everest", "vector": [1.0, 0.0], "year": 2020},
    "b": {"text": "everest everest", "vector": [0.8, 0.6], "year": 2021},
    "c": {"text": "lhotse", "vector": [0.9, 0.1], "year": 2021},
    "d": {"text": "lhotse", "vector": [0.0, 1.0], "year": 2022},
}


@pytest.fixture(scope="module")
def api(node: Any) -> Iterator[Api]:
    """The node with four documents of text and vector."""
    api = Api(node.url)
    api.call("DELETE", f"/{INDEX}")
    vector = {"type": "dense_vector", "dims": 2, "similarity": "cosine", "index_options": {"type": "hnsw"}}
    properties = {"text": {"type": "text"}, "vector": vector, "year": {"type": "integer"}}
    api.ok("PUT", f"/{INDEX}", {"mappings": {"properties": properties}})
    for name, document in DOCUMENTS.items():
        api.ok("PUT", f"/{INDEX}/_doc/{name}?refresh=true", document)
    yield api
    api.call("DELETE", f"/{INDEX}")


def search_body(**changes: object) -> dict[str, Any]:
    """A search that fuses the documents about Everest with those near [1, 0]."""
    text = {"standard": {"query": {"match": {"text": "everest"}}}}
    near = {"knn": {"field": "vector", "query_vector": [1.0, 0.0], "k": 3, "num_candidates": 10}}
    rrf = {"retrievers": [text, near], "rank_window_size": 10, "rank_constant": 60, **changes}
    return {"retriever": {"rrf": rrf}, "_source": False}


def ranking(answer: dict[str, Any]) -> list[tuple[str, float]]:
    return [(hit["_id"], hit["_score"]) for hit in answer["hits"]["hits"]]


def test_ranks_are_fused(api: Api) -> None:
    # text: b, a (b says it twice); vector: a, c, b.
    found = dict(ranking(api.ok("POST", f"/{INDEX}/_search", search_body())))
    assert list(found) == ["a", "b", "c"]
    assert found["a"] == pytest.approx(1 / 62 + 1 / 61, rel=1e-6)
    assert found["b"] == pytest.approx(1 / 61 + 1 / 63, rel=1e-6)
    assert found["c"] == pytest.approx(1 / 62, rel=1e-6)


def test_constant_and_window_count(api: Api) -> None:
    body = {**search_body(rank_constant=1, rank_window_size=1), "size": 1}
    answer = api.ok("POST", f"/{INDEX}/_search", body)
    assert ranking(answer) == [("a", 0.5)]


def test_filter_holds_for_every_retriever(api: Api) -> None:
    body = search_body(filter=[{"term": {"year": 2021}}])
    answer = api.ok("POST", f"/{INDEX}/_search", body)
    assert [name for name, _ in ranking(answer)] == ["b", "c"]


def test_aggregations_see_every_match(api: Api) -> None:
    body = {**search_body(), "size": 1, "aggs": {"years": {"terms": {"field": "year"}}}}
    answer = api.ok("POST", f"/{INDEX}/_search", body)
    buckets = {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["years"]["buckets"]}
    assert buckets == {2020: 1, 2021: 2}


def test_template_can_hold_it(api: Api) -> None:
    body = {"source": json.dumps(search_body()), "params": {}}
    answer = api.ok("POST", f"/{INDEX}/_search/template", body)
    assert [name for name, _ in ranking(answer)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({**search_body(rank_window_size=2), "size": 3}, "requires [rank_window_size: 2]"),
        (search_body(nonsense=1), "[rrf] unknown field [nonsense]"),
        ({"retriever": {"rrf": {"rank_window_size": 3}}}, "Required [retrievers]"),
    ],
)
def test_wrong_retrievers_are_refused(api: Api, body: dict[str, Any], reason: str) -> None:
    status, said = api.refusal("POST", f"/{INDEX}/_search", body)
    assert (status, reason in said) == (400, True), said
