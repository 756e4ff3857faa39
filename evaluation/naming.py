"""Photo to peak: how well each kind of clue names mountains, judged by weights fitted without the photo."""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.dataset import Dataset
from evaluation.fitting import PICTURE, SIGHTED, Clue, CrossFitted, Model, cross_fit, fit_weights
from evaluation.labels import Labels
from evaluation.metrics import (
    Interval,
    ReliabilityBin,
    best_first,
    coverage_curve,
    expected_calibration_error,
    first_answers,
    is_named_within,
    judge_answers,
    reliability,
    wilson,
)
from evaluation.samples import LabelledPhotos, Sample
from loader.arrays import Bools, Floats
from loader.peaks.identification.calibration_store import RuleInForce
from loader.peaks.identification.rule import Rule

CURVE_POINTS = 50
CURVE_START = 0.05
MOST_CONFUSIONS = 8
# Photos and peaks below which five folds cannot fit a rule.
FEWEST_TO_FIT = 20
FEWEST_PEAKS = 2
BY_PICTURE, BY_BOTH, IN_FORCE = "picture alone", "picture and sight line", "the rule in force"


@dataclass(frozen=True)
class Predictions:
    """How the photos of a sample are named.

    Attributes:
        shown: what they show, ``(n, m)``.
        probability: of the candidates, ``(n, m)``.
        held_out: likewise, with each photo's own peaks held out; None where that was not asked.
        limits: the photos' thresholds, ``(n,)``.
    """

    shown: Bools
    probability: Floats
    held_out: Floats | None
    limits: Floats

    @classmethod
    def split(cls, shown: Bools, probability: Floats, limits: Floats) -> Predictions:
        """Return what was predicted for photos, or, ``(2n, m)`` and ``(2n,)``, for `Sample.with_held_out`."""
        count = len(shown)
        held_out = probability[count:] if len(probability) > count else None
        return cls(shown, probability[:count], held_out, limits[:count])


def cross_fit_clues(sample: Sample, used: Sequence[Clue], precision: float) -> CrossFitted:
    """Judge every photo twice (see `Sample.with_held_out`) by weights that were fitted without it."""
    twice = sample.with_held_out()
    clues = twice.clues

    def fit(seen: Bools) -> Model:
        weights = fit_weights(clues.of(seen), twice.shown[seen], used)
        return lambda asked: weights.probability(clues.of(asked))

    return cross_fit(fit, twice.shown, twice.folds, precision)


def predict_by_clues(sample: Sample, used: Sequence[Clue], precision: float) -> Predictions:
    """Name peaks by some clues, each photo by weights and a threshold that were fitted without it."""
    fitted = cross_fit_clues(sample, used, precision)
    return Predictions.split(sample.shown, fitted.probability, fitted.limits())


def predict_by_rule(sample: Sample, rule: Rule) -> Predictions:
    """Name peaks as the identifier does."""
    chances = rule.weigh(sample.with_held_out().clues)
    return Predictions.split(sample.shown, chances, np.full(len(chances), rule.threshold))


@dataclass(frozen=True)
class NamingFigures:
    """How well one way names what some photos show.

    Attributes:
        way: the way of naming, for people.
        photos: judged.
        top_1: share of photos that show a peak whose likeliest candidate is one of theirs.
        top_3: likewise for the three likeliest.
        coverage: share of photos with a name.
        right_when_answering: share of these whose first name is right; NaN without an answer.
        precision: share of all names that are right; NaN without an answer.
        named_when_held_out: likewise, with the photos' own peaks held out of the catalogue; NaN where that
            was not asked.
        error: expected calibration error of the likeliest candidate's probability, both times.
        bins: its reliability.
        curve: coverage and accuracy, the surest photo first.
        chance: the top-1 of guesses: the mean share of the catalogue that a photo shows.
    """

    way: str
    photos: int
    top_1: Interval
    top_3: Interval
    coverage: float
    right_when_answering: float
    precision: float
    named_when_held_out: float
    error: float
    bins: tuple[ReliabilityBin, ...]
    curve: tuple[tuple[float, float], ...]
    chance: float


