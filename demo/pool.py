"""A pool of rendered scenes at the checkpoint's image size, drawn once and used again every epoch."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.captions import Attributes
from demo.scene import choose_scene, draw_scene

# Scenes are drawn somewhat larger than the model sees them, then reduced as its processor reduces a photo.
DRAWN_HEIGHT = 144


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
