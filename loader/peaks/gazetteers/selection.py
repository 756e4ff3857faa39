"""Which summits of a list become peaks of a catalogue: near photos, high enough, each once, with an id."""
from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from anyascii import anyascii
from scipy.spatial import KDTree

from loader.arrays import Bools, Floats
from loader.peaks.catalogue import UNDETERMINED, NamesByLanguage, Peak
from loader.peaks.catalogue_file import ID_LIMIT
from loader.peaks.catalogue_index import fold_name
from loader.peaks.gazetteers.summit import Gazetteer, LeftOut, Summit, tidy_names
from loader.peaks.sight.geometry import measure_distance
from loader.place import Point

# Two entries that share a name and stand nearer than this are one summit: lists differ by about so much.
SAME_SUMMIT_M = 500.0
EARTH_M = 6_371_009.0  # mean radius (IUGG)
SAME_LATITUDE = 0.005  # degrees, a little more than `SAME_SUMMIT_M`


@dataclass(frozen=True)
class Selection:
    """What was chosen.

    Attributes:
        peaks: highest first.
        twice: names of summits of which the list has two entries; one of them was taken.
        left_out: how many others were left out for which reason, with the first names.
    """

    peaks: list[Peak]
    twice: list[str]
    left_out: LeftOut = field(default_factory=LeftOut)


def select_peaks(
    gazetteer: Gazetteer,
    language: str = "en",
    lowest: int | None = None,
    around: tuple[Sequence[Point], float] | None = None,
) -> Selection:
    """Choose the summits that a person asks for.

    Ids are given before anything is left out: the same list gives a summit the same id, whatever is asked.

    Args:
        gazetteer: what a list holds.
        language: whose name is shown first, where the list has one.
        lowest: least height in metres; a summit without a height is then left out.
        around: positions of photos, and the metres from the nearest one; None takes summits everywhere.
    """
    entries = group_entries(gazetteer.summits)
    summits = [_merge(gazetteer.summits[row], [gazetteer.summits[other] for other in entries[row]])
               for row in sorted(entries)]
    twice = [_first_name(gazetteer.summits[row]) for others in entries.values() for row in others]
    left_out = LeftOut()
    near = np.ones(len(summits), dtype=np.bool_) if around is None else _near(summits, *around)
    peaks = []
    for summit, slug, is_near in zip(summits, make_ids(summits, language), near, strict=True):
        if not is_near:
            left_out.note("too far from every photo", _first_name(summit))
        elif lowest is not None and summit.elev_m is None:
            left_out.note("without a height", _first_name(summit))
        elif lowest is not None and (summit.elev_m or 0) < lowest:
            left_out.note("too low", _first_name(summit))
        else:
            names = _by_language(summit, language)
            flat = tuple(name for listed in names.values() for name in listed)
            peaks.append(Peak(slug, flat, summit.position, summit.elev_m, names_by_language=names))
    peaks.sort(key=lambda peak: (-(peak.elev_m or 0), peak.id))
    return Selection(peaks, twice, left_out)


def group_entries(summits: Sequence[Summit]) -> dict[int, list[int]]:
    """Return the row of each summit, with the rows of its second entries.

    The entry with a height and most names comes first.
    """
    def tells(row: int) -> tuple[bool, int]:
        return summits[row].elev_m is not None, sum(map(len, summits[row].names.values()))

    kept: dict[str, list[int]] = defaultdict(list)
    entries: dict[int, list[int]] = {}
    for row in sorted(range(len(summits)), key=tells, reverse=True):
        names = {fold_name(name) for listed in summits[row].names.values() for name in listed} - {""}
        here = summits[row].position
        namesakes = {other for name in names for other in kept[name]}
        first = min((other for other in namesakes if _is_same(here, summits[other].position)), default=row)
        if first != row:
            entries[first].append(row)
            continue
        entries[row] = []
        for name in names:
            kept[name].append(row)
    return entries


def _is_same(one: Point, other: Point) -> bool:
    return abs(one.lat - other.lat) < SAME_LATITUDE and measure_distance(one, other) < SAME_SUMMIT_M


def _merge(first: Summit, others: Sequence[Summit]) -> Summit:
    """The first entry with the names of the others behind its own."""
    if not others:
        return first
    known = (summit.names for summit in (first, *others))
    pairs = ((language, name) for names in known for language in names for name in names[language])
    return replace(first, names=tidy_names(pairs))


def _first_name(summit: Summit) -> str:
    return next(names[0] for names in summit.names.values())


def make_ids(summits: Sequence[Summit], language: str) -> list[str]:
    """Return an id for each summit: its name; where another one has it too with its place, number or row."""
    ids = [_slug(summit, language) for summit in summits]
    places, numbers = [_place(summit.position) for summit in summits], [summit.number for summit in summits]
    for suffixes in (places, numbers, range(1, len(summits) + 1)):
        counts = Counter(ids)
        pairs = zip(ids, suffixes, strict=True)
        ids = [f"{slug}-{suffix}" if counts[slug] > 1 else slug for slug, suffix in pairs]
    return ids


def _slug(summit: Summit, language: str) -> str:
    """The first name in Latin letters, else the first one transliterated; without letters, the number."""
    names = [name for listed in _by_language(summit, language).values() for name in listed]
    latin = next(filter(_is_latin, names), None)
    spelt = anyascii(names[0]).replace("'", "") if latin is None else anyascii(latin)
    return "-".join(fold_name(spelt).split())[: ID_LIMIT // 2].strip("-") or summit.number


def _is_latin(name: str) -> bool:
    letters = filter(str.isalpha, name)
    return name.isascii() or all(unicodedata.name(mark, "").startswith("LATIN") for mark in letters)


def _place(position: Point) -> str:
    """``46-59n-8-53e``: to a hundredth of a degree, about a kilometre."""
    north, east = "sn"[position.lat >= 0], "we"[position.lon >= 0]
    return f"{abs(position.lat):.2f}{north}-{abs(position.lon):.2f}{east}".replace(".", "-")


def _by_language(summit: Summit, language: str) -> NamesByLanguage:
    """The names, first those of a language, then those that have none."""
    first = [key for key in (language, UNDETERMINED) if key in summit.names]
    return {key: summit.names[key] for key in (*first, *sorted(summit.names.keys() - {*first}))}


def _near(summits: Sequence[Summit], photos: Sequence[Point], metres: float) -> Bools:
    """Which summits stand at most so far from a photo: distances are compared as chords of the sphere."""
    chord = 2 * np.sin(min(metres / EARTH_M / 2, np.pi / 2))
    tree = KDTree(_on_sphere([summit.position for summit in summits]))
    near = np.zeros(len(summits), dtype=np.bool_)
    for rows in tree.query_ball_point(np.unique(_on_sphere(photos).round(7), axis=0), chord):
        near[rows] = True
    return near


def _on_sphere(points: Sequence[Point]) -> Floats:
    """Points as unit vectors, ``(n, 3)``."""
    lat = np.radians([point.lat for point in points])
    lon = np.radians([point.lon for point in points])
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
