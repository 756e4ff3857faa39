"""Words for a person: lists, counts, distances, directions, and text that is safe to print on a terminal."""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_COMPASS = (
    *("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE"),
    *("S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"),
)
# Bidirectional control characters (Unicode Standard Annex 9): embeddings, overrides, isolates and their ends
_BIDIRECTIONAL = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))

# A user and password as they stand in an address, with a scheme or without. A mistyped password may hold any
# sign, so all is hidden up to the last @.
_CREDENTIALS = re.compile(r"[^\s'\"/(]+:\S.*@")


def clean_text(text: str) -> str:
    """The text without control characters, line ends and bidirectional control characters."""
    return "".join("�" if _is_obeyed(mark) else mark for mark in text)


def _is_obeyed(mark: str) -> bool:
    if unicodedata.category(mark) in ("Cc", "Zl", "Zp"):
        return True
    return unicodedata.bidirectional(mark) in _BIDIRECTIONAL


def hide_credentials(text: str) -> str:
    """The text with an ellipsis for every ``user:password`` before an ``@``."""
    return _CREDENTIALS.sub("…@", text)


def shorten(text: str, limit: int = 60) -> str:
    """The text on one line, of at most ``limit`` characters; an ellipsis stands for the others."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def list_words(words: Sequence[str], most: int = 5) -> str:
    """``a``, ``a and b``, ``a, b and c``; beyond ``most`` the rest is counted."""
    shown = words if len(words) <= most else [*words[: most - 1], f"{len(words) - most + 1} more"]
    return " and ".join(shown) if len(shown) < 3 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def format_count(number: int, noun: str) -> str:
    """``1 photo``, ``4,000 photos``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def tell_apart(one: float, other: float, decimals: int = 0) -> tuple[str, str]:
    """Two numbers with so many decimals, or with as many as it takes to see that they differ (at most 12)."""
    texts = f"{one:.{decimals}f}", f"{other:.{decimals}f}"
    return texts if texts[0] != texts[1] or decimals >= 12 else tell_apart(one, other, decimals + 1)


def format_distance(metres: float) -> str:
    """``4954`` gives ``5.0 km``, ``30126`` gives ``30 km``, ``52.3`` gives ``52 m``."""
    if metres < 999.5:
        return f"{metres:.0f} m"
    return f"{metres / 1000:.1f} km" if metres < 9950 else f"{metres / 1000:,.0f} km"


def compass_point(bearing: float) -> str:
    """The nearest of the 16 points of the compass: 22.5 gives "NNE"."""
    return _COMPASS[round(bearing / 22.5) % 16]


def format_direction(bearing: float) -> str:
    """``84.2`` gives ``84° (E)``."""
    return f"{round(bearing) % 360}° ({compass_point(bearing)})"
