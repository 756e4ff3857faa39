"""Weights: known ones come back, none is negative, and no photo is judged by weights that saw it."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, log_expit, log_softmax

from evaluation.fitting import (
    FOLDS,
    LEAST_THRESHOLD,
    NEVER,
    PICTURE,
    SIGHTED,
    Model,
    assign_folds,
    choose_threshold,
    cross_fit,
    fit_logistic,
    fit_platt,
    fit_weights,
)
from evaluation.samples import Sample
from loader.arrays import Bools, Floats
from loader.peaks.identification.rule import Clues, Weights
from loader.peaks.siglip import SiglipSigmoid


def simulate(weights: Weights, photos: int, seed: int) -> tuple[Clues, Bools]:
    """Photos of eight candidates whose truth is drawn by known weights."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-4, 4, (photos, 8))
    priors = rng.uniform(0.01, 1, (photos, 8))
    clues = Clues(log_expit(logits), log_softmax(logits, axis=1), np.log(priors))
    return clues, rng.random((photos, 8)) < weights.probability(clues)


def test_known_weights_come_back() -> None:
    true = Weights(bias=2.0, match=0.8, share=0.7, prior=1.5)
    found = fit_weights(*simulate(true, 6000, seed=1), SIGHTED)
    fitted = (found.bias, found.match, found.share, found.prior)
    assert fitted == pytest.approx((2.0, 0.8, 0.7, 1.5), abs=0.12)
    sight = fit_weights(*simulate(true, 200, seed=2), ("prior",))
    assert sight.match == sight.share == 0 and sight.prior > 0


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.booleans())
def test_no_weight_is_negative(seed: int, lie: bool) -> None:
    clues, shown = simulate(Weights(2.0, 0.5, 0.5, 1.0), 30, seed)
    found = fit_weights(clues, ~shown if lie else shown, SIGHTED)
    assert min(found.match, found.share, found.prior) >= 0
    assert np.isfinite([found.bias, found.match, found.share, found.prior]).all()


def test_a_clue_without_error_does_not_weigh_infinitely() -> None:
    features = np.array([[0.0], [1.0]]).repeat(50, axis=0)
    bias, weight = fit_logistic(features, features[:, 0] == 1, [0.0])
    assert 2 < weight < 50 and np.isfinite(bias)


def test_platts_scaling_comes_back() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 3, (500, 6))
    bias, weight = fit_platt(logits, rng.random((500, 6)) < expit(0.5 + 0.7 * logits))
    assert (bias, weight) == pytest.approx((0.5, 0.7), abs=0.12)


def test_no_photo_is_judged_by_a_model_that_saw_it() -> None:
    folds = np.arange(20) % 4
    seen_by: dict[int, Bools] = {}

    def fit(rows: Bools) -> Model:
        marks = rows.copy()

        def model(asked: Bools) -> Floats:
            for row in np.flatnonzero(asked & ~marks):
                seen_by[int(row)] = marks
            return np.full((int(asked.sum()), 2), 0.9)

        return model

    judged = cross_fit(fit, np.ones((20, 2), dtype=np.bool_), folds, 0.5)
    assert sorted(seen_by) == list(range(20))
    assert all(not marks[row] for row, marks in seen_by.items())
    assert judged.limits().tolist() == [0.9] * 20


def always(chance: float) -> Callable[[Bools], Model]:
    """What fits nothing and gives every candidate the same probability."""
    return lambda rows: lambda asked: np.full((int(asked.sum()), 1), chance)


def test_where_no_threshold_serves_nothing_is_named() -> None:
    judged = cross_fit(always(0.9), np.zeros((8, 1), dtype=np.bool_), np.arange(8) % 2, 0.9)
    assert judged.limits().tolist() == [NEVER] * 8


def test_a_name_likelier_wrong_than_right_is_not_given() -> None:
    assert choose_threshold(np.array([0.9, 0.2]), np.array([True, True]), 0.9) == LEAST_THRESHOLD


def test_two_ways_of_naming_share_the_higher_threshold() -> None:
    shown = np.ones((4, 1), dtype=np.bool_)
    low, high = (cross_fit(always(chance), shown, np.arange(4) % 2, 0.9) for chance in (0.6, 0.8))
    assert low.limits(high).tolist() == high.limits(low).tolist() == [0.8] * 4


def test_folds_hang_on_the_path_alone() -> None:
    paths = [f"IMG_{number}.JPG" for number in range(1000)]
    folds = assign_folds(paths)
    assert folds[:10].tolist() == assign_folds(paths[:10]).tolist()
    assert np.bincount(folds, minlength=FOLDS).min() > 150


def test_held_out_peaks_teach_to_say_nothing() -> None:
    rng = np.random.default_rng(5)
    shown = np.equal.outer(rng.integers(8, size=400), np.arange(8))
    cosines = np.where(shown, rng.normal(1, 1.5, shown.shape), rng.normal(-3, 1.5, shown.shape))
    folds = np.zeros(400, dtype=np.int64)
    sample = Sample(cosines, np.full((400, 8), np.nan), shown, folds, SiglipSigmoid(0.0, 0.0))
    twice = sample.with_held_out()
    taught = fit_weights(twice.clues, twice.shown, PICTURE)
    untaught = fit_weights(sample.clues, shown, PICTURE)
    named = [
        float((np.nan_to_num(weights.probability(twice.clues))[400:].max(axis=1) >= 0.5).mean())
        for weights in (taught, untaught)
    ]
    assert taught.match > untaught.match and named[0] < 0.25 < named[1]
