"""The rule that names mountains: one logistic model over what the picture shows and where the camera looked.

For a photo and a candidate peak

    P = σ(bias + a·log match + b·log share + c·log prior)

a weighted product of three probabilities (a logarithmic opinion pool):

- ``match`` is SigLIP's own, σ(exp(logit_scale)·cos + logit_bias), for the picture and the peak's prototype
  (Zhai et al. 2023, arXiv:2303.15343): does the picture show this at all? A prototype that is blended with
  reference photos is nearer to every photo than words are; its match is 1 throughout, and says nothing.
- ``share`` is the softmax of exp(logit_scale)·cos over the candidates: which of the mountains, if one?
- ``prior`` is the probability that the photo shows the summit before anybody looks at the picture: it lies in
  the frame, and a camera that looks its way sees it (`loader.peaks.sight.geometry`).

A photo whose position or direction is not known has no prior, and weights of its own. Several peaks may be
named, or none. Weights are fitted by `peaks calibrate`; none is negative, so that no clue ever counts against
what it speaks for.

All arrays are tables of photos (rows) and candidates (columns), NaN where a column is no candidate of the
photo. `peaks load-photos` and `peaks evaluate` weigh their photos by these same functions.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import yaml
from scipy.special import expit, log_expit, logsumexp

from loader.arrays import Bools, Floats
from loader.peaks.siglip import SiglipSigmoid

Evidence = Literal["visual", "sight", "both"]

RULE_FILE = Path(__file__).with_name("rule.yaml")
# No prior counts as less than this: a broken compass must not outvote every picture.
LOWEST_PRIOR = 1e-4


@dataclass(frozen=True)
class Weights:
    """Weights of one logistic model: the bias, and those of the logarithms of match, share and prior."""

    bias: float
    match: float
    share: float
    prior: float = 0.0

    def probability(self, clues: Clues) -> Floats:
        """Return the candidates' probabilities, float64 ``(n, m)``."""
        evidence = self.bias + self.match * clues.log_match + self.share * clues.log_share
        if self.prior:  # else a prior that is not known would make the probability unknown too
            evidence = evidence + self.prior * clues.log_prior
        chances: Floats = expit(evidence)
        return chances


@dataclass(frozen=True)
class ConceptRule:
    """When a concept is named: σ(bias + logit·SigLIP's logit) ≥ threshold."""

    bias: float
    logit: float
    threshold: float

    def probability(self, logits: Floats) -> Floats:
        """Return probabilities of SigLIP's logits, float64 of the same shape."""
        chances: Floats = expit(self.bias + self.logit * logits)
        return chances


@dataclass(frozen=True)
class Rule:
    """All weights.

    Attributes:
        picture: for photos whose position or direction is not known, and for what the picture alone says.
        sighted: for photos with a position and a direction.
        threshold: probability from which a peak is named, 0 to 1.
        concept: when a concept is named.
    """

    picture: Weights
    sighted: Weights
    threshold: float
    concept: ConceptRule

    def weigh(self, clues: Clues) -> Floats:
        """Return the candidates' probabilities, float64 ``(n, m)``: by the weights for sighted photos where
        the prior is known, by those for the picture alone where it is not."""
        alone = self.picture.probability(clues)
        return np.where(np.isnan(clues.log_prior), alone, self.sighted.probability(clues))

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as `read_rule` takes it."""
        written = asdict(self)
        del written["picture"]["prior"]
        return written


@dataclass(frozen=True)
class Clues:
    """What speaks for the candidates of ``n`` photos, each float64 ``(n, m)``, at most 0, NaN where there is
    no candidate.

    Attributes:
        log_match: the logarithm of the match.
        log_share: of the share.
        log_prior: of the prior; NaN also in the rows of photos without a position or a direction.
    """

    log_match: Floats
    log_share: Floats
    log_prior: Floats

    def of(self, rows: Bools) -> Clues:
        """Return the clues of the photos that are marked, ``(n,)``."""
        return Clues(self.log_match[rows], self.log_share[rows], self.log_prior[rows])


def gather_clues(cosines: Floats, siglip: SiglipSigmoid, priors: Floats) -> Clues:
    """Return the clues of photos and their candidates.

    Args:
        cosines: ``(n, m)``, of the photos' vectors and the candidates' prototypes; NaN where there is no
            candidate. The softmax of a row runs over the others.
        siglip: the checkpoint's scale and bias.
        priors: ``(n, m)``, 0 to 1; NaN for a photo without a position or a direction.
    """
    logits = siglip_logits(cosines, siglip)
    total = logsumexp(np.where(np.isnan(logits), -np.inf, logits), axis=1, keepdims=True)
    return Clues(log_expit(logits), logits - total, np.log(np.clip(priors, LOWEST_PRIOR, 1.0)))


def siglip_logits(cosines: npt.ArrayLike, siglip: SiglipSigmoid) -> Floats:
    """Return exp(logit_scale)·cos + logit_bias, float64 of the cosines' shape."""
    scaled: Floats = np.exp(siglip.logit_scale) * np.asarray(cosines, dtype=np.float64)
    return scaled + siglip.logit_bias


def name_evidence(looks_like_it: bool, is_in_frame: bool) -> Evidence:
    """Return what names a peak: the picture alone would, the sight line does, or it takes both together."""
    if looks_like_it == is_in_frame:
        return "both"  # either each speaks for it, or neither would have been enough alone
    return "visual" if looks_like_it else "sight"


def read_rule(written: Mapping[str, Any]) -> Rule:
    """Return a rule from its written form.

    Raises:
        KeyError, TypeError, ValueError: a part is missing or is no number.
    """
    picture, sighted, concept = (
        {name: float(value) for name, value in written[part].items()}
        for part in ("picture", "sighted", "concept")
    )
    return Rule(Weights(**picture), Weights(**sighted), float(written["threshold"]), ConceptRule(**concept))


@cache
def default_rule() -> Rule:
    """Return the rule that holds until `peaks calibrate` has measured one (rule.yaml)."""
    return read_rule(yaml.safe_load(RULE_FILE.read_text(encoding="utf-8")))
