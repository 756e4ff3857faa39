"""Draws the captions of a training step so that every kind, subject and language gets its share."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from demo.captions import (
    Attributes,
    Caption,
    Vocabulary,
    absent_captions,
    combined_caption,
    framed,
    recipe_captions,
    single_captions,
)

# Shares of a step's captions. Peaks take most: twelve silhouettes are the hardest thing to tell apart.
KIND_SHARES = {"peak": 0.42, "thing": 0.24, "sky": 0.10, "combination": 0.18, "absent": 0.06}
RECIPE_SHARE = 0.35
FRAME_SHARE = 0.40


class CaptionSampler:
    """Captions by kind and subject; the same seed draws the same captions."""

    def __init__(self, vocabulary: Vocabulary, seed: int) -> None:
        self._vocabulary = vocabulary
        self._rng = random.Random(seed)
        self._singles = group_by_subject(single_captions(vocabulary))
        self._recipes = group_by_subject(recipe_captions(vocabulary))
        self._absent = list(absent_captions(vocabulary))

    def draw(self, scenes: Sequence[Attributes], count: int) -> list[Caption]:
        """About `count` captions without repeats; combinations are the scenes' own, so some are true."""
        found: dict[str, Caption] = {}
        for kind, share in KIND_SHARES.items():
            for _ in range(round(share * count)):
                caption = self._draw_one(kind, scenes)
                # One wording, several languages: "yak" is the same caption in German, French and Spanish.
                found.setdefault(caption.text.lower(), caption)
        return list(found.values())

    def _draw_one(self, kind: str, scenes: Sequence[Attributes]) -> Caption:
        if kind == "absent":
            return self._rng.choice(self._absent)
        if kind == "combination":
            caption = combined_caption(self._vocabulary, self._rng.choice(scenes), self._rng)
            return (
                framed(self._vocabulary, caption, self._rng) if self._rng.random() < FRAME_SHARE else caption
            )
        by_subject = self._recipes if self._rng.random() < RECIPE_SHARE else self._singles
        by_language = by_subject[kind][self._rng.choice(sorted(by_subject[kind]))]
        caption = self._rng.choice(by_language[self._rng.choice(sorted(by_language))])
        if by_subject is self._singles and self._rng.random() < FRAME_SHARE:
            return framed(self._vocabulary, caption, self._rng)
        return caption


def group_by_subject(captions: Iterable[Caption]) -> dict[str, dict[str, dict[str, list[Caption]]]]:
    """Captions as kind → subject → language → list, to draw evenly from each level."""
    groups: dict[str, dict[str, dict[str, list[Caption]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for caption in captions:
        subject = caption.peak or caption.sky or "+".join(sorted(caption.things))
        groups[caption.kind][subject][caption.language].append(caption)
    return groups


def truth_table(scenes: Sequence[Attributes], captions: Sequence[Caption]) -> NDArray[np.float32]:
    """+1 where the caption is true of the scene, −1 where not: float32 of shape (scenes, captions)."""
    table = [[1.0 if caption.is_true_of(scene) else -1.0 for caption in captions] for scene in scenes]
    return np.array(table, np.float32)
