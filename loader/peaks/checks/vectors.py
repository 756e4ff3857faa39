"""Checks of reference photos by the checkpoint's vectors: against each other, and against peaks' names.

Two checks, each where its data is available:

- Is a photo nearer to another peak's prototype than to its own without it? (Both peaks have photos.)
- Do the names of another peak fit it far better than those of its own? Asked only where the checkpoint knows
  the names: where it names most of the other reference photos right.

A model can be wrong, so all problems are warnings. Thresholds: docs/catalogue.md.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from loader.arrays import Floats, Vectors
from loader.peaks.catalogue import ALPHA_TEXT
from loader.peaks.checks.names import NameVectors
from loader.peaks.checks.problems import NotChecked, Problem, warning
from loader.peaks.checks.references import ReferencePhoto, group_by_peak
from loader.peaks.prototypes import blend_prototype

# From this cosine on two pictures are taken for one. Measured on drawn photos (docs/catalogue.md): a copy of
# half or a quarter of the size, or saved again with quality 50, keeps 0.997; none of 4,560 pairs of different
# photos reaches 0.99.
SAME_PICTURE = 0.99
# A photo contradicts its folder when its own prototype is so many times as far as another's (distance is
# 1 − cosine): a ratio holds for checkpoints whose cosines are spread differently.
FARTHER = 1.5
# The same by photos alone, without the names, which errs more often.
FARTHER_WITHOUT_NAMES = 2.5
# Odds of e³ = 20 : 1, by SigLIP's scale.
NAME_LOGITS = 3.0
# Share of the other reference photos that the checkpoint must name right before its answer for one photo is
# used, and how many of these there must be.
KNOWS_NAMES, LEAST_NAMED = 0.75, 3


def find_near_pictures(photos: Sequence[ReferencePhoto], vectors: Vectors) -> list[Problem]:
    """Find pairs of reference photos whose files differ but whose pictures are nearly the same.

    Args:
        photos: ``n``.
        vectors: float32 ``(n, dims)``, rows of length 1.
    """
    cosines = vectors @ vectors.T
    return [
        _near_picture(photos[one], photos[other], float(cosines[one, other]))
        for one, other in np.argwhere(np.triu(cosines >= SAME_PICTURE, k=1))
        if photos[one].fields["content_hash"] != photos[other].fields["content_hash"]
    ]


def _near_picture(one: ReferencePhoto, other: ReferencePhoto, cosine: float) -> Problem:
    fix = "one view would count twice: keep one"
    if one.peak != other.peak:
        alike = f"the prototypes of {one.peak} and {other.peak} become alike"
        fix = f"{alike}: leave it with the peak that it shows"
    sentence = f"{one.name} and {other.name} are nearly the same picture (cosine {cosine:.4f}); {fix}."
    evidence = {"photos": [one.name, other.name], "cosine": round(cosine, 6)}
    return warning("duplicate", one.name, sentence, reason="near picture", **evidence)


def check_vectors(
    photos: Sequence[ReferencePhoto], vectors: Vectors, names: NameVectors | None
) -> tuple[list[Problem], list[NotChecked]]:
    """Find reference photos that look like another peak.

    Args:
        photos: ``n``, each with the id of a peak.
        vectors: float32 ``(n, dims)``, rows of length 1.
        names: of all peaks; None when they were not embedded.

    Returns:
        At most one problem a photo.
    """
    checked = _ReferencePhotos(photos, vectors, names)
    answers = (checked.nearer_prototype(row) or checked.better_names(row) for row in range(len(photos)))
    return [problem for problem in answers if problem is not None], checked.not_checked()


class _ReferencePhotos:
    """All reference photos; every check is made of one photo, by its row (see `check_vectors`)."""

    def __init__(
        self, photos: Sequence[ReferencePhoto], vectors: Vectors, names: NameVectors | None
    ) -> None:
        self.photos, self.vectors, self.names = photos, vectors, names
        self.groups = group_by_peak(photos)
        self.columns = {peak.id: column for column, peak in enumerate(names.peaks)} if names else {}
        # how the names of all peaks fit the photos: SigLIP's logits without the bias, (photos, peaks)
        self.logits: Floats | None = None
        if names is not None and names.scale is not None and photos:
            self.logits = names.scale * (vectors.astype(np.float64) @ names.vectors.T.astype(np.float64))
            own = [self.columns[photo.peak] for photo in photos]
            self.is_right = self.logits.argmax(axis=1) == own  # whether the own peak's names fit best

    def nearer_prototype(self, row: int) -> Problem | None:
        """Find another peak's prototype that is much nearer than the photo's own, made without the photo."""
        peak, siblings = self.photos[row].peak, self._siblings(row)
        others = {other: rows for other, rows in self.groups.items() if other != peak}
        if not siblings or not others:
            return None
        own = self._cosine_to(row, peak, siblings)
        cosine, nearest = max((self._cosine_to(row, other, rows), other) for other, rows in others.items())
        if 1 - own < (FARTHER_WITHOUT_NAMES if self.names is None else FARTHER) * (1 - cosine):
            return None
        other = self._name(nearest)
        words = (
            f"is nearer to the reference photos of {other} (cosine {cosine:.3f} to their prototype) than to "
            f"the others of {self._name(peak)} ({own:.3f}): look at it, and move it if it shows {other}"
        )
        evidence = {"nearest": nearest, "cosine": round(cosine, 4), "own_cosine": round(own, 4)}
        return self._problem(row, words, "prototype", **evidence)

    def better_names(self, row: int) -> Problem | None:
        """Find another peak whose names fit the photo much better than the names of its own."""
        if self.names is None or self.logits is None or not self._knows_names(row):
            return None
        peak, logits = self.photos[row].peak, self.logits[row]
        nearest = self.names.peaks[int(logits.argmax())]
        gap = float(logits.max() - logits[self.columns[peak]])
        if gap < NAME_LOGITS:
            return None
        words = (
            f"fits the names of {nearest.name} better than those of {self._name(peak)} (odds "
            f"{np.exp(gap):,.0f} : 1): look at it, and move it if it shows {nearest.name}"
        )
        return self._problem(row, words, "names", nearest=nearest.id, logits=round(gap, 2))

    def not_checked(self) -> list[NotChecked]:
        """Return the photos that names cannot check."""
        if self.logits is None:
            return []
        count = sum(not self._knows_names(row) for row in range(len(self.photos)))
        right = f"{int(self.is_right.sum())} of {len(self.photos)}"
        why = f"the checkpoint names {right} right, too few to be believed"
        return [NotChecked(f"{count} reference photos against the peaks' names", why)] if count else []

    def _knows_names(self, row: int) -> bool:
        """Whether the checkpoint names enough of the other photos right."""
        others = np.delete(self.is_right, row)
        return len(others) >= LEAST_NAMED and float(others.mean()) >= KNOWS_NAMES

    def _siblings(self, row: int) -> list[int]:
        return [other for other in self.groups[self.photos[row].peak] if other != row]

    def _cosine_to(self, row: int, peak: str, rows: Sequence[int]) -> float:
        """Return a photo's cosine to the prototype of a peak's names, when known, and of some photos."""
        images = self.vectors[list(rows)]
        text, alpha = images[0], 0.0  # without names the photos alone
        if self.names is not None:
            text, alpha = self.names.vectors[self.columns[peak]], ALPHA_TEXT
        return float(blend_prototype(text, images, alpha) @ self.vectors[row])

    def _name(self, peak: str) -> str:
        return peak if self.names is None else self.names.peaks[self.columns[peak]].name

    def _problem(self, row: int, words: str, reason: str, **evidence: Any) -> Problem:
        peak, name = self.photos[row].peak, self.photos[row].name
        return warning("vector", name, f"{name} {words}.", reason=reason, peak=peak, **evidence)
