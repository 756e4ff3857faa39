"""Between a photo's document and its camera: the bearing from true north, the fields of its sight lines."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from loader.peaks.sight.declination import magnetic_declination
from loader.peaks.sight.geometry import Camera, Sight

# What a document loses when its sight lines are made anew.
SIGHT_FIELDS = ("bearing_true", "peaks_in_frame", "peaks_in_frame_ids", "peaks_in_sight")


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


def declination_of(fields: Mapping[str, Any]) -> float | None:
    """Return how far magnetic north lay east of true north where and when the photo was taken, in degrees.

    None without a position (see `true_bearing` for the fields).
    """
    position = fields.get("gps")
    if position is None:
        return None
    return magnetic_declination(position["lat"], position["lon"], fields.get("altitude"), _taken(fields))


def _taken(fields: Mapping[str, Any]) -> datetime | None:
    """The day of the photo; declination does not ask for more, so the offset of its clock does not matter."""
    with suppress(ValueError):
        return datetime.fromisoformat(str(fields.get("shot_time_local") or fields.get("shot_time"))[:19])
    return None


def _wrap(bearing: float) -> float:
    return round(bearing % 360, 3) % 360


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


def sight_fields(fields: Mapping[str, Any], sights: Iterable[Sight]) -> dict[str, Any]:
    """Return the document's fields that tell where the camera looked and what it had before it.

    Args:
        fields: of the document.
        sights: as `geometry.look` gives them; those that are shown are kept, in their order.
    """
    bearing = true_bearing(fields)
    known: dict[str, Any] = {} if bearing is None else {"bearing_true": bearing}
    shown = [sight for sight in sights if sight.is_shown]
    return {**known, **_lines(shown)} if shown else known


def _lines(shown: Sequence[Sight]) -> dict[str, Any]:
    return {
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
