"""Peaks of the catalogue by what people call them.

A peak has an id (a slug) and several names in several spellings. A person's spelling is matched without
regard to case, diacritics and punctuation ("khumbu yul lha" finds "Khumbu Yül-Lha"); when nothing
matches, the closest names are offered.
"""
from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from elasticsearch import Elasticsearch

from loader.errors import PeaksError
from loader.filters import Point

CATALOGUE = "peaks_catalog"

_FIELDS = [{"field": name} for name in ("id", "names", "latlon", "elev_m")]
_PAGE = 1000
# Ratcliff-Obershelp similarity (difflib) below which two names have little in common for a reader.
_CLOSE = 0.6
_SUGGESTIONS = 3


@dataclass(frozen=True)
class Peak:
    """A catalogue entry: slug, names (the first is the one to show), summit, elevation in metres."""

    id: str
    names: tuple[str, ...]
    position: Point | None = None
    elev_m: int | None = None

    @property
    def name(self) -> str:
        """The name to show."""
        return self.names[0] if self.names else self.id


def fold_name(name: str) -> str:
    """A name without case, Latin diacritics and punctuation: ``Khumbu Yül-Lha`` gives ``khumbu yul lha``.

    Marks that are letters of their own script (Devanagari vowel signs, for one) stay.
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(mark for mark in decomposed if unicodedata.combining(mark) not in _ACCENT_CLASSES)
    words = "".join(mark if unicodedata.category(mark)[0] in "LMN" else " " for mark in bare)
    return " ".join(words.split())


# Canonical combining classes of the accents above, below and through a Latin letter.
_ACCENT_CLASSES = frozenset({1, 202, 214, 216, 218, 220, 222, 228, 230, 232, 233, 234})


def find_peak(client: Elasticsearch, name: str) -> Peak:
    """The one peak with this id or name.

    Raises:
        PeaksError: nothing matches (the closest names are in the sentence), the name belongs to several
            peaks, or the catalogue is empty.
    """
    exact = list(_search(client, _exact_query(name.strip())))
    peaks = exact or list(read_catalogue(client))
    if not peaks:
        raise PeaksError(f"The catalogue {CATALOGUE} is empty: load one with `peaks load-peaks FILE`.")
    return choose_peak(name, peaks)


def choose_peak(name: str, peaks: Sequence[Peak]) -> Peak:
    """The peak that a name means among ``peaks``: by id first, then by any of its names."""
    for peak in peaks:
        if peak.id == name.strip():
            return peak
    wanted = fold_name(name)
    matches = [peak for peak in peaks if wanted and wanted in map(fold_name, (peak.id, *peak.names))]
    if len(matches) == 1:
        return matches[0]
    if matches:
        ids = ", ".join(peak.id for peak in matches)
        raise PeaksError(f"{name!r} is the name of {len(matches)} peaks in the catalogue: give an id, {ids}.")
    raise PeaksError(_unknown_sentence(name, peaks))


def suggest_names(name: str, peaks: Iterable[Peak]) -> list[str]:
    """Up to three names in the catalogue that are close to ``name``, the closest first, one per peak."""
    wanted = fold_name(name)
    spellings = ((*peak.names, peak.id) for peak in peaks)
    best = [
        max(((_closeness(wanted, fold_name(word)), word) for word in words), key=lambda pair: pair[0])
        for words in spellings
    ]
    ranked = sorted(best, key=lambda pair: (-pair[0], pair[1]))
    return [word for closeness, word in ranked[:_SUGGESTIONS] if closeness >= _CLOSE]


def _closeness(wanted: str, word: str) -> float:
    # Whoever types a whole word of a name ("dablam") means that name, however long the rest of it is.
    if wanted and set(wanted.split()) <= set(word.split()):
        return 1.0
    return SequenceMatcher(None, wanted, word).ratio()


def _unknown_sentence(name: str, peaks: Sequence[Peak]) -> str:
    close = suggest_names(name, peaks)
    hint = f"did you mean {_either(close)}?" if close else "see the names in the file that was loaded."
    return f"No peak among the catalogue's {len(peaks)} is called {name!r}: {hint}"


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def read_peaks(client: Elasticsearch, ids: Iterable[str]) -> dict[str, Peak]:
    """The catalogue's entries with these ids; an id that is not in the catalogue is left out."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    found: dict[str, Peak] = {}
    for start in range(0, len(wanted), _PAGE):
        for peak in _search(client, {"ids": {"values": wanted[start:start + _PAGE]}}):
            found[peak.id] = peak
    return found


def read_catalogue(client: Elasticsearch) -> Iterator[Peak]:
    """Every peak in the catalogue, by id."""
    after: list[Any] | None = None
    while True:
        answer = client.search(index=CATALOGUE, source=False, fields=_FIELDS, size=_PAGE,
                               sort=[{"id": "asc"}], search_after=after)
        page = answer["hits"]["hits"]
        yield from map(read_peak, page)
        if len(page) < _PAGE:
            return
        after = page[-1]["sort"]


def _exact_query(name: str) -> dict[str, Any]:
    return {"bool": {"should": [
        {"ids": {"values": [name]}},
        {"term": {"names.raw": {"value": name, "case_insensitive": True}}},
    ]}}


def _search(client: Elasticsearch, query: dict[str, Any]) -> Iterator[Peak]:
    answer = client.search(index=CATALOGUE, source=False, fields=_FIELDS, size=_PAGE, query=query)
    yield from map(read_peak, answer["hits"]["hits"])


def read_peak(hit: dict[str, Any]) -> Peak:
    """A peak from a search hit with ``fields``; its ``_id`` stands in for an id that was not asked for."""
    fields = hit.get("fields", {})
    return Peak(
        id=next(iter(fields.get("id", [])), hit["_id"]),
        names=tuple(fields.get("names", ())),
        position=read_position(fields.get("latlon")),
        elev_m=next(iter(fields.get("elev_m", [])), None),
    )


def read_position(values: Sequence[dict[str, Any]] | None) -> Point | None:
    """The first value of a geo_point in ``fields``, which are GeoJSON points (longitude first)."""
    if not values:
        return None
    longitude, latitude = values[0]["coordinates"]
    return Point(lat=latitude, lon=longitude)
