"""Summits of OpenStreetMap, as GeoJSON or as Overpass answers (``[out:json]``).

Tags: wiki.openstreetmap.org/wiki/Tag:natural=peak, Key:name and Key:ele.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from loader.errors import PeaksError
from loader.peaks.catalogue import UNDETERMINED
from loader.peaks.catalogue_file import ID_LIMIT
from loader.peaks.gazetteers.summit import Gazetteer
from loader.text import shorten

ORIGIN = "OpenStreetMap (© OpenStreetMap contributors, ODbL)"
OTHER_ORIGIN = "a GeoJSON file"
# What OpenStreetMap's exports carry: in the document's head, as the ids and as the keys of its features
_MARKS = re.compile("openstreetmap|overpass|osm", re.IGNORECASE)
_OSM_ID = re.compile(r"(node|way|relation)/\d+")
_NO_KIND = "without natural=peak, which others have"
_OSM_KEYS = frozenset(("@id", "@type", "osm_id", "osm_type", "osm_way_id"))
SUMMITS = frozenset(("peak", "volcano"))

# The keys that hold names, the likeliest to be known first; "name:ne" is the Nepali one.
_NAME_KEYS = (
    *("int_name", "name", "official_name", "alt_name"),
    *("short_name", "loc_name", "nat_name", "old_name"),
)
_NAME_KEY = re.compile(rf"({'|'.join(_NAME_KEYS)})(?::([a-z]{{2,3}})(?:[-_][A-Za-z0-9_-]+)?)?")
_SEVERAL = re.compile(r";|\s/\s")

# What a thing on the map has: its tags, latitude, longitude, height and number.
Place = tuple[Mapping[str, Any], Any, Any, Any, str]


def read_openstreetmap(text: str, source: str) -> Gazetteer:
    """Read the summits of a JSON document.

    Args:
        text: GeoJSON or an Overpass answer.
        source: the file's name for errors.

    Raises:
        PeaksError: it is no such document.
    """
    document = _parse(text, source)
    places = list(_read_places(document, source))
    found = Gazetteer(ORIGIN if _is_openstreetmap(document) else OTHER_ORIGIN)
    is_tagged = any("natural" in tags for tags, *_ in places)
    for tags, latitude, longitude, height, number in places:
        names = _names(tags)
        if is_tagged and str(tags.get("natural")) not in SUMMITS:
            kind = f"of another kind (natural={tags['natural']})" if "natural" in tags else _NO_KIND
            found.passed_over.note(kind, names[0][1] if names else "")
        else:
            found.add(names, latitude, longitude, tags.get("ele", height), number)
    return found


def _is_openstreetmap(document: Any) -> bool:
    """Whether a document is OpenStreetMap's: an Overpass answer, or GeoJSON with its marks."""
    head = _mapping(document)
    if isinstance(head.get("elements"), list):
        return True
    if any(_MARKS.search(str(head.get(key, ""))) for key in ("generator", "copyright", "attribution")):
        return True
    features = [head] if head.get("type") == "Feature" else head.get("features")
    return any(_is_of_openstreetmap(_mapping(each)) for each in features or ())


def _is_of_openstreetmap(feature: Mapping[str, Any]) -> bool:
    properties = _mapping(feature.get("properties"))
    ids = (str(each.get("id", "")) for each in (feature, properties))
    return not _OSM_KEYS.isdisjoint(properties) or any(map(_OSM_ID.fullmatch, ids))


def _parse(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise PeaksError(f"{source} is nested too deeply to be GeoJSON.") from error
    except ValueError as error:
        raise PeaksError(f"{source} is no whole JSON document ({error}): fetch it again.") from error


def _read_places(document: Any, source: str) -> Iterator[Place]:
    elements = features = None
    if isinstance(document, Mapping):
        elements, features = document.get("elements"), document.get("features")
        if document.get("type") == "Feature":
            features = [document]
        remark = shorten(str(document.get("remark") or ""), 200)
        if remark and (not elements or "error" in remark):
            part = "only a part of Overpass's answer" if elements else "Overpass's refusal"
            raise PeaksError(f"{source} holds {part} ({remark}): ask for a smaller area.")
    if isinstance(elements, list):
        yield from (_element(each) for each in elements if isinstance(each, Mapping) and each.get("tags"))
    elif isinstance(features, list):
        yield from (_feature(each) for each in features if isinstance(each, Mapping))
    else:
        raise PeaksError(
            f"{source} is JSON, but neither GeoJSON (with 'features') nor an Overpass answer (with "
            "'elements'): docs/catalogue.md says how to get one."
        )


def _element(element: Mapping[str, Any]) -> Place:
    """An Overpass element; an area has its ``center`` where the query asked for it."""
    place = _mapping(element.get("center")) or element
    number = f"osm-{element.get('type', 'node')}-{element.get('id', 0)}"
    return _mapping(element["tags"]), place.get("lat"), place.get("lon"), None, _slug(number)


def _feature(feature: Mapping[str, Any]) -> Place:
    """A GeoJSON feature; only points have a position here."""
    properties, geometry = _mapping(feature.get("properties")), _mapping(feature.get("geometry"))
    tags = _mapping(properties.get("tags")) or properties
    number = feature.get("id") or properties.get("@id") or properties.get("id") or ""
    coordinates = geometry.get("coordinates")
    longitude, latitude, height = None, None, None
    if geometry.get("type") == "Point" and isinstance(coordinates, list) and len(coordinates) >= 2:
        longitude, latitude, *more = coordinates
        height = more[0] if more else None
    return tags, latitude, longitude, height, _slug(f"osm-{number}")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[: ID_LIMIT // 4].strip("-")


def _names(tags: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs of language and name: those with a language first, so that each name has one if anybody knew."""
    found = []
    for key, value in tags.items():
        match = _NAME_KEY.fullmatch(key)
        if match is not None and isinstance(value, str):
            rank = (match[2] is None, _NAME_KEYS.index(match[1]))
            found += [(rank, match[2] or UNDETERMINED, name) for name in _SEVERAL.split(value)]
    return [(language, name) for _, language, name in sorted(found, key=lambda each: each[0])]
