"""Measures the rule on a library: weights, thresholds and the cut-off of searches by words."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.dataset import Dataset
from evaluation.fitting import (
    PICTURE,
    SIGHTED,
    Folds,
    Judged,
    add_strangers,
    assign_folds,
    choose_threshold,
    cross_fit,
    fit_platt,
    fit_platt_by,
    fit_weights,
    judge_clues,
)
from evaluation.labels import Labels
from evaluation.metrics import (
    Answers,
    Bools,
    Floats,
    expected_calibration_error,
    first_answers,
    is_named_within,
    judge_answers,
)
from evaluation.retrieval import (
    Finding,
    choose_cut_off,
    cross_validate_cut_off,
    judge_cut_off,
)
from evaluation.views import View, gather_cosines, gather_priors, pick, tabulate_clues
from loader.errors import PeaksError
from loader.peaks.identification.rule import Clues, ConceptRule, Rule, Weights, siglip_logits

FEWEST_PHOTOS = 20
FEWEST_CLASSES = 2
PRECISION = 0.9


@dataclass(frozen=True)
class Quality:
    """How a way of naming does.

    Attributes:
        what: the way, for people.
        photos: judged.
        answers: coverage and precision from the threshold on.
        strangers_named: share of photos with a name once their own peaks are taken out of the catalogue; None
            for concepts.
        error: expected calibration error of the likeliest names' probabilities, both times.
    """

    what: str
    photos: int
    answers: Answers
    strangers_named: float | None
    error: float


@dataclass(frozen=True)
class CutOffQuality:
    """How the cut-off of searches by words does: balanced accuracy on all queries, and on things left out."""

    queries: int
    cosine: float
    balanced_accuracy: float
    cross_validated: float


@dataclass(frozen=True)
class Measurement:
    """What a calibration found.

    Attributes:
        rule: the fitted one.
        min_similarity: cosine below which a photo does not match words; None without queries.
        photos: that were labelled.
        before: the rule that was in force, on the same photos.
        after: the fitted rule, each photo judged by weights that never saw it.
        cut_off: None without queries.
        notes: what was left as it was, and why; sentences.
    """

    rule: Rule
    min_similarity: float | None
    photos: int
    before: tuple[Quality, ...]
    after: tuple[Quality, ...]
    cut_off: CutOffQuality | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """How a calibration is made.

    Attributes:
        precision: share of names that must be right.
        folds: parts that the photos are cut into; each is judged by the others' weights.
        seed: of the cut.
    """

    precision: float = PRECISION
    folds: int = 5
    seed: int = 0


@dataclass(frozen=True)
class _Part:
    """One part of the rule, fitted: how photos were judged that it never saw, and how they were before.

    Attributes:
        what: the way of naming, for people.
        shown: ``(n, m)``, what photos show; those of the second half are strangers where there are any.
        judged: by weights that never saw the photo.
        threshold: for the wanted precision.
        before: by the rule in force.
        photos: that are no strangers.
    """

    what: str
    shown: Bools
    judged: Judged
    threshold: float
    before: Quality
    photos: int

    def after(self, other: _Part | None = None) -> Quality:
        """How the part does; with the threshold that it shares with another part."""
        limits = self.judged.limits(other.judged if other else None)
        return measure_quality(self.what, self.judged.probability, self.shown, limits, self.photos)


def calibrate(
    dataset: Dataset,
    views: Sequence[View],
    labels: Labels,
    findings: Sequence[Finding],
    in_force: Rule,
    settings: Settings,
) -> Measurement:
    """Fit the rule and the cut-off to labels.

    Args:
        dataset: the library.
        views: of its photos, in their order.
        labels: what they show.
        findings: what searches by names found (see `evaluation.retrieval.find_all`).
        in_force: the rule that is compared with.
        settings: how.

    Raises:
        PeaksError: too few labels, or no threshold reaches the precision.
    """
    known, shown = labels.table(dataset.photos.paths, dataset.peaks)
    refuse_few(known, shown, labels)
    notes: list[str] = []
    table = _Table.gather(dataset, views, known, shown, settings)
    picture = fit_weights(*add_strangers(table.alone, table.shown), PICTURE)
    alone = _judge_picture(table, in_force, settings)
    sighted, seen = _fit_sighted(table, labels, picture, in_force, settings, notes)
    threshold = max(alone.threshold, seen.threshold if seen else 0.0)
    concept, named = _fit_concepts(dataset, labels, in_force.concept, settings, notes)
    cosine = choose_cut_off(findings)
    after = (alone.after(seen), seen and seen.after(alone), named and named.after())
    return Measurement(
        rule=Rule(picture, sighted, threshold, concept),
        min_similarity=cosine,
        photos=int(known.sum()),
        before=tuple(part.before for part in (alone, seen, named) if part),
        after=tuple(quality for quality in after if quality),
        cut_off=None if cosine is None else _cut_off_quality(findings, cosine),
        notes=tuple(notes),
    )


def refuse_few(known: Bools, shown: Bools, labels: Labels) -> None:
    """Refuse labels that cannot tell anything.

    Raises:
        PeaksError: fewer than `FEWEST_PHOTOS` photos, or `FEWEST_CLASSES` peaks among them.
    """
    photos, classes = int(known.sum()), int(shown[known].any(axis=0).sum())
    if photos < FEWEST_PHOTOS or classes < FEWEST_CLASSES:
        raise PeaksError(
            f"The labels ({labels.source}) tell the peaks of {photos} photos, {classes} different peaks: "
            f"calibration needs at least {FEWEST_PHOTOS} photos and {FEWEST_CLASSES} peaks, so label more."
        )


@dataclass(frozen=True)
class _Table:
    """The labelled photos' clues: as if they had no position, and of those with position and direction."""

    alone: Clues
    shown: Bools
    folds: Folds
    placed: Bools
    sighted: Clues

    @classmethod
    def gather(
        cls, dataset: Dataset, views: Sequence[View], known: Bools, shown: Bools, settings: Settings
    ) -> _Table:
        cosines = gather_cosines(dataset.photos.vectors[known], dataset.peaks.vectors)
        views = [view for view, is_known in zip(views, known, strict=True) if is_known]
        paths = [path for path, is_known in zip(dataset.photos.paths, known, strict=True) if is_known]
        placed = np.array([view.has_bearing for view in views], dtype=np.bool_)
        priors = gather_priors(views, dataset.summits)
        return cls(
            alone=tabulate_clues(cosines, dataset.siglip, None),
            shown=shown[known],
            folds=assign_folds(paths, settings.folds, settings.seed),
            placed=placed,
            sighted=pick(tabulate_clues(cosines, dataset.siglip, priors), placed),
        )


