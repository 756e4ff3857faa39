"""The sheet that the PNG is drawn on, in pixels of the finished picture."""
from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loader.show.map import colours

WIDTH, HEIGHT, DPI = 1200, 800, 100


@dataclass(frozen=True)
class Panel:
    """A part of the sheet, in pixels from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float

    def axes(self, figure: Figure) -> Axes:
        """Axes with a quiet frame, on paper."""
        axes = figure.add_axes(
            (self.left / WIDTH, self.bottom / HEIGHT, self.width / WIDTH, self.height / HEIGHT)
        )
        axes.set_facecolor(colours.PAPER)
        for spine in axes.spines.values():
            spine.set_color(colours.FRAME)
            spine.set_linewidth(0.8)
        return axes


def points(pixels: float) -> float:
    """Pixels as matplotlib's points, of which an inch has 72."""
    return pixels * 72 / DPI
