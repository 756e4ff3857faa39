"""Trained models on the node: stored, deployed, asked, refused, counted, deleted."""
from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cluster.embedded.home import Home
from cluster.embedded.processes import find_members, is_worker
from eland_models.utf8 import carrier_vocabulary
from tests.embedded.plugin_node import (
    MODEL_FIELD,
    Api,
    Echo,
    Endless,
    Failing,
    Sorting,
    drop_model,
    infer,
    model_config,
    put_definition,
    put_model,
    save_model,
    start_model,
    wait_until,
)

pytestmark = pytest.mark.cluster

ECHO = "plugin-echo"
OTHER = "plugin-other"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def api(node: Any, folder: Path) -> Iterator[Api]:
    """The node with the echo model deployed, two allocations of it."""
    api = Api(node.url)
    put_model(api, ECHO, save_model(Echo(), folder))
    start_model(api, ECHO, "&number_of_allocations=2")
    yield api
    drop_model(api, ECHO)
    drop_model(api, OTHER)


def test_texts_arrive_as_their_bytes(api: Api) -> None:
    texts = ["abc", "", "é", "漢字 ह", "\U0001f3d4 it's  two\n"]
    expected = [[len(text.encode()), sum(text.encode()), 1.0, 0.5] for text in texts]
    assert infer(api, ECHO, *texts) == expected


def test_long_text_is_truncated_and_says_so(api: Api) -> None:
    body = {"docs": [{MODEL_FIELD: "x" * 1025}]}
    [result] = api.ok("POST", f"/_ml/trained_models/{ECHO}/_infer", body)["inference_results"]
    assert result["predicted_value"][0] == 1024
    assert result["is_truncated"] is True


def test_request_can_rename_the_result(api: Api) -> None:
    body = {
        "docs": [{MODEL_FIELD: "a"}],
        "inference_config": {"text_embedding": {"results_field": "vector"}},
    }
    [result] = api.ok("POST", f"/_ml/trained_models/{ECHO}/_infer", body)["inference_results"]
    assert result == {"vector": [1.0, 97.0, 1.0, 0.5]}


def test_overlapping_requests_keep_their_answers(api: Api) -> None:
    lengths = range(1, 25)
    with ThreadPoolExecutor(len(lengths)) as pool:
        answers = list(pool.map(lambda length: infer(api, ECHO, "a" * length), lengths))
    assert [vector[0] for [vector] in answers] == list(lengths)


def test_stats_tell_the_deployment(api: Api) -> None:
    infer(api, ECHO, "a")
    [stats] = api.ok("GET", f"/_ml/trained_models/{ECHO}/_stats")["trained_model_stats"]
    deployment = stats["deployment_stats"]
    allocated = {"allocation_count": 2, "target_allocation_count": 2, "state": "fully_allocated"}
    assert (deployment["state"], deployment["allocation_status"]) == ("started", allocated)
    [node] = deployment["nodes"]
    assert node["routing_state"] == {"routing_state": "started"} and node["number_of_allocations"] == 2
    assert node["inference_count"] >= 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("GET", "/nope", None, 404, "No known trained model with model_id [nope]"),
        ("GET", "/nope/_stats", None, 404, "No known trained model with model_id [nope]"),
        ("DELETE", "/nope", None, 404, "Could not find trained model [nope]"),
        ("POST", "/nope/_infer", {"docs": [{"a": "b"}]}, 404, "Could not find trained model [nope]"),
        ("POST", "/nope/deployment/_start", None, 404, "No known trained model with model_id [nope]"),
        ("POST", "/nope/deployment/_stop?allow_no_match=false", None, 404, "No known model deployment"),
        (
            "POST",
            f"/{ECHO}/deployment/_start",
            None,
            400,
            f"because an existing deployment with the same id [{ECHO}] exist",
        ),
        ("POST", f"/{ECHO}/deployment/_start?threads_per_allocation=3", None, 400, "must be a power of 2"),
        ("DELETE", f"/{ECHO}", None, 409, f"Cannot delete model [{ECHO}] as it is currently deployed"),
        ("POST", f"/{ECHO}/_infer", {"docs": [{"x": "y"}]}, 400, "Input field [text_field] does not exist"),
        ("POST", f"/{ECHO}/_infer", {"docs": [{MODEL_FIELD: 7}]}, 400, "must be a string"),
        ("PUT", f"/{ECHO}", model_config(), 400, "the model id is the same as the deployment id of"),
        ("PUT", "/plugin-bad", model_config(nonsense=1), 400, "unknown field [nonsense]"),
        ("PUT", "/plugin-bad", model_config(model_type="tree_ensemble"), 400, ""),
        (
            "POST",
            f"/{ECHO}/_infer",
            {"docs": [{MODEL_FIELD: "a"}], "inference_config": {"ner": {}}},
            403,
            "is configured for task [text_embedding] but called with task [ner]",
        ),
    ],
)
def test_refusals_are_elasticsearchs_own(
    api: Api, method: str, path: str, body: object, status: int, reason: str
) -> None:
    got, said = api.refusal(method, f"/_ml/trained_models{path}", body)
    assert (got, reason in said) == (status, True), (got, said)


