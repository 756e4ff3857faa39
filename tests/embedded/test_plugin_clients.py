"""Elastic's own clients against the node: elasticsearch-py, and Eland's whole way of a model."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch, NotFoundError

from tests.embedded.plugin_node import MODEL_FIELD, Api, Echo, byte_vocabulary, drop_model, save_model

pytestmark = pytest.mark.cluster

MODEL = "plugin-eland"


def test_client_takes_the_node_for_elasticsearch(client: Elasticsearch) -> None:
    assert client.info()["version"]["number"] == "8.19.21"
    with pytest.raises(NotFoundError, match="Could not find trained model"):
        client.ml.infer_trained_model(model_id="nope", docs=[{"a": "b"}])


@pytest.mark.slow
def test_eland_imports_starts_asks_and_deletes(node: Any, client: Elasticsearch, tmp_path: Path) -> None:
    from eland.ml.pytorch import PyTorchModel
    from eland.ml.pytorch.nlp_ml_model import (
        NlpRobertaTokenizationConfig,
        NlpTrainedModelConfig,
        TextEmbeddingInferenceOptions,
        TrainedModelInput,
    )

    drop_model(Api(node.url), MODEL)
    vocabulary = tmp_path / "vocabulary.json"
    vocabulary.write_text(json.dumps({"vocabulary": byte_vocabulary(), "merges": ["À Á"]}))
    tokenization = NlpRobertaTokenizationConfig(
        add_prefix_space=False, with_special_tokens=False, max_sequence_length=1024, truncate="first"
    )
    config = NlpTrainedModelConfig(
        description="The plugin's test",
        model_type="pytorch",
        metadata={"fingerprint": "0123456789abcdef"},
        input=TrainedModelInput(field_names=[MODEL_FIELD]),
        inference_config=TextEmbeddingInferenceOptions(tokenization=tokenization, embedding_size=4),
        prefix_strings=None,
    )
    model = PyTorchModel(client, MODEL)
    path = str(save_model(Echo(), tmp_path))
    model.import_model(model_path=path, config_path=None, vocab_path=str(vocabulary), config=config)
    model.start()
    [result] = model.infer(docs=[{MODEL_FIELD: "abc"}])["inference_results"]
    assert result["predicted_value"] == [3.0, 294.0, 1.0, 0.5]
    [stats] = client.ml.get_trained_models_stats(model_id=MODEL)["trained_model_stats"]
    assert stats["deployment_stats"]["state"] == "started"
    model.stop()
    model.delete()
    assert client.ml.get_trained_models(model_id=f"{MODEL}*")["count"] == 0
