"""Mountains: a skyline, a face of ridges and flutes lit from one side, rock where snow does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from demo.noise import Field, aspect_of, jagged_line, sample_streaks, smooth_field

HERE = Path(__file__).parent

# Snow under a high sun is almost white; what it loses, it loses to the light's own colour.
SNOW = np.array([246, 249, 254], np.float32)
CREST_SHARPNESS = 9.0
YELLOW_BAND = np.array([150, 132, 104], np.float32)


@dataclass(frozen=True)
class View:
    """Where a peak stands in the picture and from which side it is seen; lengths in picture heights."""

    centre: float
    base: float
    height: float
    width: float
    shear: float
    light: float


@dataclass(frozen=True)
class Light:
    """Colours of the light, each float32 of shape (3,), 0 to 255."""

    sun: NDArray[np.float32]
    shade: NDArray[np.float32]
    haze: NDArray[np.float32]


@lru_cache(maxsize=1)
def silhouettes() -> dict[str, Any]:
    """The content of silhouettes.yaml: peak id to its layers."""
    content: dict[str, Any] = yaml.safe_load((HERE / "silhouettes.yaml").read_text(encoding="utf-8"))
    return content


def draw_peak(picture: Field, peak: str, view: View, light: Light, rng: np.random.Generator) -> None:
    """Paint a named peak over `picture` (float32, rows × columns × 3, 0 to 255), its layers back to front."""
    shape = silhouettes()[peak]
    for layer in shape["layers"]:
        skyline = peak_skyline(layer, view, picture.shape[:2], rng)
        draw_layer(picture, skyline, layer, view, light, rng)
    if "icefall" in shape:
        draw_icefall(picture, shape["icefall"], view, light)
    if shape.get("plume"):
        draw_plume(picture, view, light, rng)


def columns_of(shape: tuple[int, ...]) -> Field:
    """The pixel columns' positions in picture heights."""
    across: Field = ((np.arange(shape[1]) + 0.5) / shape[0]).astype(np.float32)
    return across


def peak_skyline(
    layer: dict[str, Any], view: View, shape: tuple[int, ...], rng: np.random.Generator
) -> Field:
    """Height of the layer's skyline in every column, in picture heights from the top (y grows downwards)."""
    profile = np.array(layer["profile"], np.float32)
    jitter = rng.normal(0.0, 1.0, profile.shape).astype(np.float32) * np.array([0.014, 0.011], np.float32)
    profile = profile + jitter
    across = profile[:, 0] * view.width + view.shear * profile[:, 1] * view.height + view.centre
    order = np.argsort(across)
    up = np.interp(columns_of(shape), across[order], profile[order, 1]).astype(np.float32)
    ragged = jagged_line(rng, shape, 14) * 0.045 * float(layer["rough"])
    skyline: Field = view.base - (up + ragged * np.minimum(1.0, 0.3 + up)) * view.height
    return skyline


def draw_layer(
    picture: Field, skyline: Field, layer: dict[str, Any], view: View, light: Light, rng: np.random.Generator
) -> None:
    """Paint one layer below its skyline: shaded relief, snow and rock, haze towards the base."""
    rows = picture.shape[0]
    top = max(0, int(np.floor(skyline.min() * rows)))
    if top >= rows:
        return
    down = (np.arange(top, rows, dtype=np.float32)[:, None] + 0.5) / rows
    depth = (down - skyline[None, :]) / view.height
    facets, crumbs = face_relief(depth, layer, view, columns_of(picture.shape), rng)
    shading = shade(facets, crumbs, view, rows)
    colour = paint_face(depth, crumbs, shading, layer, light, rng)
    far = np.clip(float(layer["far"]) + 0.45 * np.clip(depth - 0.25, 0.0, 1.0), 0.0, 0.9)[..., None]
    colour += far * (light.haze - colour)
    # One pixel of soft edge: the skyline is antialiased without drawing at a larger size.
    cover = np.clip((down - skyline[None, :]) * rows + 0.5, 0.0, 1.0)[..., None]
    picture[top:] += cover * (colour - picture[top:])


def face_relief(
    depth: Field, layer: dict[str, Any], view: View, across: Field, rng: np.random.Generator
) -> tuple[Field, Field]:
    """How far the face stands out towards the viewer: its facets, and the flutes and crags on them.

    Both are float32 of depth's shape, in units of the peak's height.
    """
    place = ((across - view.centre) / view.width)[None, :]
    wander = 0.34 * (smooth_field(rng, depth.shape, (5, 8), octaves=6, gain=0.6) - 0.5)
    crests = [
        0.9 - np.abs(place + wander - (x + lean * np.clip(depth, 0.0, 2.0))) for x, lean in layer["ridges"]
    ]
    fans = place / (0.55 + np.clip(depth, 0.0, 1.5)) + 0.4 * wander
    flutes = sample_streaks(fans.astype(np.float32), depth) * float(layer["flutes"])
    crags = smooth_field(rng, depth.shape, (20, 30), octaves=5, gain=0.62) - 0.5
    # A soft maximum keeps the crests sharp and rounds the gullies between them.
    facets = np.log(np.sum([np.exp(CREST_SHARPNESS * crest) for crest in crests], axis=0)) / CREST_SHARPNESS
    return facets, 0.036 * flutes + 0.20 * crags


