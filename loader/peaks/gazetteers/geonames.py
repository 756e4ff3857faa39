"""A country's file of GeoNames: 19 columns between tabs (download.geonames.org/export/dump/readme.txt)."""
from __future__ import annotations

from collections.abc import Iterable

from loader.peaks.catalogue import UNDETERMINED
from loader.peaks.gazetteers.summit import Gazetteer

ORIGIN = "GeoNames (geonames.org, CC BY 4.0)"
COLUMNS = 19
# Feature codes of class T: peak, mountain, volcano, nunatak. Ranges (MTS), ridges and passes are others.
SUMMITS = frozenset(("PK", "MT", "VLC", "NTK"))
NO_HEIGHT = ("", "-9999", "0")
_NAME, _ALTERNATES, _LAT, _LON, _CLASS, _CODE, _ELEVATION, _TERRAIN = 1, 3, 4, 5, 6, 7, 15, 16


def is_geonames(line: str) -> bool:
    """Whether a line has a country file's columns."""
    columns = line.rstrip("\r\n").split("\t")
    return len(columns) == COLUMNS and columns[0].isdecimal() and len(columns[_CLASS]) < 2


def read_geonames(lines: Iterable[str]) -> Gazetteer:
    """Read the summits of a country file.

    Its alternate names come without their languages. Where no elevation is given, the terrain model's is
    taken: the mean of a cell of 90 m (SRTM) or 900 m, so somewhat below the top.
    """
    found = Gazetteer(ORIGIN)
    for line in lines:
        if "\tT\t" not in line:  # most lines are no landforms; to split them all takes three times as long
            continue
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) != COLUMNS:
            found.passed_over["in lines without 19 columns"] += 1
        elif columns[_CLASS] != "T":
            continue
        elif columns[_CODE] not in SUMMITS:
            found.passed_over[f"of other landforms ({columns[_CODE] or 'no code'})"] += 1
        else:
            _add(found, columns)
    return found


def _add(found: Gazetteer, columns: list[str]) -> None:
    names = (columns[_NAME], *columns[_ALTERNATES].split(","))
    height = columns[_ELEVATION]
    if height in NO_HEIGHT and columns[_TERRAIN] not in NO_HEIGHT:
        height = columns[_TERRAIN]
        found.estimates += 1
    height = "" if height in NO_HEIGHT else height
    pairs = [(UNDETERMINED, name) for name in names]
    found.add(pairs, columns[_LAT], columns[_LON], height, f"geonames-{columns[0]}")
