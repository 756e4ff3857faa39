"""The figures of the report, section by section."""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.dataset import Dataset
from evaluation.labels import Labels
from evaluation.metrics import Interval, wilson
from evaluation.naming import BY_PICTURE, IN_FORCE, IdentificationFigures, measure_identification
from evaluation.retrieval import BY_NAME, Encode, SearchFigures, SearchRow, measure_searches
from evaluation.samples import gather_cosines
from loader.peaks.identification.calibration_store import RuleInForce
from loader.peaks.identification.rule import siglip_logits


@dataclass(frozen=True)
class LibraryFigures:
    """Counts over all photos.

    Attributes:
        photos: with a vector.
        without_vector: left out.
        peaks: of the catalogue, with a prototype.
        concepts: likewise.
        with_position: photos.
        with_frame: photos whose position, bearing and field of view are known.
        with_peak_in_frame: of these, with a summit in the frame and nothing of the catalogue before it.
        labelled_peaks: photos whose peaks are known.
        labelled_concepts: photos whose concepts are known.
        median_in_frame: of the summits in frame, over the photos with a frame; NaN without one.
        median_above_horizon: of the summits above the horizon and near enough.
        in_frame: how many photos have 0, 1, 2, … summits in frame.
        agreement: share of photos with a peak in frame whose nearest prototype is one of these.
        chance: what guessing would reach: the mean share of the catalogue that is in frame.
    """

    photos: int
    without_vector: int
    peaks: int
    concepts: int
    with_position: int
    with_frame: int
    with_peak_in_frame: int
    labelled_peaks: int
    labelled_concepts: int
    median_in_frame: float
    median_above_horizon: float
    in_frame: tuple[int, ...]
    agreement: Interval
    chance: float


@dataclass(frozen=True)
class ConceptRow:
    """A concept as the rule in force names it: photos that show it, that are given it, and both."""

    concept: str
    shown: int
    named: int
    right: int


@dataclass(frozen=True)
class Finding:
    """A main figure, and what guessing would reach.

    Attributes:
        what: the share that it is.
        share: that was measured.
        chance: the share of guesses.
    """

    what: str
    share: Interval
    chance: float

    @property
    def beats_chance(self) -> bool:
        """Whether the whole interval lies above chance."""
        return self.share.low > self.chance


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured.

    Attributes:
        labels: their source.
        are_weak: whether the labels are sight lines.
        unknown: ids in the labels that the cluster does not hold.
        library: what the photos hold.
        searches: text to photo.
        identification: photo to peak.
        concepts: photo to concept.
    """

    labels: str
    are_weak: bool
    unknown: tuple[str, ...]
    library: LibraryFigures
    searches: SearchFigures
    identification: IdentificationFigures
    concepts: tuple[ConceptRow, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person wants to know first; nothing where too little is labelled.

        Of searches, only different things count as independent: names of one thing have nearly one vector.
        """
        searches = [
            Finding(f"Searches for {row.what}, have a right photo first", _first_right(row), row.chance)
            for row in self.searches.classes if row.what.endswith(BY_NAME)
        ]
        namings = [
            Finding(f"The likeliest mountain, by {'the ' * (way.way == BY_PICTURE)}{way.way}, is right",
                    way.top_1, way.chance)
            for way in self.identification.ways if way.way in (BY_PICTURE, IN_FORCE)
        ]
        return (*searches, *namings)


def _first_right(row: SearchRow) -> Interval:
    right = row.recall[0] * row.entries
    low, high = wilson(math.floor(right), row.entries).low, wilson(math.ceil(right), row.entries).high
    return Interval(row.recall[0], low, high)


def evaluate(
    dataset: Dataset, labels: Labels, encode: Encode, in_force: RuleInForce, precision: float
) -> Evaluation:
    """Measure everything that the labels allow.

    Args:
        dataset: the library and its entries.
        labels: what photos show.
        encode: embeds texts by the deployed model.
        in_force: the rule and cut-off in force.
        precision: share of names that must be right; thresholds are chosen for it.
    """
    return Evaluation(
        labels=labels.source,
        are_weak=labels.are_weak,
        unknown=labels.unknown,
        library=count_library(dataset, len(labels.peaks), len(labels.concepts)),
        searches=measure_searches(dataset, labels, encode, in_force.min_similarity),
        identification=measure_identification(dataset, labels, in_force, precision),
        concepts=count_concepts(dataset, labels, in_force),
    )


def count_library(dataset: Dataset, labelled_peaks: int, labelled_concepts: int) -> LibraryFigures:
    """Count what the library holds."""
    views = dataset.views
    framed = [view for view in views if view.has_frame]
    shown = [sum(sight.is_shown for sight in view.sights) for view in framed]
    counts = Counter(shown)
    agreement, chance = _agree(dataset)
    return LibraryFigures(
        photos=len(dataset.photos),
        without_vector=dataset.photos.without_vector,
        peaks=len(dataset.peaks),
        concepts=len(dataset.concepts),
        with_position=sum(view.camera is not None for view in views),
        with_frame=len(framed),
        with_peak_in_frame=sum(map(bool, shown)),
        labelled_peaks=labelled_peaks,
        labelled_concepts=labelled_concepts,
        median_in_frame=_median(shown),
        median_above_horizon=_median([len(view.sights) for view in views if view.camera is not None]),
        in_frame=tuple(counts[size] for size in range(max(counts, default=-1) + 1)),
        agreement=agreement,
        chance=chance,
    )


def _agree(dataset: Dataset) -> tuple[Interval, float]:
    """Return how often the nearest prototype is a peak in frame, and how often a guess would be."""
    nearest = gather_cosines(dataset.photos.vectors, dataset.peaks.vectors).argmax(axis=1)
    in_frame = [{sight.peak.id for sight in view.sights if sight.is_shown} for view in dataset.views]
    judged = [(row, peaks) for row, peaks in enumerate(in_frame) if peaks]
    right = sum(dataset.peaks.ids[nearest[row]] in peaks for row, peaks in judged)
    shares = [len(peaks) / len(dataset.peaks) for _, peaks in judged]
    return wilson(right, len(judged)), float(np.mean(shares)) if shares else float("nan")


def _median(values: Sequence[int]) -> float:
    return float(np.median(values)) if values else float("nan")


def count_concepts(dataset: Dataset, labels: Labels, in_force: RuleInForce) -> tuple[ConceptRow, ...]:
    """Count the shown concepts that the rule in force names."""
    concepts, rule = dataset.concepts, in_force.rule.concept
    if not len(concepts) or not labels.concepts:
        return ()
    rows, shown = labels.table(dataset.photos.paths, concepts)
    logits = siglip_logits(gather_cosines(dataset.photos.vectors[rows], concepts.vectors), dataset.siglip)
    named = rule.probability(logits) >= rule.threshold
    columns = (shown.sum(axis=0), named.sum(axis=0), (shown & named).sum(axis=0))
    return tuple(
        ConceptRow(concept.name, *(int(column[place]) for column in columns))
        for place, concept in enumerate(concepts.entries)
    )
