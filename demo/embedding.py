"""Vectors of texts and pictures by the checkpoint in memory, as training and its evaluation need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from demo.tokenizer import lower

Vectors = NDArray[np.float32]
BATCH = 64


class Embedder:
    """A model and its tokenizer; vectors are float32 of shape (n, dims), L2-normalised."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model = model
        self._tokenizer = tokenizer
        self._ids: dict[str, list[int]] = {}

    def token_ids(self, texts: Sequence[str]) -> torch.Tensor:
        """Ids of the lower-cased texts, padded to SigLIP's 64: int64 of shape (n, 64)."""
        for text in texts:
            if text not in self._ids:
                encoded = self._tokenizer(lower(text), padding="max_length", max_length=64, truncation=True)
                self._ids[text] = encoded["input_ids"]
        return torch.tensor([self._ids[text] for text in texts], dtype=torch.int64)

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts."""
        parts = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
        with torch.no_grad():
            rows = [self.model.get_text_features(input_ids=self.token_ids(part)) for part in parts]
        return normalise(torch.cat(rows).numpy())

    def pictures(self, pixels: NDArray[np.uint8]) -> Vectors:
        """Vectors of pictures that have the model's size already: uint8 of shape (n, size, size, 3)."""
        parts = [pixels[i : i + BATCH] for i in range(0, len(pixels), BATCH)]
        with torch.no_grad():
            rows = [
                self.model.get_image_features(pixel_values=scale(torch.from_numpy(part))) for part in parts
            ]
        return normalise(torch.cat(rows).numpy())

    def recipe(self, prompts: Sequence[str], names: Sequence[str], absent: str, weight: float) -> Vectors:
        """One vector for some names by a recipe: mean over names and prompts, minus the anti-concept."""
        texts = [prompt.replace("{name}", name) for name in names for prompt in prompts]
        return normalise(self.texts(texts).mean(axis=0, keepdims=True) - weight * self.texts([absent]))


def scale(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 pictures (n, rows, columns, 3) as the model's float32 input (n, 3, rows, columns) in −1 to 1."""
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1.0


def normalise(vectors: NDArray[Any]) -> Vectors:
    """Every row at length one."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Vectors = (vectors / lengths).astype(np.float32)
    return unit
