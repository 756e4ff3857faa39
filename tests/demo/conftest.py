"""A folder of drawn photos that the demo's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.render import render

COUNT, SEED = 16, 3
LONG_SIDE = 400  # pixels; half of what the demo shows, for a quarter of the time


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sixteen photos, all eight orientations twice."""
    folder = tmp_path_factory.mktemp("photos")
    render(folder, COUNT, SEED, processes=2, long_side=LONG_SIDE)
    return folder
