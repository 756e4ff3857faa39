"""What stands beside the trail: prayer flags, a stupa, yaks, a suspension bridge, tents, trekkers.

Every function draws around a foot point in picture heights; `size` is the thing's height in the same unit.
"""

from __future__ import annotations

import numpy as np

from demo.canvas import Canvas, Colour, Point, sag

# The five colours in their fixed order: sky, air, fire, water, earth.
FLAG_COLOURS: tuple[Colour, ...] = (
    (38, 84, 190),
    (246, 246, 240),
    (208, 36, 44),
    (34, 140, 70),
    (248, 206, 42),
)
JACKETS: tuple[Colour, ...] = ((206, 44, 48), (30, 110, 190), (240, 140, 30), (44, 150, 84), (130, 60, 150))
PACKS: tuple[Colour, ...] = ((30, 60, 110), (180, 40, 40), (60, 90, 50), (230, 170, 40))
TENTS: tuple[Colour, ...] = ((244, 176, 28), (238, 120, 34), (226, 78, 40))
WOOL: Colour = (44, 32, 26)
WOOL_LIGHT: Colour = (76, 56, 44)
HORN: Colour = (206, 198, 180)
WHITEWASH: Colour = (240, 236, 226)
WHITEWASH_SHADE: Colour = (190, 188, 190)
GOLD: Colour = (226, 172, 48)


def darker(colour: Colour, share: float) -> Colour:
    """The colour with `share` of its brightness (0 to 1)."""
    red, green, blue = (int(channel * share) for channel in colour[:3])
    return (red, green, blue)


def draw_prayer_flags(canvas: Canvas, rng: np.random.Generator) -> None:
    """One to three lines of flags from a cairn's pole at one side, up and across the picture."""
    side = rng.random() < 0.5
    foot = (
        canvas.width * (rng.uniform(0.05, 0.22) if side else rng.uniform(0.78, 0.95)),
        rng.uniform(0.86, 0.94),
    )
    top = (foot[0], foot[1] - rng.uniform(0.28, 0.40))
    draw_cairn(canvas, foot, rng)
    canvas.line([foot, top], 0.010, (92, 70, 50))
    far_x = canvas.width * (rng.uniform(0.85, 1.15) if side else rng.uniform(-0.15, 0.15))
    wind = rng.uniform(-0.5, 0.5)
    size = rng.uniform(0.042, 0.062)
    for i in range(rng.integers(2, 4)):
        start = (top[0], top[1] + 0.055 * i)
        end = (far_x, rng.uniform(0.46, 0.64) + 0.10 * i)
        draw_flag_line(canvas, sag(start, end, rng.uniform(0.05, 0.13), 60), size, wind, rng)


def draw_cairn(canvas: Canvas, foot: Point, rng: np.random.Generator) -> None:
    """A heap of stones that holds the pole."""
    for _ in range(16):
        x, y = rng.normal(foot[0], 0.028), foot[1] + rng.uniform(-0.035, 0.02)
        grey = int(rng.uniform(86, 140))
        canvas.ellipse(
            (x, y), (rng.uniform(0.012, 0.022), rng.uniform(0.009, 0.015)), (grey, grey - 4, grey - 8)
        )


def draw_flag_line(
    canvas: Canvas, rope: list[Point], size: float, wind: float, rng: np.random.Generator
) -> None:
    """A rope with flags in the five colours, each a little turned by the wind."""
    canvas.line(rope, 0.003, (60, 56, 52))
    points = np.array(rope)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    first = int(rng.integers(5))
    for i, place in enumerate(np.arange(size * 0.5, along[-1] - size, size * 1.22)):
        (x0, x1), (y0, y1) = (np.interp([place, place + size], along, points[:, axis]) for axis in (0, 1))
        sway = size * (0.45 * wind + rng.normal(0.0, 0.14))
        drop = size * rng.uniform(0.92, 1.15)
        colour = FLAG_COLOURS[(first + i) % 5]
        canvas.polygon([(x0, y0), (x1, y1), (x1 + sway, y1 + drop), (x0 + sway, y0 + drop)], colour)
        shadow = darker(colour, 0.78)
        canvas.polygon([(x1, y1), (x1 + sway, y1 + drop), ((x0 + 2 * x1) / 3 + sway, y1 + drop)], shadow)


