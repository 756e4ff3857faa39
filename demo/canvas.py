"""A transparent layer to draw on in picture heights, at twice the picture's size for smooth edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from demo.noise import Field, aspect_of

Point = tuple[float, float]
Colour = tuple[int, int, int] | tuple[int, int, int, int]
SUPERSAMPLING = 2


class Canvas:
    """Shapes in picture heights (0, 0 is the upper left corner, y grows downwards)."""

    def __init__(self, rows: int, columns: int) -> None:
        self.width = aspect_of((rows, columns))
        self._size = (columns, rows)
        self._scale = rows * SUPERSAMPLING
        self._image = Image.new("RGBA", (columns * SUPERSAMPLING, rows * SUPERSAMPLING))
        self._draw = ImageDraw.Draw(self._image)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([(x * self._scale, y * self._scale) for x, y in points], fill=colour)

    def ellipse(self, centre: Point, radii: Point, colour: Colour) -> None:
        """A filled ellipse."""
        (x, y), (across, down) = centre, radii
        box = [(x - across), (y - down), (x + across), (y + down)]
        self._draw.ellipse([value * self._scale for value in box], fill=colour)

    def half_disc(self, centre: Point, radii: Point, colour: Colour) -> None:
        """The upper half of an ellipse."""
        (x, y), (across, down) = centre, radii
        box = [(x - across), (y - down), (x + across), (y + down)]
        self._draw.pieslice([value * self._scale for value in box], 180, 360, fill=colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A line `width` picture heights thick, never thinner than a pixel of the layer."""
        pixels = max(1, round(width * self._scale))
        self._draw.line([(x * self._scale, y * self._scale) for x, y in points], fill=colour, width=pixels)

    def lay_over(self, picture: Field, tint: Sequence[float]) -> None:
        """Draw the layer over `picture` in place, its colours multiplied by `tint` (the sky's light)."""
        small = self._image.reduce(SUPERSAMPLING)
        layer = np.asarray(small, np.float32)
        cover = layer[..., 3:] / 255.0
        picture += cover * (layer[..., :3] * np.array(tint, np.float32) - picture)


def sag(start: Point, end: Point, depth: float, steps: int = 24) -> list[Point]:
    """A hanging rope between two points as a parabola, `depth` below the straight line in the middle."""
    shares = [i / steps for i in range(steps + 1)]
    return [
        (
            start[0] + t * (end[0] - start[0]),
            start[1] + t * (end[1] - start[1]) + 4 * depth * t * (1 - t),
        )
        for t in shares
    ]
