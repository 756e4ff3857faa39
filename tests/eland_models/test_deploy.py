"""The whole way into a real Elasticsearch node and out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from elasticsearch import ApiError, Elasticsearch

from eland_models.check import load
from eland_models.deploy import Deployment, deploy, find_model, remove, require_probe_vector, start_and_verify
from eland_models.deployments import (
    WARM_UP_CALLS,
    DeploymentSettings,
    Outcome,
    deployments,
    lacks_room,
    read_running,
    stop,
)
from eland_models.errors import ModelError
from eland_models.export import ExportedModel, encode
from loader.elastic.error_sentences import explain
from loader.elastic.models import embed_texts, find_ingest_deployment
from tests.conftest import DEMO_CHECKPOINT, Node, ask, invoke

MODEL_ID = "deploy-test"
TEXTS = [
    "prayer flags",
    "peak: Ama Dablam | अमा दब्लम",
    "  İstanbul 🏔\n▁",
    "\U0010ffff",
    "日本語" * 300,
]


@pytest.fixture
def own_client(client: Elasticsearch) -> Iterator[Elasticsearch]:
    """The node, without this module's model before and after."""
    remove(client, MODEL_ID)
    yield client
    remove(client, MODEL_ID)


@pytest.mark.cluster
def test_deploys_once_answers_as_the_file_does_and_is_replaced_only_when_asked(
    own_client: Elasticsearch, exported: ExportedModel, exported_int8: ExportedModel
) -> None:
    assert deploy(own_client, exported, MODEL_ID, Deployment()) == {MODEL_ID: "imported"}
    assert deploy(own_client, exported, MODEL_ID, Deployment()) == {MODEL_ID: "unchanged"}
    model = load(exported.path)
    for text in TEXTS:
        (vector,) = embed_texts(own_client, MODEL_ID, [text])
        cut = text.encode()[:2048].decode(errors="ignore")
        assert torch.allclose(torch.tensor(vector), encode(model, cut)[0], atol=1e-5), text
    with pytest.raises(ModelError, match="--clear-previous"):
        deploy(own_client, exported_int8, MODEL_ID, Deployment())
    replaced = deploy(own_client, exported_int8, MODEL_ID, Deployment(clear_previous=True))
    assert replaced == {MODEL_ID: "imported"}
    present = find_model(own_client, MODEL_ID)
    assert present is not None and present["metadata"] == exported_int8.metadata
    assert present["platform_architecture"] == "linux-x86_64"


@pytest.mark.cluster
def test_allocations_change_while_it_runs_and_threads_do_not(
    own_client: Elasticsearch, exported: ExportedModel
) -> None:
    def outcome(*settings: Any) -> Outcome:
        wanted = DeploymentSettings(*settings)
        (done,) = deploy(own_client, exported, MODEL_ID, Deployment(wanted)).values()
        assert read_running(own_client, MODEL_ID) == {MODEL_ID: wanted}
        return done

    assert outcome() == "imported"
    (before,) = deployments(own_client, MODEL_ID)
    asked = count_texts(own_client, MODEL_ID, MODEL_ID)
    assert outcome(2, 2) == "updated"
    assert count_texts(own_client, MODEL_ID, MODEL_ID) - asked > 2 * WARM_UP_CALLS  # and the probe
    assert outcome(1, 2) == "updated"  # adaptive
    assert outcome(1, 1) == "updated"
    (after,) = deployments(own_client, MODEL_ID)
    assert after[1]["start_time"] == before[1]["start_time"]
    assert outcome(1, 1, 2) == "restarted"
    assert outcome(1, 1, 1, "low") == "restarted"
    stop(own_client, MODEL_ID)
    assert outcome() == "started"


@pytest.mark.cluster
def test_a_second_deployment_serves_ingest_until_it_is_stopped(
    own_client: Elasticsearch, exported: ExportedModel, exported_int8: ExportedModel
) -> None:
    ingest, both = f"{MODEL_ID}-ingest", Deployment(ingest=DeploymentSettings())
    assert find_ingest_deployment(own_client, MODEL_ID) == MODEL_ID
    assert deploy(own_client, exported, MODEL_ID, both) == {MODEL_ID: "imported", ingest: "started"}
    assert find_ingest_deployment(own_client, MODEL_ID) == ingest
    assert embed_texts(own_client, ingest, TEXTS[:1]) == embed_texts(own_client, MODEL_ID, TEXTS[:1])
    again = deploy(own_client, exported_int8, MODEL_ID, Deployment(clear_previous=True))
    assert again == {MODEL_ID: "imported", ingest: "started"}
    assert read_running(own_client, MODEL_ID) == dict.fromkeys((MODEL_ID, ingest), DeploymentSettings())
    without = Deployment(ingest="stop")
    assert deploy(own_client, exported_int8, MODEL_ID, without) == {MODEL_ID: "unchanged"}
    assert find_ingest_deployment(own_client, MODEL_ID) == MODEL_ID
    remove(own_client, MODEL_ID)
    assert read_running(own_client, MODEL_ID) == {}


