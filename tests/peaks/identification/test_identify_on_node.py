"""Mountains named on a real node, in drawn photos whose truth is known, and named anew."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from PIL import Image
from PIL.ExifTags import GPS, IFD

from loader.elastic.models import read_deployed_model
from loader.peaks.identification.calibration_store import (
    RuleInForce,
    read_rule_in_force,
    reset_rule_in_force,
    write_rule_in_force,
)
from loader.peaks.identification.rule import Rule, Weights, default_rule
from loader.peaks.siglip import SiglipSigmoid
from tests.conftest import (
    DEMO_CHECKPOINT,
    DRAWN,
    REPOSITORY,
    Node,
    Truth,
    ask,
    call_peaks,
    renew_indices,
    run_peaks,
    stored_vector,
)

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def truths(truth: Truth) -> dict[str, dict[str, Any]]:
    """What each photo shows, by its file's name."""
    return {entry["file"]: entry for entry in truth}


@pytest.fixture(scope="module")
def library(node: Node, client: Elasticsearch, deployed_model: str, drawn: Path) -> Iterator[Path]:
    """The drawn photos, peaks and concepts in fresh indices."""
    renew_indices(node, client, deployed_model)
    call_peaks("load-peaks", REPOSITORY / "demo" / "peaks.yaml", "--url", node.url)
    call_peaks("load-concepts", REPOSITORY / "demo" / "concepts.yaml", "--url", node.url)
    call_peaks("load-photos", drawn, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    yield drawn


def photos(client: Elasticsearch) -> dict[str, dict[str, Any]]:
    """Every photo's ``_source`` by its path."""
    hits = client.search(index="photos", size=200, source_excludes=["thumbnail"])["hits"]["hits"]
    return {hit["_source"]["path"]: hit["_source"] for hit in hits}


@pytest.mark.usefixtures("library")
def test_photos_carry_the_mountain_that_they_show(
    client: Elasticsearch, truths: dict[str, dict[str, Any]]
) -> None:
    found = photos(client)
    assert found.keys() == truths.keys()
    right = [name for name, photo in found.items() if photo["predicted_peaks"][:1] == [truths[name]["peak"]]]
    assert len(right) >= 0.9 * DRAWN
    in_frame = [name for name, photo in found.items() if truths[name]["peak"] in photo["peaks_in_frame_ids"]]
    assert len(in_frame) >= 0.9 * DRAWN
    for photo in found.values():
        columns = (photo["predicted_peaks"], photo["predicted_peaks_evidence"], photo["predictions"])
        assert len({len(column) for column in columns}) == 1
        chances = [prediction["probability"] for prediction in photo["predictions"]]
        assert chances == sorted(chances, reverse=True) and all(chance >= 0.5 for chance in chances)
        lines = (photo["peaks_in_frame"], photo["peaks_in_frame_ids"], photo["peaks_in_sight"])
        assert len({len(column) for column in lines}) == 1


@pytest.mark.usefixtures("library")
def test_concepts_are_facets(client: Elasticsearch, truths: dict[str, dict[str, Any]]) -> None:
    found = photos(client)
    named = {(path, concept) for path, photo in found.items() for concept in photo["predicted_concepts"]}
    shown = {(path, thing) for path, entry in truths.items() for thing in entry["things"]}
    things = {thing for _, thing in shown}
    assert len(named & shown) >= 0.7 * len(shown)
    assert len([pair for pair in named if pair[1] in things and pair not in shown]) <= 0.3 * len(shown)
    buckets = client.search(index="photos", size=0, aggregations={
        "concepts": {"terms": {"field": "predicted_concepts", "size": 100}},
        "evidence": {"terms": {"field": "predicted_peaks_evidence"}},
    })["aggregations"]
    assert {bucket["key"] for bucket in buckets["concepts"]["buckets"]} == {concept for _, concept in named}
    assert {bucket["key"] for bucket in buckets["evidence"]["buckets"]} <= {"visual", "sight", "both"}


def test_identify_says_what_the_rule_says(
    node: Node, client: Elasticsearch, library: Path, truths: dict[str, dict[str, Any]]
) -> None:
    path = next(path for path, photo in photos(client).items() if photo["peaks_in_frame"])
    answer = ask(node, "identify", path)["answers"][0]
    photo = stored_vector(client, "photos", "clip_image", {"term": {"path": path}})
    weighed = answer["candidates"]
    cosines = [photo @ stored_vector(client, "peaks_catalog", "text_embed", {"ids": {"values": [each["id"]]}})
               for each in weighed]
    assert [each["cosine"] for each in weighed] == pytest.approx(cosines, abs=1e-4)
    model = read_deployed_model(client, DEMO_CHECKPOINT.name)
    siglip = SiglipSigmoid(model.logit_scale or 0, model.logit_bias or 0)
    assert [each["siglip_probability"] for each in weighed] == pytest.approx(
        [siglip.probability(float(cosine)) for cosine in cosines], abs=1e-4
    )
    stored = photos(client)[path]
    assert answer["named"][:3] == stored["predicted_peaks"]
    assert answer["camera"]["bearing"] == pytest.approx(truths[path]["bearing"], abs=0.01)


def test_what_sight_has_in_the_frame_identify_lists_with_the_same_direction(
    node: Node, client: Elasticsearch, library: Path
) -> None:
    mute = {"id": "mute-peak", "names": ["Mute Peak"], "latlon": {"lat": 27.95, "lon": 86.9}, "elev_m": 8000}
    client.index(index="peaks_catalog", id="mute-peak", document=mute, pipeline="_none", refresh=True)
    try:
        seen = {entry["path"]: entry["peaks"] for entry in ask(node, "sight", library)["photos"]}
        answers = ask(node, "identify", library, "--size", "1")["answers"]
    finally:
        client.delete(index="peaks_catalog", id="mute-peak", refresh=True)
    assert len(answers) == len(seen) == DRAWN
    in_frame = 0
    for answer in answers:
        listed = {each["id"]: each["sight"] for each in answer["candidates"]}
        for peak in seen[answer["path"]]:
            if peak["in_frame"]:
                in_frame += 1
                assert listed[peak["peak"]]["offset"] == pytest.approx(peak["offset"], abs=0.01)
                assert listed[peak["peak"]]["hidden_by"] == peak["hidden_by"]
    assert in_frame > DRAWN
    assert any(each["id"] == "mute-peak" for answer in answers for each in answer["candidates"])


def test_a_file_is_identified_as_when_it_was_loaded(node: Node, client: Elasticsearch, library: Path) -> None:
    path, stored = next((path, photo) for path, photo in photos(client).items() if photo["predicted_peaks"])
    words: list[str | Path] = ["identify", library / path, "--checkpoint", DEMO_CHECKPOINT]
    answer = ask(node, *words)["answers"][0]
    assert answer["named"][:3] == stored["predicted_peaks"]
    best = stored["predictions"][0]
    assert answer["candidates"][0]["probability"] == pytest.approx(best["probability"], abs=1e-3)
    text = call_peaks(*words, "--url", node.url)
    assert text.startswith(f"{library / path}: ") and "looking" in text and best["evidence"] in text


def test_a_photo_without_position_is_judged_by_the_picture_alone(
    node: Node, library: Path, tmp_path: Path, client: Elasticsearch
) -> None:
    path = next(name for name in photos(client) if name.endswith(".JPG"))
    bare = tmp_path / "bare.jpg"
    with Image.open(library / path) as image:
        exif = image.getexif()
        exif.get_ifd(IFD.GPSInfo).clear()
        exif[0x8825] = {GPS.GPSVersionID: b"\x02\x03\x00\x00"}
        image.save(bare, "JPEG", exif=exif, quality=95)
    answer = ask(node, "identify", bare, "--checkpoint", DEMO_CHECKPOINT, "--size", "12")["answers"][0]
    assert answer["camera"] is None
    assert len(answer["candidates"]) == 12 and all(each["sight"] is None for each in answer["candidates"])
    assert {each["evidence"] for each in answer["candidates"]} == {"visual"}


def test_no_match_is_said(node: Node, library: Path, client: Elasticsearch) -> None:
    path = next(iter(photos(client)))
    strict = _rule(threshold=0.999999)
    write_rule_in_force(client, RuleInForce(strict, origin={"labels": "test"}))
    try:
        text = call_peaks("identify", path, "--url", node.url)
        assert "no match: the likeliest peak has " in text
        assert ask(node, "identify", path)["answers"][0]["named"] == []
        report = json.loads(call_peaks("predict", "--json", "--url", node.url))
        assert (report["photos"], report["with_peaks"]) == (DRAWN, 0)
        assert not any(photo["predicted_peaks"] for photo in photos(client).values())
    finally:
        reset_rule_in_force(client)
        call_peaks("predict", "--url", node.url)
    assert read_rule_in_force(client).rule == default_rule()


def _rule(threshold: float) -> Rule:
    shipped = default_rule()
    return Rule(shipped.picture, shipped.sighted, threshold, shipped.concept)


def test_predict_names_a_new_peak_without_the_files(
    node: Node, client: Elasticsearch, library: Path, tmp_path: Path
) -> None:
    before = photos(client)
    unchanged = json.loads(call_peaks("predict", "--json", "--url", node.url))
    assert (unchanged["changed"], unchanged["unchanged"]) == (0, DRAWN)
    removed = "ama-dablam"
    client.delete(index="peaks_catalog", id=removed, refresh=True)
    try:
        call_peaks("predict", "--url", node.url)
        assert not any(removed in photo["predicted_peaks"] for photo in photos(client).values())
        assert not any(removed in photo["peaks_in_frame_ids"] for photo in photos(client).values())
        vectors = client.search(index="photos", size=DRAWN, source=False, fields=[{"field": "clip_image"}])
        assert all(hit["fields"]["clip_image"] for hit in vectors["hits"]["hits"])
    finally:
        call_peaks("load-peaks", REPOSITORY / "demo" / "peaks.yaml", "--url", node.url)
        call_peaks("predict", "--url", node.url)
    assert photos(client) == before


def test_a_measured_rule_is_kept_through_apply(
    node: Node, client: Elasticsearch, library: Path, deployed_model: str
) -> None:
    rule = Rule(Weights(1.0, 0.5, 0.5), Weights(1.0, 0.5, 0.5, 1.0), 0.25, default_rule().concept)
    write_rule_in_force(client, RuleInForce(rule, 0.125, {"labels": "test"}))
    try:
        reported = call_peaks("apply", "--url", node.url, "--es-model-id", deployed_model)
        assert "changed" not in reported
        read = read_rule_in_force(client)
        assert (read.rule, read.min_similarity, read.origin) == (rule, 0.125, {"labels": "test"})
    finally:
        reset_rule_in_force(client)


def test_a_damaged_calibration_is_named(node: Node, client: Elasticsearch, library: Path) -> None:
    meta = next(iter(client.indices.get_mapping(index="photos").values()))["mappings"]["_meta"]
    model = client.indices.get_mapping(index="peaks_catalog")
    fingerprint = next(iter(model.values()))["mappings"]["_meta"]["model_fingerprint"]
    damaged = {"text_model": fingerprint, "rule": {"picture": 1}}
    client.indices.put_mapping(index="photos", meta={**meta, "calibration": damaged})
    try:
        result = run_peaks("predict", "--url", node.url)
        assert result.returncode == 1 and result.stderr.count("\n") == 1
        assert "_meta.calibration of [photos]" in result.stderr and "calibrate again" in result.stderr
    finally:
        client.indices.put_mapping(index="photos", meta=meta)


def test_another_text_models_measurement_is_not_used(client: Elasticsearch, library: Path) -> None:
    meta = next(iter(client.indices.get_mapping(index="photos").values()))["mappings"]["_meta"]
    foreign = {"text_model": "0" * 16, "rule": _rule(0.9).as_dict(), "origin": {"labels": "elsewhere"}}
    client.indices.put_mapping(index="photos", meta={**meta, "calibration": foreign})
    try:
        assert not read_rule_in_force(client).origin
    finally:
        client.indices.put_mapping(index="photos", meta=meta)


def test_peaks_that_cannot_be_seen_are_not_weighed(node: Node, client: Elasticsearch, library: Path) -> None:
    summit = {"latlon": {"lat": 45.8326, "lon": 6.8652}, "elev_m": 4806}
    far = {"id": "mont-blanc", "names": ["Mont Blanc"], **summit}
    client.index(index="peaks_catalog", id="mont-blanc", document=far, refresh=True)
    try:
        answer = ask(node, "identify", next(iter(photos(client))), "--size", "50")["answers"][0]
        assert "mont-blanc" not in {each["id"] for each in answer["candidates"]}
    finally:
        client.delete(index="peaks_catalog", id="mont-blanc", refresh=True)
