"""Metrics against examples worked by hand, and against what must hold for every input."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evaluation import metrics
from loader.arrays import Floats

SCORES = arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1, 1))


def test_retrieval_by_hand() -> None:
    scores, relevant = np.array([0.1, 0.9, 0.9, 0.5, 0.2]), np.array([False, False, True, False, True])
    ranked = metrics.rank_relevance(scores, relevant)  # equal scores keep their order
    assert ranked.tolist() == [False, True, False, True, False]
    assert [metrics.recall_at(ranked, depth) for depth in (1, 2, 5)] == [0.0, 1.0, 1.0]
    assert metrics.reciprocal_rank(ranked) == 1 / 2
    assert metrics.average_precision(ranked) == pytest.approx((1 / 2 + 2 / 4) / 2)
    nothing = np.zeros(3, dtype=np.bool_)
    assert metrics.recall_at(nothing, 3) == metrics.reciprocal_rank(nothing) == 0
    assert metrics.average_precision(nothing) == 0


@given(SCORES, st.data())
def test_average_precision_is_scikit_learns(scores: Floats, data: st.DataObject) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    unique = np.unique(scores)
    relevant = data.draw(arrays.arrays(np.bool_, len(unique)).filter(lambda row: bool(row.any())))
    ours = metrics.average_precision(metrics.rank_relevance(unique, relevant))
    assert ours == pytest.approx(sklearn.average_precision_score(relevant, unique))


def test_naming_by_hand() -> None:
    nan = np.nan
    probability = np.array([[0.9, 0.2, nan], [0.4, 0.6, 0.3], [nan, nan, nan], [0.1, 0.2, 0.3]])
    shown = np.array([[True, False, False], [True, False, False], [True, False, False], [False, False, True]])
    assert metrics.is_named_within(probability, shown, 1).tolist() == [True, False, False, True]
    assert metrics.is_named_within(probability, shown, 3).tolist() == [True, True, False, True]
    answers = metrics.judge_answers(probability, shown, 0.4)
    assert answers.coverage == 2 / 4
    assert answers.first_right == 1 / 2
    assert answers.precision == pytest.approx(2 / 3)  # 0.9 right, 0.6 wrong, 0.4 right
    silent = metrics.judge_answers(probability, shown, 0.95)
    assert silent.coverage == 0 and np.isnan(silent.precision) and np.isnan(silent.first_right)
    apart = metrics.judge_answers(np.full((2, 1), 0.6), np.ones((2, 1), dtype=np.bool_), np.array([0.5, 0.7]))
    assert apart.coverage == 0.5, "every photo may have a threshold of its own"


def test_calibration_error_by_hand() -> None:
    probability = np.array([0.25, 0.25, 0.25, 0.25, 0.95, 0.95])
    outcome = np.array([True, False, False, False, True, False])
    # bin 0.2: probability 0.25, right 0.25; bin 0.9: probability 0.95, right 0.5
    assert metrics.expected_calibration_error(probability, outcome) == pytest.approx(2 / 6 * 0.45)


def test_the_lowest_threshold_by_hand() -> None:
    probability = np.array([0.9, 0.8, 0.7, 0.6, np.nan])
    shown = np.array([True, True, False, True, True])
    assert metrics.lowest_threshold(probability, shown, 1.0) == 0.8
    assert metrics.lowest_threshold(probability, shown, 0.75) == 0.6
    assert metrics.lowest_threshold(probability, ~shown, 0.9) is None
    assert metrics.lowest_threshold(np.array([0.8, 0.8]), np.array([True, False]), 0.9) is None


@given(SCORES, st.floats(0.05, 1), st.data())
def test_the_lowest_threshold_reaches_its_precision(
    scores: Floats, precision: float, data: st.DataObject
) -> None:
    shown = data.draw(arrays.arrays(np.bool_, len(scores)))
    lowest = metrics.lowest_threshold(scores, shown, precision)
    shares = {value: shown[scores >= value].mean() for value in scores}
    if lowest is None:
        assert all(share < precision for share in shares.values())
    else:
        assert shares[lowest] >= precision
        assert all(share < precision for value, share in shares.items() if value < lowest)


def test_the_coverage_curve_by_hand() -> None:
    probability = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.4]])
    shown = np.array([[True, False], [True, False], [True, False]])
    coverage, accuracy = metrics.coverage_curve(probability, shown)
    assert coverage.tolist() == [1 / 3, 2 / 3, 1]
    assert accuracy.tolist() == [1, 1 / 2, 2 / 3]


def test_the_cut_off_lies_in_the_widest_gap() -> None:
    matches, others = np.array([0.5, 0.6]), np.array([0.1, 0.2])
    cut_off = metrics.best_cut_off(matches, others)
    assert cut_off == pytest.approx(0.35)
    assert metrics.balanced_accuracy(matches, others, cut_off) == 1


@given(SCORES, SCORES)
def test_no_cut_off_is_better_than_the_best(matches: Floats, others: Floats) -> None:
    best = metrics.balanced_accuracy(matches, others, metrics.best_cut_off(matches, others))
    values = np.unique(np.concatenate([matches, others]))
    between = (values[1:] + values[:-1]) / 2
    assert all(best >= metrics.balanced_accuracy(matches, others, float(value)) for value in between)


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263
    interval = metrics.wilson(81, 263)
    assert (interval.low, interval.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert np.isnan(metrics.wilson(0, 0).value)
