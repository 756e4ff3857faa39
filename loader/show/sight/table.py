"""The peaks in front of a camera, as text for a terminal and as JSON."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from loader.peaks.sight.camera import declination_of, place_in_picture
from loader.peaks.sight.geometry import Sight
from loader.peaks.sight.photo import SightedPhoto
from loader.show.sight.words import describe_missing, describe_shot, headline, say_doubt
from loader.show.tables import Column, fold_line, format_table
from loader.show.values import format_aside
from loader.text import clean_text, format_direction

# Rows outside the frame, or of a photo without a known frame, unless all are asked for.
FEW = 5


def show_sights(
    sighted: SightedPhoto, width: int | None = None, *, show_all: bool = False, is_one_of_many: bool = False
) -> str:
    """Return one photo's block: what it shows, its camera, its peaks.

    Args:
        sighted: the photo.
        width: see `format_table`.
        show_all: the peaks outside the frame too, and not only the first `FEW`.
        is_one_of_many: one line is enough where nothing can be in the frame and nothing is to be noted.
    """
    frames = [sight.in_frame for sight in sighted.sights]
    if is_one_of_many and not (show_all or sighted.photo.notes) and all(each is False for each in frames):
        return clean_text(f"{sighted.photo.path}: {headline(sighted)}")
    in_frame = sum(map(bool, frames))
    rows = sighted.sights if show_all else sighted.sights[: in_frame + FEW]
    lines = [fold_line(line, width) for line in _heading(sighted)]
    if rows:
        lines.append(format_table(_columns(rows), width))
    if left_out := len(sighted.sights) - len(rows):
        lines.append(fold_line(f"{left_out} more around; --all shows them.", width))
    return "\n".join(lines)


def _heading(sighted: SightedPhoto) -> Iterator[str]:
    yield f"{sighted.photo.path}: {headline(sighted)}"
    if sighted.camera is not None:
        yield f"  {describe_shot(sighted)}"
    yield from (f"  {sentence}" for sentence in describe_missing(sighted))
    yield from (f"  {note[0].upper()}{note[1:]}." for note in sighted.photo.notes)


def _columns(rows: Sequence[Sight]) -> list[Column]:
    return [
        Column("peak", [sight.peak.name for sight in rows]),
        Column("distance", [f"{sight.distance / 1000:.1f} km" for sight in rows], "right"),
        Column("bearing", [format_direction(sight.bearing) for sight in rows], "right"),
        Column("offset", [format_aside(sight.offset) for sight in rows], "right"),
        Column("above level", [_format_angle(sight.elevation) for sight in rows], "right"),
        Column("frame", [_frame(sight) for sight in rows]),
    ]


def _format_angle(angle: float | None) -> str:
    return "" if angle is None else f"{angle:.1f}°".replace("-", "−")


def _frame(sight: Sight) -> str:
    behind = f"behind {sight.hidden_by.name}" if sight.hidden_by else ""
    if sight.in_frame is None:
        return behind
    return (behind or f"{say_doubt(sight)}in frame") if sight.in_frame else "outside"


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
