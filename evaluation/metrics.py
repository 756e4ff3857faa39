"""Metrics of retrieval, of identification that may give no name, of calibration, and intervals.

Each metric takes plain arrays; the tests work it out by hand.
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from loader.arrays import Bools, Floats

RECALL_DEPTHS = (1, 5, 10)
CONFIDENCE = 0.95
BINS = 10


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def rank_relevance(scores: Floats, relevant: Bools) -> Bools:
    """Return whether each photo is relevant, the highest score first; equal scores keep their order."""
    order = np.argsort(-scores, kind="stable")
    ranked: Bools = relevant[order]
    return ranked


def recall_at(ranked: Bools, depth: int) -> float:
    """Return 1 when a relevant photo is among the first ``depth``, else 0.

    The recall@k of image retrieval (Karpathy and Fei-Fei 2015, arXiv:1412.2306): the mean over queries is the
    share of queries that the first k photos answer.
    """
    return float(ranked[:depth].any())


def reciprocal_rank(ranked: Bools) -> float:
    """Return 1 / the rank of the first relevant photo, 1/n to 1, 0 without one; MRR is their mean."""
    first = np.flatnonzero(ranked)
    return 1.0 / (int(first[0]) + 1) if len(first) else 0.0


def average_precision(ranked: Bools) -> float:
    """Return the mean precision at the ranks of the relevant photos, 0 to 1; mAP is the mean over queries."""
    ranks = np.flatnonzero(ranked) + 1
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks)) if len(ranks) else 0.0


def best_first(probability: Floats) -> npt.NDArray[np.int64]:
    """Return the candidates' columns, likeliest first, ``(n, m)``; those that are NaN (no candidate) last."""
    filled = np.where(np.isnan(probability), -np.inf, probability)
    return np.argsort(-filled, axis=1, kind="stable")


def is_named_within(probability: Floats, shown: Bools, depth: int) -> Bools:
    """Return for each photo whether one of the first ``depth`` candidates is one that it shows, ``(n,)``."""
    first = best_first(probability)[:, :depth]
    hit = np.take_along_axis(shown & ~np.isnan(probability), first, axis=1)
    return np.asarray(hit.any(axis=1), dtype=np.bool_)


def first_answers(probability: Floats, shown: Bools) -> tuple[Floats, Bools]:
    """Return the likeliest candidates' probabilities, and whether these are right, of photos with any."""
    best = best_first(probability)[:, :1]
    sure = np.take_along_axis(probability, best, axis=1)[:, 0]
    right = np.take_along_axis(shown, best, axis=1)[:, 0]
    known = ~np.isnan(sure)
    return sure[known], right[known]


def expected_calibration_error(probability: Floats, outcome: Bools) -> float:
    """Return the mean gap between probability and share of right answers, weighted by bin, 0 to 1.

    Guo et al. 2017 (arXiv:1706.04599), with `BINS` of equal width; 0 for no answers.
    """
    gaps = (row.count * abs(row.outcome - row.probability) for row in reliability(probability, outcome))
    return sum(gaps) / max(len(outcome), 1)


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose probability lies in one bin: their count, mean probability and share that is right."""

    count: int
    probability: float
    outcome: float


def reliability(probability: Floats, outcome: Bools) -> list[ReliabilityBin]:
    """Return the bins that hold answers, the least probable first."""
    place = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    return [
        ReliabilityBin(int(inside.sum()), float(probability[inside].mean()), float(outcome[inside].mean()))
        for inside in (place == number for number in range(BINS))
        if inside.any()
    ]


@dataclass(frozen=True)
class Answers:
    """The figures of naming from a threshold on.

    Attributes:
        coverage: share of photos for which at least one candidate is named.
        first_right: share of those photos whose first name is right; NaN without an answer.
        precision: share of all names that are right; NaN without an answer.
    """

    coverage: float
    first_right: float
    precision: float


def judge_answers(probability: Floats, shown: Bools, threshold: float | Floats) -> Answers:
    """Judge the names that reach a threshold.

    Args:
        probability: ``(n, m)``, NaN where there is no candidate.
        shown: ``(n, m)``, whether the photo shows it.
        threshold: 0 to 1, or one for each photo ``(n,)``.
    """
    limits = np.full(len(probability), threshold, dtype=np.float64)
    named: Bools = np.nan_to_num(probability, nan=-1.0) >= limits[:, None]
    answered = np.asarray(named.any(axis=1))
    if not answered.any():
        return Answers(0.0, float("nan"), float("nan"))
    first = is_named_within(probability, shown, 1)
    return Answers(float(answered.mean()), float(first[answered].mean()), float(shown[named].mean()))


def lowest_threshold(probability: Floats, shown: Bools, precision: float) -> float | None:
    """Return the lowest probability from which on names are right often enough; None when none is.

    Args:
        probability: of any shape, NaN where there is no candidate.
        shown: of the same shape.
        precision: the share of names that must be right, 0 to 1.
    """
    known = ~np.isnan(probability)
    values, right = probability[known], shown[known]
    order = np.argsort(-values)
    values, right = values[order], right[order]
    share = np.cumsum(right) / np.arange(1, len(right) + 1)
    last_of_equals = np.append(values[1:] != values[:-1], True)[: len(values)]
    reached = np.flatnonzero((share >= precision) & last_of_equals)
    return float(values[reached[-1]]) if len(reached) else None


def coverage_curve(probability: Floats, shown: Bools) -> tuple[Floats, Floats]:
    """Return coverage and accuracy of the first names, the surest photo first, each ``(n,)``."""
    best = best_first(probability)[:, 0]
    sure = np.nan_to_num(np.take_along_axis(probability, best[:, None], axis=1)[:, 0], nan=-1.0)
    right = is_named_within(probability, shown, 1)[np.argsort(-sure, kind="stable")]
    count = np.arange(1, len(right) + 1)
    return count / max(len(right), 1), np.cumsum(right) / count


def balanced_accuracy(matches: Floats, others: Floats, cut_off: float) -> float:
    """Return the mean of the share of matches at or above a cut-off and the share of others below it."""
    return float(((matches >= cut_off).mean() + (others < cut_off).mean()) / 2)


def best_cut_off(matches: Floats, others: Floats) -> float:
    """Return the value that best separates matches from others: the middle of the widest best gap."""
    values = np.unique(np.concatenate([matches, others]))
    places = (values[1:] + values[:-1]) / 2 if len(values) > 1 else values
    scores = np.array([balanced_accuracy(matches, others, float(place)) for place in places])
    best = np.flatnonzero(scores == scores.max())
    gaps = np.diff(values)[best] if len(values) > 1 else np.zeros(1)
    return float(places[best[int(gaps.argmax())]])


def wilson(right: int, total: int) -> Interval:
    """Return a share with Wilson's score interval (95 %); NaN of nothing."""
    if not total:
        return Interval(float("nan"), float("nan"), float("nan"))
    limits = binomtest(right, total).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(right / total, float(limits.low), float(limits.high))


def without_nan(value: Any) -> Any:
    """Return nested dicts and lists with None in place of NaN, which JSON does not know."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