def roberta(**settings: bool) -> dict[str, object]:
    """An embedding model's configuration with these settings of its tokenization."""
    tokenization = {"roberta": {"with_special_tokens": False, **settings}}
    return {"text_embedding": {"embedding_size": 4, "tokenization": tokenization}}


@pytest.mark.parametrize(
    "changes",
    [
        {"inference_config": {"text_embedding": {"embedding_size": 4, "tokenization": {"bert": {}}}}},
        {"inference_config": roberta(with_special_tokens=True)},
        {"inference_config": roberta(add_prefix_space=True)},
        {"prefix_strings": {"search": "query: "}},
    ],
)
def test_models_that_the_node_cannot_run_are_refused_when_they_are_put(
    api: Api, changes: dict[str, object]
) -> None:
    status, reason = api.refusal("PUT", "/_ml/trained_models/plugin-bad", model_config(**changes))
    assert status == 400 and "without special tokens, prefix space and prefix strings" in reason
    assert "model [plugin-bad] is none" in reason


def test_search_with_an_unknown_model_is_refused(api: Api) -> None:
    builder = {"text_embedding": {"model_id": "nope", "model_text": "abc"}}
    knn = {"field": "vector", "k": 1, "num_candidates": 10, "query_vector_builder": builder}
    status, reason = api.refusal("POST", "/_search", {"knn": knn})
    assert (status, reason) == (404, "[nope] is not an inference service model or a deployed ml model")


def test_model_that_is_not_deployed_says_so(api: Api, folder: Path) -> None:
    put_model(api, OTHER, folder / "Echo.pt")
    exists = f"Trained machine learning model [{OTHER}] already exists"
    assert api.refusal("PUT", f"/_ml/trained_models/{OTHER}", model_config()) == (400, exists)
    body = {"docs": [{MODEL_FIELD: "a"}]}
    status, reason = api.refusal("POST", f"/_ml/trained_models/{OTHER}/_infer", body)
    assert (status, reason.startswith(f"Model [{OTHER}] must be deployed to use.")) == (409, True), reason


def test_incomplete_models_do_not_start(api: Api, folder: Path) -> None:
    drop_model(api, OTHER)
    api.ok("PUT", f"/_ml/trained_models/{OTHER}", model_config())
    start = f"/_ml/trained_models/{OTHER}/deployment/_start?timeout=120s"
    assert api.refusal("POST", start) == (404, f"Could not find trained model definition [{OTHER}]")
    put_definition(api, OTHER, folder / "Echo.pt")
    assert f"Could not find vocabulary document [{OTHER}_vocabulary]" in api.refusal("POST", start)[1]
    no_merges = {**carrier_vocabulary(), "merges": []}
    status, reason = api.refusal("PUT", f"/_ml/trained_models/{OTHER}/vocabulary", no_merges)
    assert (status, "requires [merges]" in reason) == (400, True)
    no_unknown = {"vocabulary": ["a"], "merges": ["a b"]}
    api.ok("PUT", f"/_ml/trained_models/{OTHER}/vocabulary", no_unknown)
    assert "stored vocabulary is missing required [<unk>] token" in api.refusal("POST", start)[1]


