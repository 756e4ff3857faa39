"""`peaks map TEXT`: the photos that the stored template finds, on the map."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from loader.errors import PeaksError
from loader.search.asking import answer_question
from loader.search.filters import Filters
from loader.search.question import ask_text
from loader.search.trek import read_trek
from tests.conftest import Node, call_peaks

from .conftest import photos  # noqa: F401  (a fixture)

pytestmark = pytest.mark.cluster


def test_a_trek_has_only_the_photos_of_an_answer(client: Elasticsearch, photos: Path) -> None:  # noqa: F811
    answer = answer_question(client, ask_text("starry night", "photo", Filters({"size": 6})))
    everything = read_trek(client, Filters())
    placed = {photo.id for photo in everything.photos}
    best = next(hit for hit in answer.hits if hit.id in placed)
    trek = read_trek(client, Filters(), answer=replace(answer, hits=(best,)))
    assert [photo.id for photo in trek.photos] == [best.id] and len(placed) > 1
    assert trek.filters == ("“starry night”",) and trek.without_position == 0
    with pytest.raises(PeaksError, match=r"passes the filters \(“starry night”\)"):
        read_trek(client, Filters(), answer=replace(answer, hits=()))


def test_the_command_takes_words_and_filters(node: Node, photos: Path, tmp_path: Path) -> None:  # noqa: F811
    page = tmp_path / "map.html"
    call_peaks("map", "starry night", "--peak", "Ama Dablam", "--output", page, "--url", node.url)
    written = page.read_text(encoding="utf-8")
    assert "1 photo · 5 October 2023 · “starry night” · showing Ama Dablam" in written
