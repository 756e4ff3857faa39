"""Checks of the catalogue's entries: unreadable, duplicate or incomplete ones.

`peaks load-peaks` refuses a file at its first mistake. Here every entry is read on its own, so that one run
finds all mistakes.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
from pyproj import Transformer
from scipy.spatial import KDTree

from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import read_entries
from loader.peaks.catalogue_index import fold_name
from loader.peaks.checks.problems import Problem, error, warning
from loader.peaks.sight.geometry import measure_distance
from loader.text import format_distance, list_words
from loader.yaml_file import read_text

# Summits nearer than this are taken for one: the positions that maps and gazetteers give one summit differ by
# about so much.
SAME_PLACE_M = 150.0

Pair = tuple[int, int]  # rows of two peaks, the lower first


@dataclass
class Entries:
    """What a catalogue holds.

    Attributes:
        source: the file or index that problems name.
        peaks: the entries that can be read, each id once (the first).
        problems: those that cannot, and ids that stand twice.
    """

    source: str
    peaks: list[Peak] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def check_file(path: Path) -> Entries:
    """Read every entry of a catalogue file that can be read. Never raises."""
    entries = Entries(str(path))
    first: dict[str, tuple[int, Peak]] = {}
    try:
        for line, entry in read_entries(read_text(path), str(path), Peak):
            if isinstance(entry, PeaksError):
                entries.problems.append(_refused(entries.source, entry, line))
            elif entry.id in first:
                entries.problems.append(_id_again(entries.source, *first[entry.id], line, entry))
            else:
                first[entry.id] = line, entry
                entries.peaks.append(entry)
    except PeaksError as refused:
        entries.problems.append(_refused(entries.source, refused))
    return entries


def _refused(source: str, refused: PeaksError, line: int | None = None) -> Problem:
    return error("entry", source, refused.message, reason="refused", entry_line=line)


def _id_again(source: str, line: int, peak: Peak, again: int, other: Peak) -> Problem:
    metres = _distance(peak, other) or 0.0
    shared = {fold_name(name) for name in peak.names} & {fold_name(name) for name in other.names}
    fix = "remove one of the entries" if shared else "give one of them another id"
    also = " under the same name" if shared else ""
    sentence = (
        f"{source}: the id '{peak.id}' stands on line {line} and again on line {again}, "
        f"{format_distance(metres)} apart{also}: {fix}."
    )
    evidence = {"reason": "duplicate id", "lines": [line, again], "distance": round(metres, 1)}
    return error("entry", peak.id, sentence, **evidence)


def find_missing(peaks: Iterable[Peak]) -> list[Problem]:
    """Find summits without a position (only an index holds such) or a height."""
    problems = []
    for peak in peaks:
        if peak.position is None:
            what = f"{peak.name} has no position, so no sight line can tell whether a photo shows it"
            sentence = f"{what}: load it again with its latlon."
            problems.append(warning("gap", peak.id, sentence, reason="no position"))
        if peak.elev_m is None:
            what = f"{peak.name} has no elev_m, so sight lines cannot tell whether it stands above"
            sentence = f"{what} the horizon or behind a nearer peak: add its height in metres."
            problems.append(warning("gap", peak.id, sentence, reason="no height"))
    return problems


def find_same_peaks(peaks: Sequence[Peak]) -> list[Problem]:
    """Find peaks that stand at nearly the same place, that share a name, or both."""
    near, named = set(_near_pairs(peaks)), _shared_names(peaks)
    return [
        _same_peak(peaks[pair[0]], peaks[pair[1]], named.get(pair, []), pair in near)
        for pair in sorted(near | named.keys())
    ]


def _same_peak(one: Peak, other: Peak, shared: list[str], is_near: bool) -> Problem:
    metres, names = _distance(one, other), list_words([f"'{name}'" for name in shared])
    apart = "" if metres is None else f"{format_distance(metres)} apart"
    evidence = {
        "reason": "same place" if is_near else "same name",
        "peaks": [one.id, other.id],
        "names": shared,
        "distance": None if metres is None else round(metres, 1),
    }
    both = f"{one.id} and {other.id}"
    if shared and is_near:
        words = f"{both} stand {apart} and are both called {names}: remove one of the entries."
        return error("duplicate", one.id, words, **evidence)
    if shared:
        where = f", {apart}," if apart else ""
        fix = "give each a name of its own"
        words = f"{both}{where} are both called {names}, so that the name finds neither: {fix}."
    else:
        why = "nearer than the positions of one summit may differ"
        words = f"{both} stand {apart}, {why}: remove one, or correct its latlon."
    return warning("duplicate", one.id, words, **evidence)


def _distance(one: Peak, other: Peak) -> float | None:
    if one.position is None or other.position is None:
        return None
    return measure_distance(one.position, other.position)


def _near_pairs(peaks: Sequence[Peak]) -> Iterator[Pair]:
    places = [(row, peak.position) for row, peak in enumerate(peaks) if peak.position is not None]
    if not places:
        return
    # straight through the Earth, which over such distances is the way along the ground
    to_space = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    lon, lat = [place.lon for _, place in places], [place.lat for _, place in places]
    points = np.column_stack(to_space.transform(lon, lat, np.zeros(len(places))))
    for one, other in KDTree(points).query_pairs(SAME_PLACE_M):
        yield places[min(one, other)][0], places[max(one, other)][0]


def _shared_names(peaks: Iterable[Peak]) -> dict[Pair, list[str]]:
    """Return the names that pairs of peaks share, however they are spelt; an id is a name, too."""
    spelt: dict[str, dict[int, str]] = {}
    for row, peak in enumerate(peaks):
        for name in (*peak.names, peak.id):
            if fold_name(name):
                spelt.setdefault(fold_name(name), {}).setdefault(row, name)
    shared: dict[Pair, list[str]] = {}
    for rows in spelt.values():
        for pair in combinations(sorted(rows), 2):
            shared.setdefault(pair, []).append(rows[pair[0]])
    return shared
