"""The ingest pipelines' golden pairs: what text the model is given for names, and what is refused."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from elasticsearch import ApiError, Elasticsearch

from loader.elastic.assets import read_assets
from loader.elastic.error_sentences import explain
from loader.elastic.models import embed_texts

# Each pipeline has a folder of pairs.
FILES = sorted((Path(__file__).parent / "golden" / "pipeline").glob("*/*.json"))
PIPELINES = {asset.name: asset.body["processors"] for asset in read_assets() if "pipeline" in asset.kind}
INDICES = {"peaks-text-embedding": "peaks_catalog", "concepts-text-embedding": "concepts"}


def test_every_pipeline_has_golden_pairs() -> None:
    assert {file.parent.name for file in FILES} == set(PIPELINES) == set(INDICES)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_no_step_has_a_condition(pipeline: str) -> None:
    """The small node has no painless."""
    assert all("if" not in next(iter(step.values())) for step in PIPELINES[pipeline])


@pytest.mark.cluster
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_golden_pair(client: Elasticsearch, fresh_indices: str, file: Path) -> None:
    pair, pipeline = json.loads(file.read_text(encoding="utf-8")), file.parent.name
    index, document = INDICES[pipeline], pair["document"]
    if "refused" in pair:
        with pytest.raises(ApiError) as refused:
            client.index(index=index, id="golden", document=document)
        assert pair["refused"] in str(refused.value.body) and "\n" not in explain(refused.value).message
        assert not client.exists(index=index, id="golden")
        return
    simulated = client.ingest.simulate(id=pipeline, docs=[{"_source": document}])
    source = simulated["docs"][0]["doc"]["_source"]
    vector = source.pop("text_embed")
    label = {"label": pair["label"]} if "label" in pair else {}
    assert source == {**document, **label}
    assert vector == pytest.approx(embed_texts(client, fresh_indices, [pair["model_text"]])[0], abs=1e-6)
