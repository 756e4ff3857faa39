"""Vectors for tests."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loader.arrays import Vectors


def unit(rows: npt.ArrayLike) -> Vectors:
    """Rows at length 1."""
    wide = np.asarray(rows, dtype=np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), dtype=np.float32)
