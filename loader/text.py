"""Text for a terminal: what a terminal would obey is taken out of it."""
from __future__ import annotations

import unicodedata

# Unicode Standard Annex 9: embeddings, overrides and isolates, and what ends them
_BIDIRECTIONAL = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))


def clean_text(text: str) -> str:
    """The text without what a terminal would obey: control characters, line ends, bidirectional controls."""
    return "".join("�" if _is_obeyed(mark) else mark for mark in text)


def _is_obeyed(mark: str) -> bool:
    if unicodedata.category(mark) in ("Cc", "Zl", "Zp"):
        return True
    return unicodedata.bidirectional(mark) in _BIDIRECTIONAL
