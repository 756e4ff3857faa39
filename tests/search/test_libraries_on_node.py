"""Several libraries in one index: they are listed, searched one by one, opened from anywhere, forgotten."""
from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from tests.conftest import DEMO_CHECKPOINT, NOWHERE, Node, ask, call_peaks, invoke, renew_indices
from tests.files.picture_files import write
from tests.search.search_library import SHOTS, draw_shot, make_library, paths, refusal

pytestmark = pytest.mark.cluster

CARD = {"day 1/blue.jpg", "card.jpg"}


@pytest.fixture(scope="module")
def roots(
    node: Node, client: Elasticsearch, deployed_model: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Path]]:
    """The folders of two libraries, "trek" of six photos and "card 2" of two; one path is in both."""
    renew_indices(node, client, deployed_model)
    trek = make_library(tmp_path_factory.mktemp("a place") / "trek")
    card = tmp_path_factory.mktemp("another") / "DCIM"
    for number, name in enumerate(sorted(CARD)):
        write(card / name, draw_shot(SHOTS[number + 3], (200, 140)))
    load = ("load-photos", "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    call_peaks(*load, trek)
    call_peaks(*load, card, "--library", "card 2")
    yield trek, card


def test_libraries_are_listed(node: Node, roots: tuple[Path, Path]) -> None:
    trek, card = roots
    found = json.loads(call_peaks("libraries", "--json", "--url", node.url))
    times = [each.pop("loaded") for each in found]
    assert found == [
        {"library": "card 2", "root": str(card), "photos": 2},
        {"library": "trek", "root": str(trek), "photos": 6},
    ]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z", time) for time in times)
    call_peaks("load-photos", trek, "--url", node.url)  # nothing is new, and yet it is its last load
    again = [each["loaded"] for each in json.loads(call_peaks("libraries", "--json", "--url", node.url))]
    assert again[0] == times[0] and again[1] > times[1]
    table = call_peaks("libraries", "--url", node.url)
    assert all(word in table for word in ("card 2", "last load", " UTC")) and "not there" not in table


@pytest.mark.parametrize("command", [
    ("search", "mountain"), ("search", "mountain", "--hybrid"), ("peak", "blue", "--by-name"), ("photos",),
])
def test_every_search_takes_libraries(node: Node, roots: tuple[Path, Path], command: tuple[str, ...]) -> None:
    every = ask(node, *command)
    assert len(every["hits"]) > 2
    of_card = ask(node, *command, "--library", "card 2")
    assert paths(of_card) == CARD and {hit["library"] for hit in of_card["hits"]} == {"card 2"}
    assert of_card["query"]["parameters"]["libraries"] == ["card 2"]
    both = ask(node, *command, "--library", "card 2", "--library", "trek")
    assert len(both["hits"]) == len(every["hits"])
    sentence = refusal(node, *command, "--library", "Trek")
    assert sentence == "Error: The index has no library 'Trek': it has trek and card 2.\n"
    assert "has no library ''" in refusal(node, *command, "--library", "")


def test_reading_asks_for_no_more_than_the_privilege_to_read(
    node: Node, roots: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "elastic_transport.transport")
    call_peaks("libraries", "--url", node.url)
    call_peaks("photos", "--library", "trek", "--url", node.url)
    assert "/photos/_search" in caplog.text and "_refresh" not in caplog.text


def test_similar_photos_and_maps_take_libraries(
    node: Node, roots: tuple[Path, Path], tmp_path: Path
) -> None:
    trek, _ = roots
    image = trek / "day 1/blue.jpg"
    assert paths(ask(node, "similar", image, "--library", "card 2")) == CARD
    page = tmp_path / "map.html"
    call_peaks("map", "--output", page, "--library", "trek", "--url", node.url)
    assert "of the library trek" in page.read_text(encoding="utf-8")
    sentence = refusal(node, "map", "--output", page, "--library", "card 2")
    assert "passes the filters (of the library card 2)" in sentence


def test_a_library_can_be_named_where_the_cluster_is_not_asked() -> None:
    result = invoke("search", "yak", "--library", "card 2", "--curl", "--url", NOWHERE)
    assert result.exit_code == 0 and '"card 2"' in result.output


def test_answers_carry_paths_that_open_from_anywhere(node: Node, roots: tuple[Path, Path]) -> None:
    hits = ask(node, "search", "mountain")["hits"]
    written = {str(path) for root in roots for path in root.rglob("*.jpg")}
    assert {hit["file"] for hit in hits} == written
    told = call_peaks("search", "mountain", "--url", node.url)
    assert all(re.sub(r"\s", "", path) in re.sub(r"\s", "", told) for path in written)


def test_an_indexed_photo_is_known_by_its_whole_path_too(
    node: Node, roots: tuple[Path, Path], tmp_path: Path
) -> None:
    _, card = roots
    away = card.rename(tmp_path / "away")  # its disk is not connected
    try:
        for image in (card / "card.jpg", "card.jpg", card / "day 1/blue.jpg"):
            hits = ask(node, "similar", image)["hits"]
            assert len(hits) == 7 and str(card / image) not in {hit["file"] for hit in hits}
        sentence = refusal(node, "similar", "day 1/blue.jpg")
        assert "several indexed photos may be meant" in sentence
        assert all(f"{root}/day 1/blue.jpg" in sentence for root in roots)
        assert "not there now" in call_peaks("libraries", "--url", node.url)
    finally:
        away.rename(card)


def test_a_photo_without_its_file_is_known_by_any_end_of_its_path_and_its_copies_are_left_out(
    node: Node, roots: tuple[Path, Path], tmp_path: Path
) -> None:
    _, card = roots
    copies = tmp_path / "copies"
    shutil.copytree(card, copies)
    call_peaks("load-photos", copies, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    away = card.rename(tmp_path / "away")
    try:
        for end in ("DCIM/day 1/blue.jpg", f"{card.parent.name}/DCIM/day 1/blue.jpg"):
            document = ask(node, "similar", end)
            assert document["query"]["asked"] == f"{card}/day 1/blue.jpg"
            assert "copies" not in {hit["library"] for hit in document["hits"] if "blue" in hit["path"]}
        assert "There is no image file" in refusal(node, "similar", "CIM/day 1/blue.jpg")
    finally:
        away.rename(card)
        call_peaks("forget", "copies", "--yes", "--url", node.url)


def test_a_library_is_forgotten_when_a_person_agrees(node: Node, roots: tuple[Path, Path]) -> None:
    _, card = roots
    forget = ("forget", "card 2", "--url", node.url)
    for answer, code in (("n\n", 0), ("", 1)):
        result = invoke(*forget, input=answer)
        assert result.exit_code == code
        question = f"Remove the 2 photos of 'card 2' ({card}) from the index? No file is touched."
        assert question in result.stderr
    assert len(ask(node, "search", "mountain")["hits"]) == 8
    assert call_peaks(*forget, "--yes") == "Removed 2 photos of 'card 2' from the index\n"
    assert len(ask(node, "search", "mountain")["hits"]) == 6 and (card / "card.jpg").exists()
    for name in ("card 2", ""):
        assert f"has no library {name!r}" in refusal(node, "forget", name, "--yes")
