"""Summits as a list tells them, before one decides which become peaks of a catalogue."""
from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from loader.peaks.catalogue_file import HIGHEST_M, LOWEST_M, NAME_LIMIT
from loader.place import Point

LONGEST_NAMES = 1900  # bytes of all names in a row; the text model reads 2,048
FOOT_M, KILOMETRE_M = 0.3048, 1000.0

SHOWN_NAMES = 3  # of what was left out for one reason

# Groups of three digits behind blanks or apostrophes, or digits with points and commas, which may be either.
_NUMBER = r"[-−]?(?:\d{1,3}(?:['’\s]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
_ABOUT = r"(?:~|≈|c\.|ca\.?|circa|about|approx\.?)"
_ROUGH = re.compile(rf"\s*{_ABOUT}.*|.*\?\s*", re.IGNORECASE | re.DOTALL)
_HEIGHT = re.compile(
    rf"{_ABOUT}?\s*(?P<low>{_NUMBER})(?:\s*(?:-|–|—|to)\s*(?P<high>{_NUMBER}))?"
    r"\s*(?:(?:(?P<feet>ft|feet|foot|['′])|(?P<kilometres>km)|mt?s?|m?(?:asl|snm|slm|sl)|müm|m[eèé]t\w*|м)(?:[\s.?(/].*)?|\(.*|\?)?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Summit:
    """A summit of a list.

    Attributes:
        names: by language (BCP 47 primary tag, `UNDETERMINED` where the list does not say), each name once.
        position: of its top.
        elev_m: metres above the sea, None where the list does not tell.
        number: what the list calls it: "osm-5055906".
    """

    names: Mapping[str, tuple[str, ...]]
    position: Point
    elev_m: int | None
    number: str


class LeftOut(Counter[str]):
    """How many things were left out for which reason, with the first names of each."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, list[str]] = defaultdict(list)

    def note(self, reason: str, name: str = "") -> None:
        """Count one more, and keep its name if it is among the first."""
        self[reason] += 1
        if name and len(self.names[reason]) < SHOWN_NAMES:
            self.names[reason].append(name)


@dataclass
class Gazetteer:
    """What a file holds.

    Attributes:
        origin: the list and its licence, for people.
        summits: with a name and a position.
        passed_over: what else it holds, by the reason why that is no peak.
        heights: that cannot be read, as they stand there.
        rough: heights that the list itself calls approximate, as they stand there.
        estimates: how many heights are those of a terrain model.
    """

    origin: str
    summits: list[Summit] = field(default_factory=list)
    passed_over: LeftOut = field(default_factory=LeftOut)
    heights: list[str] = field(default_factory=list)
    rough: list[str] = field(default_factory=list)
    estimates: int = 0

    def add(
        self, names: Iterable[tuple[str, str]], latitude: Any, longitude: Any, height: Any, number: str
    ) -> None:
        """Add a summit, or count why it cannot be one.

        Args:
            names: pairs of language and name, the one to show first.
            latitude: degrees, as a number or text; ``longitude`` too.
            height: metres as a number, or a text for `parse_height`; None where there is none.
            number: see `Summit`.
        """
        listed = tidy_names(names)
        position = _read_position(latitude, longitude)
        if not listed:
            self.passed_over.note("without a name")
        elif position is None:
            self.passed_over.note("without a position", next(iter(listed.values()))[0])
        else:
            self.summits.append(Summit(listed, position, self._read_height(height), number))

    def _read_height(self, height: Any) -> int | None:
        try:
            if isinstance(height, int | float):
                return parse_height(str(round(height)))  # the point of a number never separates thousands
            metres = parse_height("" if height is None else str(height))
        except (ValueError, OverflowError):  # round() of infinity, and of what is no number
            self.heights.append(str(height))
            return None
        if metres is not None and _ROUGH.fullmatch(str(height)):
            self.rough.append(str(height))
        return metres


def _read_position(latitude: Any, longitude: Any) -> Point | None:
    try:
        lat, lon = float(latitude), float(longitude)
    except (TypeError, ValueError, OverflowError):
        return None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lat == 0 and lon == 0):
        return None
    return Point(round(lat, 5), round(lon, 5))


def tidy_names(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return names by language as a catalogue takes them: each once, none too long, and not too many.

    Args:
        pairs: of language and name; of equal names the first stays.
    """
    tidy: dict[str, list[str]] = {}
    known: set[str] = set()
    room = LONGEST_NAMES
    for language, written in pairs:
        name = " ".join(yaml.reader.Reader.NON_PRINTABLE.sub("", written).replace("|", " ").split())
        size = len(f"{name} | ".encode())
        if name and len(name) <= NAME_LIMIT and name.casefold() not in known and size <= room:
            known.add(name.casefold())
            tidy.setdefault(language, []).append(name)
            room -= size
    return {language: tuple(names) for language, names in tidy.items()}


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
