"""A literal ``<mask>``, which Elasticsearch's tokenizer takes for a token of its own."""
from __future__ import annotations

from pathlib import Path

import pytest
from elasticsearch import ApiError, Elasticsearch

from loader.elastic.models import embed_texts
from tests.conftest import Node, ask, call_peaks, stored_vector

pytestmark = pytest.mark.cluster

TEXT = "a <mask> on a <mask>"


def test_two_masks_are_words_for_peaks_and_an_error_for_others(
    node: Node, client: Elasticsearch, photos: Path, deployed_model: str, tmp_path: Path
) -> None:
    with pytest.raises(ApiError) as failed:
        client.ml.infer_trained_model(model_id=deployed_model, docs=[{"text_field": TEXT}])
    assert failed.value.meta.status == 500
    in_capitals, spelled = embed_texts(client, deployed_model, [TEXT.upper(), TEXT])
    assert spelled == pytest.approx(in_capitals, abs=1e-6)
    for words in (("search", TEXT), ("search", TEXT, "--hybrid"), ("peak", TEXT, "--by-name")):
        assert ask(node, *words, "--min-similarity", "-1")["hits"]
    catalogue = tmp_path / "concepts.yaml"
    catalogue.write_text(f"- id: masked\n  names: ['{TEXT}']\n", encoding="utf-8")
    call_peaks("load-concepts", catalogue, "--url", node.url)
    stored = stored_vector(client, "concepts", "text_embed", {"ids": {"values": ["masked"]}})
    (by_photo,) = embed_texts(client, deployed_model, [f"photo: {TEXT}|"])
    assert stored == pytest.approx(by_photo, abs=1e-5)
