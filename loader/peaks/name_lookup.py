"""Entries of an index, peaks or concepts, by what people call them.

An entry has an id (a slug) and several names in several spellings. A person's spelling is matched without
regard to case, diacritics and punctuation ("khumbu yul lha" finds "Khumbu Yül-Lha"); when nothing
matches, the closest names are offered.
"""
from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Generic, Protocol, TypeVar

from elasticsearch import Elasticsearch

from loader.elastic.indices import read_pages
from loader.errors import PeaksError

_PAGE = 1000
# Ratcliff-Obershelp similarity (difflib) below which two names have little in common for a reader.
_CLOSE = 0.6
_SUGGESTIONS = 3

# Canonical combining classes of the accents above, below and through a Latin letter.
_ACCENT_CLASSES = frozenset({1, 202, 214, 216, 218, 220, 222, 228, 230, 232, 233, 234})


class Entry(Protocol):
    """Anything with an id and names."""

    @property
    def id(self) -> str:
        """The slug."""

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the first is the one to show."""


Named = TypeVar("Named", bound=Entry)


@dataclass(frozen=True)
class NameIndex(Generic[Named]):
    """An index whose entries have an id and names.

    Attributes:
        alias: of the index.
        noun: what an entry is: "peak".
        command: the command that fills the index.
        fields: that `read` wants of a hit, ``id`` and ``names`` among them.
        read: makes an entry of a search hit.
    """

    alias: str
    noun: str
    command: str
    fields: tuple[str, ...]
    read: Callable[[dict[str, Any]], Named]

    def find(self, client: Elasticsearch, name: str) -> Named:
        """Return the one entry with this id or name.

        Raises:
            PeaksError: nothing matches (the closest names are in the sentence), the name belongs to several
                entries, or the index is empty.
        """
        exact = list(self._search(client, _exact_query(name.strip())))
        entries = exact or list(self.read_all(client))
        if not entries:
            raise PeaksError(f"The catalogue {self.alias} is empty: load one with `{self.command}`.")
        return self.choose(name, entries)

    def choose(self, name: str, entries: Sequence[Named]) -> Named:
        """Return the entry that a name means: by id first, then by any of its names."""
        for entry in entries:
            if entry.id == name.strip():
                return entry
        wanted = fold_name(name)
        spelled = [(entry, map(fold_name, (entry.id, *entry.names))) for entry in entries]
        matches = [entry for entry, names in spelled if wanted and wanted in names]
        if len(matches) == 1:
            return matches[0]
        if matches:
            ids = ", ".join(entry.id for entry in matches)
            raise PeaksError(
                f"{name!r} is the name of {len(matches)} {self.noun}s in the catalogue: give an id, {ids}."
            )
        close = suggest_names(name, entries)
        hint = f"did you mean {_either(close)}?" if close else "see the names in the file that was loaded."
        raise PeaksError(f"No {self.noun} among the catalogue's {len(entries)} is called {name!r}: {hint}")

    def read_ids(self, client: Elasticsearch, ids: Iterable[str]) -> dict[str, Named]:
        """Return the entries with these ids; an id that is not in the index is left out."""
        wanted = sorted(set(ids))
        found: dict[str, Named] = {}
        for start in range(0, len(wanted), _PAGE):
            for entry in self._search(client, {"ids": {"values": wanted[start:start + _PAGE]}}):
                found[entry.id] = entry
        return found

    def read_all(self, client: Elasticsearch) -> Iterator[Named]:
        """Yield every entry, by id."""
        by_id = ({"id": "asc"},)
        for hits in read_pages(client, self.alias, size=_PAGE, sort=by_id, source=False, fields=self._wanted):
            yield from map(self.read, hits)

    def _search(self, client: Elasticsearch, query: Mapping[str, Any]) -> Iterator[Named]:
        answer = client.search(
            index=self.alias, source=False, fields=self._wanted, size=_PAGE, query=query
        )
        yield from map(self.read, answer["hits"]["hits"])

    @property
    def _wanted(self) -> list[dict[str, str]]:
        return [{"field": name} for name in self.fields]


def fold_name(name: str) -> str:
    """A name without case, Latin diacritics and punctuation: ``Khumbu Yül-Lha`` gives ``khumbu yul lha``.

    Marks that are letters of their own script (Devanagari vowel signs, for one) stay.
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(mark for mark in decomposed if unicodedata.combining(mark) not in _ACCENT_CLASSES)
    words = "".join(mark if unicodedata.category(mark)[0] in "LMN" else " " for mark in bare)
    return " ".join(words.split())


def suggest_names(name: str, entries: Iterable[Entry]) -> list[str]:
    """Up to three names that are close to ``name``, the closest first, one per entry."""
    wanted = fold_name(name)
    spellings = ((*entry.names, entry.id) for entry in entries)
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


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def _exact_query(name: str) -> dict[str, Any]:
    return {"bool": {"should": [
        {"ids": {"values": [name]}},
        {"term": {"names.raw": {"value": name, "case_insensitive": True}}},
    ]}}
