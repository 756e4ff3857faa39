"""A head start for the vision tower: patch embeddings from the principal components of the pool's patches.

A few minutes of training are too short for a patch embedding to find edges and colours by itself; the leading
components, scaled to equal spread, are a good basis from the first step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from demo.pool import Pool

SAMPLES = 6000
# Added to the components' variances: the finest are mostly noise and must not be blown up.
VARIANCE_FLOOR = 0.02
SPREAD = 0.5
POSITION_SPREAD = 0.3


def start_patch_embedding(model: Any, pool: Pool, seed: int) -> None:
    """Set the patch embedding, and give the position embeddings a spread of the same order."""
    embeddings = model.vision_model.embeddings
    patch, dims = int(embeddings.patch_size), int(embeddings.embed_dim)
    patches = sample_patches(pool, patch, np.random.default_rng([seed, 5]))
    mean = patches.mean(axis=0)
    variances, components = np.linalg.eigh(np.cov((patches - mean).T))
    leading = components[:, ::-1][:, :dims] / np.sqrt(variances[::-1][:dims] + VARIANCE_FLOOR)
    weight = (SPREAD * leading.T).astype(np.float32)
    with torch.no_grad():
        embeddings.patch_embedding.weight.copy_(
            torch.from_numpy(weight.reshape(dims, 3, patch, patch).copy())
        )
        embeddings.patch_embedding.bias.copy_(torch.from_numpy(-(weight @ mean)))
        embeddings.position_embedding.weight.normal_(
            0.0, POSITION_SPREAD, generator=torch.Generator().manual_seed(seed)
        )


def sample_patches(pool: Pool, patch: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Random patches on the model's grid, in −1 to 1: float32 (samples, 3 · patch · patch)."""
    cells = pool.pixels.shape[1] // patch
    picture = rng.integers(len(pool.pixels), size=SAMPLES)
    top, left = (rng.integers(cells, size=SAMPLES) * patch for _ in range(2))
    cut = np.stack(
        [pool.pixels[i, y : y + patch, x : x + patch] for i, y, x in zip(picture, top, left, strict=True)]
    )
    scaled = cut.astype(np.float32) / 127.5 - 1.0
    patches: NDArray[np.float32] = scaled.transpose(0, 3, 1, 2).reshape(SAMPLES, -1)
    return patches
