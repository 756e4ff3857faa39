"""Reads the entries of the two catalogues in the cluster, and finds one by its name.

A person's spelling is matched without regard to case, diacritics, script, width, punctuation and blanks
("khumbu yul lha" finds "Khumbu Yül-Lha", "Эверест" finds "Everest"). When nothing matches so,
the one entry with a close name is taken ("everst" is Mount Everest); several are offered.
"""
from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from operator import itemgetter
from typing import Any

from anyascii import anyascii
from elasticsearch import Elasticsearch, NotFoundError

from loader.batches import batched
from loader.elastic.indices import read_pages
from loader.errors import PeaksError
from loader.peaks.catalogue import Entry, EntryT
from loader.text import list_words

_PAGE = 1000
# Ratcliff-Obershelp similarity (difflib) below which two names have little in common for a reader.
_CLOSE = 0.6
# From here on a name is another one's misspelling ("lohtse" and "lhotse" have 0.83), if no other entry comes
# as near, and if it has letters enough to tell.
_SURE, _AHEAD, _SURE_LETTERS = 0.8, 0.1, 4
_SUGGESTIONS = 3
_LISTED = 20  # entries that are all named where none is close
# Words that many peaks have in their names, and that alone name none.
_COMMON_WORDS = frozenset(("mount", "mt", "mountain", "peak", "summit", "the", "mont", "monte", "cerro"))
# Words that tell the summits of one mountain apart
_SUMMIT_WORDS = frozenset((
    *("i", "ii", "iii", "iv", "v", "vi"), *("north", "south", "east", "west", "main", "central", "middle"),
))

# Canonical combining classes of the accents above, below and through a Latin letter.
_ACCENT_CLASSES = frozenset({1, 202, 214, 216, 218, 220, 222, 228, 230, 232, 233, 234})


def find_entry(client: Elasticsearch, kind: type[EntryT], name: str) -> EntryT:
    """Return the one peak or concept with this id or name.

    Raises:
        PeaksError: nothing matches (the closest names are in the sentence), the name is blank or belongs to
            several entries, or the index is empty.
    """
    if not name.strip():
        raise PeaksError(f"{name!r} is no name of a {kind.noun}: give its id or one of its names.")
    exact = _search(client, kind, {"bool": {"should": [
        {"ids": {"values": [name.strip()]}},
        {"term": {"names.raw": {"value": name.strip(), "case_insensitive": True}}},
    ]}})
    return choose_entry(name, exact or require_entries(client, kind))


def choose_entry(name: str, entries: Sequence[EntryT]) -> EntryT:
    """Return the entry that a name means: by id, by any of its names, or by a close one."""
    for entry in entries:
        if entry.id == name.strip():
            return entry
    noun, matches = entries[0].noun, [entry for entry in entries if is_called(entry, name)]
    if len(matches) > 1:
        ids = ", ".join(entry.id for entry in matches)
        raise PeaksError(
            f"{name!r} is the name of {len(matches)} {noun}s in the catalogue: give an id, {ids}."
        )
    close = matches or _close_entries(name, entries)
    if len(close) == 1:
        return close[0]
    names = suggest_names(name, close or entries) or _names_with(name, entries)
    if names:
        hint = f"did you mean {' or '.join(names)}?"
    elif len(entries) <= _LISTED:
        hint = f"it has {list_words([entry.name for entry in entries], _LISTED)}."
    else:
        hint = "see the names in the file that was loaded."
    raise PeaksError(f"No {noun} among the catalogue's {len(entries)} is called {name!r}: {hint}")


def is_called(entry: Entry, name: str) -> bool:
    """Whether a name is the entry's id or one of its names, but for case, accents, script and punctuation."""
    wanted = "".join(fold_name(anyascii(name)).split())
    spelled = (fold_name(anyascii(each)).split() for each in (entry.id, *entry.names))
    return wanted != "" and wanted in map("".join, spelled)


def say_entry(entry: Entry, name: str) -> str:
    """The entry's name, and the name that a person gave where it is not one of its own."""
    return entry.name if is_called(entry, name) else f"{entry.name} (for {name!r})"


def _close_entries(name: str, entries: Sequence[EntryT]) -> list[EntryT]:
    """The entries that a misspelt or shortened name may mean; several where it does not tell them apart."""
    wanted = _telling_words(name)
    if len("".join(wanted)) < _SURE_LETTERS:
        return []
    rated = [(_rate(wanted, entry)[0], entry) for entry in entries]
    limit = max(_SURE, max(closeness for closeness, _ in rated) - _AHEAD)
    return [entry for closeness, entry in rated if closeness >= limit]


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
    if empty := find_empty(client, kind):
        raise PeaksError(empty)
    return list(read_all(client, kind))


def find_empty(client: Elasticsearch, kind: type[Entry]) -> str | None:
    """A sentence for a catalogue without entries; None for others."""
    if client.count(index=kind.index)["count"]:  # no retries, so that an absent cluster fails at once
        return None
    return f"The catalogue {kind.index} is empty: load one with `peaks load-{kind.noun}s FILE`."


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
    wanted = _telling_words(name)
    ranked = sorted((_rate(wanted, entry) for entry in entries), key=lambda pair: (-pair[0], pair[1]))
    return [word for closeness, word in ranked[:_SUGGESTIONS] if closeness >= _CLOSE]


def _names_with(name: str, entries: Iterable[Entry]) -> list[str]:
    """Up to three names that hold the words of ``name``, common ones: "Peak" is in "Island Peak"."""
    words = set(fold_name(anyascii(name)).split())
    holding = (
        next((each for each in entry.names if words <= set(fold_name(anyascii(each)).split())), None)
        for entry in (entries if words else ())
    )
    return list(filter(None, holding))[:_SUGGESTIONS]


def _rate(wanted: Sequence[str], entry: Entry) -> tuple[float, str]:
    """How close the nearest of an entry's names is to the words, 0…1, and that name."""
    rated = ((_closeness(wanted, _telling_words(each)), each) for each in (*entry.names, entry.id))
    return max(rated, key=itemgetter(0))


def _telling_words(name: str) -> list[str]:
    """A name's folded words in Latin letters, without those that many names have."""
    words = fold_name(anyascii(name)).split()
    return [word for word in words if word not in _COMMON_WORDS] or words


def _closeness(wanted: Sequence[str], words: Sequence[str]) -> float:
    # A whole word of a name ("dablam") means that name, however long its rest is.
    if wanted and set(wanted) <= set(words):
        return 1.0
    one, other = "".join(wanted), "".join(words)
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _CLOSE or matcher.quick_ratio() < _CLOSE:  # upper bounds
        return 0.0
    # "Camp 1" is no misspelling of "Camp 2", and "Lobuche West" none of "Lobuche East".
    is_same_number = set(filter(str.isdigit, one)) == set(filter(str.isdigit, other))
    is_same_summit = is_same_number and _SUMMIT_WORDS.intersection(wanted) <= set(words)
    return matcher.ratio() if is_same_summit else min(matcher.ratio(), _CLOSE)
