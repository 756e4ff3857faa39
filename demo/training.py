"""SigLIP's sigmoid loss on rendered scenes, with every true caption of an image as its positive.

Zhai et al., "Sigmoid Loss for Language Image Pre-Training" (2023), equation 1: for every image and text
−log σ(z · (t · x·y + b)), z = ±1. The paper's z is +1 on the diagonal of a batch only; here the scenes'
attributes are known, so z is +1 for every caption that is true.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from demo.caption_sampler import CaptionSampler, truth_table
from demo.captions import Attributes, Caption, Vocabulary
from demo.embedding import Embedder, scale
from demo.pool import Pool

# exp(logit_scale) above 100 makes single pairs dominate the loss (the limit that CLIP set).
LOGIT_SCALE_CEILING = math.log(100.0)
ANCHOR_WEIGHT = 1.0
ANCHOR_TEMPERATURE = 10.0
ANCHOR_BIAS = -3.0


@dataclass(frozen=True)
class Schedule:
    """What a training run does: sizes, learning rate (peak of a cosine after a warm-up) and the seed."""

    steps: int
    batch: int = 64
    captions: int = 36
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warmup: float = 0.06
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """Learning rate of a step: linear warm-up, then a cosine down to zero."""
        warm = max(1, round(self.warmup * self.steps))
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        share = (step - warm) / max(1, self.steps - warm)
        return self.learning_rate * 0.5 * (1.0 + math.cos(math.pi * share))


class Anchors:
    """One learned vector for every fact that a scene can show, float32 of shape (facts, dims).

    From random weights the sigmoid loss alone starts slowly: pictures and texts have to find each other
    before either has learned to see or read. An anchor gives each tower its own plain classification from the
    first step, in the space they share. Anchors are thrown away after training.
    """

    def __init__(self, vocabulary: Vocabulary, dims: int, seed: int) -> None:
        self.facts = [*vocabulary.peaks, *vocabulary.words["skies"], *vocabulary.words["things"]]
        generator = torch.Generator().manual_seed(seed)
        self.vectors = nn.Parameter(torch.randn(len(self.facts), dims, generator=generator))
        self.scale = nn.Parameter(torch.tensor(ANCHOR_TEMPERATURE))
        self.bias = nn.Parameter(torch.tensor(ANCHOR_BIAS))

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


def train(
    embedder: Embedder, anchors: Anchors, pool: Pool, sampler: CaptionSampler, schedule: Schedule
) -> list[float]:
    """Train the embedder's model and the anchors in place; returns the loss of every step."""
    model = embedder.model
    model.train()
    optimizer = build_optimizer(model, anchors, schedule)
    rng = np.random.default_rng([schedule.seed, 99])
    generator = torch.Generator().manual_seed(schedule.seed)
    losses: list[float] = []
    for step in range(schedule.steps):
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate_at(step)
        chosen = rng.choice(len(pool.pixels), schedule.batch, replace=False)
        losses.append(take_step(embedder, anchors, optimizer, pool, chosen, sampler, schedule, generator))
        report(step, schedule, losses)
    model.eval()
    return losses


def build_optimizer(model: nn.Module, anchors: Anchors, schedule: Schedule) -> torch.optim.Optimizer:
    """AdamW with weight decay on matrices only."""
    parameters = [*model.parameters(), *anchors.parameters()]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": schedule.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.learning_rate, betas=(0.9, 0.98))


def take_step(
    embedder: Embedder,
    anchors: Anchors,
    optimizer: torch.optim.Optimizer,
    pool: Pool,
    chosen: NDArray[np.int64],
    sampler: CaptionSampler,
    schedule: Schedule,
    generator: torch.Generator,
) -> float:
    """One step over the chosen scenes and freshly drawn captions; returns the loss."""
    scenes = [pool.attributes[i] for i in chosen]
    captions = sampler.draw(scenes, schedule.captions)
    pixels = vary(scale(torch.from_numpy(pool.pixels[chosen])), generator)
    truth = torch.from_numpy(truth_table(scenes, captions))
    model = embedder.model
    images = functional.normalize(model.get_image_features(pixel_values=pixels), dim=-1)
    token_ids = embedder.token_ids([caption.text for caption in captions])
    texts = functional.normalize(model.get_text_features(input_ids=token_ids), dim=-1)
    logits = images @ texts.T * model.logit_scale.exp() + model.logit_bias
    loss = -functional.logsigmoid(truth * logits).sum(dim=1).mean()
    loss = loss + ANCHOR_WEIGHT * anchors.loss(images, [facts_of(scene) for scene in scenes])
    loss = loss + ANCHOR_WEIGHT * anchors.loss(texts, [facts_of(caption) for caption in captions])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    with torch.no_grad():
        model.logit_scale.clamp_(0.0, LOGIT_SCALE_CEILING)
    return float(loss.detach())


def vary(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Slightly other framing and exposure; never mirrored, as peaks are not."""
    count = len(images)

    def spread(low: float, high: float, *shape: int) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    grid = torch.zeros(count, 2, 3)
    grid[:, 0, 0], grid[:, 1, 1] = spread(0.86, 1.02), spread(0.86, 1.02)
    grid[:, 0, 2], grid[:, 1, 2] = spread(-0.10, 0.10), spread(-0.08, 0.08)
    places = functional.affine_grid(grid, list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, places, padding_mode="reflection", align_corners=False)
    lit = moved * spread(0.88, 1.12, 1, 1, 1) + spread(-0.08, 0.08, 3, 1, 1)
    return lit.clamp(-1.0, 1.0)


def report(step: int, schedule: Schedule, losses: list[float]) -> None:
    """A line every fifty steps, on stderr."""
    if (step + 1) % 50 == 0 or step + 1 == schedule.steps:
        mean = float(np.mean(losses[-50:]))
        print(f"step {step + 1}/{schedule.steps}  loss {mean:.3f}", file=sys.stderr, flush=True)
