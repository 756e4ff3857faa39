"""Identification: which clues name mountains how well, each photo judged by weights that never saw it."""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.fitting import (
    PICTURE,
    SIGHTED,
    Clue,
    Folds,
    assign_folds,
    judge_clues,
)
from evaluation.metrics import (
    Bools,
    Floats,
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
from evaluation.views import (
    View,
    gather_cosines,
    gather_priors,
    tabulate_clues,
    take_out,
    take_views,
)
from loader.peaks.identification.rule import Clues, Rule
from loader.peaks.sight.geometry import Summits
from loader.peaks.siglip import Calibration
from loader.vision.vectors import Vectors

CURVE_POINTS = 50
CURVE_START = 0.05
WORST_PAIRS = 8


@dataclass(frozen=True)
class Judgement:
    """How well one way names the peaks of some photos.

    Attributes:
        way: what names them, for people.
        photos: judged.
        top_1: share of photos that show a peak whose likeliest candidate is one of theirs.
        top_3: likewise for the three likeliest.
        coverage: share of photos with a name.
        right_when_answering: share of these whose first name is right; NaN without an answer.
        precision: share of all names that are right; NaN without an answer.
        strangers_named: share of photos with a name once their own peaks are taken out of the catalogue.
        error: expected calibration error of the likeliest candidate's probability, both times.
        bins: its reliability.
        curve: coverage and accuracy, the surest photo first.
    """

    way: str
    photos: int
    top_1: Interval
    top_3: Interval
    coverage: float
    right_when_answering: float
    precision: float
    strangers_named: float
    error: float
    bins: tuple[ReliabilityBin, ...]
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Case:
    """Labelled photos that are judged together.

    Attributes:
        vectors: float32 ``(n, dims)``.
        views: ``n``.
        summits: ``m``, the catalogue's.
        shown: ``(n, m)``.
        folds: ``(n,)``.
        siglip: the checkpoint's temperature and bias.
        precision: share of names that must be right; thresholds are chosen for it.
    """

    vectors: Vectors
    views: tuple[View, ...]
    summits: Summits
    shown: Bools
    folds: Folds
    siglip: Calibration
    precision: float

    @classmethod
    def gather(
        cls,
        paths: Sequence[str],
        vectors: Vectors,
        views: Sequence[View],
        summits: Summits,
        shown: Bools,
        siglip: Calibration,
        settings: FoldSettings,
    ) -> Case:
        """Cut photos into folds by their paths."""
        folds = assign_folds(paths, settings.folds, settings.seed)
        return cls(vectors, tuple(views), summits, shown, folds, siglip, settings.precision)

    @property
    def showing(self) -> Bools:
        """Which photos show a peak of the catalogue, ``(n,)``."""
        return np.asarray(self.shown.any(axis=1), dtype=np.bool_)

    def pick(self, rows: Bools) -> Case:
        """Return the case of some of its photos."""
        views = tuple(view for view, is_kept in zip(self.views, rows, strict=True) if is_kept)
        return Case(
            self.vectors[rows], views, self.summits, self.shown[rows], self.folds[rows], self.siglip,
            self.precision,
        )

    def clues(self, prototypes: Vectors, priors: Floats | None) -> Clues:
        """Return the photos' clues beside prototypes ``(m, dims)``."""
        return tabulate_clues(gather_cosines(self.vectors, prototypes), self.siglip, priors)

    def priors(self, *, with_bearing: bool = True, with_hiding: bool = True) -> Floats:
        """Return what the sight lines say, ``(n, m)``, with parts of it left out."""
        views: Sequence[View] = self.views
        if not with_bearing:
            views = take_views([view.camera for view in views], self.summits, with_bearing=False)
        return gather_priors(views, self.summits, with_hiding=with_hiding)


@dataclass(frozen=True)
class FoldSettings:
    """How photos are cut into folds, and the share of names that must be right."""

    folds: int
    seed: int
    precision: float


@dataclass(frozen=True)
class Trial:
    """How the photos of a case are named.

    Attributes:
        probability: of the candidates, ``(n, m)``.
        strangers: likewise, with each photo's own peaks taken out of the catalogue.
        limits: the photos' thresholds, ``(n,)``.
    """

    probability: Floats
    strangers: Floats
    limits: Floats

    def right(self, case: Case) -> Floats:
        """Return 1 or 0 for each photo that shows a peak: is the likeliest candidate one of its peaks?"""
        return is_named_within(self.probability, case.shown, 1)[case.showing].astype(np.float64)

    def answered(self, case: Case) -> Floats:
        """Return 0, ½ or 1 for each photo that shows a peak: half for a right first name, half for saying
        nothing once its peaks are taken out of the catalogue."""
        is_named = _filled(self.probability).max(axis=1) >= self.limits
        is_silent = _filled(self.strangers).max(axis=1) < self.limits
        right = is_named & is_named_within(self.probability, case.shown, 1)
        halves: Floats = (right.astype(np.float64) + is_silent) / 2
        return halves[case.showing]


def _filled(probability: Floats) -> Floats:
    return np.where(np.isnan(probability), -1.0, probability)


def try_clues(case: Case, clues: Clues, used: Sequence[Clue]) -> Trial:
    """Name the peaks of a case by some clues, each photo by weights that never saw it."""
    judged, count = judge_clues(clues, case.shown, case.folds, used, case.precision), len(case.shown)
    return Trial(judged.probability[:count], judged.probability[count:], judged.limits()[:count])


def try_picture(case: Case, prototypes: Vectors) -> Trial:
    """By the picture alone."""
    return try_clues(case, case.clues(prototypes, None), PICTURE)


def try_both(case: Case, prototypes: Vectors, priors: Floats) -> Trial:
    """By the picture and what the sight lines say."""
    return try_clues(case, case.clues(prototypes, priors), SIGHTED)


def try_rule(case: Case, prototypes: Vectors, rule: Rule, priors: Floats | None) -> Trial:
    """By a finished rule."""
    weights = rule.picture if priors is None else rule.sighted
    clues, limits = case.clues(prototypes, priors), np.full(len(case.shown), rule.threshold)
    return Trial(weights.probability(clues), weights.probability(take_out(clues, case.shown)), limits)


def judge(way: str, case: Case, trial: Trial) -> Judgement:
    """Judge one way of naming."""
    showing, nothing = case.showing, np.zeros_like(case.shown)
    answers = judge_answers(trial.probability, case.shown, trial.limits)
    strangers = judge_answers(trial.strangers[showing], nothing[showing], trial.limits[showing])
    sure, right = first_answers(
        np.concatenate([trial.probability, trial.strangers]), np.concatenate([case.shown, nothing])
    )
    return Judgement(
        way=way,
        photos=len(case.shown),
        top_1=_share(is_named_within(trial.probability, case.shown, 1)[showing]),
        top_3=_share(is_named_within(trial.probability, case.shown, 3)[showing]),
        coverage=answers.coverage,
        right_when_answering=answers.first_right,
        precision=answers.precision,
        strangers_named=strangers.coverage,
        error=expected_calibration_error(sure, right),
        bins=tuple(reliability(sure, right)),
        curve=_thin(*coverage_curve(trial.probability, case.shown)),
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


def worst_pairs(case: Case, trial: Trial, names: Sequence[str]) -> tuple[Confusion, ...]:
    """Return the pairs of peaks that are taken for each other most often, at most `WORST_PAIRS`.

    Args:
        case: whose photos with exactly one peak count.
        trial: what they were named.
        names: of the peaks, ``m``.
    """
    alone = case.shown.sum(axis=1) == 1
    true = case.shown.argmax(axis=1)[alone]
    named = best_first(trial.probability)[alone, 0]
    counted = Counter((int(a), int(b)) for a, b in zip(true, named, strict=True) if a != b)
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:WORST_PAIRS]
    return tuple(Confusion(names[a], names[b], count) for (a, b), count in ranked)
