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

from evaluation.metrics import Bools, Floats, lowest_threshold
from evaluation.views import join, pick, take_out
from loader.peaks.identification.rule import Clues, Weights

Clue = Literal["match", "share", "prior"]
PICTURE: tuple[Clue, ...] = ("match", "share")
SIGHTED: tuple[Clue, ...] = ("match", "share", "prior")

# No library teaches everything. One whose prototypes are made of names has no use for the share, but where
# reference photos are blended in, the match is 1 throughout; one whose photos all show peaks has none for the
# match, but another has photos of the kitchen. So neither is fitted below this.
LEAST_WEIGHTS: Mapping[Clue, float] = {"match": 0.5, "share": 0.5, "prior": 0.0}
# Weight of half the sum of squared weights against the log likelihood: as if a weight of 10 were 12 nats less
# likely than none. It only keeps labels that a clue separates without error from driving weights to infinity.
RIDGE = 0.25
FOLDS = 5
SEED = 0

Folds = npt.NDArray[np.int64]
# No answer is given: no probability reaches it.
NEVER = 2.0
# A name that is likelier wrong than right is not given, however sure the others are.
LEAST = 0.5


def assign_folds(keys: Sequence[str], folds: int, seed: int) -> Folds:
    """Return each key's fold, 0 to ``folds`` − 1, by a hash: a new photo leaves the others where they are."""
    return np.array(
        [int.from_bytes(sha256(f"{seed}:{key}".encode()).digest()[:8], "big") % folds for key in keys],
        dtype=np.int64,
    )


def fit_logistic(
    features: Floats, outcome: Bools, offset: Floats | float = 0.0, least: Sequence[float] | None = None
) -> Floats:
    """Return the bias and the weights that make the outcomes likeliest.

    Args:
        features: ``(n, f)``.
        outcome: ``(n,)``.
        offset: added to every logit, ``(n,)``: what is not fitted.
        least: no weight is lower than these ``f``, 0 or more; 0 when None.

    Returns:
        float64 ``(1 + f,)``, the bias first.
    """
    sign = np.where(outcome, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = sign * (offset + weights[0] + features @ weights[1:])
        pull = -sign * expit(-margin)
        gradient = np.concatenate([[pull.sum()], features.T @ pull + RIDGE * weights[1:]])
        return float(-log_expit(margin).sum() + RIDGE / 2 * (weights[1:] ** 2).sum()), gradient

    count = features.shape[1]
    lowest = [0.0] * count if least is None else least
    bounds = [(None, None), *((low, None) for low in lowest)]
    start = np.array([0.0, *lowest])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    weights: Floats = found.x
    return weights


def fit_weights(clues: Clues, shown: Bools, used: Sequence[Clue]) -> Weights:
    """Fit the rule's weights on photos and their candidates.

    Args:
        clues: ``(n, m)`` each, NaN where there is no candidate.
        shown: ``(n, m)``, whether the photo shows it.
        used: the clues that may count; the others' weights stay 0.
    """
    known = ~np.isnan(clues.log_match)
    features = np.stack([_column(clues, clue)[known] for clue in used], axis=1)
    bias, *weights = fit_logistic(features, shown[known], least=[LEAST_WEIGHTS[clue] for clue in used])
    return _weights(bias, dict(zip(used, weights, strict=True)))


def _weights(bias: float, weights: Mapping[Clue, float]) -> Weights:
    match, share, prior = (float(weights.get(clue, 0.0)) for clue in SIGHTED)
    return Weights(float(bias), match, share, prior)


def _column(clues: Clues, clue: Clue) -> Floats:
    if clue == "match":
        return clues.log_match
    if clue == "share":
        return clues.log_share
    assert clues.log_prior is not None, "photos without a position have no prior"
    return clues.log_prior


# Photos, by their marks, to the probabilities of their candidates.
Model = Callable[[Bools], Floats]


def fit_by(clues: Clues, shown: Bools, used: Sequence[Clue]) -> Callable[[Bools], Model]:
    """Return what fits the rule's weights on the photos that are marked (see `fit_weights`)."""

    def fit(rows: Bools) -> Model:
        weights = fit_weights(pick(clues, rows), shown[rows], used)
        return lambda asked: weights.probability(pick(clues, asked))

    return fit


def fit_platt(logits: Floats, shown: Bools) -> tuple[float, float]:
    """Return bias and weight that turn logits into probabilities (Platt 1999), the weight 0 or more.

    Args:
        logits: of any shape.
        shown: of the same shape.
    """
    bias, weight = fit_logistic(logits.reshape(-1, 1), shown.ravel())
    return float(bias), float(weight)


def fit_platt_by(logits: Floats, shown: Bools) -> Callable[[Bools], Model]:
    """Return what fits Platt's scaling on the photos that are marked."""

    def fit(rows: Bools) -> Model:
        bias, weight = fit_platt(logits[rows], shown[rows])
        return lambda asked: expit(bias + weight * logits[asked])

    return fit


def add_strangers(clues: Clues, shown: Bools) -> tuple[Clues, Bools]:
    """Return every photo twice: as it is, and behind all of these with its own peaks taken out.

    Labels in which each photo shows a peak of the catalogue teach to name one always. Half of the photos that
    a rule is fitted on show none, so that it learns to say so.
    """
    return join(clues, take_out(clues, shown)), np.concatenate([shown, np.zeros_like(shown)])


def judge_clues(clues: Clues, shown: Bools, folds: Folds, used: Sequence[Clue], precision: float) -> Judged:
    """Judge every photo twice (see `add_strangers`) by weights that saw it neither time (see `cross_fit`)."""
    everything, shown_or_not = add_strangers(clues, shown)
    fit = fit_by(everything, shown_or_not, used)
    return cross_fit(fit, shown_or_not, np.concatenate([folds, folds]), precision)


@dataclass(frozen=True)
class Judged:
    """Probabilities of photos by models that never saw them.

    Attributes:
        probability: ``(n, m)``, NaN where there is no candidate.
        folds: ``(n,)``.
        thresholds: by fold, from which its photos' candidates are named; what the other folds gave.
    """

    probability: Floats
    folds: Folds
    thresholds: Mapping[int, float]

    def limits(self, other: Judged | None = None) -> Floats:
        """Return each photo's threshold, ``(n,)``; the higher one where another way of naming shares it."""
        shared = {
            fold: max(lowest, other.thresholds.get(fold, lowest) if other else lowest)
            for fold, lowest in self.thresholds.items()
        }
        return np.array([shared[int(fold)] for fold in self.folds])


def cross_fit(fit: Callable[[Bools], Model], shown: Bools, folds: Folds, precision: float) -> Judged:
    """Judge every photo by a model and a threshold that the other folds gave.

    Args:
        fit: fits a model on the photos that are marked.
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
    return Judged(probability, folds, thresholds)


def choose_threshold(probability: Floats, shown: Bools, precision: float) -> float | None:
    """Return the lowest probability, `LEAST` or more, at which names are right often enough, or None."""
    lowest = lowest_threshold(probability, shown, precision)
    return None if lowest is None else max(lowest, LEAST)
