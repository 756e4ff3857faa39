"""Measures the rule on a library: weights, thresholds and the cut-off of searches by words."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from evaluation.dataset import Dataset
from evaluation.fitting import (
    PICTURE,
    SIGHTED,
    Clue,
    CrossFitted,
    Model,
    assign_folds,
    choose_threshold,
    cross_fit,
    fit_platt,
    fit_weights,
)
from evaluation.labels import Labels, Rows
from evaluation.metrics import is_named_within
from evaluation.naming import (
    FEWEST_PEAKS,
    FEWEST_TO_FIT,
    NamingFigures,
    Predictions,
    cross_fit_clues,
    judge,
    predict_by_rule,
)
from evaluation.retrieval import (
    CutOff,
    QueryResult,
    choose_cut_off,
    cross_validate_cut_off,
    judge_cut_off,
)
from evaluation.samples import LabelledPhotos, Sample, gather_cosines
from loader.arrays import Bools, Floats
from loader.errors import PeaksError
from loader.peaks.identification.rule import ConceptRule, Rule, Weights, siglip_logits


@dataclass(frozen=True)
class Measurement:
    """What a calibration found.

    Attributes:
        rule: the fitted one.
        min_similarity: cosine below which a photo does not match words; None without queries.
        photos: that were labelled.
        before: the rule that was in force, on the same photos.
        after: the fitted rule, each photo judged by weights that were fitted without it.
        queries: by which the cut-off of searches was measured.
        cut_off: how well it does on all of them; None without queries.
        cross_validated: its balanced accuracy on held-out things.
        notes: sentences that say which parts of the rule were not changed, and why.
    """

    rule: Rule
    min_similarity: float | None
    photos: int
    before: tuple[NamingFigures, ...]
    after: tuple[NamingFigures, ...]
    queries: int
    cut_off: CutOff | None
    cross_validated: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Part:
    """One part of the rule, fitted.

    Attributes:
        before: how the rule in force does.
        shown: ``(n, m)``, what the photos show.
        fitted: their probabilities by weights fitted without them; twice where peaks were held out.
        threshold: for the wanted precision.
    """

    before: NamingFigures
    shown: Bools
    fitted: CrossFitted
    threshold: float

    def after(self, other: _Part | None = None) -> NamingFigures:
        """How the part does; with the threshold that it shares with another part."""
        limits = self.fitted.limits(other.fitted if other else None)
        return judge(self.before.way, Predictions.split(self.shown, self.fitted.probability, limits))


class Calibration:
    """Fits the rule to labels.

    Args:
        dataset: the library.
        labels: what its photos show.
        in_force: the rule to compare with.
        precision: share of names that must be right.

    Raises:
        PeaksError: too few labels.
    """

    def __init__(self, dataset: Dataset, labels: Labels, in_force: Rule, precision: float) -> None:
        self._dataset, self._labels, self._in_force, self._precision = dataset, labels, in_force, precision
        self._photos = LabelledPhotos.gather(dataset, labels)
        self._notes: list[str] = []
        peaks = int(self._photos.shown.any(axis=0).sum())
        if len(self._photos) < FEWEST_TO_FIT or peaks < FEWEST_PEAKS:
            raise PeaksError(
                f"The labels ({labels.source}) tell the peaks of {len(self._photos)} photos, {peaks} "
                f"different peaks: calibration needs at least {FEWEST_TO_FIT} photos and {FEWEST_PEAKS} "
                "peaks, so label more."
            )

    def measure(self, results: Sequence[QueryResult]) -> Measurement:
        """Fit weights, thresholds and the cut-off.

        Args:
            results: what searches by names found (see `evaluation.retrieval.ask_by_name`).

        Raises:
            PeaksError: no threshold reaches the precision.
        """
        picture, alone = self._fit("picture alone", self._photos.by_picture(), PICTURE)
        sighted, seen = self._fit_sighted(picture)
        concept, named = self._fit_concepts()
        threshold = max(alone.threshold, seen.threshold if seen else 0.0)
        cosine = choose_cut_off(results)
        after = (alone.after(seen), seen and seen.after(alone), named and named.after())
        return Measurement(
            rule=Rule(picture, sighted, threshold, concept),
            min_similarity=cosine,
            photos=len(self._photos),
            before=tuple(part.before for part in (alone, seen, named) if part),
            after=tuple(figures for figures in after if figures),
            queries=len(results),
            cut_off=None if cosine is None else judge_cut_off(results, cosine),
            cross_validated=cross_validate_cut_off(results),
            notes=tuple(self._notes),
        )

    def _fit(self, way: str, sample: Sample, used: Sequence[Clue]) -> tuple[Weights, _Part]:
        """Fit weights on photos, each as it is and with its own peaks held out."""
        fitted = cross_fit_clues(sample, used, self._precision)
        before = judge(way, predict_by_rule(sample, self._in_force))
        twice = sample.with_held_out()
        threshold = self._choose(way, fitted.probability, twice.shown, len(sample.shown))
        return fit_weights(twice.clues, twice.shown, used), _Part(before, sample.shown, fitted, threshold)

    def _choose(self, way: str, probability: Floats, shown: Bools, photos: int) -> float:
        threshold = choose_threshold(probability, shown, self._precision)
        if threshold is None:
            first = is_named_within(probability[:photos], shown[:photos], 1)
            raise PeaksError(
                f"No threshold makes {self._precision:.0%} of the names by {way} right (the likeliest peak "
                f"is right in {first.mean():.0%} of {len(first)} photos): give a lower --precision, better "
                "prototypes, or other labels."
            )
        return threshold

    def _fit_sighted(self, picture: Weights) -> tuple[Weights, _Part | None]:
        """Fit the weights for photos with a position and a direction."""
        if self._labels.are_weak:
            self._notes.append(
                "Sight lines are the labels, so they cannot be weighed by them: the prior counts as it "
                "stands (weight 1) beside the picture's own weights."
            )
            twice = self._photos.by_picture().with_held_out()
            return add_prior(picture, twice.shown, ~np.isnan(twice.cosines)), None
        sighted = self._photos.with_bearing()
        if len(sighted) < FEWEST_TO_FIT:
            self._notes.append(
                f"{len(sighted)} labelled photos have a position and a direction, too few to weigh sight "
                "lines: their rule is left as it was."
            )
            return self._in_force.sighted, None
        return self._fit("picture and sight lines", sighted.as_identified(), SIGHTED)

    def _fit_concepts(self) -> tuple[ConceptRule, _Part | None]:
        """Fit Platt's scaling (Platt 1999) of SigLIP's logit, and the threshold for the same precision."""
        in_force, dataset = self._in_force.concept, self._dataset
        if not len(dataset.concepts) or not self._labels.concepts:
            self._notes.append("No labels for concepts: their rule is left as it was.")
            return in_force, None
        rows, shown = self._labels.table(dataset.photos.paths, dataset.concepts)
        if len(shown) < FEWEST_TO_FIT or not shown.any() or shown.all():
            self._notes.append(
                f"Concepts of {len(shown)} photos are labelled, too few: their rule is left as it was."
            )
            return in_force, None
        cosines = gather_cosines(dataset.photos.vectors[rows], dataset.concepts.vectors)
        logits = siglip_logits(cosines, dataset.siglip)
        fitted = self._cross_fit_platt(logits, shown, rows)
        limits = np.full(len(shown), in_force.threshold)
        before = judge("concepts", Predictions(shown, in_force.probability(logits), None, limits))
        try:
            threshold = self._choose("concepts", fitted.probability, shown, len(shown))
        except PeaksError:
            self._notes.append(
                f"No threshold makes {self._precision:.0%} of the named concepts right: their rule "
                "is left as it was."
            )
            return in_force, None
        bias, logit = fit_platt(logits, shown)
        return ConceptRule(bias, logit, threshold), _Part(before, shown, fitted, threshold)

    def _cross_fit_platt(self, logits: Floats, shown: Bools, rows: Rows) -> CrossFitted:
        folds = assign_folds([self._dataset.photos.names[row] for row in rows])

        def fit(seen: Bools) -> Model:
            bias, weight = fit_platt(logits[seen], shown[seen])
            return lambda asked: expit(bias + weight * logits[asked])

        return cross_fit(fit, shown, folds, self._precision)


def add_prior(picture: Weights, shown: Bools, known: Bools) -> Weights:
    """Return the picture's weights with the prior in place of the share of photos that show a peak.

    The odds that the picture gives hold for a peak that is shown as often as the labels' average one; another
    prior moves them by its ratio to that average (Bayes' rule; Saerens et al. 2002, Neural Computation 14).
    """
    average = max(float(shown[known].mean()), 1e-6)
    return replace(picture, bias=picture.bias - float(np.log(average)), prior=1.0)
