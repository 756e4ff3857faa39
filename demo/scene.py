"""A trek scene: chosen attributes, drawn at any size.

The same `Scene` gives the same picture at every size, up to what the pixels can hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from demo import things
from demo.canvas import Canvas
from demo.captions import Attributes
from demo.mountains import Light, View, columns_of, draw_peak, draw_range, silhouettes
from demo.noise import Field, aspect_of, jagged_line, smooth_field
from demo.sky import add_snowfall, draw_sky, light_of, palettes

PEAKS = tuple(silhouettes())
SKIES = ("clear", "sunset", "storm", "night")
SKY_SHARES = (0.34, 0.24, 0.22, 0.20)
THINGS = ("prayer-flags", "stupa", "yak", "suspension-bridge", "tent", "trekkers")
THING_COUNT_SHARES = (0.18, 0.37, 0.30, 0.15)
FRESH_SNOW_SHARE = 0.25

LANDSCAPE = 4 / 3
PORTRAIT = 3 / 4

GROUNDS = {
    "meadow": ((150, 116, 66), (96, 84, 50)),
    "moraine": ((136, 130, 122), (88, 84, 80)),
    "fresh-snow": ((244, 247, 252), (196, 208, 226)),
}


@dataclass(frozen=True)
class Scene:
    """What a picture shows and the seed of everything that is left to chance; `aspect` is width by height."""

    seed: int
    attributes: Attributes
    aspect: float = LANDSCAPE


def choose_scene(seed: int, *, peak: str | None = None, sky: str | None = None) -> Scene:
    """A scene with attributes drawn from the seed; a peak or a sky may be given."""
    rng = np.random.default_rng([seed, 1])
    chosen_peak, chosen_sky = str(rng.choice(PEAKS)), str(rng.choice(SKIES, p=SKY_SHARES))
    count = int(rng.choice(len(THING_COUNT_SHARES), p=THING_COUNT_SHARES))
    shown = {str(thing) for thing in rng.choice(THINGS, count, replace=False)}
    if rng.random() < FRESH_SNOW_SHARE:
        shown.add("fresh-snow")
    aspect = LANDSCAPE if rng.random() < 0.7 else PORTRAIT
    return Scene(seed, Attributes(peak or chosen_peak, sky or chosen_sky, frozenset(shown)), aspect)


def draw_scene(scene: Scene, height: int) -> Image.Image:
    """The scene as an upright RGB picture `height` pixels high."""
    shape = (height, round(height * scene.aspect))
    # One generator a part: a part that draws more or fewer random numbers leaves the others as they are.
    parts = [np.random.default_rng([scene.seed, part]) for part in range(2, 8)]
    shown = scene.attributes
    light = light_of(shown.sky, parts[0])
    picture = draw_sky(shown.sky, shape, parts[1])
    draw_mountains(picture, shown.peak, view_of(scene), light, parts[2])
    draw_hills(picture, light, parts[3])
    ground = ground_of(shown, parts[4])
    draw_ground(picture, ground, shown.sky, light, parts[4])
    draw_things(picture, shown, ground, parts[5])
    if shown.sky == "storm" and parts[0].random() < 0.35:
        add_snowfall(picture, parts[0])
    add_grain(picture, parts[0])
    return Image.fromarray(np.clip(picture + 0.5, 0, 255).astype(np.uint8))


def draw_mountains(picture: Field, peak: str, view: View, light: Light, rng: np.random.Generator) -> None:
    """A far range and the named peak before it."""
    draw_range(picture, rng.uniform(0.52, 0.60), rng.uniform(0.05, 0.10), 0.55, light, rng)
    draw_peak(picture, peak, view, light, rng)


def view_of(scene: Scene) -> View:
    """Place and angle of the peak: how large, how far from the middle, how foreshortened by the bearing."""
    rng = np.random.default_rng([scene.seed, 8])
    height = rng.uniform(0.46, 0.60)
    base = rng.uniform(0.70, 0.76)
    return View(
        centre=scene.aspect * rng.uniform(0.42, 0.58),
        base=base,
        height=height,
        width=height * rng.uniform(0.88, 1.12),
        shear=rng.uniform(-0.08, 0.08),
        light=1.0 if rng.random() < 0.5 else -1.0,
    )


def draw_hills(picture: Field, light: Light, rng: np.random.Generator) -> None:
    """One or two dark slopes of scrub and scree between the peak and the trail."""
    for level, far in ((rng.uniform(0.66, 0.70), 0.32), (rng.uniform(0.71, 0.76), 0.12)):
        rows, columns = picture.shape[:2]
        slope = rng.uniform(-0.10, 0.10) * (columns_of(picture.shape) / aspect_of(picture.shape) - 0.5)
        skyline = level + slope - 0.05 * jagged_line(rng, picture.shape, 3, gain=0.45)
        colour = np.array(((74, 78, 62), (88, 80, 64), (70, 74, 78))[int(rng.integers(3))], np.float32)
        texture = smooth_field(rng, (rows - rows // 2, columns), (12, 22), octaves=5, gain=0.68)[..., None]
        lit = colour / 255.0 * (0.2 + 1.6 * texture) * (0.45 * light.shade + 0.6 * light.sun)
        lay_below(picture, skyline, lit + far * (light.haze - lit))


def lay_below(picture: Field, skyline: Field, colour: Field) -> None:
    """Cover what lies below a skyline (picture heights, one a column) with a field of the lower half."""
    rows = picture.shape[0]
    down = (np.arange(rows // 2, rows, dtype=np.float32)[:, None] + 0.5) / rows
    cover = np.clip((down - skyline[None, :]) * rows + 0.5, 0.0, 1.0)[..., None]
    picture[rows // 2 :] += cover * (colour - picture[rows // 2 :])


def ground_of(shown: Attributes, rng: np.random.Generator) -> str:
    """The ground under the trail: snow where the scene says so, else meadow or moraine."""
    other = "meadow" if rng.random() < 0.55 else "moraine"
    return "fresh-snow" if "fresh-snow" in shown.things else other


def draw_ground(picture: Field, ground: str, sky: str, light: Light, rng: np.random.Generator) -> None:
    """The foreground with its trail, boulders on the moraine, drifts in the snow."""
    rows, columns = picture.shape[:2]
    near, deep = (np.array(colour, np.float32) for colour in GROUNDS[ground])
    level = rng.uniform(0.78, 0.83)
    skyline = level - 0.025 * jagged_line(rng, picture.shape, 2.5, gain=0.4)
    smoothness = 0.45 if ground == "fresh-snow" else 0.68
    lower = (rows - rows // 2, columns)
    cells = (12, 9 * aspect_of(picture.shape))
    texture = smooth_field(rng, lower, cells, octaves=6, gain=smoothness)[..., None]
    brightness = (0.35 * light.shade + 0.62 * light.sun) / 255.0
    colour: Field = (deep + (1.9 * texture - 0.45) * (near - deep)) * brightness
    lay_below(picture, skyline, colour)
    draw_trail(picture, ground, level, sky, rng)


def draw_trail(picture: Field, ground: str, level: float, sky: str, rng: np.random.Generator) -> None:
    """A path that winds towards the mountain, and stones beside it."""
    canvas = Canvas(*picture.shape[:2])
    colour = (206, 216, 232) if ground == "fresh-snow" else (188, 166, 132)
    end, start = canvas.width * rng.uniform(0.3, 0.7), canvas.width * rng.uniform(0.3, 0.7)
    bend = rng.uniform(-0.25, 0.25)
    shares = np.linspace(0.0, 1.0, 20)
    middle = end + (start - end) * shares + bend * np.sin(np.pi * shares) * shares
    down = level + 0.015 + (1.02 - level) * shares
    half = 0.006 + 0.055 * shares**1.5
    edge = [*zip(middle - half, down, strict=True), *zip(middle[::-1] + half[::-1], down[::-1], strict=True)]
    canvas.polygon(edge, (*colour, 190))
    for _ in range(34 if ground == "moraine" else 9):
        share = rng.random()
        size = 0.004 + 0.016 * share * rng.random()
        place = (canvas.width * rng.random(), level + 0.03 + (0.97 - level) * share)
        grey = int(rng.uniform(84, 150))
        canvas.ellipse(
            (place[0] + size * 0.3, place[1] + size * 0.5), (size * 1.2, size * 0.5), (40, 38, 40, 110)
        )
        canvas.ellipse(place, (size, 0.7 * size), (grey, grey - 4, grey - 8))
    canvas.lay_over(picture, palettes()[sky]["things"])


def draw_things(picture: Field, shown: Attributes, ground: str, rng: np.random.Generator) -> None:
    """Everything beside the trail, each in a place of its own, the far things first."""
    canvas = Canvas(*picture.shape[:2])
    places = list(rng.permutation([0.16, 0.50, 0.84]) * canvas.width + rng.uniform(-0.03, 0.03, 3))
    if "suspension-bridge" in shown.things:
        bank = np.array(GROUNDS[ground][1]) * 0.5 + np.array(GROUNDS[ground][0]) * 0.5
        things.draw_bridge(canvas, rng.uniform(0.72, 0.76), (int(bank[0]), int(bank[1]), int(bank[2])), rng)
    standing = [thing for thing in ("stupa", "tent", "yak", "trekkers") if thing in shown.things]
    for thing, place in zip(standing, places, strict=False):
        draw_standing(canvas, thing, float(place), shown.sky, rng)
    if "prayer-flags" in shown.things:
        things.draw_prayer_flags(canvas, rng)
    canvas.lay_over(picture, palettes()[shown.sky]["things"])


def draw_standing(canvas: Canvas, thing: str, place: float, sky: str, rng: np.random.Generator) -> None:
    """One kind of thing at a place across the picture: a stupa alone, the others also in groups."""
    if thing == "stupa":
        things.draw_stupa(canvas, (place, rng.uniform(0.88, 0.93)), rng.uniform(0.26, 0.38))
        return
    for offset in group(thing, rng):
        foot = (place + offset, rng.uniform(0.90, 0.96))
        if thing == "yak":
            things.draw_yak(canvas, foot, rng.uniform(0.12, 0.17), rng)
        elif thing == "tent":
            things.draw_tent(canvas, foot, rng.uniform(0.10, 0.145), rng, glowing=sky == "night")
        else:
            things.draw_trekker(canvas, foot, rng.uniform(0.16, 0.22), rng)


def group(thing: str, rng: np.random.Generator) -> Sequence[float]:
    """Sideways places of a small group, in picture heights from its middle."""
    count = int(rng.integers(2, 4)) if thing == "trekkers" else int(rng.integers(1, 3))
    spacing = {"yak": 0.29, "tent": 0.27, "trekkers": 0.13}[thing]
    return [(i - (count - 1) / 2) * spacing for i in range(count)]


def add_grain(picture: Field, rng: np.random.Generator) -> None:
    """A little of a sensor's noise, so that flat skies do not look printed."""
    seed = int(rng.integers(2**31))
    grain = np.random.default_rng(seed).standard_normal(picture.shape[:2], np.float32)
    picture += 1.6 * grain[..., None]
