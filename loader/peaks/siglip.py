"""SigLIP's own probability that a text describes an image.

It is σ(exp(logit_scale)·cos + logit_bias) (Zhai et al., "Sigmoid Loss for Language Image Pre-Training", 2023,
section 3.2), with the checkpoint's two learned numbers.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

from loader.elastic.models import DeployedModel


@dataclass(frozen=True)
class SiglipSigmoid:
    """The scale (its logarithm) and the bias of SigLIP's sigmoid, as the checkpoint learned them."""

    logit_scale: float
    logit_bias: float

    @classmethod
    def of(cls, model: DeployedModel) -> SiglipSigmoid | None:
        """What a deployed model says of itself; None when it says nothing."""
        if model.logit_scale is None or model.logit_bias is None:
            return None
        return cls(model.logit_scale, model.logit_bias)

    def probability(self, cosine: float) -> float:
        """Probability, 0…1, that a text and an image with this cosine belong together."""
        logit = math.exp(self.logit_scale) * cosine + self.logit_bias
        if logit >= 0:
            return 1 / (1 + math.exp(-logit))
        return math.exp(logit) / (1 + math.exp(logit))

    def cosine(self, probability: float) -> float:
        """The cosine that has a probability between 0 and 1, brought into −1…1: the inverse."""
        logit = math.log(probability) - math.log1p(-probability)
        return min(1.0, max(-1.0, (logit - self.logit_bias) / math.exp(self.logit_scale)))
