"""Names as the drawing's font can write them.

matplotlib brings DejaVu Sans, which has no Devanagari and no Chinese, and does not join Arabic letters.
"""
from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from loader.text import display_width, shorten_text

FONT = "DejaVu Sans"
LONGEST_NAME = 26  # characters
_UNKNOWN = "?"


def drawable_name(names: Sequence[str], identifier: str) -> str:
    """Return the first name that the font can write, or the id as words when it can write none."""
    for name in names:
        if is_drawable(name):
            return shorten_name(name)
    return shorten_name(identifier.replace("-", " ").title())


def drawable_text(text: str) -> str:
    """Return a text with a question mark for every character that the font cannot write."""
    return "".join(mark if is_drawable(mark) else _UNKNOWN for mark in text)


def shorten_name(name: str) -> str:
    """Return at most `LONGEST_NAME` characters."""
    return name if display_width(name) <= LONGEST_NAME else shorten_text(name, LONGEST_NAME, "end")


def is_drawable(text: str) -> bool:
    """Whether the font has every character and writes it from left to right as it stands."""
    return all(
        ord(mark) in _glyphs() and unicodedata.bidirectional(mark) not in ("R", "AL", "AN") for mark in text
    )


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(FONT)).get_charmap()) - frozenset(range(32))
