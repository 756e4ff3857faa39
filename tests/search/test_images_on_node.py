"""`peaks identify` and `peaks similar` against a real node, as a person calls them."""
from __future__ import annotations

import json
import shutil
import unicodedata
from pathlib import Path
from typing import Literal

import pytest
from elasticsearch import Elasticsearch

from eland_models.checkpoint import open_checkpoint
from loader.files.library import path_words
from tests.conftest import DEMO_CHECKPOINT, Node, ask, stored_vector
from tests.search.search_library import PATHS, SHOTS, draw_shot, paths, refusal

pytestmark = pytest.mark.cluster

SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"
 exif:GPSLatitude="27,53.4N" exif:GPSLongitude="86,47.4E" exif:GPSImgDirection="101/1"/>
</rdf:RDF></x:xmpmeta>"""


def test_identify(node: Node, client: Elasticsearch, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("no image")
    sheet = tmp_path / "sheet.html"
    draw_shot(SHOTS[5], (320, 240)).save(tmp_path / "new.png")
    readable = (photos / "day 1/blue.jpg", tmp_path / "new.png")
    unreadable = (tmp_path / "notes.jpg", tmp_path / "no.jpg")
    words: list[str | Path] = [readable[0], *unreadable, readable[1]]
    document = ask(node, "identify", *words, "--checkpoint", DEMO_CHECKPOINT, "--html", sheet)
    assert [answer["path"] for answer in document["answers"]] == [str(image) for image in readable]
    assert [entry["path"] for entry in document["skipped"]] == [str(image) for image in unreadable]
    for answer in document["answers"]:
        assert {each["id"] for each in answer["candidates"]} == {"ama-dablam", "mount-everest", "khumbila"}
        for each in answer["candidates"]:
            assert 0 <= each["probability"] <= 1 and 0 <= each["siglip_probability"] <= 1
    assert [answer["camera"] is None for answer in document["answers"]] == [False, True]
    assert sheet.read_text(encoding="utf-8").count("data:image/jpeg;base64,") == 2
    best = document["answers"][0]["candidates"][0]
    photo = stored_vector(client, "photos", "clip_image", {"term": {"path": "day 1/blue.jpg"}})
    peak = stored_vector(client, "peaks_catalog", "text_embed", {"ids": {"values": [best["id"]]}})
    assert best["cosine"] == pytest.approx(float(photo @ peak), abs=1e-4)


def test_a_copy_of_an_indexed_photo_is_where_its_own_sidecar_says(
    node: Node, photos: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "snow.jpg"
    shutil.copy(photos / "scans/snow <1998>.jpg", copy)
    (tmp_path / "snow.jpg.xmp").write_text(SIDECAR)
    (identified,) = ask(node, "identify", copy)["answers"]
    (sighted,) = ask(node, "sight", copy)["photos"]
    assert identified["camera"] == sighted["camera"]
    assert identified["camera"]["lat"] == pytest.approx(27.89, abs=1e-4)


def test_identify_goes_through_a_folder(node: Node, photos: Path, tmp_path: Path) -> None:
    document = ask(node, "identify", photos)
    assert [answer["path"] for answer in document["answers"]] == sorted(str(photos / path) for path in PATHS)
    (tmp_path / "notes.jpg").write_text("no image")
    for name in ("new.png", "newer.png"):
        draw_shot(SHOTS[5], (320, 240)).save(tmp_path / name)
    sentences = refusal(node, "identify", tmp_path, code=2).splitlines()
    assert len(sentences) == 2 and f"{tmp_path}/notes.jpg cannot be read" in sentences[0]
    assert sentences[1].startswith(f"Skipped {tmp_path}/new.png and {tmp_path}/newer.png: ")
    assert "--checkpoint" in sentences[1]


def test_a_new_image_needs_its_checkpoint(node: Node, photos: Path, tmp_path: Path) -> None:
    new, other = tmp_path / "new.png", tmp_path / "other"
    draw_shot(SHOTS[0], (200, 150)).save(new)
    assert "There is no image file" in refusal(node, "identify", tmp_path / "absent.jpg", code=2)
    assert "--checkpoint" in refusal(node, "identify", new, code=2)
    shutil.copytree(DEMO_CHECKPOINT, other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "_name_or_path": "another"}))
    sentence = refusal(node, "similar", new, "--checkpoint", other)
    assert open_checkpoint(str(DEMO_CHECKPOINT), tower="both").fingerprint in sentence


def test_identify_near_a_place(node: Node, photos: Path) -> None:
    image = photos / "day 1/blue.jpg"
    document = ask(node, "identify", image, "--checkpoint", DEMO_CHECKPOINT, "--near", "khumbila")
    assert [each["id"] for each in document["answers"][0]["candidates"]] == ["khumbila"]
    assert ask(node, "identify", image, "--min-similarity", "0.99")["answers"][0]["candidates"] == []


def test_similar_to_an_indexed_photo_needs_no_checkpoint(node: Node, photos: Path, tmp_path: Path) -> None:
    copy = tmp_path / "renamed.png"
    shutil.copy(photos / "day 1/blue.jpg", copy)
    for image in (photos / "day 1/blue.jpg", copy, "day 1/blue.jpg"):
        document = ask(node, "similar", image)
        assert paths(document) == PATHS - {"day 1/blue.jpg"}
        assert all(hit["probability"] is None for hit in document["hits"])
        assert len(ask(node, "similar", image, "--size", "2")["hits"]) == 2


def test_similar_to_a_new_image(node: Node, photos: Path, tmp_path: Path) -> None:
    shot = SHOTS[1]
    draw_shot(shot, (320, 240)).save(tmp_path / "larger.png")
    document = ask(node, "similar", tmp_path / "larger.png", "--checkpoint", DEMO_CHECKPOINT)
    assert document["hits"][0]["path"] == shot.name
    assert document["hits"][0]["cosine"] > 0.9
    assert "--checkpoint" in refusal(node, "similar", tmp_path / "larger.png")
    assert "There is no image file" in refusal(node, "similar", tmp_path / "absent.png")


def test_a_part_of_a_path_is_enough_where_no_other_photo_has_it(node: Node, photos: Path) -> None:
    for part in ("blue.jpg", "blue", "DAY_1/BLUE.JPG", "DAY 1/blue"):
        document = ask(node, "similar", part)
        assert document["query"]["asked"] == f"{photos}/day 1/blue.jpg"
        assert paths(document) == PATHS - {"day 1/blue.jpg"}
    (answer,) = ask(node, "identify", "夜")["answers"]
    assert answer["path"] == f"{photos}/scans/夜.jpg"
    offered = refusal(node, "similar", "day 1")
    both = f"{photos}/day 1/blue.jpg and {photos}/day 1/dawn.jpg"
    assert f"several indexed photos may be meant, {both}: give the path" in offered
    assert "There is no image file" in refusal(node, "similar", "day")


def both_forms(text: str) -> tuple[str, str]:
    return unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_a_path_is_found_in_both_unicode_forms(
    node: Node, client: Elasticsearch, photos: Path, tmp_path: Path, stored: Literal["NFC", "NFD"]
) -> None:
    path = unicodedata.normalize(stored, "scans/prière à Nāmche.jpg")
    vector = stored_vector(client, "photos", "clip_image", {"term": {"path": "day 1/blue.jpg"}}).tolist()
    document = {"path": path, "path_words": path_words(path), "clip_image": vector, "content_hash": "0"}
    client.index(index="photos", id="accents", document=document, refresh=True)
    try:
        for typed in both_forms(path):
            assert paths(ask(node, "similar", typed)) == PATHS
            assert paths(ask(node, "similar", typed.removeprefix("scans/"))) == PATHS
        for typed in both_forms("priere a nāmche"):
            assert ask(node, "search", typed, "--hybrid")["hits"][0]["path"] == path
    finally:
        client.delete(index="photos", id="accents", refresh=True)
    file = tmp_path / path.removeprefix("scans/")
    shutil.copy(photos / "day 1/blue.jpg", file)
    for typed in both_forms(str(file)):
        assert paths(ask(node, "similar", typed)) == PATHS - {"day 1/blue.jpg"}
