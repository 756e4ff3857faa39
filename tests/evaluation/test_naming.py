"""Ways of naming peaks, judged on the small library."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from evaluation.fitting import PICTURE, SIGHTED
from evaluation.labels import from_sight
from evaluation.measurements import count_concepts, count_library, evaluate
from evaluation.naming import (
    Predictions,
    judge,
    measure_identification,
    predict_by_clues,
    predict_by_rule,
    worst_confusions,
)
from loader.arrays import Vectors
from loader.peaks.identification.calibration_store import RuleInForce
from loader.peaks.identification.rule import default_rule
from tests.evaluation.small_library import (
    DIMS,
    PEAKS,
    PHOTOS,
    make_dataset,
    make_labels,
    shown_peaks,
    sighted_photos,
    wobble,
)
from tests.vectors import unit

IN_FORCE = RuleInForce(default_rule())


def test_without_bearing_sight_lines_tell_nothing() -> None:
    photos = sighted_photos()
    both, placed, alone = (
        judge("way", predict_by_clues(sample, clues, 0.9)).top_1.value
        for sample, clues in (
            (photos.as_identified(), SIGHTED),
            (photos.by_position(), SIGHTED),
            (photos.by_picture(), PICTURE),
        )
    )
    assert judge("sight", predict_by_clues(photos.as_identified(), ("prior",), 0.9)).top_1.value == 1
    assert both >= alone and placed == pytest.approx(alone, abs=0.1)


def test_figures_by_hand() -> None:
    probability, held_out = np.full((4, 4), 0.1), np.full((4, 4), 0.1)
    probability[[0, 1], [0, 1]] = 0.9  # right
    probability[2, 0] = 0.9  # wrong
    held_out[1, 0] = 0.9  # named though its own peak is held out
    figures = judge("made up", Predictions(shown_peaks()[:4], probability, held_out, np.full(4, 0.5)))
    assert figures.photos == 4 and figures.top_1.value == 0.5
    assert (figures.coverage, figures.right_when_answering, figures.precision) == pytest.approx(
        (3 / 4, 2 / 3, 2 / 3)
    )
    assert figures.named_when_held_out == 1 / 4
    # three answers of 0.9, two right, and one of 0.9 that is wrong; four of 0.1, all wrong
    assert figures.error == pytest.approx((4 * (0.9 - 2 / 4) + 4 * 0.1) / 8)
    assert sum(row.count for row in figures.bins) == 8
    assert figures.curve[-1] == (1.0, 0.5)
    alone = judge("concepts", Predictions(shown_peaks()[:4], probability, None, np.full(4, 0.5)))
    assert np.isnan(alone.named_when_held_out) and sum(row.count for row in alone.bins) == 4


def test_confusions_count_photos_with_one_peak() -> None:
    dataset, photos = make_dataset(), sighted_photos()
    swapped = replace(dataset.peaks, vectors=dataset.peaks.vectors[[1, 0, 2, 3]])
    sample = replace(photos, dataset=replace(dataset, peaks=swapped)).by_picture()
    pairs = worst_confusions(predict_by_rule(sample, default_rule()), PEAKS)
    assert {(pair.shown, pair.named) for pair in pairs[:2]} == {("north", "east"), ("east", "north")}
    assert pairs[0].photos >= pairs[1].photos >= 8


def test_every_way_of_naming_is_judged() -> None:
    figures = measure_identification(make_dataset(), make_labels(), IN_FORCE, 0.9)
    assert [(way.way, way.photos) for way in figures.ways] == [
        ("picture alone, all labelled photos", 48),
        ("picture alone", 40),
        ("sight line alone", 40),
        ("picture and position", 40),
        ("picture and sight line", 40),
        ("the rule in force", 48),
    ]
    assert list(figures.confusions) == ["picture alone", "picture and sight line"]
    assert figures.rule.startswith("the one that ships")


def test_sight_lines_are_not_judged_by_themselves() -> None:
    dataset = make_dataset()
    figures = measure_identification(dataset, from_sight(dataset), IN_FORCE, 0.9)
    assert [way.way for way in figures.ways] == ["picture alone", "the rule in force"]
    by_picture = judge("", predict_by_rule(sighted_photos().by_picture(), default_rule()))
    assert figures.ways[1] == replace(by_picture, way="the rule in force")


def test_too_few_photos_are_not_judged() -> None:
    labels = make_labels()
    few = labels.without(list(labels.peaks)[19:])
    assert measure_identification(make_dataset(), few, IN_FORCE, 0.9).ways == ()


def test_concepts_are_counted() -> None:
    yak, tent = count_concepts(make_dataset(), make_labels(), IN_FORCE)
    assert (yak.concept, yak.shown, tent.concept, tent.shown) == ("Yak", 16, "Tent", 24)
    assert all(0 <= row.right <= min(row.shown, row.named) for row in (yak, tent))
    assert count_concepts(make_dataset(), make_labels(concepts=False), IN_FORCE) == ()


def test_the_library_is_counted() -> None:
    figures = count_library(make_dataset(), 48, 0)
    assert (figures.with_position, figures.with_frame, figures.with_peak_in_frame) == (40, 40, 40)
    assert figures.in_frame == (0, 40) and figures.median_in_frame == 1
    assert figures.chance == 0.25 and figures.agreement.value > 0.25
    nowhere = count_library(make_dataset(with_position=False), 0, 0)
    assert nowhere.in_frame == () and np.isnan(nowhere.agreement.value) and np.isnan(nowhere.chance)


@pytest.mark.parametrize("sees", [True, False])
def test_a_model_that_sees_nothing_is_no_better_than_chance(sees: bool) -> None:
    """Vectors that have nothing to do with what the photos show."""
    dataset, labels = make_dataset(), make_labels(concepts=False)
    if not sees:
        photos = replace(dataset.photos, vectors=unit(wobble(PHOTOS, DIMS)))
        dataset = replace(dataset, photos=photos)

    def encode(texts: Sequence[str]) -> Vectors:
        return np.repeat(dataset.peaks.vectors, 2, axis=0)[: len(texts)]

    findings = evaluate(dataset, labels, encode, IN_FORCE, 0.9).findings
    by_words, by_picture = findings[:2]
    assert by_words.chance == by_picture.chance == 0.25
    assert (by_words.beats_chance, by_picture.beats_chance) == (sees, sees)
