"""A change of the model on the node: nothing is lost, and every search has the answer of one model."""
from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elasticsearch import ApiError, Elasticsearch

from loader.elastic.connection import Connection
from loader.elastic.error_sentences import explain
from loader.elastic.models import embed_texts, read_deployed_model
from loader.elastic.renewal.next_indices import NextIndices, create_next, read_set
from loader.elastic.renewal.swap import block_writes, read_model_assets, swap
from loader.elastic.renewal.two_models import IndexSet, transitional_templates
from loader.files.library import list_files
from loader.peaks.identification.calibration_store import RuleInForce, read_cut_off, write_rule_in_force
from loader.peaks.identification.rule import default_rule
from tests.conftest import DEMO_CHECKPOINT, REPOSITORY, Node, call_peaks, invoke
from tests.files.picture_files import quadrants, write
from tests.photos.loaded_photos import Documents, documents
from tests.photos.renewal.searching import Searches

pytestmark = [pytest.mark.cluster, pytest.mark.release]

FROM_MODEL = {
    "clip_image", "predictions", "predicted_peaks", "predicted_peak_names", "predicted_peak_labels",
    "predicted_peaks_evidence", "predicted_concepts", "predicted_concept_names", "predicted_concept_labels",
}


def kept(found: Documents) -> Documents:
    """Documents without what comes from the model."""
    return {
        each: {name: value for name, value in document.items() if name not in FROM_MODEL}
        for each, document in found.items()
    }


@pytest.fixture
def library(drawn: Path, tmp_path: Path) -> Path:
    """Photos that a test may take away."""
    return Path(shutil.copytree(drawn, tmp_path / "trek"))


@pytest.fixture
def loaded(node: Node, client: Elasticsearch, fresh_indices: str, library: Path) -> Documents:
    """The library, peaks and concepts by the demo's model; a person said what one photo shows."""
    call_peaks("load-peaks", REPOSITORY / "demo" / "peaks.yaml", "--url", node.url)
    call_peaks("load-concepts", REPOSITORY / "demo" / "concepts.yaml", "--url", node.url)
    words = ("--checkpoint", DEMO_CHECKPOINT, "--timezone", "+05:45", "--url", node.url)
    call_peaks("load-photos", library, *words)
    call_peaks("confirm", library / pictures(library)[0], "--peak", "pumori", "--url", node.url)
    return documents(client)


def pictures(library: Path) -> list[str]:
    return [file.name for file in list_files(library).files if file.name.startswith("IMG_")]


def test_nothing_is_lost_and_every_search_is_one_models(
    node: Node, client: Elasticsearch, other_model: str, other_checkpoint: Path, library: Path,
    loaded: Documents, tmp_path: Path,
) -> None:
    words = ("reindex", "--es-model-id", other_model, "--checkpoint", other_checkpoint, "--url", node.url)
    ids = {document["path"]: each for each, document in loaded.items()}
    confirmed, away, deleted, *_ = pictures(library)
    catalogue = entries(client)
    searches = Searches(Connection(url=node.url).client(), ids[confirmed])
    searches.note_old()
    with searches.throughout():
        shutil.move(library / away, tmp_path)
        kill_in_the_middle(client, *words)
        refused = invoke(*words)
        assert refused.exit_code == 1 and f"/{away} (its file is away)" in refused.output
        assert "1 photo cannot be embedded again, so nothing was swapped" in refused.output
        before = versions(client)
        assert before.keys() == loaded.keys() - {ids[away]}
        shutil.move(tmp_path / away, library)
        new = write(library / "new.jpg", quadrants(300, 200)).name
        call_peaks("load-photos", library, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
        searches.note_old()
        client.delete(index="photos", id=ids[deleted], refresh=True)
        searches.note_old()
        said = call_peaks(*words)
    assert "photos: photos-000002 in place of photos-000001, 24 documents" in said
    searches.check()
    assert {each: version for each, version in versions(client).items() if each in before} == {
        each: version for each, version in before.items() if each != ids[deleted]
    }, "a photo that the next index held was embedded again"
    found = documents(client)
    here = {each: document for each, document in loaded.items() if each != ids[deleted]}
    (came,) = found.keys() - here.keys()
    assert found[came]["path"] == new and kept(found) == {**kept(here), came: kept(found)[came]}
    assert found[ids[confirmed]]["predicted_peaks"] == ["pumori"]
    assert {len(document["clip_image"]) for document in found.values()} == {64}
    assert entries(client) == catalogue
    assert_pipelines_give_these_vectors(client)


def kill_in_the_middle(client: Elasticsearch, *words: str | Path) -> None:
    """Kill the command as soon as the next index has photos."""
    process = subprocess.Popen([sys.executable, "-m", "loader", *map(str, words)], cwd=REPOSITORY)
    deadline = time.monotonic() + 60
    try:
        while not has_photos(client):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL


def has_photos(client: Elasticsearch) -> bool:
    found = client.indices.stats(index="photos-0*", metric="indexing")["indices"]
    return "photos-000002" in found and found["photos-000002"]["primaries"]["indexing"]["index_total"] > 0


def versions(client: Elasticsearch) -> dict[str, int]:
    """How often each photo of the second index was written."""
    client.indices.refresh(index="photos-000002")
    hits = client.search(index="photos-000002", size=100, source=False, version=True)["hits"]["hits"]
    return {hit["_id"]: hit["_version"] for hit in hits}


def entries(client: Elasticsearch) -> dict[str, Any]:
    """Peaks and concepts without their vectors."""
    found = client.search(index="peaks_catalog,concepts", size=100, source_excludes=["text_embed"])
    return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}


