"""Learned vectors, one for every fact a scene can show, that draw both towers together while they train.

From random weights the sigmoid loss alone starts slowly: pictures and texts have to find each other before
either has learned to see or read. An anchor for every peak, sky and thing gives each tower its own plain
classification from the first step, in the space they share. Anchors are thrown away after training.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from demo.captions import Attributes, Caption, Vocabulary

TEMPERATURE = 10.0
BIAS = -3.0


class Anchors:
    """One L2-normalised vector a fact: float32 of shape (facts, dims)."""

    def __init__(self, vocabulary: Vocabulary, dims: int, seed: int) -> None:
        self.facts = [*vocabulary.peaks, *vocabulary.words["skies"], *vocabulary.words["things"]]
        generator = torch.Generator().manual_seed(seed)
        self.vectors = nn.Parameter(torch.randn(len(self.facts), dims, generator=generator))
        self.scale = nn.Parameter(torch.tensor(TEMPERATURE))
        self.bias = nn.Parameter(torch.tensor(BIAS))

    def parameters(self) -> list[torch.Tensor]:
        """What an optimizer has to train."""
        return [self.vectors, self.scale, self.bias]

    def loss(self, vectors: torch.Tensor, shown: Sequence[frozenset[str]]) -> torch.Tensor:
        """Cross-entropy of `vectors` (n, dims) against each row's facts: sum over facts, mean over rows."""
        truth = torch.tensor([[1.0 if fact in row else 0.0 for fact in self.facts] for row in shown])
        logits = self.scale * vectors @ functional.normalize(self.vectors, dim=-1).T + self.bias
        return functional.binary_cross_entropy_with_logits(logits, truth, reduction="sum") / len(shown)


def facts_of(subject: Attributes | Caption) -> frozenset[str]:
    """Every fact that a scene shows, or that a caption speaks of."""
    return subject.things | {fact for fact in (subject.peak, subject.sky) if fact is not None}
