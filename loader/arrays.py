"""The types of arrays."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]  # embeddings (n, dims), rows of length 1
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
