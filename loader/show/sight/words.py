"""What a photo shows by its sight lines, and what its camera says, in words."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loader.peaks.sight.camera import declination_of
from loader.peaks.sight.geometry import FARTHEST_M, Camera, Sight
from loader.peaks.sight.photo import SightedPhoto
from loader.search.answer import ShotTime
from loader.show.values import format_metres, format_time
from loader.text import format_direction

LIKELY = 0.5  # probability to be in the frame
NO_POSITION = (
    "It has no GPS position, so no peak can be placed around it: give it one in its EXIF or in a sidecar "
    "beside it (`exiftool -geotag trek.gpx` does)."
)
NO_BEARING = "It does not tell where the camera looked: these are the peaks around it{order}."
NO_WIDTH = "Its field of view is not known (no focal length, or a panorama){order}."
NO_ALTITUDE = "It has no altitude: how high the peaks stand and what hides what is not known."
NO_PEAK = (
    f"No peak of the catalogue stands above the horizon within {FARTHEST_M / 1000:.0f} km: check the "
    "position, or use a catalogue of that region."
)


def headline(sighted: SightedPhoto) -> str:
    """Return what the photo shows by its sight lines, in a few words."""
    if sighted.camera is None:
        return "no position"
    if not sighted.sights:
        return "no peak near"
    if sighted.shown:
        return ", ".join(f"{say_doubt(sight)}{sight.peak.name}" for sight in sighted.shown)
    if any(sight.in_frame is not None for sight in sighted.sights):
        return "no peak of the catalogue in the frame"
    return "no direction" if sighted.camera.bearing is None else "no field of view"


def say_doubt(sight: Sight) -> str:
    """Return "perhaps " for a summit in the frame that the compass's error may well have put there."""
    return "perhaps " if sight.frame_probability < LIKELY else ""


def describe_shot(sighted: SightedPhoto) -> str:
    """Return where the camera stood, where it looked and when, as far as the file says."""
    if sighted.camera is None:
        return NO_POSITION
    fields = sighted.photo.fields
    time = ShotTime(*(fields.get(f"shot_time{part}") for part in ("", "_local", "_offset")))
    where = describe_camera(sighted.camera, f" from true north{_describe_north(fields)}")
    return "; ".join(filter(None, [where, format_time(time)]))


def describe_camera(camera: Camera, north: str = "") -> str:
    """Return where a camera stood and looked; ``north`` is said of the direction."""
    parts = [f"from {camera.lat:.4f}, {camera.lon:.4f}", format_metres(camera.altitude)]
    if camera.bearing is not None:
        parts.append(f"looking {format_direction(camera.bearing)}{north}")
    if camera.field_of_view is not None:
        parts.append(f"{camera.field_of_view:.0f}° wide")
    return ", ".join(filter(None, parts))


def describe_missing(sighted: SightedPhoto, *, is_list: bool = True) -> tuple[str, ...]:
    """Return sentences about what is not known of the camera, and the consequences.

    Args:
        sighted: the photo.
        is_list: whether the peaks stand in an order, which a compass has not.
    """
    camera = sighted.camera
    if camera is None:
        return (NO_POSITION,)
    if not sighted.sights:
        return (NO_PEAK,)
    nearest = ", the nearest first" if is_list else ""
    ahead = ": the peaks nearest to its direction come first" if is_list else ""
    missing = (
        (camera.bearing is None, NO_BEARING.format(order=nearest)),
        (camera.bearing is not None and camera.field_of_view is None, NO_WIDTH.format(order=ahead)),
        (camera.altitude is None, NO_ALTITUDE),
    )
    return tuple(sentence for is_missing, sentence in missing if is_missing)


def _describe_north(fields: Mapping[str, Any]) -> str:
    reference, declination = fields.get("bearing_reference"), declination_of(fields)
    if reference is None:
        return " (the camera does not say)"
    if reference != "magnetic" or declination is None:
        return ""
    side = "east" if declination >= 0 else "west"
    return f" ({fields['bearing']:.0f}° magnetic, declination {abs(declination):.1f}° {side})"