def _judge_picture(table: _Table, in_force: Rule, settings: Settings) -> _Part:
    judged = judge_clues(table.alone, table.shown, table.folds, PICTURE, settings.precision)
    everything, shown = add_strangers(table.alone, table.shown)
    before = in_force.picture.probability(everything)
    return _judge("picture alone", judged, shown, before, in_force.threshold, len(table.shown), settings)


def _fit_sighted(
    table: _Table, labels: Labels, picture: Weights, in_force: Rule, settings: Settings, notes: list[str]
) -> tuple[Weights, _Part | None]:
    """Fit the weights for photos with a position and a direction."""
    placed = int(table.placed.sum())
    shown, folds = table.shown[table.placed], table.folds[table.placed]
    if labels.are_weak:
        notes.append(
            "Sight lines are the labels, so they cannot be weighed by them: the prior counts as it stands "
            "(weight 1) beside the picture's own weights."
        )
        fitted, shown_or_not = add_strangers(table.alone, table.shown)
        return add_prior(picture, shown_or_not, ~np.isnan(fitted.log_match)), None
    if placed < FEWEST_PHOTOS:
        notes.append(
            f"{placed} labelled photos have a position and a direction, too few to weigh sight lines: their "
            "rule is left as it was."
        )
        return in_force.sighted, None
    judged = judge_clues(table.sighted, shown, folds, SIGHTED, settings.precision)
    everything, shown_or_not = add_strangers(table.sighted, shown)
    before = in_force.sighted.probability(everything)
    part = _judge(
        "picture and sight lines", judged, shown_or_not, before, in_force.threshold, placed, settings
    )
    return fit_weights(everything, shown_or_not, SIGHTED), part