@pytest.mark.cluster
def test_what_does_not_fit_is_refused_before_the_upload_and_searches_go_on(
    own_client: Elasticsearch, exported: ExportedModel
) -> None:
    told: list[str] = []
    with pytest.raises(ModelError, match=r"asks for .* but the ML nodes have .* helps is --precision int8"):
        too_many = Deployment(DeploymentSettings(999, 999))
        deploy(own_client, exported, MODEL_ID, too_many, show_memory=told.append)
    assert told == [] and find_model(own_client, MODEL_ID) is None
    deploy(own_client, exported, MODEL_ID, Deployment(), show_memory=told.append)
    assert "Elasticsearch asks for" in told[0] and "the ML nodes have" in told[0]
    for settings in (DeploymentSettings(999, 999), DeploymentSettings(999, 999, threads=2)):
        with pytest.raises(ModelError, match=r"No ML node has room .* asks for .* helps is --") as raised:
            start_and_verify(own_client, exported, MODEL_ID, MODEL_ID, settings)
        assert isinstance(raised.value.__cause__, ApiError) and lacks_room(raised.value.__cause__)
        assert len(embed_texts(own_client, MODEL_ID, TEXTS[:1])[0]) == exported.dims
        assert read_running(own_client, MODEL_ID) == {MODEL_ID: DeploymentSettings()}


@pytest.mark.cluster
def test_what_ran_before_runs_again_whatever_a_start_is_refused_for(
    own_client: Elasticsearch, exported: ExportedModel
) -> None:
    deploy(own_client, exported, MODEL_ID, Deployment())
    with pytest.raises(ApiError, match="must be a power of 2"):
        start_and_verify(own_client, exported, MODEL_ID, MODEL_ID, DeploymentSettings(threads=3))
    assert read_running(own_client, MODEL_ID) == {MODEL_ID: DeploymentSettings()}
    assert len(embed_texts(own_client, MODEL_ID, TEXTS[:1])[0]) == exported.dims


def test_a_foreign_vector_is_refused(exported: ExportedModel) -> None:
    probe = exported.probe["vector"]
    require_probe_vector(probe, exported, MODEL_ID)
    with pytest.raises(ModelError, match="another vector"):
        require_probe_vector([-number for number in probe], exported, MODEL_ID)
    with pytest.raises(ModelError, match="another vector"):
        require_probe_vector(probe, replace(exported, dims=exported.dims + 1), MODEL_ID)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--adaptive 4-1", "is not a range such as 1-4"),
        ("--adaptive many", "is not a range such as 1-4"),
        ("--adaptive 0-0", "is not a range such as 1-4"),
        ("--adaptive 1-2 --number-of-allocations 2", "not both"),
        ("--priority low --threads-per-allocation 2", "one allocation of one thread"),
        ("--priority low --adaptive 1-2", "one allocation of one thread"),
        ("--es-model-id * --clear-previous", "'*' is no id"),
        ("--es-model-id one,other", "'one,other' is no id"),
        (f"--es-model-id {'a' * 65}", "is no id"),
    ],
)
def test_contradicting_options_are_refused(options: str, sentence: str) -> None:
    done = invoke("model", "deploy", "--checkpoint", DEMO_CHECKPOINT, *options.split())
    assert done.exit_code == 2 and sentence in done.output


def count_texts(client: Elasticsearch, model_id: str, deployment_id: str) -> int:
    """How many texts a deployment has answered."""
    nodes = dict(deployments(client, model_id))[deployment_id]["nodes"]
    return sum(int(node["inference_count"]) for node in nodes)


def test_pipelines_name_the_deployment_for_ingest_while_it_runs(
    node: Node, client: Elasticsearch, fresh_indices: str
) -> None:
    deploy = ("model", "deploy", "--checkpoint", DEMO_CHECKPOINT, "--url", node.url, "--ingest-allocations")
    ingest, peak = f"{fresh_indices}-ingest", {"id": "x", "names": ["Ama Dablam"], "elev_m": 6812}
    started = invoke(*deploy, "1")
    assert started.exit_code == 0 and f"Deployment {ingest} started" in started.output
    try:
        found = ask(node, "apply", "--es-model-id", fresh_indices)["changes"]
        assert {each["kind"] for each in found if each["action"] == "changed"} == {"ingest pipeline"}
        before = count_texts(client, fresh_indices, ingest)
        client.index(index="peaks_catalog", id="x", document=peak)
        assert count_texts(client, fresh_indices, ingest) == before + 1
    finally:
        stopped = invoke(*deploy, "0")
    assert stopped.exit_code == 0 and "peaks apply" in stopped.output
    with pytest.raises(ApiError) as refused:
        client.index(index="peaks_catalog", id="x", document=peak)
    assert f"[{ingest}], which does not run: run `peaks apply`" in explain(refused.value).message
    ask(node, "apply", "--es-model-id", fresh_indices)
    client.index(index="peaks_catalog", id="x", document=peak)
