"""A photo's sidecars: XMP of other programs, and the JSON of Google Takeout."""
from __future__ import annotations

import json
import math
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from loader.files.content import MAX_PACKET, UnreadableImage, read_bytes
from loader.files.facts.metadata import Judge, Metadata, first_description, join
from loader.files.facts.times import PHOTO_YEARS
from loader.files.facts.xmp import SIDECAR, parse_xmp
from loader.text import clean_text


def read_sidecars(paths: Iterable[Path]) -> Metadata:
    """Read sidecars, the most trusted first. Never raises: one that cannot be read gives a note."""
    return join({path.name: _read(path) for path in paths})


def _read(path: Path) -> Metadata:
    name = clean_text(path.name)
    try:
        data = read_bytes(path, MAX_PACKET)
    except UnreadableImage as unreadable:
        return Metadata(notes=(f"its sidecar {name} was not read: {unreadable.reason}",))
    if path.suffix.lower() == ".xmp":
        return parse_xmp([data], name)
    try:
        return read_takeout(json.loads(data))
    except (ValueError, RecursionError):
        return Metadata(notes=(f"its sidecar {name} is damaged and was not read",))


def read_takeout(written: Any) -> Metadata:
    """Say what the JSON of Google Takeout means; other JSON says nothing.

    Takeout writes the place 0, 0, 0 where it knows none, and the instant of the picture but not its clock.
    """
    if not isinstance(written, dict):
        return Metadata()
    judge = Judge(SIDECAR)
    places = (written.get(name) for name in ("geoData", "geoDataExif"))
    lat, lon, metres = next((place for place in map(_place, places) if place), (None, None, None))
    described = written.get("description")
    return Metadata(
        position=None if lat is None else judge.position(lat, lon),
        altitude=judge.altitude(metres or None),
        taken=_instant(written.get("photoTakenTime")),
        description=first_description([described]) if isinstance(described, str) else None,
        notes=tuple(judge.notes),
    )


def _place(written: Any) -> tuple[float, float, float | None] | None:
    if not isinstance(written, dict):
        return None
    lat, lon, metres = (_number(written.get(name)) for name in ("latitude", "longitude", "altitude"))
    return None if lat is None or lon is None or lat == lon == 0 else (lat, lon, metres)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e9 and math.isfinite(value) else None


def _instant(written: Any) -> datetime | None:
    """The instant of ``{"timestamp": "1696486500"}``, seconds since 1970."""
    if not isinstance(written, dict):
        return None
    with suppress(ValueError, TypeError, OverflowError):
        seconds = int(written.get("timestamp", ""))
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
        return moment if seconds and moment.year in PHOTO_YEARS else None
    return None
