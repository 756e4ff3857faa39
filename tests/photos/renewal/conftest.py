"""Fixtures of a change of the model: a second checkpoint with shorter vectors, its text model deployed."""
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from demo import checkpoint
from tests.conftest import DEMO_CHECKPOINT, Node, call_peaks
from tests.session_node import delete_indices

OTHER = "other-tiny"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json")


@pytest.fixture(scope="session")
def other_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the demo's kind with random weights and vectors of 64 numbers."""
    folder = tmp_path_factory.mktemp("checkpoint") / OTHER
    folder.mkdir()
    for name in TOKENIZER:
        shutil.copy(DEMO_CHECKPOINT / name, folder)
    settings = json.loads((DEMO_CHECKPOINT / "config.json").read_text(encoding="utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "VISION_SHAPE", {**checkpoint.VISION_SHAPE, "hidden_size": 64})
        checkpoint.save(checkpoint.build_model(settings["text_config"]["vocab_size"], seed=7), folder)
    return folder


@pytest.fixture(scope="module")
def other_model(
    node: Node, client: Elasticsearch, deployed_model: str, other_checkpoint: Path
) -> Iterator[str]:
    """The other checkpoint's text model, deployed beside the demo's; yields its id."""
    call_peaks("model", "deploy", "--checkpoint", other_checkpoint, "--es-model-id", OTHER,
               "--clear-previous", "--url", node.url)
    yield OTHER
    delete_indices(client)
    call_peaks("apply", "--es-model-id", deployed_model, "--url", node.url)
    client.ml.delete_trained_model(model_id=OTHER, force=True)