def draw_stupa(canvas: Canvas, foot: Point, size: float) -> None:
    """A whitewashed stupa: steps, dome, painted eyes, gilded spire and parasol."""
    x, y = foot
    width = 0.52 * size
    for i, share in enumerate((1.0, 0.86, 0.74)):
        base = y - i * 0.085 * size
        draw_block(canvas, (x, base), (share * width, 0.085 * size), WHITEWASH, WHITEWASH_SHADE)
    dome = y - 0.25 * size
    canvas.half_disc((x, dome), (0.36 * size, 0.34 * size), WHITEWASH_SHADE)
    canvas.half_disc((x - 0.035 * size, dome), (0.32 * size, 0.325 * size), WHITEWASH)
    canvas.polygon([(x - 0.36 * size, dome), (x + 0.36 * size, dome), (x + 0.36 * size, dome + 0.02 * size),
                    (x - 0.36 * size, dome + 0.02 * size)], (176, 120, 60))  # fmt: skip
    box = dome - 0.31 * size
    draw_block(canvas, (x, box), (0.13 * size, 0.14 * size), (240, 214, 130), (206, 172, 96))
    for eye in (-0.055, 0.055):
        canvas.ellipse((x + eye * size, box - 0.08 * size), (0.036 * size, 0.022 * size), (250, 250, 250))
        canvas.ellipse((x + eye * size, box - 0.078 * size), (0.016 * size, 0.016 * size), (30, 50, 110))
    spire = box - 0.14 * size
    canvas.polygon([(x - 0.10 * size, spire), (x + 0.10 * size, spire), (x, spire - 0.27 * size)], GOLD)
    for step in range(5):
        level = spire - (0.03 + 0.045 * step) * size
        canvas.line([(x - (0.085 - 0.016 * step) * size, level), (x + (0.085 - 0.016 * step) * size, level)],
                    0.010 * size, (150, 100, 30))  # fmt: skip
    canvas.ellipse((x, spire - 0.28 * size), (0.055 * size, 0.018 * size), GOLD)


def draw_block(canvas: Canvas, foot: Point, size: Point, light: Colour, dark: Colour) -> None:
    """A box seen from the front, its right third in shadow; `size` is half the width and the height."""
    (x, y), (half, height) = foot, size
    canvas.polygon([(x - half, y), (x + half, y), (x + half, y - height), (x - half, y - height)], light)
    corner = x + 0.42 * half
    canvas.polygon([(corner, y), (x + half, y), (x + half, y - height), (corner, y - height)], dark)


def draw_yak(canvas: Canvas, foot: Point, size: float, rng: np.random.Generator) -> None:
    """A shaggy yak with horns, a saddle blanket and red tassels, facing either way."""
    x, y = foot
    way = 1.0 if rng.random() < 0.5 else -1.0
    wool = WOOL if rng.random() < 0.75 else (96, 84, 76)

    def at(across: float, up: float) -> Point:
        return (x + way * across * size, y - up * size)

    for leg in (-0.42, -0.24, 0.22, 0.40):
        canvas.polygon([at(leg - 0.06, 0.40), at(leg + 0.06, 0.40), at(leg + 0.05, 0.0), at(leg - 0.05, 0.0)],
                       darker(wool, 0.7))  # fmt: skip
    canvas.line([at(-0.58, 0.66), at(-0.72, 0.45), at(-0.70, 0.16)], 0.10 * size, wool)
    canvas.ellipse(at(-0.02, 0.60), (0.62 * size, 0.27 * size), wool)
    canvas.ellipse(at(0.32, 0.74), (0.30 * size, 0.26 * size), wool)
    for across in np.arange(-0.56, 0.56, 0.055):
        length = rng.uniform(0.16, 0.30)
        canvas.polygon([at(across - 0.05, 0.50), at(across + 0.06, 0.50), at(across, 0.50 - length)], wool)
    canvas.ellipse(at(0.02, 0.80), (0.26 * size, 0.055 * size), WOOL_LIGHT)
    canvas.polygon([at(-0.26, 0.86), at(0.12, 0.88), at(0.14, 0.52), at(-0.26, 0.50)], (190, 44, 48))
    canvas.polygon([at(-0.26, 0.74), at(0.13, 0.75), at(0.13, 0.66), at(-0.26, 0.65)], (240, 190, 60))
    draw_yak_head(canvas, at, size, wool)


