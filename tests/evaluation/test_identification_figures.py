"""Identification, calibration and ablations on the small library."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.ablations import Ablation, blend_all, compare, sum_up
from evaluation.calibration import Settings, add_prior, calibrate
from evaluation.calibration_table import describe_measurement, show_measurement
from evaluation.identification_figures import (
    Case,
    FoldSettings,
    Trial,
    judge,
    try_both,
    try_clues,
    try_picture,
    try_rule,
    worst_pairs,
)
from evaluation.labels import Labels, from_sight
from evaluation.library_figures import count_library
from evaluation.metrics import Interval
from evaluation.retrieval import (
    ask,
    choose_cut_off,
    cross_validate_cut_off,
    judge_cut_off,
    list_queries,
    precision_by_entry,
    summarize,
)
from evaluation.views import View, take_views
from loader.errors import PeaksError
from loader.peaks.identification.rule import Weights, default_rule, read_rule
from tests.evaluation.small_library import CONCEPTS, PEAKS, make_dataset, shown_concepts, shown_peaks

SETTINGS = FoldSettings(folds=4, seed=0, precision=0.9)


def make_case() -> Case:
    dataset = make_dataset()
    views = take_views(dataset.photos.cameras, dataset.summits)
    vectors, summits = dataset.photos.vectors, dataset.summits
    case = Case.gather(dataset.photos.paths, vectors, views, summits, shown_peaks(), dataset.siglip, SETTINGS)
    return case.pick(np.arange(len(views)) < 40)  # those with a position


def make_labels(*, concepts: bool = True) -> Labels:
    dataset = make_dataset()
    paths = dataset.photos.paths
    peaks = {path: frozenset([PEAKS[row % 4]]) for row, path in enumerate(paths)}
    things = {
        path: frozenset(name for name, is_there in zip(CONCEPTS, row, strict=True) if is_there)
        for path, row in zip(paths, shown_concepts(), strict=True)
    }
    return Labels("truth.json", peaks, things if concepts else {})


def seen() -> list[View]:
    dataset = make_dataset()
    return take_views(dataset.photos.cameras, dataset.summits)


def test_sight_lines_name_what_cameras_look_at() -> None:
    case = make_case()
    prototypes = make_dataset().peaks.vectors
    trial = try_clues(case, case.clues(prototypes, case.priors()), ("prior",))
    assert judge("sight", case, trial).top_1.value == 1


def test_without_bearing_sight_lines_tell_nothing() -> None:
    case = make_case()
    prototypes = make_dataset().peaks.vectors
    both = judge("both", case, try_both(case, prototypes, case.priors()))
    placed = judge("position", case, try_both(case, prototypes, case.priors(with_bearing=False)))
    alone = judge("picture", case, try_picture(case, prototypes))
    assert both.top_1.value >= alone.top_1.value
    assert placed.top_1.value == pytest.approx(alone.top_1.value, abs=0.1)


def test_a_judgement_is_worked_by_hand() -> None:
    case = make_case()
    prototypes = make_dataset().peaks.vectors
    trial = try_rule(case, prototypes, default_rule(), case.priors())
    found = judge("the rule", case, trial)
    right = trial.right(case)
    assert found.photos == len(right) == 40
    assert found.top_1.value == right.mean()
    assert found.curve[-1] == (1.0, round(float(right.mean()), 4))
    assert sum(row.count for row in found.bins) == 80  # each photo as it is, and without its peak


def test_answers_count_half_for_a_name_and_half_for_silence() -> None:
    case = make_case().pick(np.arange(40) < 4)
    probability, strangers = np.full((4, 4), 0.1), np.full((4, 4), 0.1)
    probability[[0, 1], [0, 1]] = 0.9  # right
    probability[2, 0] = 0.9  # wrong
    strangers[1, 0] = 0.9  # named though its peak is gone
    trial = Trial(probability, strangers, np.full(4, 0.5))
    assert trial.answered(case).tolist() == [1, 0.5, 0.5, 0.5]
    assert judge("made up", case, trial).strangers_named == 0.25


def test_worst_pairs_count_photos_with_one_peak() -> None:
    case = make_case()
    swapped = make_dataset().peaks.vectors[[1, 0, 2, 3]]
    trial = try_rule(case, swapped, default_rule(), None)
    pairs = worst_pairs(case, trial, PEAKS)
    assert {(pair.shown, pair.named) for pair in pairs[:2]} == {("north", "east"), ("east", "north")}
    assert pairs[0].photos >= pairs[1].photos >= 8


def test_calibration_of_a_library() -> None:
    measured = calibrate(make_dataset(), seen(), make_labels(), [], default_rule(), Settings(folds=4))
    ways = [quality.what for quality in measured.after]
    assert ways == ["picture alone", "picture and sight lines", "concepts"]
    assert measured.min_similarity is None and measured.cut_off is None
    assert read_rule(json.loads(json.dumps(measured.rule.as_dict()))) == measured.rule
    sighted = measured.after[1]
    assert sighted.photos == 40 and sighted.answers.precision >= 0.9
    assert sighted.strangers_named is not None and sighted.strangers_named < 0.2
    assert measured.after[2].strangers_named is None
    assert measured.notes == ()


def test_calibration_says_what_it_leaves() -> None:
    dataset = make_dataset(with_position=False)
    views = take_views(dataset.photos.cameras, dataset.summits)
    measured = calibrate(dataset, views, make_labels(concepts=False), [], default_rule(), Settings(folds=4))
    assert measured.rule.sighted == default_rule().sighted
    assert measured.rule.concept == default_rule().concept
    assert len(measured.notes) == 2


def test_sight_lines_are_never_weighed_by_themselves() -> None:
    dataset = make_dataset()
    labels = from_sight(dataset, seen())
    measured = calibrate(dataset, seen(), labels, [], default_rule(), Settings(folds=4))
    picture, sighted = measured.rule.picture, measured.rule.sighted
    assert sighted.prior == 1 and (sighted.match, sighted.share) == (picture.match, picture.share)
    assert [quality.what for quality in measured.after] == ["picture alone"]
    assert "cannot be weighed by them" in measured.notes[0]


def test_the_prior_takes_the_place_of_the_labels_share() -> None:
    shown, known = np.array([[True, False, False, False]]), np.ones((1, 4), dtype=np.bool_)
    sighted = add_prior(Weights(1.0, 0.2, 0.3), shown, known)
    assert sighted == Weights(1.0 + np.log(4), 0.2, 0.3, 1.0)


@pytest.mark.parametrize(("photos", "peaks"), [(19, 4), (48, 1)])
def test_too_few_labels_are_refused(photos: int, peaks: int) -> None:
    paths = make_dataset().photos.paths[:photos]
    labels = Labels("truth.json", {path: frozenset([PEAKS[row % peaks]]) for row, path in enumerate(paths)})
    with pytest.raises(PeaksError, match=rf"tell the peaks of {photos} photos, {peaks} different peaks"):
        calibrate(make_dataset(), seen(), labels, [], default_rule(), Settings())


def test_a_precision_out_of_reach_is_refused() -> None:
    dataset = make_dataset()
    away = replace(dataset, peaks=replace(dataset.peaks, vectors=dataset.peaks.vectors[[1, 2, 3, 0]]))
    with pytest.raises(PeaksError, match=r"No threshold makes 90% of the names by picture alone .* 0%"):
        calibrate(away, seen(), make_labels(), [], default_rule(), Settings(folds=4))


def test_a_measurement_reads_well() -> None:
    measured = calibrate(make_dataset(), seen(), make_labels(), [], default_rule(), Settings(folds=4))
    text = show_measurement(measured, kept=True)
    assert "picture and sight lines" in text and "run `peaks predict`" in text
    assert max(map(len, text.splitlines())) <= 110
    assert "Not kept" in show_measurement(measured, kept=False)
    assert set(describe_measurement(measured)) == {
        "photos", "rule", "min_similarity", "before", "after", "cut_off", "notes",
    }


def test_searches_by_every_name_in_every_language() -> None:
    dataset = make_dataset()
    queries = list_queries(dataset.concepts, shown_concepts())
    assert [(query.entry, query.language) for query in queries] == [
        ("yak", "en"), ("yak", "de"), ("tent", "en"), ("tent", "de"),
    ]
    vectors = dataset.concepts.vectors[[0, 0, 1, 1]]
    findings = ask(queries, vectors, dataset.photos.vectors, dataset.concepts, shown_concepts())
    assert [finding.relevant for finding in findings] == [16, 16, 24, 24]
    assert all(finding.stranger is not None and finding.match > finding.stranger for finding in findings)
    assert summarize(findings).recall == (1.0, 1.0, 1.0)
    assert set(precision_by_entry(findings)) == {"yak", "tent"}
    chosen = choose_cut_off(findings)
    assert chosen is not None and judge_cut_off(findings, chosen).balanced_accuracy == 1
    assert 0.5 <= cross_validate_cut_off(findings) <= 1


def test_a_cut_off_needs_photos_that_do_not_match() -> None:
    dataset, everything = make_dataset(), np.ones((48, 2), dtype=np.bool_)
    queries = list_queries(dataset.concepts, everything)
    vectors = dataset.concepts.vectors[[0, 0, 1, 1]]
    findings = ask(queries, vectors, dataset.photos.vectors, dataset.concepts, everything)
    assert choose_cut_off(findings) is None


def test_the_library_is_counted() -> None:
    dataset = make_dataset()
    figures = count_library(dataset, seen(), 48, 0)
    assert (figures.with_position, figures.with_frame, figures.with_peak_in_frame) == (40, 40, 40)
    assert figures.in_frame == (0, 40) and figures.median_in_frame == 1
    assert figures.chance == 0.25 and figures.agreement.value > 0.25


def test_a_library_without_positions_has_no_agreement() -> None:
    dataset = make_dataset(with_position=False)
    figures = count_library(dataset, take_views(dataset.photos.cameras, dataset.summits), 0, 0)
    assert figures.in_frame == () and np.isnan(figures.agreement.value) and np.isnan(figures.chance)


def test_verdicts_hang_on_the_interval() -> None:
    def make(low: float, high: float, trick: str = "trick") -> Ablation:
        return Ablation(trick, "measure", 9, 0.5, 0.4, Interval(0.1, low, high))

    assert [make(*limits).verdict for limits in ((0.01, 0.2), (-0.1, 0.2), (0, 0), (-0.2, -0.01))] == [
        "pays", "does not pay", "does not pay", "costs",
    ]
    first, second = sum_up([make(0.01, 0.2), make(-0.2, -0.1), make(0, 0, "another")])
    assert first.pays and first.costs and not second.pays and not second.costs


def test_a_comparison_is_paired() -> None:
    one = compare("trick", "measure", np.array([1.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0]), seed=0)
    assert (one.with_it, one.without) == pytest.approx((2 / 3, 1 / 3))
    assert one.count == 3
    assert one.difference.value == pytest.approx(1 / 3)


def test_blending_leaves_peaks_without_reference_photos() -> None:
    dataset = make_dataset()
    texts = dataset.peaks.vectors
    references = {"north": dataset.photos.vectors[:3]}
    blended = blend_all(texts, references, dataset.peaks, 0.5)
    assert (blended[1:] == texts[1:]).all() and not (blended[0] == texts[0]).all()
    assert np.linalg.norm(blended, axis=1) == pytest.approx(np.ones(4))
    assert blend_all(texts, references, dataset.peaks, 1.0) == pytest.approx(texts)


def test_languages_come_from_a_file_of_the_same_entries() -> None:
    peaks = make_dataset().peaks
    spoken = peaks.speak({"north": {"en": ("North",), "ne": ("उत्तर",)}}, Path("peaks.yaml"))
    assert spoken.languages[0] == {"en": ("North",), "ne": ("उत्तर",)}
    assert spoken.languages[1] == peaks.languages[1]
    with pytest.raises(PeaksError, match=r"No peak of other.yaml is in the index"):
        peaks.speak({"k2": {"en": ("K2",)}}, Path("other.yaml"))
