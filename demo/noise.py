"""Smooth random fields for skies, rock and snow, independent of the picture's size.

A field's grid is given in scene units, so the same seed draws the same scene at any resolution.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# float32 in the pictures themselves; steps on the way may be wider.
Field = NDArray[np.floating[Any]]

# The widest picture, in heights.
WIDEST = 1.5


def smooth_field(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cells: tuple[float, float],
    octaves: int = 5,
    gain: float = 0.5,
) -> Field:
    """Fractal value noise in 0 to 1 of `shape` (rows, columns), with `cells` random cells down and across.

    Octave after octave doubles the cells and multiplies the amplitude by `gain`. Every octave has its own
    seed, so those finer than a pixel can be left out and pictures of all sizes agree on the coarse ones.
    """
    total = np.zeros(shape, np.float32)
    weight = 0.0
    for octave, seed in enumerate(rng.integers(2**32, size=octaves)):
        rows = max(2, round(cells[0] * 2**octave) + 1)
        columns = max(2, round(cells[1] * 2**octave) + 1)
        if octave and (rows > shape[0] or columns > shape[1]):
            break
        grid = np.random.default_rng(seed).random((rows, columns), np.float32)
        resized = Image.fromarray(grid).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
        total += gain**octave * np.asarray(resized, np.float32)
        weight += gain**octave
    field: Field = np.clip(total / weight, 0.0, 1.0)
    return field


@lru_cache(maxsize=1)
def streak_texture() -> Field:
    """A fixed 256 × 4096 field in -1 to 1 of long streaks: ice flutes side by side down a face."""
    rng = np.random.default_rng(20231027)
    field = smooth_field(rng, (256, 4096), (4, 110), octaves=4, gain=0.6)
    streaks: Field = (4.4 * np.abs(2.0 * field - 1.0) - 1.0).clip(-1.0, 1.0)
    return streaks


def sample_streaks(across: Field, down: Field) -> Field:
    """Look the streaks up at `across` (any range, one unit holds about 12 flutes) and `down` (0 to 1)."""
    texture = streak_texture()
    column = across * 420.0
    left = np.floor(column).astype(np.int32)
    share = (column - left).astype(np.float32)
    row = (np.clip(down, 0.0, 1.0) * 255).astype(np.int32)
    near = texture[row, left % 4096]
    between: Field = near + share * (texture[row, (left + 1) % 4096] - near)
    return between


def jagged_line(
    rng: np.random.Generator, shape: tuple[int, ...], cells: float, octaves: int = 6, gain: float = 0.55
) -> Field:
    """A ragged line in -1 to 1, one value a column of a picture of `shape`.

    Midpoint noise with `cells` random values a picture height; linear, hence angular, between them.
    """
    where = (np.arange(shape[1], dtype=np.float32) + 0.5) / shape[0]
    total = np.zeros(shape[1], np.float32)
    weight = 0.0
    for octave, seed in enumerate(rng.integers(2**32, size=octaves)):
        knots = np.arange(int(WIDEST * cells * 2**octave) + 2) / (cells * 2**octave)
        values = 2.0 * np.random.default_rng(seed).random(len(knots), np.float32) - 1.0
        total += gain**octave * np.interp(where, knots, values).astype(np.float32)
        weight += gain**octave
    return total / weight


def aspect_of(shape: tuple[int, ...]) -> float:
    """Width by height of a picture, in twelfths: the same for every size of one picture."""
    return round(12 * shape[1] / shape[0]) / 12
