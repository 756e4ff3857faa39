"""Ingest processors on the node: set, remove, inference in both of its forms."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.embedded.plugin_node import Api, Echo, drop_model, put_model, save_model, start_model

pytestmark = pytest.mark.cluster

MODEL = "plugin-ingest"
PIPELINE = "plugin-pipeline"


@pytest.fixture(scope="module")
def api(node: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The node with a deployed echo model."""
    api = Api(node.url)
    put_model(api, MODEL, save_model(Echo(), tmp_path_factory.mktemp("models")))
    start_model(api, MODEL)
    yield api
    api.call("DELETE", f"/_ingest/pipeline/{PIPELINE}")
    drop_model(api, MODEL)


def simulate(api: Api, processors: list[dict[str, Any]], source: dict[str, Any]) -> Any:
    """What a pipeline makes of one document: its source, or the error's reason."""
    body = {"pipeline": {"processors": processors}, "docs": [{"_source": source}]}
    [doc] = api.ok("POST", "/_ingest/pipeline/_simulate", body)["docs"]
    return doc["doc"]["_source"] if "doc" in doc else doc["error"]["reason"]


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        ({"set": {"field": "b", "value": "x"}}, {"a": ["1", '"2"'], "b": "x"}),
        ({"set": {"field": "b.c", "copy_from": "a"}}, {"a": ["1", '"2"'], "b": {"c": ["1", '"2"']}}),
        ({"set": {"field": "a", "value": "x", "override": False}}, {"a": ["1", '"2"']}),
        (
            {"set": {"field": "b", "value": "{{#a}}{{{.}}} | {{/a}}"}},
            {"a": ["1", '"2"'], "b": '1 | "2" | '},
        ),
        ({"set": {"field": "b", "value": "{{#a}}{{.}},{{/a}}"}}, {"a": ["1", '"2"'], "b": '1,\\"2\\",'}),
        ({"remove": {"field": "a"}}, {}),
        ({"remove": {"field": ["a", "none"], "ignore_missing": True}}, {}),
        ({"remove": {"field": "none"}}, "field [none] not present as part of path [none]"),
    ],
)
def test_set_and_remove(api: Api, processor: dict[str, Any], expected: object) -> None:
    assert simulate(api, [processor], {"a": ["1", '"2"']}) == expected


def test_inference_writes_the_vector_beside_its_input(api: Api) -> None:
    inference = {"model_id": MODEL, "input_output": [{"input_field": "text", "output_field": "out.vector"}]}
    document = simulate(api, [{"inference": inference}], {"text": "ab"})
    assert document["out"] == {"vector": [2.0, 195.0, 1.0, 0.5], "model_id": MODEL}


def test_inference_appends_to_what_is_there(api: Api) -> None:
    """As Elasticsearch's own does (InferenceResults.setOrAppendValue); null is a value too."""
    inference = {"model_id": MODEL, "input_output": {"input_field": "text", "output_field": "vector"}}
    for left, before in (([7.0], [7.0]), ("x", ["x"]), (None, [None]), ([], [])):
        document = simulate(api, [{"inference": inference}], {"text": "ab", "vector": left, "model_id": "a"})
        assert document["vector"] == [*before, [2.0, 195.0, 1.0, 0.5]]
        assert document["model_id"] == ["a", MODEL]


def test_inference_of_several_fields(api: Api) -> None:
    pairs = [{"input_field": name, "output_field": f"{name}_vector"} for name in ("a", "b", "c")]
    inference = {"model_id": MODEL, "input_output": pairs, "ignore_missing": True}
    document = simulate(api, [{"inference": inference}], {"a": "x", "c": "yz"})
    assert [document[f"{name}_vector"][0] for name in ("a", "b", "c")] == [1.0, 0.0, 2.0]
    assert simulate(api, [{"inference": inference}], {"d": "x"}) == {"d": "x"}


def test_inference_names_what_is_wrong_with_a_document(api: Api) -> None:
    inference = {"model_id": MODEL, "input_output": {"input_field": "text", "output_field": "vector"}}
    assert "field [text] not present" in simulate(api, [{"inference": inference}], {})
    assert "because it is not a text field" in simulate(api, [{"inference": inference}], {"text": 7})
    unknown = {**inference, "model_id": "nope"}
    reason = simulate(api, [{"inference": unknown}], {"text": "a"})
    assert reason == "[nope] is not an inference service model or a deployed ml model"


@pytest.mark.parametrize(
    ("processor", "reason"),
    [
        ({"set": {"field": "a", "value": 1, "copy_from": "b"}}, "cannot set `copy_from` while also setting"),
        ({"set": {"value": 1}}, "[field] required property is missing"),
        ({"remove": {}}, "[field] required property is missing"),
        ({"inference": {}}, "[model_id] required property is missing"),
        ({"inference": {"model_id": "m", "input_output": []}}, "needs one map or a list of maps"),
        (
            {"inference": {"model_id": "m", "input_output": {"input_field": "a"}}},
            "[output_field] required property is missing",
        ),
    ],
)
def test_wrong_processors_are_refused(api: Api, processor: dict[str, Any], reason: str) -> None:
    status, said = api.refusal("PUT", f"/_ingest/pipeline/{PIPELINE}", {"processors": [processor]})
    assert (status, reason in said) == (400, True), said


def test_used_model_is_kept(api: Api) -> None:
    inference = {"model_id": MODEL, "input_output": {"input_field": "a", "output_field": "b"}}
    api.ok("PUT", f"/_ingest/pipeline/{PIPELINE}", {"processors": [{"inference": inference}]})
    status, reason = api.refusal("POST", f"/_ml/trained_models/{MODEL}/deployment/_stop")
    assert (status, "as it is referenced by ingest processors" in reason) == (409, True)
    status, reason = api.refusal("DELETE", f"/_ml/trained_models/{MODEL}")
    assert (status, "as it is still referenced by ingest processors" in reason) == (409, True)
    api.ok("DELETE", f"/_ingest/pipeline/{PIPELINE}")