def draw_yak_head(canvas: Canvas, at: object, size: float, wool: Colour) -> None:
    """The yak's head, lowered, with horns that curve out and up."""
    assert callable(at)
    canvas.ellipse(at(0.72, 0.60), (0.17 * size, 0.20 * size), wool)
    canvas.ellipse(at(0.80, 0.47), (0.10 * size, 0.10 * size), darker((150, 130, 116), 0.9))
    canvas.line([at(0.64, 0.76), at(0.52, 0.86), at(0.50, 1.02), at(0.56, 1.10)], 0.055 * size, HORN)
    canvas.line([at(0.78, 0.76), at(0.92, 0.84), at(0.96, 1.00), at(0.90, 1.10)], 0.055 * size, HORN)
    canvas.ellipse(at(0.60, 0.46), (0.035 * size, 0.06 * size), (214, 40, 48))


def draw_tent(canvas: Canvas, foot: Point, size: float, rng: np.random.Generator, *, glowing: bool) -> None:
    """A dome tent with a dark door, lit from inside at night."""
    x, y = foot
    colour = TENTS[int(rng.integers(len(TENTS)))]
    if glowing:
        canvas.ellipse((x, y - 0.4 * size), (1.5 * size, 0.9 * size), (255, 190, 80, 60))
        colour = (255, 236, 150)
    half = 0.95 * size
    outline = [
        (x + half * float(np.cos(a)), y - size * float(np.sin(a)) ** 0.8) for a in np.linspace(0, np.pi, 24)
    ]
    canvas.polygon(outline, colour)
    shadow = [(x, y - size), *[p for p in outline if p[0] > x + 0.25 * half][::-1], (x + 0.28 * half, y)]
    canvas.polygon(shadow, darker(colour, 0.80))
    door = [(x - 0.42 * half, y), (x - 0.12 * half, y - 0.74 * size), (x + 0.16 * half, y)]
    canvas.polygon(door, (255, 250, 220) if glowing else darker(colour, 0.34))
    canvas.line([(x - half, y), (x - 1.35 * half, y + 0.10 * size)], 0.012 * size, (220, 220, 220))
    canvas.line([(x + half, y), (x + 1.35 * half, y + 0.10 * size)], 0.012 * size, (220, 220, 220))
    canvas.line(outline, 0.03 * size, darker(colour, 0.62))


