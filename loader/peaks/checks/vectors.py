"""Reference photos against one another and against the peaks' names, by the checkpoint's vectors.

Three questions, each by what it can be asked with:

- Is a photo nearer to another peak's prototype than to its own without it? (Both peaks have photos.)
- Do the names of another peak fit it far better than those of its own? Asked only where the checkpoint knows
  the names: where it names most of the other reference photos right.
- Is it unlike the other photos of its peak, and its peak's names do not speak for it either?

A model's opinion is no proof: all findings are warnings. Thresholds: docs/catalogue.md.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loader.peaks.checks.findings import Finding, NotChecked
from loader.peaks.checks.names import NameVectors
from loader.peaks.checks.references import ReferencePhoto, group_by_peak
from loader.peaks.prototypes import blend_prototype
from loader.vision.vectors import Vectors

Floats = npt.NDArray[np.float64]

# Weight of the names in a prototype: the default of `peaks load-peaks --alpha-text`.
ALPHA_TEXT = 0.55
# A photo contradicts its folder when its own prototype is so many times as far as another's (distance is
# 1 − cosine): a ratio holds for checkpoints whose cosines are spread differently.
FARTHER = 1.5
# The same by photos alone, without the names, which errs more often.
FARTHER_WITHOUT_NAMES = 2.5
# Odds of e³ = 20 : 1, by SigLIP's temperature.
NAME_LOGITS = 3.0
# Share of the other reference photos that the checkpoint must name right before its word on one counts, and
# how many of these there must be.
KNOWS_NAMES, LEAST_NAMED = 0.75, 3
# How many times as far as the farthest of its siblings an outlier is from the mean of the others, and the
# least group in which that can be said.
OUTLIER, LEAST_GROUP = 2.0, 4


def check_vectors(
    photos: Sequence[ReferencePhoto], vectors: Vectors, names: NameVectors | None
) -> tuple[list[Finding], list[NotChecked]]:
    """Find reference photos that look like another peak, or unlike their own.

    Args:
        photos: ``n``, each with the id of a peak.
        vectors: float32 ``(n, dims)``, rows of length 1.
        names: of all peaks; None when they were not embedded.

    Returns:
        At most one finding a photo.
    """
    groups = group_by_peak(photos)
    named = _fit_names(photos, vectors, names) if names is not None else None
    findings = []
    for row in range(len(photos)):
        case = _Case(row, photos, vectors, groups, names)
        found = case.nearer_prototype() or case.better_names(named) or case.outlier(named)
        findings += [found] if found else []
    left_out = [] if named is None or not photos else named.not_checked()
    return findings, left_out


@dataclass(frozen=True)
class _NameFit:
    """How the names of all peaks fit the photos.

    Attributes:
        logits: float64 ``(photos, peaks)``, SigLIP's without the bias.
        own: int64 ``(photos,)``, the column of each photo's own peak.
    """

    logits: Floats
    own: npt.NDArray[np.int64]

    @property
    def is_right(self) -> npt.NDArray[np.bool_]:
        """Whether the own peak's names fit best, bool ``(photos,)``."""
        return np.asarray(self.logits.argmax(axis=1) == self.own)

    def knows_names(self, row: int) -> bool:
        """Whether the checkpoint names enough of the other photos right."""
        others = np.delete(self.is_right, row)
        return len(others) >= LEAST_NAMED and float(others.mean()) >= KNOWS_NAMES

    def not_checked(self) -> list[NotChecked]:
        count = sum(not self.knows_names(row) for row in range(len(self.own)))
        if not count:
            return []
        right = f"{int(self.is_right.sum())} of {len(self.own)}"
        why = f"the checkpoint names {right} right, too few to be believed"
        return [NotChecked(f"{count} reference photos against the peaks' names", why)]


def _fit_names(photos: Sequence[ReferencePhoto], vectors: Vectors, names: NameVectors) -> _NameFit | None:
    if names.scale is None or not photos:
        return None
    columns = {peak.id: column for column, peak in enumerate(names.peaks)}
    logits = names.scale * (vectors.astype(np.float64) @ names.vectors.T.astype(np.float64))
    return _NameFit(logits, np.array([columns[photo.peak] for photo in photos], dtype=np.int64))


