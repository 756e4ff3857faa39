"""Lists of summits, of a kind that their content tells: OpenStreetMap's, GeoNames' and a person's GPX."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from loader.errors import PeaksError
from loader.peaks.catalogue import UNDETERMINED
from loader.peaks.gazetteers.openstreetmap import read_openstreetmap
from loader.peaks.gazetteers.summit import Gazetteer
from loader.yaml_file import read_text

KINDS = "GeoJSON or an Overpass answer of OpenStreetMap, a country file of GeoNames, or GPX"
_PACKED = {b"PK\x03\x04": "ZIP", b"\x1f\x8b": "gzip", b"BZh": "bzip2"}
_HEAD = 65_536  # bytes

# download.geonames.org/export/dump/readme.txt
_GEONAMES = "GeoNames (geonames.org, CC BY 4.0)"
_COLUMNS = 19
# Feature codes of class T: peak, mountain, volcano, nunatak. Ranges (MTS), ridges and passes are others.
_SUMMITS = frozenset(("PK", "MT", "VLC", "NTK"))
_NO_HEIGHT = ("", "-9999", "0")
_NAME, _ALTERNATES, _LAT, _LON, _CLASS, _CODE, _ELEVATION, _TERRAIN = 1, 3, 4, 5, 6, 7, 15, 16

# In the symbol or type of a waypoint that stands for a summit
_SUMMIT_WORDS = ("summit", "peak", "mountain", "volcano", "gipfel", "sommet", "cima", "cumbre")


def read_gazetteer(path: Path) -> Gazetteer:
    """Read a list of summits.

    Raises:
        PeaksError: it is of no kind that is known, or damaged.
    """
    head = _read_head(path)
    for mark, kind in _PACKED.items():
        if head.startswith(mark):
            raise PeaksError(f"{path} is packed ({kind}): unpack it, and give the file that is in it.")
    is_wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")  # UTF-16, as PowerShell's > writes
    text = head[:2 * (len(head) // 2)].decode("utf-16", "replace").encode() if is_wide else head
    begin = text.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if begin[:1] in (b"{", b"["):
        whole = path.read_text(encoding="utf-16", errors="replace") if is_wide else read_text(path)
        return read_openstreetmap(whole, str(path))
    if begin[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise PeaksError(f"{path} is a web page, perhaps a server's refusal: fetch the list again.")
    if begin[:1] == b"<":
        return _read_waypoints(path.read_bytes(), str(path))
    if _is_geonames(text.decode("utf-8-sig", "replace").partition("\n")[0]):
        return _read_lines(path)
    raise PeaksError(f"{path} is no list of summits that can be read: give {KINDS}.")


def _read_head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise PeaksError(f"{path} cannot be read ({error.strerror}).") from error


def _read_lines(path: Path) -> Gazetteer:
    """Read a country file line by line: the largest has 2.2 million."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as lines:
            return _read_geonames(lines)
    except UnicodeDecodeError as error:
        raise PeaksError(f"{path} is not UTF-8, as GeoNames writes: fetch it again.") from error


def _is_geonames(line: str) -> bool:
    """Whether a line has a country file's columns."""
    columns = line.rstrip("\r\n").split("\t")
    return len(columns) == _COLUMNS and columns[0].isdecimal() and len(columns[_CLASS]) < 2


def _read_geonames(lines: Iterable[str]) -> Gazetteer:
    """Read a country's file of GeoNames, whose alternate names come without their languages.

    Where no elevation is given, the terrain model's is taken: the mean of a cell of 90 m (SRTM) or 900 m, so
    somewhat below the top.
    """
    found = Gazetteer(_GEONAMES)
    for line in lines:
        if "\tT\t" not in line:  # most lines are no landforms; to split them all takes three times as long
            continue
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) != _COLUMNS:
            found.passed_over.note("in lines without 19 columns")
        elif columns[_CLASS] != "T":
            continue
        elif columns[_CODE] not in _SUMMITS:
            found.passed_over.note(f"of other landforms ({columns[_CODE] or 'no code'})", columns[_NAME])
        else:
            _add_landform(found, columns)
    return found


def _add_landform(found: Gazetteer, columns: list[str]) -> None:
    names = (columns[_NAME], *columns[_ALTERNATES].split(","))
    height = columns[_ELEVATION]
    if height in _NO_HEIGHT and columns[_TERRAIN] not in _NO_HEIGHT:
        height = columns[_TERRAIN]
        found.estimates += 1
    height = "" if height in _NO_HEIGHT else height
    pairs = [(UNDETERMINED, name) for name in names]
    found.add(pairs, columns[_LAT], columns[_LON], height, f"geonames-{columns[0]}")


def _read_waypoints(content: bytes, source: str) -> Gazetteer:
    """Read the waypoints of a GPX file (topografix.com/GPX/1/1); only summits, where symbols call some so.

    Entities, by which a small file can fill the memory, are refused.
    """
    try:
        root = fromstring(content)
    except DefusedXmlException as error:
        raise PeaksError(f"{source} defines entities, which no GPX file needs: it is not read.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise PeaksError(f"{source} is no whole XML document ({error}): export it again.") from error
    if _tag(root) != "gpx":
        raise PeaksError(
            f"{source} is XML of another kind ({_tag(root)}): give GPX; for OpenStreetMap GeoJSON, or an "
            "Overpass answer with [out:json]."
        )
    points = [_fields(point) for point in root if _tag(point) == "wpt"]
    symbols = any(map(_is_summit, points))
    found = Gazetteer("waypoints of a GPX file")
    for number, point in enumerate(points, 1):
        if symbols and not _is_summit(point):
            found.passed_over.note("that no symbol calls a summit", point.get("name") or "")
        else:
            names = [(UNDETERMINED, point.get("name") or "")]
            found.add(names, point["lat"], point["lon"], point.get("ele"), f"waypoint-{number}")
    return found


def _tag(element: Element) -> str:
    """The tag without its namespace, which differs between GPX 1.0 and 1.1."""
    return str(element.tag).rpartition("}")[2]


def _fields(point: Element) -> dict[str, Any]:
    texts = {_tag(child): (child.text or "").strip() for child in point}
    return {**texts, "lat": point.get("lat"), "lon": point.get("lon")}


def _is_summit(point: dict[str, Any]) -> bool:
    said = f"{point.get('sym', '')} {point.get('type', '')}".lower()
    return any(word in said for word in _SUMMIT_WORDS)
