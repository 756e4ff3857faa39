"""Fits the rule's weights: maximum likelihood, a small ridge, no weight below zero; folds to judge them."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from evaluation.metrics import lowest_threshold
from loader.arrays import Bools, Floats
from loader.peaks.identification.rule import Clues, Weights

Clue = Literal["match", "share", "prior"]
PICTURE: tuple[Clue, ...] = ("match", "share")
SIGHTED: tuple[Clue, ...] = ("match", "share", "prior")

# No library teaches both clues. Prototypes of names alone may do without the share, but with reference photos
# in them the match is 1 throughout. Photos that all show peaks may do without the match, but other photos do
# not. So neither weight is fitted below this.
LEAST_WEIGHTS: Mapping[Clue, float] = {"match": 0.5, "share": 0.5, "prior": 0.0}
# Weight of half the sum of squared weights against the log likelihood: a weight of 10 costs 12 nats. It only
# keeps weights finite where a clue separates the labels without error.
RIDGE = 0.25
# Parts that photos are cut into; each is judged by weights and a threshold that the others gave.
FOLDS = 5
# A threshold above every probability: nothing is named.
NEVER = 2.0
# A name that is likelier wrong than right is never given.
LEAST_THRESHOLD = 0.5

Folds = npt.NDArray[np.int64]
# From the marks of photos ``(n,)`` to the probabilities of their candidates.
Model = Callable[[Bools], Floats]


def assign_folds(keys: Sequence[str]) -> Folds:
    """Return each key's fold, 0 to `FOLDS` − 1, by a hash, so that a new photo changes no other fold."""
    hashes = (sha256(f"0:{key}".encode()).digest() for key in keys)
    return np.array([int.from_bytes(each[:8], "big") % FOLDS for each in hashes], dtype=np.int64)


def fit_logistic(features: Floats, outcome: Bools, least: Sequence[float]) -> Floats:
    """Return the bias and the weights that make the outcomes likeliest, float64 ``(1 + f,)``, the bias first.

    Args:
        features: ``(n, f)``.
        outcome: ``(n,)``.
        least: no weight is lower than these ``f``, 0 or more.
    """
    sign = np.where(outcome, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = sign * (weights[0] + features @ weights[1:])
        pull = -sign * expit(-margin)
        gradient = np.concatenate([[pull.sum()], features.T @ pull + RIDGE * weights[1:]])
        return float(-log_expit(margin).sum() + RIDGE / 2 * (weights[1:] ** 2).sum()), gradient

    bounds = [(None, None), *((low, None) for low in least)]
    found = minimize(loss, np.array([0.0, *least]), jac=True, method="L-BFGS-B", bounds=bounds)
    weights: Floats = found.x
    return weights


def fit_weights(clues: Clues, shown: Bools, used: Sequence[Clue]) -> Weights:
    """Fit the rule's weights on photos and their candidates.

    Args:
        clues: ``(n, m)`` each, NaN where there is no candidate.
        shown: ``(n, m)``, whether the photo shows it.
        used: the clues that may count; the others' weights stay 0.
    """
    columns = {"match": clues.log_match, "share": clues.log_share, "prior": clues.log_prior}
    known = ~np.isnan(clues.log_match)
    features = np.stack([columns[clue][known] for clue in used], axis=1)
    bias, *weights = fit_logistic(features, shown[known], [LEAST_WEIGHTS[clue] for clue in used]).tolist()
    return Weights(bias, **{**dict.fromkeys(SIGHTED, 0.0), **dict(zip(used, weights, strict=True))})


def fit_platt(logits: Floats, shown: Bools) -> tuple[float, float]:
    """Return bias and weight that turn logits into probabilities (Platt 1999), the weight 0 or more; both
    arrays of any one shape."""
    bias, weight = fit_logistic(logits.reshape(-1, 1), shown.ravel(), [0.0])
    return float(bias), float(weight)


@dataclass(frozen=True)
class CrossFitted:
    """Probabilities of photos by models that were fitted without them.

    Attributes:
        probability: ``(n, m)``, NaN where there is no candidate.
        folds: ``(n,)``.
        thresholds: by fold, chosen on the other folds: from them on, its photos' candidates are named.
    """

    probability: Floats
    folds: Folds
    thresholds: Mapping[int, float]

    def limits(self, other: CrossFitted | None = None) -> Floats:
        """Return each photo's threshold, ``(n,)``; the higher one where another way of naming shares it."""
        shared = {
            fold: max(lowest, other.thresholds.get(fold, lowest) if other else lowest)
            for fold, lowest in self.thresholds.items()
        }
        return np.array([shared[int(fold)] for fold in self.folds])


def cross_fit(fit: Callable[[Bools], Model], shown: Bools, folds: Folds, precision: float) -> CrossFitted:
    """Judge every photo by a model and a threshold that were fitted on the other folds.

    Args:
        fit: fits a model to the photos that are marked.
        shown: ``(n, m)``, what the photos show.
        folds: ``(n,)``.
        precision: share of names that must be right, which the threshold is chosen for.
    """
    probability, thresholds = np.full(shown.shape, np.nan), {}
    for fold in np.unique(folds):
        held_out, seen = folds == fold, folds != fold
        model = fit(seen)
        probability[held_out] = model(held_out)
        lowest = choose_threshold(model(seen), shown[seen], precision)
        thresholds[int(fold)] = NEVER if lowest is None else lowest
    return CrossFitted(probability, folds, thresholds)


def choose_threshold(probability: Floats, shown: Bools, precision: float) -> float | None:
    """Return the lowest probability, `LEAST_THRESHOLD` or more, from which on names are right often enough,
    or None."""
    lowest = lowest_threshold(probability, shown, precision)
    return None if lowest is None else max(lowest, LEAST_THRESHOLD)
