"""Names in the letters of the drawing's font.

matplotlib brings DejaVu Sans, which has no Devanagari and no Chinese, and does not join Arabic letters.
"""
from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from matplotlib.font_manager import findfont, get_font

from loader.text import shorten

FONT = "DejaVu Sans"
LONGEST_NAME = 26  # characters


def drawable_name(names: Sequence[str], identifier: str) -> str:
    """Return the first name that the font can write, or the id as words when it can write none."""
    words = identifier.replace("-", " ").title()
    return shorten(next(filter(is_drawable, names), words), LONGEST_NAME)


def drawable_text(text: str) -> str:
    """Return a text with a question mark for every character that the font cannot write."""
    return "".join(mark if is_drawable(mark) else "?" for mark in text)


def is_drawable(text: str) -> bool:
    """Whether the font has every character and writes it from left to right as it stands."""
    return all(
        ord(mark) in _glyphs() and unicodedata.bidirectional(mark) not in ("R", "AL", "AN") for mark in text
    )


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(findfont(FONT)).get_charmap()) - frozenset(range(32))
