"""SigLIP's probability of a cosine, and the cosine of a probability."""
from __future__ import annotations

import math

import pytest

from loader.peaks.siglip import SiglipSigmoid

PUBLISHED = SiglipSigmoid(logit_scale=4.7231, logit_bias=-16.7714)  # about as steep and biased as checkpoints


@pytest.mark.parametrize("cosine", [-1.0, 0.0, 0.1, 0.15, 1.0])
def test_probability(cosine: float) -> None:
    logit = math.exp(PUBLISHED.logit_scale) * cosine + PUBLISHED.logit_bias
    assert PUBLISHED.probability(cosine) == pytest.approx(1 / (1 + math.exp(-logit)), rel=1e-12)


def test_probability_never_overflows() -> None:
    steep = SiglipSigmoid(logit_scale=9.0, logit_bias=0.0)
    assert steep.probability(-1.0) == pytest.approx(0.0)
    assert steep.probability(1.0) == pytest.approx(1.0)


@pytest.mark.parametrize("probability", [1e-9, 0.001, 0.5, 0.9, 1 - 1e-9])
def test_the_cosine_of_a_probability_is_its_inverse(probability: float) -> None:
    cosine = PUBLISHED.cosine(probability)
    assert -1 < cosine < 1
    assert PUBLISHED.probability(cosine) == pytest.approx(probability, rel=1e-6)


def test_a_probability_that_no_cosine_has_is_the_nearest_one() -> None:
    flat = SiglipSigmoid(logit_scale=0.0, logit_bias=0.0)
    assert (flat.cosine(0.999), flat.cosine(0.001)) == (1.0, -1.0)
