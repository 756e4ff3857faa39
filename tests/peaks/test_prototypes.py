"""α·text + (1 − α)·mean(images), of length 1."""
from __future__ import annotations

import numpy as np
import pytest

from loader.peaks.prototypes import blend_prototype

TEXT = np.array([1.0, 0.0, 0.0], dtype=np.float32)
IMAGES = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], dtype=np.float32)


def test_the_blend_by_hand() -> None:
    blend = np.array([0.55, 0.225, 0.225])
    prototype = blend_prototype(TEXT, IMAGES, 0.55)
    assert prototype.dtype == np.float32
    np.testing.assert_allclose(prototype, blend / np.linalg.norm(blend), atol=1e-7)


def test_the_ends_of_the_range() -> None:
    np.testing.assert_allclose(blend_prototype(TEXT, IMAGES, 1), TEXT)
    np.testing.assert_allclose(blend_prototype(TEXT, IMAGES, 0), [0, 0.5**0.5, 0.5**0.5], atol=1e-7)
    np.testing.assert_allclose(blend_prototype(TEXT, IMAGES[:0], 0.2), TEXT)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_alpha_out_of_range_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha must be 0 to 1"):
        blend_prototype(TEXT, IMAGES, alpha)


def test_a_blend_that_cancels_out_is_refused() -> None:
    with pytest.raises(ValueError, match="zero vector"):
        blend_prototype(TEXT, -TEXT[None, :], 0.5)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        blend_prototype(TEXT, IMAGES[:, :2], 0.5)
