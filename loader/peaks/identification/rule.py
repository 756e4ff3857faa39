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
from scipy.special import expit, log_expit, log_softmax

from loader.peaks.siglip import Calibration

Floats = npt.NDArray[np.float64]
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
        """Return the candidates' probabilities, float64 ``(n,)``."""
        evidence = self.match * clues.log_match + self.share * clues.log_share
        if clues.log_prior is not None:
            evidence = evidence + self.prior * clues.log_prior
        chances: Floats = expit(self.bias + evidence)
        return chances


@dataclass(frozen=True)
class ConceptRule:
    """When a concept is named: σ(bias + logit·SigLIP's logit) ≥ threshold."""

    bias: float
    logit: float
    threshold: float

    def probability(self, logit: Floats) -> Floats:
        """Return probabilities of SigLIP's logits, float64 of the same shape."""
        chances: Floats = expit(self.bias + self.logit * logit)
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

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as `read_rule` takes it."""
        written = asdict(self)
        del written["picture"]["prior"]
        return written


@dataclass(frozen=True)
class Clues:
    """What speaks for each of ``n`` candidates.

    Attributes:
        log_match: float64 ``(n,)``, at most 0.
        log_share: float64 ``(n,)``, at most 0.
        log_prior: float64 ``(n,)``, at most 0; None without a position or a direction.
    """

    log_match: Floats
    log_share: Floats
    log_prior: Floats | None = None


def gather_clues(cosines: npt.ArrayLike, siglip: Calibration, priors: npt.ArrayLike | None) -> Clues:
    """Return the clues of one photo's candidates.

    Args:
        cosines: ``(n,)``, of the photo's vector and the candidates' prototypes; the softmax runs over these.
        siglip: the checkpoint's temperature and bias.
        priors: ``(n,)``, 0 to 1; None for a photo without a position.
    """
    logits = siglip_logits(cosines, siglip)
    log_prior = None
    if priors is not None:
        log_prior = np.log(np.clip(np.asarray(priors, dtype=np.float64), LOWEST_PRIOR, 1.0))
    share = log_softmax(logits) if len(logits) else logits
    return Clues(log_expit(logits), share, log_prior)


def siglip_logits(cosines: npt.ArrayLike, siglip: Calibration) -> Floats:
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
