"""The renderer: the same seed gives the same picture, at every size.

The checkpoint shows that peaks, things and skies can be distinguished, because it recognises them.
"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from demo.scene import PEAKS, SKIES, THINGS, choose_scene, draw_scene
from demo.trail import peak_positions

SMALL = 96


def pixels(picture: Image.Image) -> np.ndarray:
    """A picture as float32 of shape (rows, columns, 3)."""
    return np.asarray(picture, np.float32)


def test_every_peak_of_the_catalogue_has_a_silhouette() -> None:
    assert set(PEAKS) == set(peak_positions())
    assert len(PEAKS) >= 10


def test_the_same_scene_is_drawn_the_same_twice() -> None:
    scene = choose_scene(5)
    assert draw_scene(scene, SMALL).tobytes() == draw_scene(scene, SMALL).tobytes()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sizes_agree_on_the_picture(seed: int) -> None:
    scene = choose_scene(seed)
    large = draw_scene(scene, 4 * SMALL).resize(draw_scene(scene, SMALL).size, Image.Resampling.BILINEAR)
    difference = np.abs(pixels(large) - pixels(draw_scene(scene, SMALL))).mean()
    assert difference < 8


def test_attributes_of_many_scenes_cover_everything() -> None:
    scenes = [choose_scene(seed).attributes for seed in range(400)]
    assert {scene.peak for scene in scenes} == set(PEAKS)
    assert {scene.sky for scene in scenes} == set(SKIES)
    assert {thing for scene in scenes for thing in scene.things} == {*THINGS, "fresh-snow"}
    assert max(len(scene.things - {"fresh-snow"}) for scene in scenes) == 3
    assert min(len(scene.things) for scene in scenes) == 0
