"""Labelled photos as tables of clues: one row a photo, one column a peak, NaN where it is no candidate."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.dataset import Dataset
from evaluation.fitting import Folds, assign_folds
from evaluation.labels import Labels, Rows
from loader.arrays import Bools, Floats, Vectors
from loader.peaks.identification.candidates import MOST_CANDIDATES, View, take_view
from loader.peaks.identification.rule import Clues, gather_clues
from loader.peaks.siglip import SiglipSigmoid


@dataclass(frozen=True)
class Sample:
    """Photos that are judged together, and the peaks that each is weighed for.

    Attributes:
        cosines: of photos and prototypes, float64 ``(n, m)``, NaN where a peak is no candidate.
        priors: ``(n, m)``; NaN there, and in the rows of photos that are judged by the picture alone.
        shown: ``(n, m)``, what the photos show.
        folds: ``(n,)``.
        siglip: the checkpoint's scale and bias.
    """

    cosines: Floats
    priors: Floats
    shown: Bools
    folds: Folds
    siglip: SiglipSigmoid

    @property
    def clues(self) -> Clues:
        """What the rule weighs, by the identifier's own function."""
        return gather_clues(self.cosines, self.siglip, self.priors)

    def with_held_out(self) -> Sample:
        """Return all photos as they are, followed by all photos with their own peaks held out.

        The right answer is then "none of them". Where every photo shows a peak, a rule would learn to name
        one always; fitted to both halves it learns to name none, too. Photos that show no peak have no
        candidates in the second half.
        """
        held_out = self.shown | ~self.shown.any(axis=1, keepdims=True)
        return replace(
            self,
            cosines=np.concatenate([self.cosines, np.where(held_out, np.nan, self.cosines)]),
            priors=np.concatenate([self.priors, self.priors]),
            shown=np.concatenate([self.shown, np.zeros_like(self.shown)]),
            folds=np.concatenate([self.folds, self.folds]),
        )


@dataclass(frozen=True)
class LabelledPhotos:
    """Photos whose peaks are known.

    Attributes:
        dataset: the library.
        rows: of the photos in it, int64 ``(n,)``.
        shown: ``(n, m)``, what they show.
        folds: ``(n,)``.
    """

    dataset: Dataset
    rows: Rows
    shown: Bools
    folds: Folds

    @classmethod
    def gather(cls, dataset: Dataset, labels: Labels) -> LabelledPhotos:
        """Cut the photos whose peaks are labelled into folds by their names."""
        rows, shown = labels.table(dataset.photos.paths, dataset.peaks)
        return cls(dataset, rows, shown, assign_folds([dataset.photos.names[row] for row in rows]))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def views(self) -> list[View]:
        """The views of their cameras."""
        return [self.dataset.views[row] for row in self.rows]

    def with_bearing(self) -> LabelledPhotos:
        """Return those whose position and direction are known."""
        kept = np.array([view.has_bearing for view in self.views], dtype=np.bool_)
        return replace(self, rows=self.rows[kept], shown=self.shown[kept], folds=self.folds[kept])

    def by_picture(self) -> Sample:
        """Return them as if no photo had a position."""
        return self._sample([View()] * len(self))

    def as_identified(self) -> Sample:
        """Return them with their camera's position and direction, as the identifier weighs them."""
        return self._sample(self.views)

    def by_position(self) -> Sample:
        """Return them as if no camera had a direction, with the position's prior, which the identifier leaves
        out."""
        cameras = (view.camera and replace(view.camera, bearing=None) for view in self.views)
        blind = [take_view(camera, self.dataset.summits) for camera in cameras]
        return replace(self._sample(blind), priors=tabulate_priors(blind, self.dataset.peaks.ids))

    def _sample(self, views: Sequence[View]) -> Sample:
        dataset = self.dataset
        cosines = gather_cosines(dataset.photos.vectors[self.rows], dataset.peaks.vectors)
        priors = tabulate_priors(views, dataset.peaks.ids)
        placed = np.array([view.priors is not None for view in views], dtype=np.bool_)[:, None]
        looking = np.array([view.has_bearing for view in views], dtype=np.bool_)[:, None]
        return Sample(
            np.where(np.where(placed, np.isnan(priors), _is_far(cosines)), np.nan, cosines),
            np.where(looking, priors, np.nan),
            self.shown,
            self.folds,
            dataset.siglip,
        )


def gather_cosines(photos: Vectors, prototypes: Vectors) -> Floats:
    """Return the cosines of unit vectors, float64 ``(n, m)``."""
    cosines: Floats = (photos @ prototypes.T).astype(np.float64)
    return cosines


def tabulate_priors(views: Sequence[View], peaks: Sequence[str]) -> Floats:
    """Return the views' priors, ``(n, m)``, NaN where a peak is no candidate or a photo has no position."""
    rows = [[(view.priors or {}).get(peak, np.nan) for peak in peaks] for view in views]
    return np.array(rows, dtype=np.float64).reshape(len(views), len(peaks))


def _is_far(cosines: Floats) -> Bools:
    """Whether a peak is beyond the `MOST_CANDIDATES` nearest, all that the cluster compares."""
    if cosines.shape[1] <= MOST_CANDIDATES:
        return np.zeros(cosines.shape, dtype=np.bool_)
    least = np.partition(cosines, -MOST_CANDIDATES, axis=1)[:, -MOST_CANDIDATES, None]
    return np.asarray(cosines < least, dtype=np.bool_)
