"""What a library holds before anything is judged: positions, frames, candidates, what pictures agree with."""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.dataset import Dataset
from evaluation.metrics import Interval, wilson
from evaluation.views import View, gather_cosines


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


def count_library(
    dataset: Dataset, views: Sequence[View], labelled_peaks: int, labelled_concepts: int
) -> LibraryFigures:
    """Count what the library holds."""
    framed = [view for view in views if view.has_frame]
    shown = [frozenset(sight.peak.id for sight in view.sights if sight.is_shown) for view in framed]
    counts = Counter(map(len, shown))
    agreement, chance = _agree(dataset, views)
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
        median_in_frame=_median([len(peaks) for peaks in shown]),
        median_above_horizon=_median([len(view.sights) for view in views if view.camera is not None]),
        in_frame=tuple(counts[size] for size in range(max(counts, default=-1) + 1)),
        agreement=agreement,
        chance=chance,
    )


def _agree(dataset: Dataset, views: Sequence[View]) -> tuple[Interval, float]:
    """How often the nearest prototype is one of the peaks in frame, and how often a guess would be."""
    nearest = gather_cosines(dataset.photos.vectors, dataset.peaks.vectors).argmax(axis=1)
    in_frame = [
        (row, {sight.peak.id for sight in view.sights if sight.is_shown}) for row, view in enumerate(views)
    ]
    judged = [(row, peaks) for row, peaks in in_frame if peaks]
    right = sum(dataset.peaks.ids[nearest[row]] in peaks for row, peaks in judged)
    shares = [len(peaks) / len(dataset.peaks) for _, peaks in judged]
    return wilson(right, len(judged)), float(np.mean(shares)) if shares else float("nan")


def _median(values: Sequence[int]) -> float:
    return float(np.median(values)) if values else float("nan")
