"""Names beside the peaks, where they cover neither one another nor the marks of the map."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loader.show.map.view import PlanePoint, View

SIZE = 12  # of the font, pixels
_LETTER = 0.56  # width of a letter, by the size of the font
_GAP = 9  # pixels from a mark's middle to its name
_SIDES = {"top center": (0, 1), "middle right": (1, 0), "middle left": (-1, 0), "bottom center": (0, -1)}


@dataclass(frozen=True)
class _Frame:
    """A rectangle of the screen, in pixels: its middle, and half of its width and height."""

    x: float
    y: float
    wide: float
    high: float

    def covers(self, others: Iterable[_Frame]) -> bool:
        return any(abs(self.x - other.x) < self.wide + other.wide
                   and abs(self.y - other.y) < self.high + other.high for other in others)


def place_labels(
    names: Sequence[str], places: Sequence[PlanePoint], marks: Iterable[tuple[float, float, float]],
    view: View, width: int,
) -> list[str | None]:
    """Return each name's side of its mark as Plotly's ``textposition``; None where it has no room.

    Args:
        names: the most important first.
        places: of their marks, metres on the plane.
        marks: of everything that is drawn: x and y on the plane, and widths in pixels.
        view: that the map opens with.
        width: of the map, pixels.
    """
    scale = width / (view.right - view.left)
    taken = [_Frame(x * scale, y * scale, size / 2, size / 2) for x, y, size in marks]
    sides: list[str | None] = []
    for name, (x, y) in zip(names, places, strict=True):
        wide, high = len(name) * SIZE * _LETTER / 2, SIZE * 0.6
        frames = {
            side: _Frame(x * scale + right * (_GAP + wide), y * scale + up * (_GAP + high), wide, high)
            for side, (right, up) in _SIDES.items()
        }
        if view.left <= x <= view.right:  # no name is cut off at its edges
            frames = {side: frame for side, frame in frames.items()
                      if view.left * scale <= frame.x - frame.wide
                      and frame.x + frame.wide <= view.right * scale}
        best = next((side for side, frame in frames.items() if not frame.covers(taken)), None)
        if best is not None:
            taken.append(frames[best])
        sides.append(best)
    return sides