def add_prior(picture: Weights, shown: Bools, known: Bools) -> Weights:
    """Return the picture's weights with the prior in place of the share of photos that show a peak.

    The odds that the picture gives hold for a peak that is shown as often as the labels' average one; another
    prior moves them by its ratio to that average (Bayes' rule; Saerens et al. 2002, Neural Computation 14).
    """
    average = max(float(shown[known].mean()), 1e-6)
    return replace(picture, bias=picture.bias - float(np.log(average)), prior=1.0)


def _judge(
    what: str,
    judged: Judged,
    shown: Bools,
    before: Floats,
    threshold_before: float,
    photos: int,
    settings: Settings,
) -> _Part:
    threshold = choose_threshold(judged.probability, shown, settings.precision)
    if threshold is None:
        raise PeaksError(_unreachable(what, judged.probability[:photos], shown[:photos], settings.precision))
    earlier = measure_quality(what, before, shown, threshold_before, photos)
    return _Part(what, shown, judged, threshold, earlier, photos)


def _unreachable(what: str, probability: Floats, shown: Bools, precision: float) -> str:
    first = is_named_within(probability, shown, 1)
    return (
        f"No threshold makes {precision:.0%} of the names by {what} right (the likeliest peak is right in "
        f"{first.mean():.0%} of {len(first)} photos): give a lower --precision, better prototypes, or other "
        "labels."
    )


def measure_quality(
    what: str, probability: Floats, shown: Bools, threshold: float | Floats, photos: int
) -> Quality:
    """Judge probabilities and the names from a threshold on.

    Args:
        what: the way of naming.
        probability: ``(n, m)``.
        shown: ``(n, m)``.
        threshold: 0 to 1, or one for each photo.
        photos: the first so many rows; the rows behind them are the same photos as strangers.
    """
    limits = np.full(len(shown), threshold, dtype=np.float64)
    showing = np.flatnonzero(shown[:photos].any(axis=1))
    strangers = showing + photos if len(shown) > photos else showing[:0]
    named = judge_answers(probability[strangers], shown[strangers], limits[strangers])
    return Quality(
        what,
        photos,
        judge_answers(probability[:photos], shown[:photos], limits[:photos]),
        named.coverage if len(strangers) else None,
        expected_calibration_error(*first_answers(probability, shown)),
    )


def _fit_concepts(
    dataset: Dataset, labels: Labels, in_force: ConceptRule, settings: Settings, notes: list[str]
) -> tuple[ConceptRule, _Part | None]:
    """Fit Platt's scaling (Platt 1999) of SigLIP's logit, and the threshold for the same precision."""
    if not len(dataset.concepts) or not labels.concepts:
        notes.append("No labels for concepts: their rule is left as it was.")
        return in_force, None
    known, shown = labels.table(dataset.photos.paths, dataset.concepts)
    if int(known.sum()) < FEWEST_PHOTOS or not shown[known].any() or shown[known].all():
        notes.append(
            f"Concepts of {int(known.sum())} photos are labelled, too few: their rule is left as it was."
        )
        return in_force, None
    shown = shown[known]
    cosines = gather_cosines(dataset.photos.vectors[known], dataset.concepts.vectors)
    logits = siglip_logits(cosines, dataset.siglip)
    paths = [path for path, is_known in zip(dataset.photos.paths, known, strict=True) if is_known]
    folds = assign_folds(paths, settings.folds, settings.seed)
    before = in_force.probability(logits)
    judged = cross_fit(fit_platt_by(logits, shown), shown, folds, settings.precision)
    try:
        part = _judge("concepts", judged, shown, before, in_force.threshold, len(shown), settings)
    except PeaksError:
        notes.append(
            f"No threshold makes {settings.precision:.0%} of the named concepts right: their rule is left as "
            "it was."
        )
        return in_force, None
    bias, logit = fit_platt(logits, shown)
    return ConceptRule(bias, logit, part.threshold), part


def _cut_off_quality(findings: Sequence[Finding], cosine: float) -> CutOffQuality:
    judged = judge_cut_off(findings, cosine)
    return CutOffQuality(
        len(findings), cosine, judged.balanced_accuracy, cross_validate_cut_off(findings)
    )
