"""Waypoints of a GPX file (topografix.com/GPX/1/1): a person's own list of summits."""
from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from loader.errors import PeaksError
from loader.peaks.catalogue import UNDETERMINED
from loader.peaks.gazetteers.summit import Gazetteer

# In the symbol or type of a waypoint that stands for a summit
_SUMMIT_WORDS = ("summit", "peak", "mountain", "volcano", "gipfel", "sommet", "cima", "cumbre")


def read_waypoints(content: bytes, source: str) -> Gazetteer:
    """Read the waypoints of a GPX file; of those with symbols only summits, where there are such.

    Entities, by which a small file can fill the memory, are refused.

    Raises:
        PeaksError: it is no GPX.
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
            found.passed_over["that no symbol calls a summit"] += 1
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