def draw_trekker(canvas: Canvas, foot: Point, size: float, rng: np.random.Generator) -> None:
    """A walker with a backpack, a hat and poles."""
    x, y = foot
    way = 1.0 if rng.random() < 0.5 else -1.0
    jacket = JACKETS[int(rng.integers(len(JACKETS)))]
    pack = PACKS[int(rng.integers(len(PACKS)))]

    def at(across: float, up: float) -> Point:
        return (x + way * across * size, y - up * size)

    trousers = (52, 54, 66)
    canvas.line([at(0.0, 0.46), at(0.13, 0.24), at(0.12, 0.02)], 0.105 * size, trousers)
    canvas.line([at(0.0, 0.46), at(-0.08, 0.24), at(-0.17, 0.02)], 0.105 * size, trousers)
    for shoe in (0.15, -0.14):
        canvas.ellipse(at(shoe, 0.015), (0.07 * size, 0.03 * size), (60, 40, 30))
    canvas.polygon([at(-0.11, 0.46), at(0.12, 0.45), at(0.15, 0.80), at(-0.07, 0.82)], jacket)
    canvas.polygon([at(-0.30, 0.50), at(-0.08, 0.48), at(-0.05, 0.84), at(-0.27, 0.88)], pack)
    canvas.ellipse(at(-0.17, 0.89), (0.10 * size, 0.035 * size), darker(pack, 0.7))
    canvas.line([at(0.10, 0.76), at(0.22, 0.62), at(0.32, 0.60)], 0.075 * size, darker(jacket, 0.86))
    canvas.line([at(0.32, 0.64), at(0.40, 0.0)], 0.018 * size, (210, 210, 210))
    canvas.ellipse(at(0.06, 0.90), (0.075 * size, 0.085 * size), (206, 160, 128))
    canvas.half_disc(at(0.05, 0.92), (0.085 * size, 0.09 * size), darker(JACKETS[int(rng.integers(5))], 0.9))


def draw_bridge(canvas: Canvas, level: float, bank: Colour, rng: np.random.Generator) -> None:
    """A suspension bridge over a gorge with a glacial river, edge to edge; `bank` colours the near side."""
    width = canvas.width
    left, right = -0.02 * width, 1.02 * width
    tilt = rng.uniform(-0.02, 0.02)
    draw_gorge(canvas, level, bank, rng)
    deck = sag((left, level - tilt), (right, level + tilt), rng.uniform(0.035, 0.06), 64)
    rail = [(x, y - 0.075 - 0.05 * abs(2 * i / 64 - 1)) for i, (x, y) in enumerate(deck)]
    for (x0, y0), (x1, y1) in zip(deck, rail, strict=True):
        canvas.line([(x0, y0), (x1, y1)], 0.0045, (196, 198, 202))
    canvas.line([(x, y + 0.008) for x, y in deck], 0.022, (96, 72, 52))
    canvas.line(deck, 0.010, (150, 118, 84))
    canvas.line(rail, 0.008, (206, 208, 212))


def draw_gorge(canvas: Canvas, level: float, bank: Colour, rng: np.random.Generator) -> None:
    """Dark walls to both sides, a pale river between them below the bridge, and the near bank in front."""
    width, bottom, near = canvas.width, 0.94, 0.875
    middle = width * rng.uniform(0.36, 0.64)
    canvas.polygon([(0, level + 0.02), (width, level + 0.02), (width, bottom), (0, bottom)], (64, 68, 62))
    river = [(middle - 0.07, level), (middle + 0.05, level), (middle + 0.26, bottom), (middle - 0.22, bottom)]
    canvas.polygon(river, (150, 200, 208))
    for _ in range(26):
        share = rng.random()
        y = level + 0.02 + share * (bottom - level - 0.02)
        x = middle + rng.uniform(-0.5, 0.5) * (0.11 + 0.36 * share)
        canvas.ellipse((x, y), (0.012 + 0.02 * share, 0.003 + 0.005 * share), (232, 244, 246))
    for side in (-1.0, 1.0):
        edge = 0.0 if side < 0 else width
        crag = [(edge, level - 0.045), (edge - side * 0.10 * width, level - 0.015)]
        crag += [(edge - side * (0.12 + 0.06 * rng.random()) * width, level + 0.04 * i) for i in range(1, 6)]
        canvas.polygon([*crag, (edge, bottom)], (92, 88, 76))
    rim = [(width * i / 12, near + 0.014 * rng.random() + 0.03 * abs(i / 6 - 1)) for i in range(13)]
    canvas.polygon([*rim, (width, 1.01), (0, 1.01)], bank)
    canvas.line(rim, 0.008, darker(bank, 0.7))
