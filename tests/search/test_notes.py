"""What is said beside an answer: nothing fits, and the model did not read all of a text."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loader.search.answer import Answer
from loader.search.filters import Filters
from loader.search.notes import FITS_FROM, leave_out_what_does_not_fit, say_what_a_name_needs
from loader.search.question import Question, ask_text
from tests.conftest import Node, ask, invoke
from tests.search.search_answers import photo_answer
from tests.search.search_library import PATHS

LONG = "prayer flags over a snowy pass in the morning light and " * 12 + "a yak"


def with_best(probability: float | None) -> Answer:
    """Three photos, of which the best has this probability and the others less."""
    answer = photo_answer()
    hits = tuple(
        replace(hit, similarity=replace(
            hit.similarity, probability=None if probability is None else probability / (rank + 1)))
        for rank, hit in enumerate(answer.hits)
    )
    return replace(answer, hits=hits)


@pytest.mark.parametrize("name", ["IMG_2498", "DSC01234.JPG", "20231005_063012", " PXL-2023 "])
def test_a_name_of_a_file_needs_more_than_a_vector(name: str) -> None:
    said = say_what_a_name_needs(ask_text(name, "photo", Filters()))
    assert said == f"{name.strip()} looks like a file's name: --hybrid finds photos by their names too."
    assert say_what_a_name_needs(ask_text(name, "photo", Filters(), hybrid=True)) is None


@pytest.mark.parametrize("text", ["K2", "yak", "2 yaks", "Camp 1", "8848 m", "prayer flags 2023"])
def test_other_words_are_no_names_of_files(text: str) -> None:
    assert say_what_a_name_needs(ask_text(text, "photo", Filters())) is None


def test_nothing_that_fits_is_a_sentence_with_the_best_and_its_number() -> None:
    left = leave_out_what_does_not_fit(with_best(0.02))
    assert left.hits == ()
    assert left.note == (
        "No photo fits: the best, /home/ann/trek/khumbu/day 03/IMG_1512.HEIC, has a probability of 2.0 % "
        "(--min-similarity -1 shows the nearest all the same)."
    )
    tiny = leave_out_what_does_not_fit(with_best(1e-9)).note
    assert tiny is not None and "less than 0.1 %" in tiny


@pytest.mark.parametrize("probability", [FITS_FROM, 0.9, None])
def test_what_may_fit_stays(probability: float | None) -> None:
    answer = with_best(probability)
    assert leave_out_what_does_not_fit(answer) is answer


def test_a_cut_off_of_a_person_and_hits_by_words_stay() -> None:
    answer = with_best(0.001)
    question = answer.question
    for other in (
        replace(question, parameters={**question.parameters, "min_similarity": -1}),
        Question("search", "x", "photos-hybrid", {"text": "x", "recipe": "photo"}),
    ):
        assert leave_out_what_does_not_fit(replace(answer, question=other)).hits == answer.hits


@pytest.mark.parametrize(("template", "parameters"), [
    ("photos-by-peak", {"peak": "x"}), ("photos-by-vector", {"vector": [1.0]}),
])
def test_hits_of_a_peak_that_hardly_fit_are_said_and_stay(template: str, parameters: dict[str, Any]) -> None:
    question = Question("peak", "x", template, parameters)
    answer = replace(with_best(0.02), question=question)
    told = leave_out_what_does_not_fit(answer)
    assert told.hits == answer.hits
    best = "/home/ann/trek/khumbu/day 03/IMG_1512.HEIC"
    assert told.note == f"Perhaps no photo shows it: the best, {best}, has a probability of 2.0 %."
    assert leave_out_what_does_not_fit(replace(with_best(0.05), question=question)).note is None


@pytest.mark.cluster
def test_nothing_fits_on_a_node(node: Node, photos: Path) -> None:
    document = ask(node, "search", "a birthday cake")
    assert document["hits"] == [] and "No photo fits: the best, " in document["note"]
    everything = ask(node, "search", "a birthday cake", "--min-similarity", "-1")
    assert {hit["path"] for hit in everything["hits"]} == PATHS and everything["note"] is None
    seen = invoke("search", "a birthday cake", "--url", node.url)
    assert seen.exit_code == 0 and seen.stderr.startswith("No photo fits: ")
    assert seen.stdout.startswith("Nothing found for 'a birthday cake'")


@pytest.mark.cluster
@pytest.mark.parametrize("recipe", ["photo", "none"])
@pytest.mark.parametrize(
    ("text", "is_cut"),
    [
        (LONG, True),
        ("牦牛" * 80, True),
        (LONG + " " * 40, True),
        (LONG[:60], False),
        ("prayer flags over a snowy pass in the morning light and a yak on the way to Namche", False),
    ],
)
def test_a_text_that_is_cut_is_told_once(
    node: Node, photos: Path, recipe: str, text: str, is_cut: bool
) -> None:
    words = ["search", text, "--recipe", recipe, "--min-similarity", "-1", "--url", node.url]
    assert invoke(*words).stderr.count("64 tokens") == int(is_cut)
    assert invoke(*words, "--hybrid").stderr.count("64 tokens") == int(is_cut)
