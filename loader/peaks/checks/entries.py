"""The catalogue's entries, read one by one: a person wants all mistakes of a file in one run.

`loader.peaks.catalogue` refuses a file whole at its first mistake. Here that strict reader gets each entry of
such a file alone, on the lines that it stands on, so that every sentence is its own.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import parse_catalogue
from loader.peaks.checks.findings import Finding, format_distance
from loader.peaks.checks.places import measure_distance
from loader.peaks.names import fold_name
from loader.yaml_file import read_text


@dataclass
class Entries:
    """What a catalogue holds.

    Attributes:
        source: the file or index that findings name.
        peaks: the entries that can be read, each id once (the first).
        findings: those that cannot, and ids that stand twice.
    """

    source: str
    peaks: list[Peak] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_entries(path: Path) -> Entries:
    """Read every entry of a catalogue file that can be read. Never raises."""
    source = str(path)
    try:
        text = read_text(path)
    except PeaksError as error:
        return Entries(source, findings=[_refusal(source, error.message)])
    try:
        return Entries(source, parse_catalogue(text, source, Peak))
    except PeaksError as error:
        whole = Entries(source, findings=[_refusal(source, error.message)])
        pieces = _split(text)
        return _read_apart(pieces, source) if pieces else whole


def gather_entries(peaks: Iterable[Peak], source: str) -> Entries:
    """Take the entries that an index holds; a position that it lacks becomes NaN and a finding."""
    entries = Entries(source)
    known: set[str] = set()
    for peak in peaks:
        if peak.id in known:
            entries.findings.append(_indexed_twice(peak, source))
            continue
        known.add(peak.id)
        entries.peaks.append(replace(peak, names=peak.names or (peak.id,)))
        if peak.position is None:
            entries.findings.append(_without_position(peak, source))
    return entries


@dataclass(frozen=True)
class _Piece:
    """One entry's text with empty lines before it, so that a reader counts lines as the file has them."""

    text: str
    line: int


def _split(text: str) -> list[_Piece]:
    """Cut a list into its entries; [] when it is no YAML list, or when entries refer to one another."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        has_aliases = any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text))
    except (yaml.YAMLError, RecursionError):
        return []
    if has_aliases or not isinstance(root, yaml.SequenceNode):
        return []
    return [_piece(text, item) for item in root.value]


def _piece(text: str, item: yaml.Node) -> _Piece:
    start = item.start_mark
    dash = " " * max(start.column - 2, 0) + "- "
    words = text[start.index : item.end_mark.index]
    return _Piece("\n" * start.line + dash + words, start.line + 1)


def _read_apart(pieces: Sequence[_Piece], source: str) -> Entries:
    entries = Entries(source)
    first: dict[str, tuple[int, Peak]] = {}
    for piece in pieces:
        try:
            [peak] = parse_catalogue(piece.text, source, Peak)
        except PeaksError as error:
            entries.findings.append(_refusal(source, error.message, piece.line))
            continue
        line = _line_of_id(piece)
        if peak.id in first:
            entries.findings.append(_duplicate(source, *first[peak.id], line, peak))
        else:
            first[peak.id] = line, peak
            entries.peaks.append(peak)
    return entries


def _line_of_id(piece: _Piece) -> int:
    """Return the line that an entry's id stands on (an entry may begin with another key)."""
    lines = (int(key.start_mark.line) + 1 for key in _keys(piece) if key.value == "id")
    return next(lines, piece.line)


def _keys(piece: _Piece) -> Iterator[yaml.Node]:
    root = yaml.compose(piece.text, Loader=yaml.SafeLoader)
    assert root is not None
    for key, _ in root.value[0].value:
        yield key


def _refusal(source: str, sentence: str, line: int | None = None) -> Finding:
    where = {} if line is None else {"entry_line": line}
    return Finding("entry", "error", source, sentence, {"reason": "refused", **where})


def _duplicate(source: str, line: int, peak: Peak, again: int, other: Peak) -> Finding:
    assert peak.position is not None and other.position is not None  # of a file
    metres = measure_distance(peak.position, other.position)
    shared = {fold_name(name) for name in peak.names} & {fold_name(name) for name in other.names}
    fix = "remove one of the entries" if shared else "give one of them another id"
    also = " under the same name" if shared else ""
    return Finding(
        "entry",
        "error",
        peak.id,
        f"{source}: the id '{peak.id}' stands on line {line} and again on line {again}, "
        f"{format_distance(metres)} apart{also}: {fix}.",
        {"reason": "duplicate id", "lines": [line, again], "distance": round(metres, 1)},
    )


def _indexed_twice(peak: Peak, source: str) -> Finding:
    return Finding(
        "entry",
        "error",
        peak.id,
        f"Several documents of {source} carry the id '{peak.id}': delete all but the one whose _id it is.",
        {"reason": "duplicate id"},
    )


def _without_position(peak: Peak, source: str) -> Finding:
    return Finding(
        "gap",
        "warning",
        peak.id,
        f"{peak.name} has no position in {source}, so no sight line can tell whether a photo shows it: "
        "put it in again with its latlon.",
        {"reason": "no position"},
    )