def judge(way: str, predictions: Predictions) -> NamingFigures:
    """Judge one way of naming."""
    shown, probability, held_out = predictions.shown, predictions.probability, predictions.held_out
    showing = shown.any(axis=1)
    answers = judge_answers(probability, shown, predictions.limits)
    named, sure, right = float("nan"), *first_answers(probability, shown)
    if held_out is not None:
        nothing = np.zeros_like(shown)
        limits = predictions.limits[showing]
        named = judge_answers(held_out[showing], nothing[showing], limits).coverage
        more_sure, more_right = first_answers(held_out, nothing)
        sure, right = np.concatenate([sure, more_sure]), np.concatenate([right, more_right])
    return NamingFigures(
        way=way,
        photos=len(shown),
        top_1=_share(is_named_within(probability, shown, 1)[showing]),
        top_3=_share(is_named_within(probability, shown, 3)[showing]),
        coverage=answers.coverage,
        right_when_answering=answers.first_right,
        precision=answers.precision,
        named_when_held_out=named,
        error=expected_calibration_error(sure, right),
        bins=tuple(reliability(sure, right)),
        curve=_thin(*coverage_curve(probability, shown)),
        chance=float(shown[showing].mean()) if showing.any() else float("nan"),
    )


def _share(right: Bools) -> Interval:
    return wilson(int(right.sum()), len(right))


def _thin(coverage: Floats, accuracy: Floats) -> tuple[tuple[float, float], ...]:
    """Points of a curve at equal steps of coverage, from `CURVE_START` on: fewer photos tell nothing."""
    start = min(int(CURVE_START * len(coverage)), len(coverage) - 1)
    rows = np.unique(np.linspace(start, len(coverage) - 1, CURVE_POINTS).round().astype(int))
    return tuple((round(float(coverage[row]), 4), round(float(accuracy[row]), 4)) for row in rows)


@dataclass(frozen=True)
class Confusion:
    """Photos that show one peak and are named another."""

    shown: str
    named: str
    photos: int


def worst_confusions(predictions: Predictions, names: Sequence[str]) -> tuple[Confusion, ...]:
    """Return the pairs of peaks that are taken for each other most often, at most `MOST_CONFUSIONS`.

    Args:
        predictions: of which photos with exactly one peak count.
        names: of the peaks, ``m``.
    """
    alone = predictions.shown.sum(axis=1) == 1
    true = predictions.shown.argmax(axis=1)[alone]
    named = best_first(predictions.probability)[alone, 0]
    counted = Counter((int(a), int(b)) for a, b in zip(true, named, strict=True) if a != b)
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_CONFUSIONS]
    return tuple(Confusion(names[a], names[b], count) for (a, b), count in ranked)


@dataclass(frozen=True)
class IdentificationFigures:
    """Photo to peak.

    Attributes:
        ways: every way of naming, the picture alone first; empty without photos enough to fit a rule.
        confusions: by way.
        rule: where the rule in force comes from.
    """

    ways: tuple[NamingFigures, ...]
    confusions: dict[str, tuple[Confusion, ...]]
    rule: str


def measure_identification(
    dataset: Dataset, labels: Labels, in_force: RuleInForce, precision: float
) -> IdentificationFigures:
    """Name every labelled photo by each kind of clue, and by the rule in force."""
    photos = LabelledPhotos.gather(dataset, labels)
    if len(photos) < FEWEST_TO_FIT or photos.shown.any(axis=0).sum() < FEWEST_PEAKS:
        return IdentificationFigures((), {}, "")
    named = _predict(photos, labels.are_weak, in_force.rule, precision)
    names, origin = [peak.name for peak in dataset.peaks.entries], in_force.origin
    return IdentificationFigures(
        tuple(judge(way, predictions) for way, predictions in named.items()),
        {way: worst_confusions(named[way], names) for way in (BY_PICTURE, BY_BOTH) if way in named},
        f"measured by `peaks calibrate` on {origin.get('photos')} photos labelled by {origin.get('labels')}"
        if origin
        else "the one that ships (loader/peaks/identification/rule.yaml)",
    )


def _predict(
    photos: LabelledPhotos, are_weak: bool, rule: Rule, precision: float
) -> dict[str, Predictions]:
    """Name the photos in every way that their labels can judge."""
    sighted = photos.with_bearing()
    # Sight lines cannot be judged by labels that come from sight lines.
    can_judge_sight = not are_weak and len(sighted) >= FEWEST_TO_FIT
    ways: dict[str, tuple[Sample, Sequence[Clue]]] = {}
    if not can_judge_sight or len(sighted) < len(photos):
        ways[f"{BY_PICTURE}, all labelled photos" if can_judge_sight else BY_PICTURE] = (
            photos.by_picture(), PICTURE
        )
    if can_judge_sight:
        ways[BY_PICTURE] = sighted.by_picture(), PICTURE
        ways["sight line alone"] = sighted.as_identified(), ("prior",)
        ways["picture and position"] = sighted.by_position(), SIGHTED
        ways[BY_BOTH] = sighted.as_identified(), SIGHTED
    everything = photos.by_picture() if are_weak else photos.as_identified()
    named = {way: predict_by_clues(sample, clues, precision) for way, (sample, clues) in ways.items()}
    return {**named, IN_FORCE: predict_by_rule(everything, rule)}
