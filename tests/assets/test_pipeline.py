"""The ingest pipelines' golden pairs: what text the model is given for names, and what is refused."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch

from loader.elastic.assets import read_assets
from loader.elastic.error_sentences import explain
from loader.elastic.models import embed_texts
from tests.conftest import stored_vector

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


# What may stand where the pipeline writes the vector.
LEFT: dict[str, Any] = {
    "another vector": [0.25] * 128,
    "null": None,
    "no numbers": [],
    "a longer vector": [0.25] * 300,
    "a number": 1,
    "words": "Everest",
    "an object": {"predicted_value": [0.25] * 128, "model_id": "another"},
    "lists": [[0.25] * 128, [0.5] * 128],
}
NAMES = {"peaks-text-embedding": ("peak", ["Pumori"], ["Ama Dablam", "अमा दब्लम"]),
         "concepts-text-embedding": ("photo", ["butter lamp"], ["stupa", "スツーパ"])}


def vector_of(client: Elasticsearch, index: str, name: str = "again") -> list[float]:
    client.indices.refresh(index=index)
    vector: list[float] = stored_vector(client, index, "text_embed", {"ids": {"values": [name]}}).tolist()
    return vector


def expected_of(client: Elasticsearch, model: str, pipeline: str, names: list[str]) -> Any:
    """What the model makes of names, for a comparison."""
    text = f"{NAMES[pipeline][0]}: {''.join(f'{name}|' for name in names)}"
    return pytest.approx(embed_texts(client, model, [text])[0], abs=1e-6)


@pytest.mark.cluster
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_whatever_stands_in_the_vectors_place_the_document_gets_its_own(
    client: Elasticsearch, fresh_indices: str, pipeline: str
) -> None:
    index, names = INDICES[pipeline], NAMES[pipeline][1]
    common = {"names": names, "model_id": "another", "model_text": 1}
    documents = {name: {"id": name, "text_embed": left, **common} for name, left in LEFT.items()}
    lines = [line for name, document in documents.items() for line in ({"index": {"_id": name}}, document)]
    answers = client.bulk(index=index, operations=lines)["items"]
    assert [answer["index"].get("error") for answer in answers] == [None] * len(LEFT)
    expected = expected_of(client, fresh_indices, pipeline, names)
    for name, document in documents.items():
        assert vector_of(client, index, name) == expected, name
        client.index(index=index, id=name, document=document)
        assert vector_of(client, index, name) == expected, name


@pytest.mark.cluster
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_document_put_again_with_all_its_fields_has_what_its_names_say(
    client: Elasticsearch, fresh_indices: str, pipeline: str
) -> None:
    """As `_reindex` and `_update_by_query` put it: with the vector and the label of the names that it had."""
    index, (_, names, others) = INDICES[pipeline], NAMES[pipeline]
    client.index(index=index, id="again", document={"id": "again", "names": names}, refresh=True)
    before = vector_of(client, index)
    hit = client.search(index=index, fields=[{"field": "text_embed"}])["hits"]["hits"][0]
    whole = {**hit["_source"], **hit["fields"]}
    assert len(whole["text_embed"]) == len(LEFT["another vector"])
    for given in (names, others):
        client.index(index=index, id="again", document={**whole, "names": given})
        assert vector_of(client, index) == expected_of(client, fresh_indices, pipeline, given)
        source = client.get(index=index, id="again")["_source"]
        assert source.get("label") == (given[0] if index == "peaks_catalog" else None)
    assert vector_of(client, index) != pytest.approx(before, abs=1e-2)


@pytest.mark.cluster
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_an_update_of_names_renews_the_vector_and_one_in_bulk_does_not(
    client: Elasticsearch, fresh_indices: str, pipeline: str
) -> None:
    """`_update` sends its result through the pipeline (TransportUpdateAction), in `_bulk` it does not."""
    index, (_, names, others) = INDICES[pipeline], NAMES[pipeline]
    client.index(index=index, id="again", document={"id": "again", "names": names})
    client.bulk(index=index, operations=[{"update": {"_id": "again"}}, {"doc": {"names": others}}])
    assert client.get(index=index, id="again")["_source"]["names"] == others
    assert vector_of(client, index) == expected_of(client, fresh_indices, pipeline, names)
    client.update(index=index, id="again", doc={"names": [*others, names[0]]})
    assert vector_of(client, index) == expected_of(client, fresh_indices, pipeline, [*others, names[0]])
