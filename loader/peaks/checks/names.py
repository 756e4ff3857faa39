"""Checks for names that no prompt can separate, by the vectors that the cluster makes of them."""
from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from elasticsearch import Elasticsearch

from loader.arrays import Floats, Vectors
from loader.batches import Advance, batched
from loader.elastic.models import DeployedModel
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_writer import PEAKS_A_REQUEST, embed_names
from loader.peaks.checks.problems import Problem, warning

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
        scale: SigLIP's, which turns a difference of cosines into one of logits; None when the
            model does not tell.
    """

    peaks: Sequence[Peak]
    vectors: Vectors
    scale: float | None

    @property
    def cosines(self) -> Floats:
        """Of every two peaks' names, float64 ``(n, n)``."""
        wide = self.vectors.astype(np.float64)
        products: Floats = wide @ wide.T
        return products

    def nearest_pairs(self) -> dict[tuple[Peak, Peak], float]:
        """Return every peak with the one whose names are nearest to its own, each pair once: cosines."""
        cosines = self.cosines
        np.fill_diagonal(cosines, -np.inf)
        pairs = sorted({tuple(sorted(pair)) for pair in enumerate(cosines.argmax(axis=1).tolist())})
        return {(self.peaks[one], self.peaks[other]): float(cosines[one, other]) for one, other in pairs}


def embed_all_names(
    client: Elasticsearch, model: DeployedModel, peaks: Sequence[Peak], advance: Advance
) -> NameVectors:
    """Have the cluster embed the names of all peaks.

    Args:
        client: of the cluster.
        model: the deployed text model.
        peaks: at least one.
        advance: called with how many more peaks are done.
    """
    parts = []
    for group in batched(peaks, PEAKS_A_REQUEST):
        parts.append(embed_names(client, model.model_id, group))
        advance(len(group))
    scale = None if model.logit_scale is None else math.exp(model.logit_scale)
    return NameVectors(peaks, np.concatenate(parts), scale)


def find_confusable_names(names: NameVectors, with_photos: Collection[str]) -> list[Problem]:
    """Find peaks whose names make nearly the same vector as those of another peak.

    Each peak is compared with its nearest only, so that a group of similar names gives one problem a peak.

    Args:
        names: of all peaks.
        with_photos: ids of peaks with reference photos; two such peaks are separated by their photos.
    """
    if len(names.peaks) < 2:
        return []
    pairs = names.cosines[np.triu_indices(len(names.peaks), k=1)]
    usual, limit = float(np.median(pairs)), min(SAME_NAMES, _outlier_cosine(pairs, len(names.peaks)))
    return [
        _confusable(one, other, cosine, usual)
        for (one, other), cosine in names.nearest_pairs().items()
        if cosine >= limit and not {one.id, other.id} <= set(with_photos)
    ]


def _outlier_cosine(pairs: Floats, count: int) -> float:
    """Return the cosine from which a peak's nearest is an outlier; infinity for a small catalogue."""
    if count < LEAST_PEAKS:
        return math.inf
    usual = float(np.median(pairs))
    spread = float(np.median(np.abs(pairs - usual))) / MAD_OF_NORMAL
    return max(usual + OUTLIER_SCORE * spread, 1 - SHARE_OF_USUAL * (1 - usual))


def _confusable(one: Peak, other: Peak, cosine: float, usual: float) -> Problem:
    sentence = (
        f"The names of {one.name} and {other.name} make nearly the same vector (cosine {cosine:.3f}; "
        f"{usual:.3f} is usual in this catalogue), so no words tell their photos apart: add reference photos "
        "of both, or names that only one of them has."
    )
    evidence = {"cosine": round(cosine, 4), "usual_cosine": round(usual, 4)}
    return warning("name", one.id, sentence, reason="near names", peaks=[one.id, other.id], **evidence)
