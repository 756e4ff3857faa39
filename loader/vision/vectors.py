"""The type of a stack of embeddings, apart from everything that needs torch."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

# float32 (n, dims), rows of length 1
Vectors = npt.NDArray[np.float32]
