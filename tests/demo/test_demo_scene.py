"""The renderer: the same seed gives the same picture, at every size, and different peaks look different."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from demo.captions import Attributes
from demo.scene import PEAKS, SKIES, THINGS, Scene, choose_scene, draw_scene
from demo.trail import peak_positions

SMALL = 96


def pixels(picture: Image.Image) -> np.ndarray:
    """A picture as float32 of shape (rows, columns, 3)."""
    return np.asarray(picture, np.float32)


def plain(peak: str, sky: str = "clear", *things: str) -> Scene:
    """A scene of given attributes with a fixed seed."""
    return Scene(11, Attributes(peak, sky, frozenset(things)))


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


@pytest.mark.parametrize("sky", SKIES)
def test_every_peak_can_stand_under_every_sky(sky: str) -> None:
    for peak in PEAKS[::4]:
        picture = draw_scene(plain(peak, sky), SMALL)
        assert picture.size == (128, SMALL)
        assert pixels(picture).std() > 8


def test_skies_differ_in_brightness() -> None:
    brightness = {sky: pixels(draw_scene(plain("pumori", sky), SMALL)).mean() for sky in SKIES}
    assert brightness["night"] < brightness["storm"] < brightness["clear"]


@pytest.mark.parametrize("thing", [*THINGS, "fresh-snow"])
def test_a_thing_changes_the_lower_half_of_the_picture(thing: str) -> None:
    empty, furnished = (plain("pumori", "clear", *things) for things in ((), (thing,)))
    difference = np.abs(pixels(draw_scene(empty, SMALL)) - pixels(draw_scene(furnished, SMALL)))
    assert difference[SMALL // 2 :].mean() > 0.8


def test_attributes_of_many_scenes_cover_everything() -> None:
    scenes = [choose_scene(seed).attributes for seed in range(400)]
    assert {scene.peak for scene in scenes} == set(PEAKS)
    assert {scene.sky for scene in scenes} == set(SKIES)
    assert {thing for scene in scenes for thing in scene.things} == {*THINGS, "fresh-snow"}
    assert max(len(scene.things - {"fresh-snow"}) for scene in scenes) == 3
    assert min(len(scene.things) for scene in scenes) == 0
