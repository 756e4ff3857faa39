"""The limits of an ML node, on the embedded one: the queue, the time, the allocations, the memory."""
from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.embedded.plugin_node import (
    MODEL_FIELD,
    Api,
    Echo,
    Endless,
    drop_model,
    infer,
    put_model,
    save_model,
    start_model,
    wait_until,
)

pytestmark = pytest.mark.cluster

SLOW = "limits-slow"
LARGE = "limits-large"
NEVER = "ab"  # a text that Endless never answers
ONCE = "a"


@pytest.fixture(scope="module")
def api(node: Any) -> Api:
    return Api(node.url)


@pytest.fixture
def slow(api: Api, tmp_path: Path) -> Iterator[str]:
    """A deployment of one allocation, in whose queue two texts have room."""
    put_model(api, SLOW, save_model(Endless(), tmp_path))
    start_model(api, SLOW, "&queue_capacity=2")
    yield SLOW
    drop_model(api, SLOW)


@pytest.fixture
def large(api: Api, tmp_path: Path) -> Iterator[str]:
    """A model of which one allocation fits on the node, but not three."""
    allocation = int(total_memory(api) * 0.45)
    metadata = {"per_deployment_memory_bytes": 1, "per_allocation_memory_bytes": allocation}
    put_model(api, LARGE, save_model(Echo(), tmp_path), metadata=metadata)
    yield LARGE
    drop_model(api, LARGE)


def total_memory(api: Api) -> int:
    """The bytes that `_ml/info` says models may take."""
    limit: str = api.ok("GET", "/_ml/info")["limits"]["total_ml_memory"]
    return int(limit.removesuffix("mb")) * 2**20


def ask(api: Api, model_id: str, text: str, timeout: str) -> tuple[int, dict[str, Any]]:
    body = {"docs": [{MODEL_FIELD: text}]}
    return api.call("POST", f"/_ml/trained_models/{model_id}/_infer?timeout={timeout}", body)


def deployment_stats(api: Api, model_id: str) -> dict[str, Any]:
    [stats] = api.ok("GET", f"/_ml/trained_models/{model_id}/_stats")["trained_model_stats"]
    return dict(stats["deployment_stats"])


def node_stats(api: Api, model_id: str) -> dict[str, Any]:
    [node] = deployment_stats(api, model_id)["nodes"]
    return dict(node)


def occupy(
    api: Api, model_id: str, pool: ThreadPoolExecutor, texts: int, timeout: str
) -> list[Future[tuple[int, dict[str, Any]]]]:
    """Ask for so many texts that never end, and wait until the node has them."""
    asked = [pool.submit(ask, api, model_id, NEVER, timeout) for _ in range(texts)]
    wait_until(lambda: node_stats(api, model_id)["number_of_pending_requests"] == texts)
    return asked