def vectors(client: Elasticsearch, index: str) -> dict[str, Any]:
    found = client.search(index=index, size=100, source=False, fields=[{"field": "text_embed"}])
    return {hit["_id"]: np.ravel(hit["fields"]["text_embed"]) for hit in found["hits"]["hits"]}


def assert_pipelines_give_these_vectors(client: Elasticsearch) -> None:
    """What is put again, without a vector, gets the vector that it has: pipelines and indices fit."""
    for index in ("peaks_catalog", "concepts"):
        before = vectors(client, index)
        for hit in client.search(index=index, size=100, source_excludes=["text_embed"])["hits"]["hits"]:
            client.index(index=index, id=hit["_id"], document=hit["_source"])
        client.indices.refresh(index=index)
        for each, vector in vectors(client, index).items():
            assert float(vector @ before[each]) > 0.9999, each


class Stopped(Exception):
    """What stops a swap in the middle."""


def test_a_swap_that_is_broken_off_is_undone_or_finished_and_rolled_back(
    node: Node, client: Elasticsearch, other_model: str, other_checkpoint: Path, loaded: Documents,
    library: Path,
) -> None:
    words = ("reindex", "--es-model-id", other_model, "--checkpoint", other_checkpoint, "--url", node.url)
    old, photo = read_set(client), next(iter(loaded))
    write_rule_in_force(client, RuleInForce(default_rule(), 0.05, {"labels": "confirmed"}))
    break_off_a_swap(node, client, other_model, photo)
    assert read_set(client) == old and fits(node, client, old)
    client.update(index="photos", id=photo, doc={"time_source": "exif"})

    said = invoke(*words).output
    new = read_set(client)
    assert new.model.model_id == other_model and fits(node, client, new)
    assert "What `peaks calibrate` measured holds for the old model" in said and read_cut_off(client) is None

    leave_as_killed_after_the_aliases_moved(client, old, new)
    assert not fits(node, client, new)
    assert "already; templates and pipelines name it" in call_peaks(*words)
    assert fits(node, client, new)

    first, *_ = pictures(library)
    call_peaks("confirm", library / first, "--peak", "lhotse", "--url", node.url)
    write(library / "new.jpg", quadrants(300, 200))
    call_peaks("load-photos", library, "--checkpoint", other_checkpoint, "--url", node.url)
    said = call_peaks("rollback", "--url", node.url)
    assert "photos: photos-000001 in place of photos-000002, 24 documents" in said
    assert "Left out: 1 photo, " in said and "/new.jpg (it is not embedded by this model)" in said
    assert read_set(client) == old and fits(node, client, old) and read_cut_off(client) == 0.05
    found = documents(client)
    (worded,) = (each for each, document in found.items() if document["path"] == first)
    assert found[worded]["confirmed_peaks"] == found[worded]["predicted_peaks"] == ["lhotse"]
    assert found.keys() == loaded.keys()
    for each in found.keys() - {worded, photo}:
        assert {**found[each], "clip_image": 0} == {**loaded[each], "clip_image": 0}
        assert np.array_equal(found[each]["clip_image"], loaded[each]["clip_image"])
    assert call_peaks("rollback", "--url", node.url) and read_set(client) == new


