"""A pool of rendered scenes at the checkpoint's image size, drawn once and used again every epoch."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from demo.captions import Attributes
from demo.scene import choose_scene, draw_scene

# Scenes are drawn somewhat larger than the model sees them, then reduced as its processor reduces a photo.
DRAWN_HEIGHT = 144

# Patches that the patch embedding starts from, and how far its values and those of the positions spread.
SAMPLES = 6000
# Added to the components' variances: the finest are mostly noise and must not be blown up.
VARIANCE_FLOOR = 0.02
SPREAD = 0.5
POSITION_SPREAD = 0.3


@dataclass(frozen=True)
class Pool:
    """`pixels` uint8 of shape (n, size, size, 3), and what each picture shows."""

    pixels: NDArray[np.uint8]
    attributes: list[Attributes]


def draw_small(task: tuple[int, int]) -> tuple[NDArray[np.uint8], Attributes]:
    """Draw the scene of a seed and reduce it to the square of `size` pixels: (seed, size) in, picture out."""
    seed, size = task
    scene = choose_scene(seed)
    picture = draw_scene(scene, DRAWN_HEIGHT).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(picture), scene.attributes


def render_pool(seeds: Iterable[int], size: int, processes: int | None = None) -> Pool:
    """Draw the scenes of all seeds in several processes; the result depends on the seeds alone."""
    tasks = [(seed, size) for seed in seeds]
    workers = processes or os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        drawn = list(pool.imap(draw_small, tasks, chunksize=32))
    return Pool(np.stack([pixels for pixels, _ in drawn]), [attributes for _, attributes in drawn])


def start_patch_embedding(model: Any, pool: Pool, seed: int) -> None:
    """Start a vision tower's patch embedding from the principal components of the pool's patches.

    A few minutes of training are too short for it to find edges and colours by itself; the leading
    components, scaled to equal spread, are a good basis from the first step. The position embeddings get a
    spread of the same order.
    """
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
