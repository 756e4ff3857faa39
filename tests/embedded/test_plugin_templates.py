"""Stored search templates on the node. Values and rendering: tests/assets."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.embedded.plugin_node import Api

pytestmark = pytest.mark.cluster

INDEX = "plugin-templates"
TEMPLATE = "plugin-match"
MATCH = {"query": {"match": {"text": "{{words}}"}}, "size": "{{size}}{{^size}}3{{/size}}"}


@pytest.fixture(scope="module")
def api(node: Any) -> Iterator[Api]:
    """The node with three documents and a stored template."""
    api = Api(node.url)
    api.call("DELETE", f"/{INDEX}")
    for number, text in enumerate(["Ama Dablam", "Everest", "Everest and Nuptse"]):
        api.ok("PUT", f"/{INDEX}/_doc/{number}?refresh=true", {"text": text})
    api.ok("PUT", f"/_scripts/{TEMPLATE}", {"script": {"lang": "mustache", "source": MATCH}})
    yield api
    api.call("DELETE", f"/{INDEX}")
    api.call("DELETE", f"/_scripts/{TEMPLATE}")


def ids(answer: dict[str, Any]) -> set[str]:
    return {hit["_id"] for hit in answer["hits"]["hits"]}


def test_stored_template_searches(api: Api) -> None:
    answer = api.ok("POST", f"/{INDEX}/_search/template", {"id": TEMPLATE, "params": {"words": "everest"}})
    assert ids(answer) == {"1", "2"}


def test_url_parameters_count(api: Api) -> None:
    path = f"/{INDEX}/_search/template?rest_total_hits_as_int=true&filter_path=hits.total"
    assert api.ok("POST", path, {"id": TEMPLATE, "params": {"words": "everest"}}) == {"hits": {"total": 2}}


def test_stored_template_is_rendered_by_its_id(api: Api) -> None:
    rendered = api.ok("POST", f"/_render/template/{TEMPLATE}", {"params": {"words": "x"}})
    assert rendered["template_output"] == {"query": {"match": {"text": "x"}}, "size": "3"}


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"id": "no-such-template"}, 404, "unable to find script [no-such-template] in cluster state"),
        ({"params": {}}, 400, "template is missing"),
        ({"id": TEMPLATE, "nonsense": 1}, 400, "[search_template] unknown field [nonsense]"),
    ],
)
def test_wrong_requests_are_explained(api: Api, body: dict[str, object], status: int, reason: str) -> None:
    got, said = api.refusal("POST", f"/{INDEX}/_search/template", body)
    assert (got, reason in said) == (status, True), said


def test_broken_template_is_refused_when_stored_for_search(api: Api) -> None:
    script = {"script": {"lang": "mustache", "source": "{{#open}}"}}
    assert api.refusal("PUT", "/_scripts/plugin-broken/template", script)[0] == 400
