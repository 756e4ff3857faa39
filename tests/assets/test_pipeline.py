"""The ingest pipelines' golden pairs, without a cluster: what text the model is given for names."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loader.elastic.assets import read_assets

from .mustache import render

# Each pipeline has a folder of pairs.
FILES = sorted((Path(__file__).parent / "golden" / "pipeline").glob("*/*.json"))
PIPELINES = {asset.name: asset.body["processors"] for asset in read_assets() if "pipeline" in asset.kind}


def test_every_pipeline_has_golden_pairs() -> None:
    assert {file.parent.name for file in FILES} == set(PIPELINES)


STEPS = {
    "peaks-text-embedding": ["set", "set", "set", "inference", "remove"],
    "concepts-text-embedding": ["set", "set", "inference", "remove"],
}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_steps_are_copy_prompt_label_inference_remove(pipeline: str) -> None:
    processors = PIPELINES[pipeline]
    assert [next(iter(step)) for step in processors] == STEPS[pipeline]
    assert all("if" not in next(iter(step.values())) for step in processors)  # no painless in the small node


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_model_text(file: Path) -> None:
    pair: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if "model_text" not in pair:
        assert pair["refused"]
        return
    copy, prompt, *_ = PIPELINES[file.parent.name]
    copied = {"model_text": pair["document"][copy["set"]["copy_from"]]}
    assert render(prompt["set"]["value"], copied) == pair["model_text"]
    if "label" in pair:
        label = PIPELINES[file.parent.name][2]["set"]
        assert label["field"] == "label" and not label["override"]
        assert render(label["value"], pair["document"]) == pair["label"]
