"""ES|QL on the node: Elasticsearch's own, and what it says where a module is missing."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from tests.embedded.plugin_node import Api
from tests.session_node import require_esql

pytestmark = pytest.mark.cluster

INDEX = "plugin-esql"
PROPERTIES = {
    "peaks": "keyword", "words": "text", "altitude": "float", "day": "date", "camera": "geo_point",
    "summits": "geo_point",
}
DOCUMENTS = [
    {"peaks": ["everest", "lhotse"], "words": "prayer flags", "altitude": 5400.0, "day": "2023-10-30",
     "camera": [86.8, 28.0], "summits": [[86.9, 28.0], [86.93, 27.96]]},
    {"peaks": ["everest"], "words": "a yak", "altitude": 4400.0, "day": "2023-10-31", "camera": [86.7, 27.9],
     "summits": [[86.9, 28.0]]},
    {"peaks": [], "words": "flags and a yak", "altitude": 2800.0, "day": "2023-11-02"},
]


@pytest.fixture(scope="module")
def api(node: Any, client: Elasticsearch) -> Iterator[Api]:
    """The node with three documents."""
    require_esql(client)
    api = Api(node.url)
    api.call("DELETE", f"/{INDEX}")
    properties = {name: {"type": type_} for name, type_ in PROPERTIES.items()}
    api.ok("PUT", f"/{INDEX}", {"mappings": {"properties": properties}})
    for number, document in enumerate(DOCUMENTS):
        api.ok("PUT", f"/{INDEX}/_doc/{number}?refresh=true", document)
    yield api
    api.call("DELETE", f"/{INDEX}")


def rows(api: Api, statement: str, **more: object) -> list[list[Any]]:
    """The values that a statement about the index answers with."""
    answer = api.ok("POST", "/_query", {"query": f"FROM {INDEX} | {statement}", **more})
    assert answer["is_partial"] is False
    values: list[list[Any]] = answer["values"]
    return values


def refusal(api: Api, statement: str, **more: object) -> str:
    """What is said against a statement about the index."""
    status, reason = api.refusal("POST", "/_query", {"query": f"FROM {INDEX} | {statement}", **more})
    assert status == 400
    return reason


def test_it_is_the_build_of_the_node(api: Api) -> None:
    version = api.ok("GET", "/")["version"]
    (shown,) = api.ok("POST", "/_query", {"query": "SHOW INFO"})["values"]
    assert shown == [version["number"], version["build_date"], version["build_hash"]]
    (nodes,) = api.ok("GET", "/_nodes/plugins")["nodes"].values()
    versions = {plugin["name"]: plugin["version"] for plugin in nodes["plugins"]}
    assert versions["x-pack-esql"] == version["number"]


def test_places_are_measured(api: Api) -> None:
    found = rows(api, "WHERE camera IS NOT NULL | MV_EXPAND summits | EVAL far = ST_DISTANCE(camera, summits)"
                      " | STATS far = MAX(far), lines = COUNT(*)")
    # From (86.7, 27.9) to (86.9, 28.0), by the great circle of a sphere of 6371 km.
    assert found == [[pytest.approx(22_580, rel=1e-3), 3]]


# What calls into x-pack-ml would end the node: its classes are not there.


@pytest.mark.parametrize(("statement", "construct"), [
    ("STATS COUNT(*) BY CATEGORIZE(words)", "line 1:38: CATEGORIZE"),
    ("STATS n = COUNT(*) BY what = categorize(words) | SORT n", "CATEGORIZE"),
    ("STATS COUNT(*) BY ??function(words)", "CATEGORIZE"),
    ("KEEP altitude, day | CHANGE_POINT altitude ON day", "CHANGE_POINT"),
])
def test_what_needs_machine_learning_is_refused(api: Api, statement: str, construct: str) -> None:
    parameters = [{"function": "categorize"}] if "??" in statement else []
    said = refusal(api, statement, params=parameters)
    assert f"{construct} needs Elasticsearch's module x-pack-ml, which this node does not have" in said
    assert rows(api, "STATS COUNT(*)") == [[3]]


def test_words_alone_are_no_reason_to_refuse(api: Api) -> None:
    found = rows(api, 'EVAL categorize = "CATEGORIZE(words)", change_point = 1 /* CHANGE_POINT */'
                      " | KEEP categorize, change_point | LIMIT 1")
    assert found == [["CATEGORIZE(words)", 1]]


def test_weeks_do_not_end_the_node(api: Api) -> None:
    """Before JDK 23 they would, with the provider of names that Elasticsearch chooses: config/jvm.options."""
    assert rows(api, 'SORT day | EVAL week = DATE_FORMAT("YYYY-ww EEE", day) | KEEP week | LIMIT 1') == [
        ["2023-44 Mon"]]
    assert rows(api, "STATS COUNT(*)") == [[3]]