def shade(facets: Field, crumbs: Field, view: View, rows: int) -> Field:
    """Share of direct light on the face, 0 to 1, from its slopes and a sun from the side and above."""
    scale = rows * view.height
    side = np.gradient(facets, axis=1) * rows * view.width
    # Slopes are measured per pixel; without a limit fine noise would grow steeper with every larger picture.
    across = np.tanh(0.55 * np.gradient(crumbs, axis=1) * scale)
    upright = np.tanh(0.45 * np.gradient(crumbs, axis=0) * scale)
    lit: Field = 0.50 + view.light * (0.22 * np.clip(side, -1.0, 1.0) + 0.32 * across) - 0.16 * upright
    return np.clip(lit, 0.0, 1.0)


def paint_face(
    depth: Field, crumbs: Field, shading: Field, layer: dict[str, Any], light: Light, rng: np.random.Generator
) -> Field:
    """Colour of every point of the face, 0 to 255: snow or rock by the fall line, height and chance."""
    # More cells across than down: couloirs and ribs run down the face.
    patches = smooth_field(rng, depth.shape, (5, 20), octaves=6, gain=0.78)
    bareness = 0.5 + 1.25 * (patches - 0.5) - 2.4 * crumbs + 0.10 * np.clip(depth - 0.3, 0.0, 1.0) - 0.05
    threshold = 0.92 - 0.80 * float(layer["rock"])
    rock_share = np.clip((bareness - threshold) * 6.0 + 0.5, 0.0, 1.0)[..., None]
    tint = np.array(layer["tint"], np.float32)
    rock: Field = tint * (0.62 + 0.75 * patches[..., None])
    if layer.get("bands"):
        rock = rock + float(layer["bands"]) * strata(depth, crumbs)[..., None] * (YELLOW_BAND - rock)
    albedo = (SNOW + rock_share * (rock - SNOW)) / 255.0
    lit = shading[..., None]
    colour: Field = albedo * (light.shade + lit**1.2 * (light.sun - light.shade))
    return colour


def strata(depth: Field, crumbs: Field) -> Field:
    """Nearly level bands of paler rock across the face, 0 to 1."""
    wave = np.sin((depth + 0.5 * crumbs) * 34.0)
    bands: Field = np.clip(wave - 0.35, 0.0, 1.0) * 0.8
    return bands


def draw_icefall(picture: Field, place: list[float], view: View, light: Light) -> None:
    """The hanging glacier that gives Ama Dablam its name: a bright bulge of ice under the summit."""
    rows = picture.shape[0]
    x, up, radius = place
    centre_x = view.centre + x * view.width + view.shear * up * view.height
    centre_y = view.base - up * view.height
    across = columns_of(picture.shape)[None, :]
    down = ((np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, None]
    reach = np.hypot(
        (across - centre_x) / (radius * view.width * 1.5), (down - centre_y) / (radius * view.height)
    )
    cover = np.clip((1.0 - reach) * 3.0, 0.0, 0.85)[..., None]
    lower = np.clip((down - centre_y) / (radius * view.height), -1.0, 1.0)[..., None]
    ice = SNOW / 255.0 * (light.sun + np.clip(lower, 0.0, 1.0) * 0.8 * (light.shade - light.sun))
    picture += cover * (ice - picture)


def draw_plume(picture: Field, view: View, light: Light, rng: np.random.Generator) -> None:
    """The banner of blown snow that streams from Everest's summit."""
    rows, columns = picture.shape[:2]
    summit_x = view.centre + view.shear * view.height
    summit_y = view.base - view.height
    side = 1.0 if rng.random() < 0.8 else -1.0
    length = view.height * rng.uniform(0.55, 1.0)
    along = side * (columns_of(picture.shape)[None, :] - summit_x) / length
    down = ((np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, None]
    middle = summit_y - 0.10 * view.height * np.clip(along, 0.0, 1.5) ** 0.8
    thickness = view.height * (0.018 + 0.085 * np.clip(along, 0.0, 1.2))
    cloud = smooth_field(rng, (rows, columns), (9, 8), octaves=5)
    middle = middle + 0.5 * thickness * (cloud - 0.5)
    body = np.exp(-(((down - middle) / thickness) ** 2)) * np.clip(1.15 - along, 0.0, 1.0) * (along > 0)
    cover = np.clip(body * (2.6 * cloud - 0.45), 0.0, 0.95)[..., None]
    picture += cover * (0.97 * light.sun + 0.03 * light.haze - picture)


def draw_range(
    picture: Field, level: float, ruggedness: float, far: float, light: Light, rng: np.random.Generator
) -> None:
    """A nameless range: `level` and `ruggedness` in picture heights, `far` its share of haze."""
    skyline = level - ruggedness * jagged_line(rng, picture.shape, 5)
    layer = {
        "ridges": [[-0.8, 0.1], [-0.2, -0.1], [0.5, 0.15], [1.2, 0.0]],
        "rock": 0.4,
        "tint": [96, 94, 102],
    }
    layer |= {"flutes": 0.4, "far": far}
    view = View(aspect_of(picture.shape) / 2, level + 0.3, 0.4, 0.6, 0.0, 1.0 if rng.random() < 0.5 else -1.0)
    draw_layer(picture, skyline, layer, view, light, rng)
