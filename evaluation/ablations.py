"""Ablations: what each trick is worth, as the paired difference with it and without it."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.dataset import Entries
from evaluation.identification_figures import Case, Trial, try_both, try_picture
from evaluation.metrics import Floats, Interval, bootstrap_difference
from evaluation.retrieval import Finding, precision_by_entry
from loader.peaks.prototypes import blend_prototype
from loader.vision.vectors import Vectors

Verdict = Literal["pays", "does not pay", "costs"]

PICTURE_ALONE = "top-1, picture alone"
WITH_SIGHT = "top-1, with sight lines"
ANSWERED = "answered right, with sight lines"
PEAK_SEARCH = "mAP, peaks by name"
CONCEPT_SEARCH = "mAP, concepts by name"
MEASURES = (PICTURE_ALONE, WITH_SIGHT, ANSWERED, PEAK_SEARCH, CONCEPT_SEARCH)


@dataclass(frozen=True)
class Ablation:
    """One trick by one measure.

    Attributes:
        trick: what is compared.
        measure: by which.
        count: photos or things that were compared in pairs.
        with_it: the measure with the trick.
        without: the measure without it.
        difference: with − without, paired bootstrap.
        is_default: whether the trick is on without anybody asking for it.
    """

    trick: str
    measure: str
    count: int
    with_it: float
    without: float
    difference: Interval
    is_default: bool = True

    @property
    def verdict(self) -> Verdict:
        """Whether the interval lies above zero, below it, or holds it."""
        if self.difference.low > 0:
            return "pays"
        return "costs" if self.difference.high < 0 else "does not pay"


def compare(trick: str, measure: str, ours: Floats, theirs: Floats, seed: int) -> Ablation:
    """Compare figures of the same photos or things, with the trick and without it."""
    difference = bootstrap_difference(ours, theirs, seed)
    return Ablation(trick, measure, len(ours), float(np.mean(ours)), float(np.mean(theirs)), difference)


@dataclass(frozen=True)
class TrickSummary:
    """One trick by all its measures: whether it pays by one of them, costs by one, and is on by default."""

    trick: str
    pays: bool
    costs: bool
    is_default: bool


def sum_up(ablations: Sequence[Ablation]) -> list[TrickSummary]:
    """Sum the measures of each trick up, in the order of the tricks."""
    tricks = dict.fromkeys(ablation.trick for ablation in ablations)
    return [
        TrickSummary(
            trick,
            pays=any(one.verdict == "pays" for one in ablations if one.trick == trick),
            costs=any(one.verdict == "costs" for one in ablations if one.trick == trick),
            is_default=any(one.is_default for one in ablations if one.trick == trick),
        )
        for trick in tricks
    ]


@dataclass(frozen=True)
class Trials:
    """A case named by prototypes, with and without sight lines; the latter None where there are none."""

    picture: Trial
    both: Trial | None


def try_prototypes(case: Case, sighted: Case | None, prototypes: Vectors) -> Trials:
    """Name a case by other prototypes.

    Args:
        case: all photos that are judged.
        sighted: those with sight lines that may be used; None where there are none.
        prototypes: float32 ``(m, dims)``.
    """
    both = try_both(sighted, prototypes, sighted.priors()) if sighted else None
    return Trials(try_picture(case, prototypes), both)


def compare_trials(
    trick: str, case: Case, sighted: Case | None, ours: Trials, theirs: Trials, seed: int
) -> list[Ablation]:
    """Compare two ways of making prototypes."""
    found = [compare(trick, PICTURE_ALONE, ours.picture.right(case), theirs.picture.right(case), seed)]
    if sighted and ours.both and theirs.both:
        answers = ours.both.answered(sighted), theirs.both.answered(sighted)
        found.append(compare(trick, ANSWERED, *answers, seed))
    return found


def compare_findings(
    trick: str, measure: str, ours: Sequence[Finding], theirs: Sequence[Finding], seed: int
) -> Ablation:
    """Compare what the same queries find, thing by thing."""
    with_it, without = precision_by_entry(ours), precision_by_entry(theirs)
    things = sorted(with_it)
    return compare(
        trick,
        measure,
        np.array([with_it[thing] for thing in things]),
        np.array([without[thing] for thing in things]),
        seed,
    )


def blend_all(texts: Vectors, references: Mapping[str, Vectors], entries: Entries, alpha: float) -> Vectors:
    """Return prototypes of names and reference photos.

    Args:
        texts: float32 ``(m, dims)``, the names' vectors.
        references: id to float32 ``(k, dims)``; entries without one keep their names' vector.
        entries: ``m``.
        alpha: weight of the names, 0 to 1.
    """
    return np.stack(
        [
            blend_prototype(text, references[identifier], alpha) if identifier in references else text
            for identifier, text in zip(entries.ids, texts, strict=True)
        ]
    )
