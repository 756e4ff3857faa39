"""Words as the analyzers of the mappings make them, and what the hybrid templates find by them."""
from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from loader.elastic.assets import pack_template
from loader.files.library import path_words

from .three_photos import INDEX

pytestmark = pytest.mark.cluster

NAMED: dict[str, tuple[str, dict[str, Any]]] = {
    "flower": ("day 1/IMG_2498.HEIC", {}),
    "stone": ("day 1/IMG_2499.HEIC", {"keywords": ["Mâni stone", "mantra"]}),
    "flags": ("Prière à Nāmche.jpg", {}),
    "decomposed": (unicodedata.normalize("NFD", "été/Prière.jpg"), {"description": "Vue d\u2019un “Hôtel”"}),
    "camera": ("DCIM/DSC01234.JPG", {}),
}


def analyzed(client: Elasticsearch, field: str, text: str) -> list[str]:
    answer = client.indices.analyze(index=INDEX, field=field, text=text)
    return [token["token"] for token in answer["tokens"]]


@pytest.mark.parametrize(("text", "words"), [
    ("Prière à Nāmche", ["priere", "a", "namche"]),
    ("Prie\u0300re a\u0300 Na\u0304mche", ["priere", "a", "namche"]),
    ("ＰＲＡＹＥＲ ﾔｸ", ["prayer", "ヤク"]),
    ("Straße ĐÀ LẠT", ["strasse", "da", "lat"]),
    ("सगरमाथा K2", ["सगरमाथा", "k2"]),
])
def test_words_without_case_accents_and_width(stored: Elasticsearch, text: str, words: list[str]) -> None:
    for field in ("description", "predicted_peak_names", "predicted_concept_names", "keywords.words"):
        assert analyzed(stored, field, text) == words


@pytest.mark.parametrize(("text", "words"), [
    ("IMG_2498.HEIC", ["img", "2498", "heic"]),
    ("IMG 2498", ["img", "2498"]),
    ("ＤＳＣ０１２３４", ["dsc", "01234"]),
    ("Prie\u0300re/AmaDablam-12", ["priere", "ama", "dablam", "12"]),
])
def test_words_of_a_path_end_where_the_loader_ends_them(
    stored: Elasticsearch, text: str, words: list[str]
) -> None:
    assert analyzed(stored, "path_words", text) == words
    assert analyzed(stored, "path_words", path_words(text)) in (words, words[:-1])  # an extension is left out


@pytest.mark.parametrize(("text", "numbers"), [
    ("day 12/IMG_2498.HEIC", ["2498"]),
    ("PXL_20231005_063012345", ["20231005", "063012345"]),
    ("ＤＳＣ０１２３４", ["01234"]),
    ("K2, Camp 1", []),
])
def test_numbers_of_a_path(stored: Elasticsearch, text: str, numbers: list[str]) -> None:
    assert analyzed(stored, "path_words.numbers", text) == numbers


@pytest.fixture(scope="module")
def named(stored: Elasticsearch) -> Iterator[Elasticsearch]:
    """Photos with names, all of one vector."""
    for name, (path, fields) in NAMED.items():
        photo = {"path": path, "path_words": path_words(path), "clip_image": [0, 1, 0], **fields}
        stored.index(index=INDEX, id=name, document=photo)
    stored.indices.refresh(index=INDEX)
    yield stored
    for name in NAMED:
        stored.delete(index=INDEX, id=name)
    stored.indices.refresh(index=INDEX)


@pytest.mark.parametrize(("text", "found"), [
    ("priere", ["decomposed", "flags"]),
    ("PRIE\u0300RE", ["decomposed", "flags"]),
    ("namche", ["flags"]),
    ("Ete", ["decomposed"]),
    ("hotel", ["decomposed"]),
    ("mani", ["stone"]),
    ("IMG_2498", ["flower", "stone"]),  # the whole name first, its other half after it
    ("img_2498.heic", ["flower", "stone"]),
    ("2499", ["stone"]),
    ("249", ["flower", "stone"]),
    ("IMG_24", ["flower", "stone"]),
    ("ＤＳＣ０１２３４", ["camera"]),
    ("dsc012", ["camera"]),
])
def test_words_and_names_of_files_are_found_whole_and_in_part(
    named: Elasticsearch, text: str, found: list[str]
) -> None:
    """No photo is near the vector, so the words alone find them."""
    parameters = {"text": text, "vector": [0, 0, 1], "min_similarity": 0.9}
    source = pack_template("photos-hybrid-basic")
    hits = named.search_template(index=INDEX, source=source, params=parameters)["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == found
