"""The type of an array of embeddings; this module does not need torch."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

# float32 (n, dims), rows of length 1
Vectors = npt.NDArray[np.float32]
