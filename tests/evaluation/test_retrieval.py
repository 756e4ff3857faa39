"""Searches by words on the small library, and the cut-off that tells "no match"."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from evaluation.retrieval import (
    Query,
    QueryResult,
    ask,
    choose_cut_off,
    cross_validate_cut_off,
    judge_cut_off,
    list_queries,
    measure_searches,
    summarize,
)
from loader.arrays import Bools, Vectors
from loader.errors import PeaksError
from tests.evaluation.small_library import make_dataset, make_labels, shown_concepts


def ask_for_concepts(shown: Bools) -> list[QueryResult]:
    dataset = make_dataset()
    queries = list_queries(dataset.concepts, shown)
    vectors = dataset.concepts.vectors[[0, 0, 1, 1]]
    return ask(queries, vectors, dataset.photos.vectors, dataset.concepts, shown)


def test_searches_by_every_name_in_every_language() -> None:
    results = ask_for_concepts(shown_concepts())
    assert [(result.query.entry, result.query.language) for result in results] == [
        ("yak", "en"), ("yak", "de"), ("tent", "en"), ("tent", "de"),
    ]
    assert all(each.best_irrelevant is not None and each.best > each.best_irrelevant for each in results)
    row = summarize("concepts", results)
    assert (row.queries, row.entries, row.recall) == (4, 2, (1.0, 1.0, 1.0))
    chosen = choose_cut_off(results)
    assert chosen is not None and judge_cut_off(results, chosen).balanced_accuracy == 1
    assert 0.5 <= cross_validate_cut_off(results) <= 1


def test_a_cut_off_by_hand() -> None:
    query = Query("concept", "yak", "en", "Yak")
    bests = ((0.5, 0.2), (0.3, 0.1), (0.6, None))
    results = [QueryResult(query, (1.0,), 1.0, 1.0, best, other, 0.5) for best, other in bests]
    judged = judge_cut_off(results, 0.4)
    assert (judged.matches_kept, judged.others_refused, judged.balanced_accuracy) == (0.5, 1.0, 0.75)


def test_a_cut_off_needs_photos_that_do_not_match() -> None:
    assert choose_cut_off(ask_for_concepts(np.ones((48, 2), dtype=np.bool_))) is None


def test_peaks_and_concepts_are_asked_for_by_the_recipes_of_the_search_templates() -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return np.eye(16, dtype=np.float32)[: len(texts)]

    figures = measure_searches(make_dataset(), make_labels(), encode, cut_off=0.25)
    assert asked[:2] == ["peak: North", "peak: Northberg"] and asked[-1] == "photo: Tentberg"
    assert [(row.what, row.queries) for row in figures.classes] == [
        ("peaks, one name", 8),
        ("peaks, vector of the catalogue", 4),
        ("concepts, one name", 4),
        ("concepts, vector of the catalogue", 2),
    ]
    # each peak is on 12 of 48 photos, a yak on 16, a tent on 24
    assert [row.chance for row in figures.classes] == pytest.approx([1 / 4, 1 / 4, 5 / 12, 5 / 12])
    assert [(row.what, row.language) for row in figures.languages] == [
        ("peaks", "en"), ("peaks", "de"), ("concepts", "en"), ("concepts", "de"),
    ]
    assert list(figures.cut_offs) == [
        "SigLIP's probability of 50 %", "in force (peaks calibrate)", "best on this library",
    ]
    # logit_bias −8, logit_scale 3: σ is a half where exp(3)·cos = 8
    assert figures.cut_offs["SigLIP's probability of 50 %"].cosine == pytest.approx(8 / np.exp(3))


def test_languages_come_from_a_file_of_the_same_entries(tmp_path: Path) -> None:
    concepts, file = make_dataset().concepts, tmp_path / "concepts.yaml"
    file.write_text("- {id: yak, names: {en: [Yak], ne: [चौंरी]}}\n", encoding="utf-8")
    yak, tent = concepts.with_languages(file).entries
    assert yak.names_by_language == {"en": ("Yak",), "ne": ("चौंरी",)}
    assert tent.names_by_language == concepts.entries[1].names_by_language
    file.write_text("- {id: igloo, names: [Igloo]}\n", encoding="utf-8")
    with pytest.raises(PeaksError, match=r"No concept of .*concepts.yaml is in the index"):
        concepts.with_languages(file)
