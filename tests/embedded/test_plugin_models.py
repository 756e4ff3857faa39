"""Trained models on the node: stored, deployed, asked, refused, counted, deleted."""
from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.embedded.plugin_node import (
    MODEL_FIELD,
    Api,
    Echo,
    Failing,
    Sorting,
    byte_vocabulary,
    drop_model,
    infer,
    model_config,
    put_definition,
    put_model,
    save_model,
    start_model,
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
    answers: dict[int, list[float]] = {}

    def ask(length: int) -> None:
        [answers[length]] = infer(api, ECHO, "a" * length)

    threads = [threading.Thread(target=ask, args=(length,)) for length in range(1, 25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {length: vector[0] for length, vector in answers.items()} == {n: n for n in range(1, 25)}


def test_search_embeds_its_text(api: Api) -> None:
    mapping = {"type": "dense_vector", "dims": 4, "similarity": "l2_norm", "index_options": {"type": "hnsw"}}
    api.call("DELETE", "/plugin-vectors")
    api.ok("PUT", "/plugin-vectors", {"mappings": {"properties": {"vector": mapping}}})
    for text in ("a", "abc", "abcdef"):
        [vector] = infer(api, ECHO, text)
        api.ok("PUT", f"/plugin-vectors/_doc/{text}?refresh=true", {"vector": vector})
    builder = {"text_embedding": {"model_id": ECHO, "model_text": "abc"}}
    knn = {"field": "vector", "k": 1, "num_candidates": 10, "query_vector_builder": builder}
    [hit] = api.ok("POST", "/plugin-vectors/_search", {"knn": knn})["hits"]["hits"]
    assert (hit["_id"], hit["_score"]) == ("abc", 1.0)
    api.ok("DELETE", "/plugin-vectors")


def test_configuration_comes_back(api: Api) -> None:
    [config] = api.ok("GET", f"/_ml/trained_models/{ECHO}?include=definition_status")["trained_model_configs"]
    assert config["metadata"] == {"fingerprint": "0123456789abcdef"}
    assert config["fully_defined"] is True
    assert config["model_size_bytes"] > 0
    listed = api.ok("GET", "/_ml/trained_models/plugin-*")["trained_model_configs"]
    assert ECHO in [config["model_id"] for config in listed]


def test_stats_tell_the_deployment(api: Api) -> None:
    infer(api, ECHO, "a")
    [stats] = api.ok("GET", f"/_ml/trained_models/{ECHO}/_stats")["trained_model_stats"]
    deployment = stats["deployment_stats"]
    assert deployment["state"] == "started"
    assert deployment["allocation_status"] == {
        "allocation_count": 2,
        "target_allocation_count": 2,
        "state": "fully_allocated",
    }
    [node] = deployment["nodes"]
    assert node["routing_state"] == {"routing_state": "started"}
    assert node["inference_count"] >= 1
    assert node["number_of_allocations"] == 2


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("GET", "/nope", None, 404, "No known trained model with model_id [nope]"),
        ("GET", "/nope/_stats", None, 404, "No known trained model with model_id [nope]"),
        ("DELETE", "/nope", None, 404, "Could not find trained model [nope]"),
        ("POST", "/nope/_infer", {"docs": [{"a": "b"}]}, 404, "Could not find trained model [nope]"),
        ("POST", "/nope/deployment/_start", None, 404, "No known trained model with model_id [nope]"),
        ("POST", "/nope/deployment/_stop?allow_no_match=false", None, 404, "No known model deployment"),
        ("POST", f"/{ECHO}/deployment/_start", None, 409, f"Cannot start deployment [{ECHO}] because it has"),
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
    no_merges = {"vocabulary": byte_vocabulary(), "merges": []}
    status, reason = api.refusal("PUT", f"/_ml/trained_models/{OTHER}/vocabulary", no_merges)
    assert (status, "requires [merges]" in reason) == (400, True)
    no_unknown = {"vocabulary": ["a"], "merges": ["a b"]}
    api.ok("PUT", f"/_ml/trained_models/{OTHER}/vocabulary", no_unknown)
    assert "stored vocabulary is missing required [<unk>] token" in api.refusal("POST", start)[1]


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
    put_model(api, OTHER, folder / "Echo.pt")
    start_model(api, OTHER)
    os.kill(youngest_model_process(node.home), signal.SIGKILL)
    deadline = time.monotonic() + 60
    body = {"docs": [{MODEL_FIELD: "a"}]}
    while True:
        status, answer = api.call("POST", f"/_ml/trained_models/{OTHER}/_infer", body)
        if status == 200 or time.monotonic() > deadline:
            break
        assert status in (500, 503), answer
        time.sleep(0.2)
    assert status == 200, answer


def youngest_model_process(home: Path) -> int:
    """The process of the deployment that was started last: a child of the home's worker."""
    socket = os.fsencode(Path(home).resolve())
    processes = [path for path in Path("/proc").iterdir() if path.name.isdigit()]
    commands = {}
    for path in processes:
        try:
            commands[int(path.name)] = (path / "cmdline").read_bytes()
        except OSError:
            continue
    workers = [pid for pid, command in commands.items() if b"worker" in command and socket in command]
    return max(workers)
