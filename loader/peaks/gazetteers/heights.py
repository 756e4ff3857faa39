"""Heights as people write them: "8848", "8848,86 m", "29,029 ft", "8844–8848"."""
from __future__ import annotations

import re

from loader.peaks.catalogue_file import HIGHEST_M, LOWEST_M

FOOT_M, KILOMETRE_M = 0.3048, 1000.0

# Groups of three digits behind blanks or apostrophes, or digits with points and commas, which may be either.
_NUMBER = r"[-−]?(?:\d{1,3}(?:['’\s]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
_HEIGHT = re.compile(
    rf"(?:~|≈|c\.|ca\.?|circa|about|approx\.?)?\s*(?P<low>{_NUMBER})(?:\s*(?:-|–|—|to)\s*(?P<high>{_NUMBER}))?"
    r"\s*(?:(?:(?P<feet>ft|feet|foot|['′])|(?P<kilometres>km)|mt?s?|msnm|m[eèé]t\w*|м)(?:[\s.?(/].*)?|\(.*|\?)?",
    re.IGNORECASE | re.DOTALL,
)


def parse_height(text: str) -> int | None:
    """Read a height above the sea.

    Of several (``8848 m; 29029 ft``) the first counts, of a range its middle. A single point or comma before
    three digits separates thousands where such a mountain is possible (``8,848``), else decimals.

    Returns:
        Whole metres; None for an empty text or zero, which lists write where they know none.

    Raises:
        ValueError: no height, or one that no mountain has.
    """
    written = next((part.strip() for part in text.split(";") if part.strip()), "")
    if not written:
        return None
    metres = int(written) if written.isdecimal() else _read_words(written)
    if not LOWEST_M <= metres <= HIGHEST_M:
        raise ValueError(f"no mountain is {metres} m high")
    return metres or None


def _read_words(written: str) -> int:
    found = _HEIGHT.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no height")
    unit = FOOT_M if found["feet"] else KILOMETRE_M if found["kilometres"] else 1.0
    ends = [_read_number(end, HIGHEST_M / unit) * unit for end in found.group("low", "high") if end]
    return round(sum(ends) / len(ends))


def _read_number(text: str, highest: float) -> float:
    digits = re.sub(r"['’\s]", "", text).replace("−", "-")
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return float(digits)
    whole, decimals = re.sub(r"[.,]", "", digits[:last]), digits[last + 1:]
    kinds = set(re.findall(r"[.,]", digits))
    joined = float(whole + decimals)
    is_possible = len(kinds) == 1 and len(decimals) == 3 and whole.lstrip("-0") and abs(joined) <= highest
    return joined if is_possible or digits.count(digits[last]) > 1 else float(f"{whole}.{decimals}")