def break_off_a_swap(node: Node, client: Elasticsearch, model_id: str, photo: str) -> None:
    """Stop it where the old indices take no more documents."""
    def stop() -> None:
        with pytest.raises(ApiError) as refused:
            client.update(index="photos", id=photo, doc={"camera": "lost"})
        assert "[photos-000001] takes no documents, because `peaks reindex`" in str(explain(refused.value))
        raise Stopped

    model = read_deployed_model(client, model_id)
    create_next(client, read_model_assets(client, model), model)
    with pytest.raises(Stopped):
        swap(client, Connection(url=node.url).client_of(NextIndices), stop)


def leave_as_killed_after_the_aliases_moved(client: Elasticsearch, old: IndexSet, new: IndexSet) -> None:
    headers = {"accept": "application/json", "content-type": "application/json"}
    for asset in transitional_templates((old, new)):
        client.perform_request("PUT", f"/{asset.path}", headers=headers, body=asset.body)
    block_writes(client, new, True)


def fits(node: Node, client: Elasticsearch, indices: IndexSet) -> bool:
    """Whether the assets are those of the indices' model, and the indices take writes."""
    words = ("apply", "--es-model-id", indices.model.model_id, "--dry-run", "--exit-code", "--url", node.url)
    settings = client.indices.get_settings(index=list(indices.names.values()), name="index.blocks.write")
    return invoke(*words).exit_code == 0 and not any(each["settings"] for each in settings.values())


def test_what_cannot_be_done_is_one_sentence(
    node: Node, client: Elasticsearch, other_model: str, other_checkpoint: Path, loaded: Documents,
    library: Path, tmp_path: Path,
) -> None:
    def refusal(*words: str | Path) -> str:
        result = invoke(*words, "--url", node.url)
        assert result.exit_code == 1 and result.output.count("\n") == 1, result.output
        return result.output

    assert "[photos-000001] has replaced no index" in refusal("rollback")
    reindex = ("reindex", "--es-model-id", other_model)
    assert "name the checkpoint of other-tiny with --checkpoint" in refusal(*reindex)
    assert "was made of another checkpoint" in refusal(*reindex, "--checkpoint", DEMO_CHECKPOINT)
    assert "is not in the cluster" in refusal("reindex", "--es-model-id", "nobody")
    assert not client.indices.exists_alias(name="photos-next")

    away, changed, *_ = pictures(library)
    (library / away).unlink()
    write(library / changed, quadrants(300, 200))
    words = (*reindex, "--checkpoint", other_checkpoint)
    said = refusal(*words)
    assert f"/{away} (its file is away)" in said and f"/{changed} (its file has changed since" in said
    mapping = client.indices.get_mapping(index="photos-next")["photos-000002"]["mappings"]
    client.indices.put_mapping(index="photos-next", meta={**mapping["_meta"], "model_fingerprint": "another"})
    assert "[photos-000002] is being built for [other-tiny]: finish that with" in refusal(*words)
    client.indices.put_mapping(index="photos-next", meta=mapping["_meta"])
    write(tmp_path / "references" / "Ama Dablam" / "one.jpg", quadrants(300, 200))
    references = ("--reference-images", tmp_path / "references")
    said = call_peaks(*words, "--leave-out-missing", *references, "--url", node.url)
    assert "photos-000002 in place of photos-000001, 22 documents" in said and "Left out: 2 photos" in said
    assert "Reference photos in 1 prototype" in said
    for peak, vector in vectors(client, "peaks_catalog").items():
        names = client.get(index="peaks_catalog", id=peak)["_source"]["names"]
        (by_name,) = embed_texts(client, other_model, [f"peak: {' | '.join(names)}"])
        assert (float(vector @ by_name) < 0.999) is (peak == "ama-dablam"), peak
    client.indices.delete(index="peaks_catalog-000001")
    assert "[peaks_catalog-000001], which stood behind peaks_catalog, was deleted" in refusal("rollback")
