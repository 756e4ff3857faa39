"""The peaks in front of a camera, as text for a terminal and as JSON."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from loader.peaks.sight.camera import declination_of, place_in_picture
from loader.peaks.sight.geometry import FARTHEST_M, Camera, Sight
from loader.peaks.sight.photo import SightedPhoto
from loader.search.answer import ShotTime
from loader.show.tables import Column, format_table
from loader.show.values import format_metres, format_time
from loader.text import clean_text, format_direction

# Rows outside the frame, or of a photo without a known frame, unless all are asked for.
FEW = 5

NO_POSITION = "It has no GPS position, so no peak can be placed around it."
NO_BEARING = "It does not tell where the camera looked: these are the peaks around it, the nearest first."
NO_WIDTH = (
    "Its field of view is not known (no focal length, or a panorama): the peaks nearest to its direction "
    "come first."
)
NO_ALTITUDE = "It has no altitude: how high the peaks stand and what hides what is not known."
NO_PEAK = (
    f"No peak of the catalogue stands above the horizon within {FARTHEST_M / 1000:.0f} km: check the "
    "position, or use a catalogue of that region."
)


def show_sights(sighted: SightedPhoto, width: int | None = None, *, show_all: bool = False) -> str:
    """Return one photo's block: what it shows, its camera, its peaks.

    Args:
        sighted: the photo.
        width: see `format_table`.
        show_all: the peaks outside the frame too, and not only the first `FEW`.
    """
    lines = [f"{sighted.photo.path}: {headline(sighted)}"]
    if sighted.camera is not None:
        lines.append(f"  {describe_shot(sighted)}")
    lines += [f"  {sentence}" for sentence in describe_missing(sighted)]
    lines += [f"  Its EXIF: {note}." for note in sighted.photo.notes]
    block = "\n".join(map(clean_text, lines))
    in_frame = sum(bool(sight.in_frame) for sight in sighted.sights)
    rows = sighted.sights if show_all else sighted.sights[: in_frame + FEW]
    if rows:
        block += "\n" + format_table(_columns(rows), width)
    left_out = len(sighted.sights) - len(rows)
    return f"{block}\n{left_out} more around; --all shows them." if left_out else block


def headline(sighted: SightedPhoto) -> str:
    """Return what the photo shows by its sight lines, in a few words."""
    if sighted.camera is None:
        return "no position"
    if not sighted.sights:
        return "no peak near"
    if sighted.shown:
        return ", ".join(sight.peak.name for sight in sighted.shown)
    if any(sight.in_frame is not None for sight in sighted.sights):
        return "no peak of the catalogue in the frame"
    return "what is in the frame is not known"


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


def describe_missing(sighted: SightedPhoto) -> tuple[str, ...]:
    """Return sentences about what is not known of the camera, and the consequences."""
    camera = sighted.camera
    if camera is None:
        return (NO_POSITION,)
    if not sighted.sights:
        return (NO_PEAK,)
    missing = (
        (camera.bearing is None, NO_BEARING),
        (camera.bearing is not None and camera.field_of_view is None, NO_WIDTH),
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


def _columns(rows: Sequence[Sight]) -> list[Column]:
    return [
        Column("peak", [sight.peak.name for sight in rows]),
        Column("distance", [f"{sight.distance / 1000:.1f} km" for sight in rows], "right"),
        Column("bearing", [format_direction(sight.bearing) for sight in rows], "right"),
        Column("offset", [format_aside(sight.offset) for sight in rows], "right"),
        Column("above level", [_format_angle(sight.elevation) for sight in rows], "right"),
        Column("frame", [_frame(sight) for sight in rows]),
    ]


def format_aside(offset: float | None) -> str:
    """``-2.24`` gives ``2.2° left``; whole degrees from ten on; "" when it is not known."""
    if offset is None:
        return ""
    size = f"{abs(offset):.1f}" if abs(offset) < 9.95 else f"{abs(offset):.0f}"
    return "ahead" if size == "0.0" else f"{size}° {'right' if offset > 0 else 'left'}"


def _format_angle(angle: float | None) -> str:
    return "" if angle is None else f"{angle:.1f}°".replace("-", "−")


def _frame(sight: Sight) -> str:
    behind = f"behind {sight.hidden_by.name}" if sight.hidden_by else ""
    if sight.in_frame is None:
        return behind
    return (behind or "in frame") if sight.in_frame else "outside"


def describe_sights(sighted: SightedPhoto) -> dict[str, Any]:
    """Return one photo as a JSON object, all numbers in full."""
    fields, camera = sighted.photo.fields, sighted.camera
    width = None if camera is None else camera.field_of_view
    exif = ("bearing", "bearing_reference", "focal_length_35mm", "shot_time", "shot_time_local", "camera")
    return {
        "path": sighted.photo.path,
        "camera": None if camera is None else asdict(camera),
        "declination": declination_of(fields) if fields.get("bearing_reference") == "magnetic" else None,
        "exif": {name: fields.get(name) for name in exif},
        "notes": [*describe_missing(sighted), *sighted.photo.notes],
        "peaks": [
            {**describe_sight(sight), "is_shown": sight.is_shown, "prior": sight.prior,
             "place_in_picture": place_in_picture(sight.offset, width)}
            for sight in sighted.sights
        ],
    }


def describe_sight(sight: Sight) -> dict[str, Any]:
    """Return a summit before a camera as a JSON object, all numbers in full."""
    peak, place = sight.peak, sight.peak.position
    numbers = {name: value for name, value in vars(sight).items() if name not in ("peak", "hidden_by")}
    return {
        "peak": peak.id,
        "name": peak.name,
        "lat": None if place is None else place.lat,
        "lon": None if place is None else place.lon,
        **numbers,
        "hidden_by": sight.hidden_by.id if sight.hidden_by else None,
    }
