"""Names that no prompt can tell apart: the vectors that the cluster makes of them, side by side."""
from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from elasticsearch import Elasticsearch

from loader.batches import Advance
from loader.peaks.catalogue import Peak
from loader.peaks.checks.findings import Finding, NearestName
from loader.peaks.peak_writer import PEAKS_A_REQUEST, embed_names
from loader.vision.vectors import Vectors

Floats = npt.NDArray[np.float64]

# From this cosine on two peaks' names count as one to the model, whatever the others are like.
SAME_NAMES = 0.98
# Below it, a pair counts as one when it is an outlier among all pairs of the catalogue: by the modified
# z-score (Iglewicz and Hoaglin 1993: 0.6745 (x − median) / MAD, outliers from 3.5 on), and at most a quarter
# as far (1 − cosine) as is usual, so that a catalogue of evenly spaced names has no outlier.
OUTLIER_SCORE, MAD_OF_NORMAL = 3.5, 0.6745
SHARE_OF_USUAL = 0.25
# A median of fewer peaks' pairs says little.
LEAST_PEAKS = 8


@dataclass(frozen=True)
class NameVectors:
    """What the cluster makes of the names of peaks.

    Attributes:
        peaks: ``n`` entries of the catalogue.
        vectors: float32 ``(n, dims)``, rows of length 1 (recipe `peak`).
        scale: SigLIP's temperature, which turns a difference of cosines into one of logits; None when the
            model does not tell.
    """

    peaks: Sequence[Peak]
    vectors: Vectors
    scale: float | None


def embed_all_names(
    client: Elasticsearch, model_id: str, logit_scale: float | None, peaks: Sequence[Peak], advance: Advance
) -> NameVectors:
    """Have the cluster embed the names of all peaks.

    Args:
        client: of the cluster.
        model_id: the deployed text model.
        logit_scale: natural logarithm of its temperature.
        peaks: at least one.
        advance: told how many more peaks are done.
    """
    parts = []
    for start in range(0, len(peaks), PEAKS_A_REQUEST):
        group = peaks[start : start + PEAKS_A_REQUEST]
        parts.append(embed_names(client, model_id, group))
        advance(len(group))
    scale = None if logit_scale is None else float(np.exp(logit_scale))
    return NameVectors(peaks, np.concatenate(parts), scale)


def find_nearest_names(names: NameVectors) -> list[NearestName]:
    """Return for every peak the one whose names are nearest to its own; [] for a single peak."""
    if len(names.peaks) < 2:
        return []
    cosines = _cosines(names)
    np.fill_diagonal(cosines, -np.inf)
    nearest = cosines.argmax(axis=1)
    return [
        NearestName(peak.id, names.peaks[other].id, round(float(cosines[row, other]), 4))
        for row, (peak, other) in enumerate(zip(names.peaks, nearest, strict=True))
    ]


def find_confusable_names(names: NameVectors, with_photos: Collection[str]) -> list[Finding]:
    """Find peaks whose names make nearly the same vector as those of another peak.

    Each peak is held against its nearest only, so that a crowd of like names gives one finding a peak.

    Args:
        names: of all peaks.
        with_photos: ids of peaks with reference photos; two of these are told apart by their photos.
    """
    if len(names.peaks) < 2:
        return []
    cosines = _cosines(names)
    usual = float(np.median(_above_diagonal(cosines)))
    fence = _outlier_cosine(cosines)
    np.fill_diagonal(cosines, -np.inf)
    findings: dict[tuple[str, str], Finding] = {}
    for row, column in enumerate(cosines.argmax(axis=1)):
        one, other = (names.peaks[place] for place in sorted((row, int(column))))
        cosine = float(cosines[row, column])
        if cosine >= min(SAME_NAMES, fence) and not {one.id, other.id} <= set(with_photos):
            reason = "absolute" if cosine >= SAME_NAMES else "outlier"
            findings[one.id, other.id] = _confusable(one, other, cosine, usual, reason)
    return list(findings.values())


def _cosines(names: NameVectors) -> Floats:
    wide = names.vectors.astype(np.float64)
    products: Floats = wide @ wide.T
    return products


def _above_diagonal(cosines: Floats) -> Floats:
    return cosines[np.triu_indices(len(cosines), k=1)]


def _outlier_cosine(cosines: Floats) -> float:
    """Return the cosine from which a peak's nearest is an outlier; infinity for a small catalogue."""
    if len(cosines) < LEAST_PEAKS:
        return math.inf
    pairs = _above_diagonal(cosines)
    usual = float(np.median(pairs))
    spread = float(np.median(np.abs(pairs - usual))) / MAD_OF_NORMAL
    return max(usual + OUTLIER_SCORE * spread, 1 - SHARE_OF_USUAL * (1 - usual))


def _confusable(one: Peak, other: Peak, cosine: float, usual: float, reason: str) -> Finding:
    return Finding(
        "name",
        "warning",
        one.id,
        f"The names of {one.names[0]} and {other.names[0]} make nearly the same vector (cosine {cosine:.3f}; "
        f"{usual:.3f} is usual in this catalogue), so no words tell their photos apart: add reference photos "
        "of both, or names that only one of them has.",
        {
            "reason": reason,
            "peaks": [one.id, other.id],
            "cosine": round(cosine, 4),
            "usual_cosine": round(usual, 4),
        },
    )
