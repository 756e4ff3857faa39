"""A photo's camera: its bearing from true north, its projection, and the document's fields of sight lines.

A compass points to magnetic north. The World Magnetic Model (NOAA/NCEI and the British Geological Survey,
issued every five years) says how far that lies from true north; the library `pygeomag` computes it.
Its declination errs by √(0.26² + (5417 nT / H)²) degrees, H the field's horizontal part (WMM2025 technical
report, section 3): 0.3° in Nepal, 0.4° in the Alps, a tenth of what a phone's compass errs by. Where H falls
below 2,000 nT, in the blackout zones around the magnetic poles, no compass can be relied on, and neither can
this.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from pygeomag import GeoMag, calculate_decimal_year

from loader.peaks.sight.geometry import Camera, Sight

# First year of each issue that the library carries; an issue holds for five years.
_ISSUES = {
    2010: "wmm/WMM_2010.COF",
    2015: "wmm/WMM_2015v2.COF",
    2020: "wmm/WMM_2020.COF",
    2025: "wmm/WMM_2025.COF",
}
_FIRST, _LAST = 2010.0, 2030.0

PANORAMA_DEG = 130.0  # no lens draws a plane picture so wide: of the widest, 10 mm, it is 122°


def read_camera(fields: Mapping[str, Any]) -> Camera | None:
    """Return a photo's camera, or None when it has no position (see `true_bearing` for the fields)."""
    position = fields.get("gps")
    if position is None:
        return None
    return Camera(
        lat=position["lat"],
        lon=position["lon"],
        altitude=fields.get("altitude"),
        bearing=true_bearing(fields),
        field_of_view=fields.get("field_of_view"),
    )


def true_bearing(fields: Mapping[str, Any]) -> float | None:
    """Return a photo's bearing from true north, degrees, 0 ≤ bearing < 360.

    A bearing whose north the camera did not name is taken as true: so says Exif 2.2, where GPSImgDirectionRef
    defaults to T. A magnetic one needs the photo's position.

    Args:
        fields: of the document: ``bearing``, ``bearing_reference``, ``gps``, ``altitude``, ``shot_time`` and
            ``shot_time_local``.
    """
    bearing = fields.get("bearing")
    if bearing is None:
        return None
    if fields.get("bearing_reference") != "magnetic":
        return _wrap(float(bearing))
    east = declination_of(fields)
    return None if east is None else _wrap(float(bearing) + east)


def _wrap(bearing: float) -> float:
    return round(bearing % 360, 3) % 360


def declination_of(fields: Mapping[str, Any]) -> float | None:
    """Return how far magnetic north lay east of true north where and when the photo was taken, in degrees.

    None without a position (see `true_bearing` for the fields).
    """
    position = fields.get("gps")
    if position is None:
        return None
    when = None
    with suppress(ValueError):  # declination asks for the day: the offset of the clock does not matter
        when = datetime.fromisoformat(str(fields.get("shot_time_local") or fields.get("shot_time"))[:19])
    return magnetic_declination(position["lat"], position["lon"], fields.get("altitude"), when)


def magnetic_declination(lat: float, lon: float, altitude: float | None, when: datetime | None) -> float:
    """Return how far magnetic north lies east of true north, in degrees (negative: west).

    Args:
        lat: degrees north.
        lon: degrees east.
        altitude: metres above the sea; the sea's level when None (a kilometre changes it by 0.001° to 0.02°).
        when: of the picture; without a date, and outside 2010 to 2030, the nearest moment that the models
            cover stands in, which errs by the field's drift: below 0.2° a year for nine places of ten.
    """
    year = _covered_year(when)
    issue = max(start for start in _ISSUES if start <= year)
    found = _model(_ISSUES[issue]).calculate(glat=lat, glon=lon, alt=(altitude or 0.0) / 1000, time=year)
    return float(found.d)


def _covered_year(when: datetime | None) -> float:
    if when is None:
        return _LAST - 5
    if not _FIRST <= when.year < _LAST:
        return min(max(float(when.year), _FIRST), _LAST)
    return float(calculate_decimal_year(when))


@lru_cache(maxsize=len(_ISSUES))
def _model(coefficients: str) -> GeoMag:
    return GeoMag(coefficients_file=coefficients)


def place_in_picture(offset: float | None, field_of_view: float | None) -> float | None:
    """Return where a direction falls in an upright picture: 0 is its left edge, 1 its right one.

    0.5 + tan(offset) / (2·tan(w/2)), a pinhole's central projection; 0.5 + offset/w for a panorama, which
    has as many degrees a pixel everywhere. Outside 0 to 1 it lies beside the frame.

    Args:
        offset: degrees right of the optical axis.
        field_of_view: horizontal, degrees, more than 0 and at most 360; from `PANORAMA_DEG` on a panorama's.

    Returns:
        None for what lies beside or behind a lens, 90° and more from the axis, or where one is not known.
    """
    if offset is None or field_of_view is None:
        return None
    if field_of_view >= PANORAMA_DEG:
        return 0.5 + offset / field_of_view
    if abs(offset) >= 90:
        return None
    return 0.5 + math.tan(math.radians(offset)) / (2 * math.tan(math.radians(field_of_view / 2)))


def sight_fields(fields: Mapping[str, Any], sights: Iterable[Sight]) -> dict[str, Any]:
    """Return the document's fields of the camera's true bearing and its sight lines.

    Args:
        fields: of the document.
        sights: as `geometry.look` gives them; those that are shown are kept, in their order. Without any the
            fields are empty, so that they replace what a document held.
    """
    bearing = true_bearing(fields)
    known: dict[str, Any] = {} if bearing is None else {"bearing_true": bearing}
    shown = [sight for sight in sights if sight.is_shown]
    return {
        **known,
        "peaks_in_frame": [asdict(sight.peak.position) for sight in shown if sight.peak.position],
        "peaks_in_frame_ids": [sight.peak.id for sight in shown],
        "peaks_in_sight": [_line(sight) for sight in shown],
    }


def _line(sight: Sight) -> dict[str, Any]:
    known = {
        "peak": sight.peak.id,
        "distance": round(sight.distance, 1),
        "bearing": round(sight.bearing, 2),
        "offset": None if sight.offset is None else round(sight.offset, 2),
        "elevation": None if sight.elevation is None else round(sight.elevation, 2),
        "probability": round(sight.frame_probability, 4),
    }
    return {name: value for name, value in known.items() if value is not None}
