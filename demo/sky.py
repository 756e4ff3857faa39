"""Four skies: a clear day, sunset, storm clouds, a starry night."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image, ImageDraw

from demo.mountains import Light, columns_of
from demo.noise import Field, aspect_of, smooth_field

HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def palettes() -> dict[str, Any]:
    """The content of palettes.yaml: sky id to its colours."""
    content: dict[str, Any] = yaml.safe_load((HERE / "palettes.yaml").read_text(encoding="utf-8"))
    return content


def light_of(sky: str, rng: np.random.Generator) -> Light:
    """The sky's light with a little chance in its strength."""
    palette = palettes()[sky]
    strength = rng.uniform(0.93, 1.05)
    sun, shade, haze = (np.array(palette[name], np.float32) for name in ("sun", "shade", "haze"))
    return Light((sun * strength).astype(np.float32), (shade * strength).astype(np.float32), haze)


def draw_sky(sky: str, shape: tuple[int, int], rng: np.random.Generator) -> Field:
    """The whole picture as sky: float32, rows × columns × 3, 0 to 255."""
    palette = palettes()[sky]
    picture = gradient(palette, shape, rng.uniform(0.55, 0.8))
    if sky == "sunset":
        add_glow(picture, rng)
    if sky == "night":
        add_stars(picture, rng)
    add_clouds(picture, palette, flat=sky == "sunset", rng=rng)
    return picture


def gradient(palette: dict[str, Any], shape: tuple[int, int], horizon: float) -> Field:
    """Zenith, middle and horizon colours from the top edge down to `horizon` (picture heights)."""
    down = (np.arange(shape[0], dtype=np.float32) + 0.5) / shape[0]
    stops = [0.0, 0.55 * horizon, horizon]
    colours = np.array([palette["zenith"], palette["middle"], palette["horizon"]], np.float32)
    column = np.stack([np.interp(down, stops, colours[:, channel]) for channel in range(3)], axis=1)
    picture: Field = np.repeat(column[:, None, :], shape[1], axis=1).astype(np.float32)
    return picture


def add_glow(picture: Field, rng: np.random.Generator) -> None:
    """The low sun's glow behind the mountains."""
    rows = picture.shape[0]
    x, y = rng.uniform(0.1, 0.9) * aspect_of(picture.shape), rng.uniform(0.42, 0.6)
    down = ((np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, None]
    distance = np.hypot(columns_of(picture.shape)[None, :] - x, 1.5 * (down - y))
    glow = (0.75 * np.exp(-((distance / 0.28) ** 2)))[..., None]
    picture += glow * (np.array([255, 226, 150], np.float32) - picture)


def add_clouds(picture: Field, palette: dict[str, Any], *, flat: bool, rng: np.random.Generator) -> None:
    """Clouds of the palette's cover: drifting heaps, or flat bands at sunset."""
    rows, columns = picture.shape[:2]
    width = aspect_of(picture.shape)
    cells = (9.0, 2.0 * width) if flat else (4.5, 3.2 * width)
    field = smooth_field(rng, (rows, columns), cells, octaves=6, gain=0.55)
    cover = rng.uniform(*palette["cover"])
    threshold = 0.68 - 0.36 * cover
    density = np.clip((field - threshold) * 5.5, 0.0, 1.0)[..., None] * min(1.0, 0.4 + cover * 1.5)
    lit, dark = (np.array(colour, np.float32) for colour in palette["clouds"])
    inside = np.clip((field - threshold) * 3.2, 0.0, 1.0)[..., None]
    picture += density * (lit + inside * (dark - lit) - picture)


def add_stars(picture: Field, rng: np.random.Generator) -> None:
    """A band of the Milky Way and several hundred stars, the brightest with a soft disc."""
    rows, columns = picture.shape[:2]
    width = aspect_of(picture.shape)
    down = ((np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, None]
    slope, start = rng.uniform(-0.9, 0.9), rng.uniform(0.1, 0.5)
    away = (down - start - slope * (columns_of(picture.shape)[None, :] - width / 2)) / np.hypot(1.0, slope)
    dust = smooth_field(rng, (rows, columns), (6, 8), octaves=5)
    band = np.exp(-((away / 0.13) ** 2)) * (0.35 + 0.9 * dust)
    picture += (0.34 * band)[..., None] * np.array([150, 160, 210], np.float32)
    picture += star_layer(rows, columns, rng)


def star_layer(rows: int, columns: int, rng: np.random.Generator) -> Field:
    """Stars as light to add, drawn at three times the size and averaged down."""
    scale = 3
    image = Image.new("L", (columns * scale, rows * scale))
    draw = ImageDraw.Draw(image)
    for _ in range(420):
        x, y, size = rng.random(), rng.random() * 0.8, 0.0011 + 0.0034 * rng.random() ** 6
        brightness = int(110 + 145 * rng.random())
        radius = max(size * rows * scale, 0.75)
        cx, cy = x * columns * scale, y * rows * scale
        draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), fill=brightness)
    stars = np.asarray(image.resize((columns, rows), Image.Resampling.BOX), np.float32)
    tinted: Field = stars[..., None] * np.array([0.92, 0.95, 1.0], np.float32)
    return tinted


def add_snowfall(picture: Field, rng: np.random.Generator) -> None:
    """Falling flakes in front of everything, for some of the storms."""
    rows, columns = picture.shape[:2]
    image = Image.new("L", (columns * 2, rows * 2))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(120, 320)):
        x, y = rng.random() * columns * 2, rng.random() * rows * 2
        radius = max(rng.uniform(0.0015, 0.006) * rows * 2, 0.6)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=int(rng.uniform(120, 240)))
    flakes = np.asarray(image.resize((columns, rows), Image.Resampling.BOX), np.float32)[..., None] / 255.0
    picture += flakes * (np.array([240, 244, 250], np.float32) - picture)
