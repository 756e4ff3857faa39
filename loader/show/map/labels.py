"""Labels beside their marks, where they cover neither one another nor the marks."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Where a label may stand beside its mark: right, above, left, below, and the corners; y points up.
_SIDES = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_CORNER = 0.7  # a corner's distance from the mark, of a side's
_MOST_COVERED = 0.12  # of a label's area, by other labels
_PREFERENCE = 0.06  # of a label's area that it may cover of marks rather than stand on the wrong side


@dataclass(frozen=True)
class Rectangle:
    """A rectangle in pixels, y up."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    def shared(self, other: Rectangle) -> float:
        """Square pixels that two rectangles have in common."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        up = min(self.bottom + self.height, other.bottom + other.height) - max(self.bottom, other.bottom)
        return across * up if across > 0 and up > 0 else 0.0

    def holds(self, other: Rectangle) -> bool:
        """Whether another one lies inside."""
        return (
            self.left <= other.left and other.left + other.width <= self.left + self.width
            and self.bottom <= other.bottom and other.bottom + other.height <= self.bottom + self.height
        )


@dataclass(frozen=True)
class Wanted:
    """A label to place.

    Attributes:
        x, y: of the mark's middle.
        width, height: of the label.
        gap: from the mark's middle to the label.
        away: direction, of length 1 or 0, in which there is most room.
    """

    x: float
    y: float
    width: float
    height: float
    gap: float
    away: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Placed:
    """Where a label stands: its rectangle, and the side of its mark, -1, 0 or 1 to the right and up."""

    box: Rectangle
    side: tuple[int, int]


def place_labels(
    wanted: Sequence[Wanted], marks: Sequence[Rectangle], kept: Sequence[Rectangle], bounds: Rectangle
) -> list[Placed | None]:
    """Return where each label stands; None where it would cover others or leave the map.

    Args:
        wanted: the most important first; they choose their place first.
        marks: what labels had better not cover.
        kept: what labels must not cover.
        bounds: the map.
    """
    placed: list[Placed | None] = []
    for label in wanted:
        others = [*kept, *(place.box for place in placed if place)]
        candidates = [
            (_cost(box, label, side, others, marks), side, box)
            for side in _SIDES
            if bounds.holds(box := _beside(label, side)) and _covered(box, others) <= _MOST_COVERED
        ]
        best = min(candidates, key=lambda candidate: candidate[0], default=None)
        placed.append(Placed(best[2], best[1]) if best else None)
    return placed


def _beside(label: Wanted, side: tuple[int, int]) -> Rectangle:
    right, up = side
    gap = label.gap * (_CORNER if right and up else 1.0)
    return Rectangle(
        label.x + right * gap + (right - 1) / 2 * label.width,
        label.y + up * gap + (up - 1) / 2 * label.height,
        label.width,
        label.height,
    )


def _cost(
    place: Rectangle,
    label: Wanted,
    side: tuple[int, int],
    others: Sequence[Rectangle],
    marks: Sequence[Rectangle],
) -> float:
    towards = (side[0] * label.away[0] + side[1] * label.away[1]) / math.hypot(*side)
    return 3 * _covered(place, others) + 2 * _covered(place, marks) - _PREFERENCE * towards


def _covered(place: Rectangle, others: Sequence[Rectangle]) -> float:
    return sum(place.shared(other) for other in others) / place.area