def test_full_queue_answers_429_and_the_time_in_the_queue_counts(api: Api, slow: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        waiting = occupy(api, slow, pool, 3, "5s")
        status, answer = ask(api, slow, ONCE, "60s")
        assert (status, answer["error"]["type"]) == (429, "es_rejected_execution_exception")
        assert answer["error"]["reason"] == "inference process queue is full. Unable to execute command"
        outcomes = [future.result() for future in waiting]
    assert [status for status, _ in outcomes] == [408] * 3
    assert {answer["error"]["reason"] for _, answer in outcomes} == {
        "timeout [5s] waiting for inference result"
    }
    stats = node_stats(api, slow)
    assert (stats["rejected_execution_count"], stats["timeout_count"], stats["inference_count"]) == (1, 3, 0)


def test_another_allocation_works_beside_a_busy_one(api: Api, slow: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        occupy(api, slow, pool, 1, "1s")
    assert ask(api, slow, ONCE, "500ms")[0] == 408
    updated = api.ok("POST", f"/_ml/trained_models/{slow}/deployment/_update", {"number_of_allocations": 2})
    assert updated["assignment"]["task_parameters"]["number_of_allocations"] == 2
    assert infer(api, slow, ONCE) == [[1.0] * 4]
    stats = deployment_stats(api, slow)
    assert stats["number_of_allocations"] == 2
    assert stats["allocation_status"] == {
        "allocation_count": 2,
        "target_allocation_count": 2,
        "state": "fully_allocated",
    }
    [node] = stats["nodes"]
    assert node["inference_count"] == 1 and node["average_inference_time_ms"] >= 0


def test_query_vector_builder_gives_up_after_ten_seconds(api: Api, slow: str) -> None:
    builder = {"text_embedding": {"model_id": slow, "model_text": NEVER}}
    knn = {"field": "vector", "k": 1, "num_candidates": 10, "query_vector_builder": builder}
    status, reason = api.refusal("POST", "/_search", {"knn": knn})
    assert (status, reason) == (408, "timeout [10s] waiting for inference result")


def test_info_tells_what_models_may_take(api: Api) -> None:
    limits = api.ok("GET", "/_ml/info")["limits"]
    [node] = api.ok("GET", "/_nodes/stats/os")["nodes"].values()
    [info] = api.ok("GET", "/_nodes/os,jvm")["nodes"].values()
    machine = node["os"]["mem"]["adjusted_total_in_bytes"]
    allowed = min(machine - info["jvm"]["mem"]["heap_max_in_bytes"] - 200 * 2**20, machine * 9 // 10)
    assert limits == {
        "total_ml_memory": f"{allowed // 2**20}mb",
        "effective_max_model_memory_limit": f"{(allowed - 40 * 2**20) // 2**20}mb",
        "total_ml_processors": info["os"]["allocated_processors"],
    }


def test_model_that_does_not_fit_is_refused(api: Api, tmp_path: Path) -> None:
    metadata = {"per_deployment_memory_bytes": 2**50, "per_allocation_memory_bytes": 1}
    put_model(api, LARGE, save_model(Echo(), tmp_path), metadata=metadata)
    status, answer = api.call("POST", f"/_ml/trained_models/{LARGE}/deployment/_start")
    drop_model(api, LARGE)
    assert (status, answer["error"]["reason"]) == (
        429,
        "Could not start deployment because no ML nodes with sufficient capacity were found",
    )


def test_allocations_are_counted_against_the_memory(api: Api, large: str) -> None:
    start = f"/_ml/trained_models/{large}/deployment/_start?number_of_allocations=3"
    too_many = "deployment because there are not enough resources to provide all requested allocations"
    assert api.refusal("POST", start) == (429, f"Could not start {too_many}")
    start_model(api, large, "&wait_for=fully_allocated")
    update = f"/_ml/trained_models/{large}/deployment/_update"
    assert api.refusal("POST", update, {"number_of_allocations": 3}) == (429, f"Could not update {too_many}")
    assert deployment_stats(api, large)["number_of_allocations"] == 1


def test_adaptive_allocations_are_kept_with_the_deployment(api: Api, large: str) -> None:
    adaptive = {"enabled": True, "min_number_of_allocations": 1, "max_number_of_allocations": 1}
    start, update = (f"/_ml/trained_models/{large}/deployment/{verb}" for verb in ("_start", "_update"))
    api.ok("POST", f"{start}?timeout=120s&cache_size=0b&priority=low", {"adaptive_allocations": adaptive})
    stats = deployment_stats(api, large)
    assert (stats["adaptive_allocations"], stats["priority"]) == (adaptive, "low")
    api.ok("POST", update, {"adaptive_allocations": None})
    assert "adaptive_allocations" not in deployment_stats(api, large)


def test_update_of_an_unknown_deployment_is_refused(api: Api) -> None:
    path, body = "/_ml/trained_models/nope/deployment/_update", {"number_of_allocations": 2}
    assert api.refusal("POST", path, body) == (404, "No known model deployment with id [nope]")
