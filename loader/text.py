"""Text for a terminal: how wide it is, how it is cut, and what a terminal would obey taken out of it."""
from __future__ import annotations

import unicodedata
from typing import Literal

_ELLIPSIS = "…"
# Unicode Standard Annex 9: embeddings, overrides and isolates, and what ends them
_TURNING = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))


def clean_text(text: str) -> str:
    """The text without what a terminal would obey: control characters, line ends, marks that turn order."""
    return "".join("�" if _is_obeyed(mark) else mark for mark in text)


def _is_obeyed(mark: str) -> bool:
    return unicodedata.category(mark) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(mark) in _TURNING


def shorten_text(text: str, width: int, end: Literal["start", "end"]) -> str:
    """The text in at most ``width`` terminal columns; an ellipsis stands where it was cut."""
    if display_width(text) <= width:
        return text
    kept = ""
    for mark in reversed(text) if end == "start" else text:
        grown = mark + kept if end == "start" else kept + mark
        if display_width(grown) > width - 1:
            break
        kept = grown
    return _ELLIPSIS + kept if end == "start" else kept + _ELLIPSIS


def display_width(text: str) -> int:
    """Terminal columns of the text: two for a wide East Asian character, none for a combining mark.

    Widths are those of Unicode Standard Annex 11 (East_Asian_Width W and F).
    """
    return sum(_mark_width(mark) for mark in text)


def _mark_width(mark: str) -> int:
    if unicodedata.category(mark) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(mark) in ("W", "F") else 1
