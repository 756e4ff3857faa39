"""Packing templates and putting another model into the assets."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loader.elastic.assets import (
    NAMED_MODEL,
    PIPELINE,
    bind_model,
    read_assets,
    render_requests,
    template_mappings,
)
from loader.elastic.indices import ALIASES
from loader.elastic.models import DeployedModel, IndexModel, index_model, refuse_other_model
from loader.errors import PeaksError
from tests.conftest import invoke

MODEL = DeployedModel("siglip2-trek-tiny", "f" * 16, "c" * 16, 64, 4.0, -10.0)


def test_bound_assets_name_the_deployed_model_only() -> None:
    text = json.dumps([asset.body for asset in bind_model(read_assets(), MODEL)])
    assert NAMED_MODEL not in text
    assert '"dims": 768' not in text
    assert text.count('"dims": 64') == len(ALIASES)


def test_only_pipelines_name_the_deployment_for_ingest() -> None:
    assets = bind_model(read_assets(), MODEL, f"{MODEL.model_id}-ingest")
    naming = {asset.kind for asset in assets if f'"{MODEL.model_id}-ingest"' in json.dumps(asset.body)}
    assert naming == {PIPELINE}
    assert f'"model_id": "{MODEL.model_id}"' not in json.dumps([a.body for a in assets if a.kind == PIPELINE])


@pytest.mark.parametrize("alias", ALIASES)
def test_new_indices_say_whose_vectors_they_hold(alias: str) -> None:
    mappings = template_mappings(bind_model(read_assets(), MODEL), alias)
    assert mappings["_meta"] == {
        "model_id": MODEL.model_id, "model_fingerprint": "f" * 16, "checkpoint_fingerprint": "c" * 16,
    }
    assert index_model(alias, mappings) == IndexModel(MODEL.model_id, "f" * 16, "c" * 16, 64)


def test_written_requests_lie_where_they_are_put(tmp_path: Path) -> None:
    files = list(render_requests(read_assets(), tmp_path))
    assert tmp_path / "_scripts" / "photos-by-text.json" in files
    assert tmp_path / "_ingest" / "pipeline" / "peaks-text-embedding.json" in files
    order = [file.relative_to(tmp_path).parts[0] for file in files]
    assert sorted(set(order), key=order.index) == [
        "_ingest", "_component_template", "_index_template", "_scripts",
    ]


def test_requests_that_cannot_be_written_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "_ingest").touch()
    result = invoke("apply", "--output", tmp_path)
    assert result.exit_code == 1 and result.stderr.startswith(f"Error: Cannot write {tmp_path}/_ingest/")


def held(**changes: Any) -> IndexModel:
    """The model of an index, as `MODEL` made it or changed."""
    same = IndexModel(MODEL.model_id, MODEL.model_fingerprint, MODEL.checkpoint_fingerprint, MODEL.dims)
    return replace(same, **changes)


@pytest.mark.parametrize("alias", ALIASES)
def test_the_same_model_is_taken_and_another_checkpoint_or_length_refused(alias: str) -> None:
    refuse_other_model(alias, held(), MODEL)
    for other in (held(checkpoint_fingerprint="0" * 16), held(dims=32)):
        with pytest.raises(PeaksError, match=f"--next --index {alias} --es-model-id siglip2-trek-tiny"):
            refuse_other_model(alias, other, MODEL)


@pytest.mark.parametrize("alias", ["peaks_catalog", "concepts"])
def test_other_recipes_leave_the_photos_valid_and_vectors_of_text_not(alias: str) -> None:
    refuse_other_model("photos", held(model_fingerprint="0" * 16), MODEL)
    with pytest.raises(PeaksError, match=f"{'0' * 16}.*not of.*{'f' * 16}"):
        refuse_other_model(alias, held(model_fingerprint="0" * 16), MODEL)


def test_index_without_model_is_refused() -> None:
    with pytest.raises(PeaksError, match="does not say which model"):
        index_model("photos", {"properties": {}})