@dataclass(frozen=True)
class _Case:
    """One photo (its row) among all of them."""

    row: int
    photos: Sequence[ReferencePhoto]
    vectors: Vectors
    groups: Mapping[str, Sequence[int]]
    names: NameVectors | None

    @property
    def photo(self) -> ReferencePhoto:
        return self.photos[self.row]

    @property
    def siblings(self) -> list[int]:
        return [row for row in self.groups[self.photo.peak] if row != self.row]

    def nearer_prototype(self) -> Finding | None:
        """Another peak's prototype is much nearer than the own one, which leaves the photo itself out."""
        others = {peak: rows for peak, rows in self.groups.items() if peak != self.photo.peak}
        if not self.siblings or not others:
            return None
        own = self._cosine_to(self.photo.peak, self.siblings)
        cosine, nearest = max((self._cosine_to(peak, rows), peak) for peak, rows in others.items())
        limit = FARTHER_WITHOUT_NAMES if self.names is None else FARTHER
        if 1 - own < limit * (1 - cosine):
            return None
        other = self._name(nearest)
        return self._finding(
            f"is nearer to the reference photos of {other} (cosine {cosine:.3f} to their prototype) than to "
            f"the others of {self._name(self.photo.peak)} ({own:.3f}): look at it, and move it if it shows "
            f"{other}",
            {
                "reason": "prototype",
                "nearest": nearest,
                "cosine": round(cosine, 4),
                "own_cosine": round(own, 4),
            },
        )

    def better_names(self, named: _NameFit | None) -> Finding | None:
        """Another peak's names fit the photo much better than its own."""
        if named is None or self.names is None or not named.knows_names(self.row):
            return None
        logits = named.logits[self.row]
        best, gap = int(logits.argmax()), float(logits.max() - logits[named.own[self.row]])
        if gap < NAME_LOGITS:
            return None
        nearest = self.names.peaks[best]
        return self._finding(
            f"fits the names of {nearest.names[0]} better than those of {self._name(self.photo.peak)} (odds "
            f"{np.exp(gap):,.0f} : 1): look at it, and move it if it shows {nearest.names[0]}",
            {"reason": "names", "nearest": nearest.id, "logits": round(gap, 2)},
        )

    def outlier(self, named: _NameFit | None) -> Finding | None:
        """The photo is much farther from its siblings than they are from one another."""
        siblings = self.siblings
        speaks_for_it = named is not None and named.knows_names(self.row) and bool(named.is_right[self.row])
        if len(siblings) + 1 < LEAST_GROUP or speaks_for_it:
            return None
        own = self._cosine_to_mean(self.row, siblings)
        theirs = min(self._cosine_to_mean(row, [one for one in siblings if one != row]) for row in siblings)
        if 1 - own < OUTLIER * (1 - theirs):
            return None
        return self._finding(
            f"is unlike the other {len(siblings)} reference photos of {self._name(self.photo.peak)} (cosine "
            f"{own:.3f} to their mean; theirs among one another are {theirs:.3f} and more): look at it",
            {"reason": "outlier", "own_cosine": round(own, 4), "least_cosine": round(theirs, 4)},
        )

    def _cosine_to(self, peak: str, rows: Sequence[int]) -> float:
        """Return the photo's cosine to the prototype of a peak's names, when known, and of some photos."""
        images = self.vectors[list(rows)]
        if self.names is None:
            return self._cosine_to_mean(self.row, rows)
        text = self.names.vectors[[entry.id for entry in self.names.peaks].index(peak)]
        return float(blend_prototype(text, images, ALPHA_TEXT) @ self.vectors[self.row])

    def _cosine_to_mean(self, row: int, others: Sequence[int]) -> float:
        mean = self.vectors[list(others)].mean(axis=0)
        return float(mean @ self.vectors[row] / max(float(np.linalg.norm(mean)), 1e-9))

    def _name(self, peak: str) -> str:
        if self.names is None:
            return peak
        return next(entry.names[0] for entry in self.names.peaks if entry.id == peak)

    def _finding(self, words: str, evidence: Mapping[str, object]) -> Finding:
        known = {"peak": self.photo.peak, **evidence}
        return Finding("vector", "warning", self.photo.name, f"{self.photo.name} {words}.", known)
