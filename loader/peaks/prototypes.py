"""The prototype of a peak: the vector of its names, blended with the vectors of its reference photos."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


def blend_prototype(text: Vector, images: npt.NDArray[np.float32], alpha: float) -> Vector:
    """Return α·text + (1 − α)·mean(images), brought to length 1.

    The mean is not normalised before it is blended: references that disagree weigh less.

    Args:
        text: float ``(dims,)``, length 1.
        images: float ``(n, dims)``, rows of length 1; with n = 0 the text alone is the prototype.
        alpha: 0 (images only) to 1 (text only).

    Returns:
        float32 ``(dims,)`` of length 1.

    Raises:
        ValueError: alpha is out of range, the shapes do not fit, or the blend is a zero vector.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be 0 to 1, not {alpha}")
    if text.ndim != 1 or images.ndim != 2 or images.shape[1] != len(text):
        raise ValueError(f"a text vector of {text.shape} and image vectors of {images.shape} do not fit")
    blend = np.asarray(text, dtype=np.float64)
    if len(images):
        blend = alpha * blend + (1 - alpha) * images.astype(np.float64).mean(axis=0)
    length = np.linalg.norm(blend)
    if not np.isfinite(length) or length < 1e-6:
        raise ValueError("the blend is a zero vector, which cosine similarity cannot use")
    prototype: Vector = (blend / length).astype(np.float32)
    return prototype
