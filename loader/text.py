"""Words for a person: directions, and text that is safe to print on a terminal."""
from __future__ import annotations

import unicodedata

_COMPASS = (
    *("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE"),
    *("S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"),
)
# Bidirectional control characters (Unicode Standard Annex 9): embeddings, overrides, isolates and their ends
_BIDIRECTIONAL = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))


def clean_text(text: str) -> str:
    """The text without control characters, line ends and bidirectional control characters."""
    return "".join("�" if _is_obeyed(mark) else mark for mark in text)


def _is_obeyed(mark: str) -> bool:
    if unicodedata.category(mark) in ("Cc", "Zl", "Zp"):
        return True
    return unicodedata.bidirectional(mark) in _BIDIRECTIONAL


def compass_point(bearing: float) -> str:
    """The nearest of the 16 points of the compass: 22.5 gives "NNE"."""
    return _COMPASS[round(bearing / 22.5) % 16]


def format_direction(bearing: float) -> str:
    """``84.2`` gives ``84° (E)``."""
    return f"{round(bearing) % 360}° ({compass_point(bearing)})"
