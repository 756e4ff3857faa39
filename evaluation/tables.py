"""Tables for people: aligned Markdown, which a terminal shows as well, and numbers as people write them."""
from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from evaluation.metrics import Interval

NOTHING = "–"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned Markdown table: the first column to the left, the others to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(3, *(width(line[column]) for line in lines)) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (size - 1) + ":" for size in widths[1:])]
    sizes = list(enumerate(widths))
    text = [[_pad(line[column], size, column == 0) for column, size in sizes] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in [text[0], rule, *text[1:]])


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes: none for marks, two for wide East Asian letters."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def percent(share: float, digits: int = 1) -> str:
    """Return a share as "97.5 %"."""
    return NOTHING if math.isnan(share) else f"{100 * share:.{digits}f} %"


def decimal(value: float, digits: int = 3) -> str:
    """Return a number with a fixed count of decimals."""
    return NOTHING if math.isnan(value) else f"{value:.{digits}f}"


def points(interval: Interval) -> str:
    """Return a difference of shares in percentage points with its interval: "+1.3 [+0.2, +2.5]"."""
    if math.isnan(interval.value):
        return NOTHING
    value, low, high = (_signed(100 * number) for number in (interval.value, interval.low, interval.high))
    return f"{value} [{low}, {high}]"


def span(interval: Interval) -> str:
    """Return a share with its interval: "84.0 % [79.1, 87.9]"."""
    if math.isnan(interval.value):
        return NOTHING
    return f"{percent(interval.value)} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _signed(number: float) -> str:
    digits = 1 if abs(number) >= 0.05 else 2  # a bound just beside zero must not look like zero
    rounded = round(number, digits)
    return "0.0" if rounded == 0 else f"{rounded:+.{digits}f}".replace("-", "−")


def _pad(cell: str, size: int, to_the_left: bool) -> str:
    blanks = " " * (size - width(cell))
    return cell + blanks if to_the_left else blanks + cell
