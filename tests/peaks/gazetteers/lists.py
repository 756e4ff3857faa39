"""Lists of summits, written as their publishers write them."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EVEREST = {
    "natural": "peak", "name": "सगरमाथा", "name:en": "Mount Everest", "name:ne": "सगरमाथा",
    "name:zh-Hant": "珠穆朗瑪峰", "name:etymology": "George Everest", "alt_name": "Chomolungma;Qomolangma",
    "alt_name:en": "Everest", "ele": "8848,86",
}


def feature(tags: dict[str, Any], longitude: float, latitude: float, number: int = 1) -> dict[str, Any]:
    """A point of GeoJSON."""
    geometry = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "id": f"node/{number}", "properties": tags, "geometry": geometry}


def write_geojson(path: Path, *features: dict[str, Any]) -> Path:
    """A collection of features."""
    document = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def write_overpass(path: Path, *elements: dict[str, Any], **more: Any) -> Path:
    """An answer of the Overpass API."""
    document = {"version": 0.6, "generator": "Overpass API", "elements": elements, **more}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def geonames_line(
    number: int, name: str, code: str = "MT", *, alternates: str = "", lat: str = "27.9", lon: str = "86.9",
    elevation: str = "", terrain: str = "-9999", kind: str = "T",
) -> str:
    """A line of a country file."""
    columns = [str(number), name, name, alternates, lat, lon, kind, code, "NP", "", "", "", "", "", "0"]
    return "\t".join([*columns, elevation, terrain, "Asia/Kathmandu", "2024-01-01"]) + "\n"


def gpx(*points: str, version: str = "1/1") -> str:
    """A GPX document around waypoints."""
    space = f"http://www.topografix.com/GPX/{version}"
    return f'<?xml version="1.0"?>\n<gpx xmlns="{space}" version="1.1">{"".join(points)}</gpx>\n'


def waypoint(name: str, inside: str = "", *, lat: str = "27.9", lon: str = "86.9") -> str:
    """A waypoint; ``inside`` holds its other elements."""
    return f'<wpt lat="{lat}" lon="{lon}"><name>{name}</name>{inside}</wpt>'
