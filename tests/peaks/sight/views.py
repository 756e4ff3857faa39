"""Cameras, summits and photos that several tests look at."""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from PIL.ExifTags import GPS, Base

from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import parse_catalogue
from loader.peaks.sight.geometry import Camera, Summits
from loader.peaks.sight.photo import PhotoCamera
from loader.place import Point
from tests.conftest import repaired_catalogue
from tests.files.picture_files import make_exif, quadrants, write

EARTH_RADIUS_KM = 6371.0088

# A high valley: the camera looks east along it, at a near peak with a higher one behind it.
VALLEY = Camera(lat=46.0, lon=7.6, altitude=2000.0, bearing=90.0, field_of_view=60.0)
GPS_TAGS: dict[Any, Any] = {
    GPS.GPSLatitudeRef: "N",
    GPS.GPSLatitude: (46.0, 0.0, 0.0),
    GPS.GPSLongitudeRef: "E",
    GPS.GPSLongitude: (7.0, 36.0, 0.0),
    GPS.GPSAltitudeRef: b"\0",
    GPS.GPSAltitude: 2000.0,
}
BEARING_TAGS: dict[Any, Any] = {GPS.GPSImgDirection: 90.0, GPS.GPSImgDirectionRef: "T"}
EXIF_TAGS: dict[Any, Any] = {
    Base.FocalLengthIn35mmFilm: 28,
    Base.DateTimeOriginal: "2024:08:01 12:00:00",
    Base.OffsetTimeOriginal: "+02:00",
}


def at(
    bearing: float, kilometres: float, *, lat: float = VALLEY.lat, lon: float = VALLEY.lon
) -> tuple[float, float]:
    """Latitude and longitude of a point by its direction and distance, on a sphere."""
    angle, arc, here = math.radians(bearing), kilometres / EARTH_RADIUS_KM, math.radians(lat)
    there = math.asin(math.sin(here) * math.cos(arc) + math.cos(here) * math.sin(arc) * math.cos(angle))
    east = math.sin(angle) * math.sin(arc) * math.cos(here)
    turn = math.atan2(east, math.cos(arc) - math.sin(here) * math.sin(there))
    return math.degrees(there), (lon + math.degrees(turn) + 180) % 360 - 180


def great_circle(start: Point, end: Point) -> tuple[float, float]:
    """Kilometres and initial bearing between two points by the haversine on a sphere."""
    one, other = math.radians(start.lat), math.radians(end.lat)
    turn = math.radians(end.lon - start.lon)
    chord = math.sin((other - one) / 2) ** 2 + math.cos(one) * math.cos(other) * math.sin(turn / 2) ** 2
    north = math.cos(one) * math.sin(other) - math.sin(one) * math.cos(other) * math.cos(turn)
    bearing = math.degrees(math.atan2(math.sin(turn) * math.cos(other), north)) % 360
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(chord)), bearing


def summits_of(peaks: Mapping[str, tuple[float, float, int | None]]) -> Summits:
    """Peaks around `VALLEY`: name to bearing, kilometres, elevation; the id is the name in a slug."""
    return Summits.gather(
        Peak(name.lower().replace(" ", "-"), (name,), Point(*at(bearing, kilometres)), elevation)
        for name, (bearing, kilometres, elevation) in peaks.items()
    )


def valley_summits() -> Summits:
    """Seven peaks: four in the frame of `VALLEY`, one of them hidden, and three around it."""
    return summits_of(
        {
            "Near Tooth": (92.0, 4.0, 3400),
            "Great Dome": (93.0, 15.0, 4100),
            "Left Horn": (68.0, 9.0, 3600),
            "Right Edge": (118.0, 21.5, 3900),
            "South Wall": (180.0, 6.0, 3700),
            "West Spire": (271.0, 12.0, 3300),
            "North Cone": (3.0, 31.0, 4300),
        }
    )


def trek_summits(shared: Path) -> Summits:
    """The catalogue of the real trek."""
    return Summits.gather(parse_catalogue(repaired_catalogue(shared), "peaks.yaml", Peak))


def photo_of(fields: Mapping[str, Any], path: str = "IMG_1.jpg") -> PhotoCamera:
    """A photo whose EXIF gave these fields."""
    return PhotoCamera(path, fields, (), 4000, 3000)


def valley_fields(**changes: Any) -> dict[str, Any]:
    """The fields of a photo from `VALLEY`; a change to None takes a field away."""
    fields: dict[str, Any] = {
        "gps": {"lat": VALLEY.lat, "lon": VALLEY.lon},
        "altitude": VALLEY.altitude,
        "bearing": VALLEY.bearing,
        "bearing_reference": "true",
        "field_of_view": VALLEY.field_of_view,
        "shot_time": "2024-08-01T12:00:00+02:00",
        "shot_time_local": "2024-08-01T12:00:00",
        "shot_time_offset": "+02:00",
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def write_photo_file(
    path: Path,
    gps: Mapping[Any, Any] | None = None,
    exif: Mapping[Any, Any] | None = None,
    main: Mapping[Any, Any] | None = None,
) -> Path:
    """A small photo from `VALLEY`, looking east with a 28 mm lens, unless other tags are given."""
    block = make_exif(
        main, EXIF_TAGS if exif is None else exif, {**GPS_TAGS, **BEARING_TAGS} if gps is None else gps
    )
    return write(path, quadrants(), exif=block)


def write_catalogue(path: Path, peaks: Iterable[Peak]) -> Path:
    """Peaks as a YAML file."""
    documents = [
        {key: value for key, value in peak.document().items() if key in Peak.keys} for peak in peaks
    ]
    path.write_text(yaml.safe_dump(documents, allow_unicode=True), encoding="utf-8")
    return path
