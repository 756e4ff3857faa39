"""Which kind of list a file is, told by its content."""
from __future__ import annotations

from pathlib import Path

from loader.errors import PeaksError
from loader.peaks.gazetteers.geonames import is_geonames, read_geonames
from loader.peaks.gazetteers.openstreetmap import read_openstreetmap
from loader.peaks.gazetteers.summit import Gazetteer
from loader.peaks.gazetteers.waypoints import read_waypoints
from loader.yaml_file import read_text

KINDS = "GeoJSON or an Overpass answer of OpenStreetMap, a country file of GeoNames, or GPX"
_PACKED = {b"PK\x03\x04": "ZIP", b"\x1f\x8b": "gzip", b"BZh": "bzip2"}
_HEAD = 65_536  # bytes


def read_gazetteer(path: Path) -> Gazetteer:
    """Read a list of summits.

    Raises:
        PeaksError: it is of no kind that is known, or damaged.
    """
    head = _read_head(path)
    for mark, kind in _PACKED.items():
        if head.startswith(mark):
            raise PeaksError(f"{path} is packed ({kind}): unpack it, and give the file that is in it.")
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if begin[:1] in (b"{", b"["):
        return read_openstreetmap(read_text(path), str(path))
    if begin[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise PeaksError(f"{path} is a web page, perhaps a server's refusal: fetch the list again.")
    if begin[:1] == b"<" or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return read_waypoints(path.read_bytes(), str(path))
    if is_geonames(head.decode("utf-8-sig", "replace").partition("\n")[0]):
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
            return read_geonames(lines)
    except UnicodeDecodeError as error:
        raise PeaksError(f"{path} is not UTF-8, as GeoNames writes: fetch it again.") from error
