"""Reads the entries of the two catalogues in the cluster, and finds one by its name.

A person's spelling is matched without regard to case, diacritics and punctuation ("khumbu yul lha" finds
"Khumbu Yül-Lha"); when nothing matches, the closest names are offered.
"""
from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from operator import itemgetter
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from loader.batches import batched
from loader.elastic.indices import read_pages
from loader.errors import PeaksError
from loader.peaks.catalogue import Entry, EntryT

_PAGE = 1000
# Ratcliff-Obershelp similarity (difflib) below which two names have little in common for a reader.
_CLOSE = 0.6
_SUGGESTIONS = 3

# Canonical combining classes of the accents above, below and through a Latin letter.
_ACCENT_CLASSES = frozenset({1, 202, 214, 216, 218, 220, 222, 228, 230, 232, 233, 234})


def find_entry(client: Elasticsearch, kind: type[EntryT], name: str) -> EntryT:
    """Return the one peak or concept with this id or name.

    Raises:
        PeaksError: nothing matches (the closest names are in the sentence), the name belongs to several
            entries, or the index is empty.
    """
    exact = _search(client, kind, {"bool": {"should": [
        {"ids": {"values": [name.strip()]}},
        {"term": {"names.raw": {"value": name.strip(), "case_insensitive": True}}},
    ]}})
    return choose_entry(name, exact or require_entries(client, kind))


def choose_entry(name: str, entries: Sequence[EntryT]) -> EntryT:
    """Return the entry that a name means: by id first, then by any of its names (see `find_entry`)."""
    for entry in entries:
        if entry.id == name.strip():
            return entry
    wanted, noun = fold_name(name), entries[0].noun
    spelled = [(entry, map(fold_name, (entry.id, *entry.names))) for entry in entries]
    matches = [entry for entry, names in spelled if wanted and wanted in names]
    if len(matches) == 1:
        return matches[0]
    if matches:
        ids = ", ".join(entry.id for entry in matches)
        raise PeaksError(
            f"{name!r} is the name of {len(matches)} {noun}s in the catalogue: give an id, {ids}."
        )
    close = suggest_names(name, entries)
    hint = f"did you mean {' or '.join(close)}?" if close else "see the names in the file that was loaded."
    raise PeaksError(f"No {noun} among the catalogue's {len(entries)} is called {name!r}: {hint}")


def read_by_id(client: Elasticsearch, kind: type[EntryT], ids: Iterable[str]) -> dict[str, EntryT]:
    """Return the entries with these ids; one that is not in the index, or no index, is left out."""
    found: dict[str, EntryT] = {}
    try:
        for some in batched(sorted(set(ids)), _PAGE):
            found |= {entry.id: entry for entry in _search(client, kind, {"ids": {"values": some}})}
    except NotFoundError:
        pass
    return found


def require_entries(client: Elasticsearch, kind: type[EntryT]) -> list[EntryT]:
    """Return every entry, by id; PeaksError when there is none."""
    if not client.count(index=kind.index)["count"]:  # no retries, so that an absent cluster fails at once
        command = f"peaks load-{kind.noun}s FILE"
        raise PeaksError(f"The catalogue {kind.index} is empty: load one with `{command}`.")
    return list(read_all(client, kind))


def read_all(client: Elasticsearch, kind: type[EntryT]) -> Iterator[EntryT]:
    """Yield every entry, by id."""
    by_id = ({"id": "asc"},)
    for hits in read_pages(client, kind.index, size=_PAGE, sort=by_id, source=False, fields=_fields(kind)):
        yield from map(kind.from_hit, hits)


def _search(client: Elasticsearch, kind: type[EntryT], query: Mapping[str, Any]) -> list[EntryT]:
    answer = client.search(index=kind.index, source=False, fields=_fields(kind), size=_PAGE, query=query)
    return [kind.from_hit(hit) for hit in answer["hits"]["hits"]]


def _fields(kind: type[Entry]) -> list[dict[str, str]]:
    return [{"field": key} for key in kind.keys]


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
    best = [
        max(((_closeness(wanted, fold_name(word)), word) for word in words), key=itemgetter(0))
        for words in ((*entry.names, entry.id) for entry in entries)
    ]
    ranked = sorted(best, key=lambda pair: (-pair[0], pair[1]))
    return [word for closeness, word in ranked[:_SUGGESTIONS] if closeness >= _CLOSE]


def _closeness(wanted: str, word: str) -> float:
    # A whole word of a name ("dablam") means that name, however long its rest is.
    if wanted and set(wanted.split()) <= set(word.split()):
        return 1.0
    return SequenceMatcher(None, wanted, word).ratio()
