"""Catalogues and reference photos whose every fact a test knows."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, Base
from pyproj import Geod

from loader.peaks.catalogue import Peak
from loader.peaks.checks.references import ReferencePhoto
from loader.place import Point
from tests.files.picture_files import make_exif, write

# A summit, and a place twelve kilometres south of it from where it lies due north.
NORTH = Peak("north-peak", ("North Peak",), Point(28.0, 86.8), 7000)
CAMP = {"lat": 27.892, "lon": 86.8}
CAMP_ALTITUDE = 4000.0
LENS_MM = 50  # held level: 39.6° wide on a 3 : 2 picture


def place_peak(identifier: str, bearing: float, metres: float, elevation: int | None = 6500) -> Peak:
    """A peak in a direction and at a distance from the camp, named by its id."""
    lon, lat, _ = Geod(ellps="WGS84").fwd(CAMP["lon"], CAMP["lat"], bearing, metres)
    return Peak(identifier, (identifier.replace("-", " ").title(),), Point(lat, lon), elevation)


def photo_fields(
    bearing: float | None = 0.0, field_of_view: float | None = 40.0, **more: Any
) -> dict[str, Any]:
    """A document's fields of a photo taken at the camp; None leaves a field out."""
    fields = {
        "gps": CAMP,
        "altitude": CAMP_ALTITUDE,
        "bearing": bearing,
        "bearing_reference": "true",
        "field_of_view": field_of_view,
        "width": 300,
        "height": 200,
        "content_hash": "0",
        **more,
    }
    return {name: value for name, value in fields.items() if value is not None}


def make_photo(peak: str, name: str = "1.jpg", fields: Mapping[str, Any] | None = None) -> ReferencePhoto:
    """A reference photo without a file."""
    known = {"width": 300, "height": 200, "content_hash": name} if fields is None else fields
    return ReferencePhoto(peak, f"{peak}/{name}", Image.new("RGB", (8, 8)), known)


def write_photo(path: Path, bearing: float | None, colour: str = "navy") -> Path:
    """A file taken at the camp, looking in a direction (None: no EXIF at all)."""
    picture = Image.new("RGB", (300, 200), colour)
    if bearing is None:
        return write(path, picture)
    exif = make_exif(
        {Base.Make: "Peaks"},
        {Base.FocalLengthIn35mmFilm: LENS_MM},
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: (CAMP["lat"], 0.0, 0.0),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (CAMP["lon"], 0.0, 0.0),
            GPS.GPSAltitudeRef: b"\x00",
            GPS.GPSAltitude: CAMP_ALTITUDE,
            GPS.GPSImgDirectionRef: "T",
            GPS.GPSImgDirection: bearing,
        },
    )
    return write(path, picture, exif=exif)