def test_an_upload_that_was_broken_off_can_be_deleted_and_begun_again(api: Api) -> None:
    path, part = f"/_ml/trained_models/{OTHER}", {"definition": "AAAA", "total_definition_length": 9}
    for number in (0, 2):  # the second time, what the first one left would be in the way
        drop_model(api, OTHER)
        api.ok("PUT", path, model_config())
        api.ok("PUT", f"{path}/vocabulary", carrier_vocabulary())
        assert api.ok("DELETE", f"{path}?force=true")["acknowledged"]
        api.ok("PUT", path, model_config())
        api.ok("PUT", f"{path}/vocabulary", carrier_vocabulary())
        api.ok("PUT", f"{path}/definition/{number}", {**part, "total_parts": 3})
        api.ok("PUT", f"{path}/definition/1", {**part, "total_parts": 3})


def test_model_that_the_ml_node_would_refuse_does_not_start(api: Api, folder: Path) -> None:
    put_model(api, OTHER, save_model(Sorting(), folder))
    status, reason = api.refusal("POST", f"/_ml/trained_models/{OTHER}/deployment/_start?timeout=120s")
    assert status == 500
    sentence = "Model graph does not match any supported architecture. Unrecognised operations: aten::sort"
    assert sentence in reason
    [stats] = api.ok("GET", f"/_ml/trained_models/{OTHER}/_stats")["trained_model_stats"]
    assert "deployment_stats" not in stats


def test_models_error_fails_only_its_request(api: Api, folder: Path) -> None:
    put_model(api, OTHER, save_model(Failing(), folder))
    start_model(api, OTHER)
    body = {"docs": [{MODEL_FIELD: "zzz"}]}
    status, reason = api.refusal("POST", f"/_ml/trained_models/{OTHER}/_infer", body)
    assert (status, reason.startswith("Error in inference process: [")) == (500, True), reason
    assert infer(api, OTHER, "!!") == [[1.0, 1.0, 1.0, 1.0]]


def test_deployments_of_one_model_are_several(api: Api) -> None:
    start_model(api, ECHO, "&deployment_id=plugin-second&threads_per_allocation=2")
    assert infer(api, "plugin-second", "ab")[0][0] == 2
    stats = api.ok("GET", f"/_ml/trained_models/{ECHO}/_stats")["trained_model_stats"]
    assert len(stats) == 2
    assert api.ok("POST", "/_ml/trained_models/plugin-second/deployment/_stop") == {"stopped": True}
    assert len(api.ok("GET", f"/_ml/trained_models/{ECHO}/_stats")["trained_model_stats"]) == 1


def test_crashed_model_is_loaded_again(api: Api, node: Any, folder: Path) -> None:
    if node.home is None:
        pytest.skip("the node was started by somebody else: its worker is not this test's to kill")
    put_model(api, OTHER, save_model(Endless(), folder))
    start_model(api, OTHER)
    infer_path = f"/_ml/trained_models/{OTHER}/_infer"
    body, endless = ({"docs": [{MODEL_FIELD: text}]} for text in ("a", "ab"))
    with ThreadPoolExecutor(2) as pool:  # the second one waits in the queue
        asked = [pool.submit(api.refusal, "POST", f"{infer_path}?timeout=60s", endless) for _ in range(2)]
        wait_until(lambda: pending(api, OTHER) == 2)
        youngest = max(find_members(Home(node.home), is_worker), key=lambda member: member.started)
        os.kill(youngest.pid, signal.SIGKILL)
        refusals = [future.result() for future in asked]
    assert [status for status, _ in refusals] == [503, 503]
    assert all(f"deployment [{OTHER}] cannot answer: the inference worker" in said for _, said in refusals)
    met: set[int] = set()

    def answers() -> bool:
        met.add(api.call("POST", infer_path, body)[0])
        return 200 in met

    wait_until(answers)
    assert met <= {200, 503}


def pending(api: Api, model_id: str) -> int:
    """Texts that a deployment has and has not answered."""
    [stats] = api.ok("GET", f"/_ml/trained_models/{model_id}/_stats")["trained_model_stats"]
    return int(stats["deployment_stats"]["nodes"][0]["number_of_pending_requests"])
