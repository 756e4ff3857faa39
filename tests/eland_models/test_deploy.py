"""The whole way into a real Elasticsearch node and out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from elasticsearch import Elasticsearch

from eland_models.check import load
from eland_models.deploy import (
    Deployment,
    deploy,
    find_model,
    remove,
    require_probe_vector,
    running_deployment,
)
from eland_models.errors import ModelError
from eland_models.export import ExportedModel, encode
from loader.elastic.models import embed_texts

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
    assert deploy(own_client, exported, MODEL_ID, Deployment()) == "imported"
    assert deploy(own_client, exported, MODEL_ID, Deployment()) == "unchanged"
    assert deploy(own_client, exported, MODEL_ID, Deployment(threads_per_allocation=2)) == "restarted"
    assert running_deployment(own_client, MODEL_ID) == (1, 2)
    model = load(exported.path)
    for text in TEXTS:
        (vector,) = embed_texts(own_client, MODEL_ID, [text])
        cut = text.encode()[:2048].decode(errors="ignore")
        assert torch.allclose(torch.tensor(vector), encode(model, cut)[0], atol=1e-5), text
    with pytest.raises(ModelError, match="--clear-previous"):
        deploy(own_client, exported_int8, MODEL_ID, Deployment())
    assert deploy(own_client, exported_int8, MODEL_ID, Deployment(clear_previous=True)) == "imported"
    present = find_model(own_client, MODEL_ID)
    assert present is not None and present["metadata"] == exported_int8.metadata
    assert present["platform_architecture"] == "linux-x86_64"


def test_a_foreign_vector_is_refused(exported: ExportedModel) -> None:
    probe = exported.probe["vector"]
    require_probe_vector(probe, exported, MODEL_ID)
    with pytest.raises(ModelError, match="another vector"):
        require_probe_vector([-number for number in probe], exported, MODEL_ID)
    with pytest.raises(ModelError, match="another vector"):
        require_probe_vector(probe, replace(exported, dims=exported.dims + 1), MODEL_ID)
