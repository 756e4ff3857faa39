"""The ingest pipeline's golden pairs, without a cluster: what text the model is given for a peak's names."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loader.assets import read_assets

from .mustache import render

FILES = sorted((Path(__file__).parent / "golden" / "pipeline").glob("*.json"))
PROCESSORS = next(asset.body["processors"] for asset in read_assets() if asset.name == "peaks-text-embedding")


def test_steps_are_copy_prompt_inference_remove() -> None:
    assert [next(iter(step)) for step in PROCESSORS] == ["set", "set", "inference", "remove"]
    assert all("if" not in next(iter(step.values())) for step in PROCESSORS)  # no painless in the small node


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_model_text(file: Path) -> None:
    pair: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if "model_text" not in pair:
        assert pair["refused"]
        return
    copied = {"model_text": pair["document"][PROCESSORS[0]["set"]["copy_from"]]}
    assert render(PROCESSORS[1]["set"]["value"], copied) == pair["model_text"]
