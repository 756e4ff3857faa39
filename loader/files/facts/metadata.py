"""The facts of a photo: what a source may say of it, which values can be true, and how sources are joined."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from loader.files.facts.boilerplate import is_boilerplate
from loader.files.facts.panorama import Panorama
from loader.files.facts.times import clock_zone, place_zone, whole_minutes
from loader.place import Point

ALTITUDES_M = (-11_000.0, 100_000.0)
FOCAL_LENGTHS_MM = (1.0, 10_000.0)
DESCRIPTION_LIMIT, KEYWORD_LIMIT, KEYWORDS_LIMIT = 2000, 100, 100  # characters, characters, keywords
SAME_HEADING_DEG = 0.5

# Control characters, also the bidirectional ones (UAX #9) but for the marks that right-to-left scripts need.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]+")


@dataclass(frozen=True)
class Metadata:
    """What one source, or all of them, say of a photo; None where a value is missing or cannot be true.

    Attributes:
        position: of the camera.
        position_source: that the position comes from: "exif", "xmp", "iptc" or "sidecar".
        altitude: metres above the sea, negative below it.
        bearing: of the optical axis, degrees clockwise from north, 0 ≤ bearing < 360.
        bearing_reference: the north of ``bearing``: "true", "magnetic", or None when the file does not say.
        focal_length_35mm: millimetres, by the diagonal of a 35 mm frame.
        panorama: of a stitched picture.
        shot_time_local: the clock on the wall, without an offset.
        utc_offset: of that clock, as it is written.
        gps_time: the instant of the GPS fix, in UTC.
        taken: the instant of the picture, in UTC, from a source that knows no clock on the wall.
        time_source: that the time comes from.
        description: text that a person wrote, on one line.
        keywords: words that a person gave, in the source's order.
        camera: maker and model.
        notes: what was left out and why, as ends of the sentence "IMG_1.jpg: …".
    """

    position: Point | None = None
    position_source: str | None = None
    altitude: float | None = None
    bearing: float | None = None
    bearing_reference: str | None = None
    focal_length_35mm: float | None = None
    panorama: Panorama | None = None
    shot_time_local: datetime | None = None
    utc_offset: timedelta | None = None
    gps_time: datetime | None = None
    taken: datetime | None = None
    time_source: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    camera: str | None = None
    notes: tuple[str, ...] = ()

    def times(self, zone: tzinfo | None = None) -> tuple[datetime | None, datetime | None]:
        """Return the time on the photo's own clock, and the instant with its offset.

        An offset that is written counts first, then the given zone, then GPS time and the zone of the place
        (`clock_zone`). Where only the instant is known, the zone gives the clock.

        Args:
            zone: time zone of the camera's clock, used when the sources have no offset.
        """
        local, offset = self.shot_time_local, self.utc_offset
        if local is None:
            moment = self.gps_time or self.taken
            zone = zone or (place_zone(self.position) if moment else None)
            if moment is None or zone is None:
                return None, moment
            local = moment.astimezone(zone).replace(tzinfo=None)
            return local, moment.astimezone(whole_minutes(moment.astimezone(zone)))
        if offset is not None:
            return local, local.replace(tzinfo=timezone(offset))
        zone = zone or clock_zone(local, self.gps_time, self.position)
        return local, local.replace(tzinfo=whole_minutes(local.replace(tzinfo=zone))) if zone else None


def join(sources: Mapping[str, Metadata]) -> Metadata:
    """Return what several sources say together; where they disagree, the first one's value.

    Args:
        sources: by their names, the most trusted first.
    """

    def first(name: str) -> Any:
        values = (getattr(each, name) for each in sources.values())
        return next((value for value in values if value not in (None, ())), None)

    def source_of(*names: str) -> str | None:
        return next((key for name in names for key, each in sources.items() if getattr(each, name)), None)

    found = {each.name: first(each.name) for each in fields(Metadata)}
    aimed = [each.bearing_reference for each in sources.values() if each.bearing is not None]
    stitched = [each.panorama for each in sources.values() if each.panorama]
    clocks = [each for each in sources.values() if each.shot_time_local == found["shot_time_local"]]
    offsets = [each.utc_offset for each in clocks if each.shot_time_local and each.utc_offset is not None]
    found |= {
        "position_source": source_of("position"),
        "bearing_reference": next(iter(aimed), None),
        "panorama": next((each for each in stitched if each.projection), found["panorama"]),
        "utc_offset": next(iter(offsets), None),
        "time_source": source_of("shot_time_local", "gps_time", "taken"),
        "keywords": found["keywords"] or (),
        "notes": tuple(note for each in sources.values() for note in each.notes),
    }
    return _face_as_stitched(Metadata(**found))


def _face_as_stitched(metadata: Metadata) -> Metadata:
    """Take the heading of a panorama's centre; the camera's own direction may be that of its first picture.

    Some programs write 0 when they know no heading, so 0 counts only where there is no bearing.
    """
    heading = metadata.panorama.heading if metadata.panorama else None
    if heading is None or (metadata.bearing is not None and not heading):
        return metadata
    beside = None if metadata.bearing is None else abs((heading - metadata.bearing + 180) % 360 - 180)
    if beside is not None and beside < SAME_HEADING_DEG:
        return metadata
    return replace(metadata, bearing=heading, bearing_reference=None)


@dataclass
class Judge:
    """Tells which of a source's values can be true, and notes those that cannot.

    Attributes:
        name: of the source in notes: "its {name}GPS position …".
        notes: of what was left out.
    """

    name: str = ""
    notes: list[str] = field(default_factory=list)

    def position(self, lat: float | None, lon: float | None) -> Point | None:
        """Return a place on Earth; degrees, None for one that is not a number."""
        if lat is None or lon is None:
            self.leave_out("GPS position is incomplete or not a number")
        elif abs(lat) > 90 or abs(lon) > 180:
            self.leave_out(f"GPS position {lat:.7g}, {lon:.7g} is not on Earth")
        elif lat == 0 and lon == 0:
            self.leave_out("GPS position is 0, 0, which cameras write when they have no fix")
        else:
            return Point(round(lat, 7), round(lon, 7))
        return None

    def altitude(self, metres: float | None, reference: float | None = None) -> float | None:
        """Return metres above the sea to the centimetre.

        Args:
            metres: as they are written; None is not known.
            reference: EXIF's: 0 above the sea, 1 below; 2 and 3 the same over the ellipsoid (Exif 3.0).
        """
        if metres is None:
            return None
        metres = -abs(metres) if reference in (1, 3) else metres
        if not ALTITUDES_M[0] <= metres <= ALTITUDES_M[1]:
            self.leave_out(f"altitude of {metres:g} m is impossible")
            return None
        return round(metres, 2) + 0.0  # no -0.0, which Elasticsearch has below 0

    def bearing(self, degrees: float | None) -> float | None:
        """Return a bearing as 0 ≤ bearing < 360; None is not known."""
        if degrees is None:
            return None
        if not 0 <= degrees <= 360:
            self.leave_out(f"bearing of {degrees:g}° is impossible")
            return None
        return round(degrees % 360, 3) % 360

    def leave_out(self, why: str) -> None:
        """Note that a value was left out, and why."""
        self.notes.append(f"its {self.name}{why}; left out")


def north_of(letter: str) -> str | None:
    """Return the north that a reference's letter names: "true" for T, "magnetic" for M."""
    return {"T": "true", "M": "magnetic"}.get(letter[:1].upper())


def focal_length(millimetres: float | None) -> float | None:
    """Return a focal length that can be true; 0 means unknown (Exif 4.6.5)."""
    is_possible = millimetres and FOCAL_LENGTHS_MM[0] <= millimetres <= FOCAL_LENGTHS_MM[1]
    return millimetres if is_possible else None


def camera_name(make: str, model: str) -> str | None:
    """Return maker and model, the maker not twice: "Canon EOS 5D"."""
    make, model = one_line(make, 100), one_line(model, 100)
    if model.casefold().startswith(make.casefold()):
        make = ""
    return f"{make} {model}".strip() or None


def first_description(candidates: Iterable[str], camera: str | None = None) -> str | None:
    """Return the first text that a person may have written, on one line.

    Args:
        candidates: in the order of preference.
        camera: maker and model, whose repetition is no description.
    """
    lines = (one_line(candidate, DESCRIPTION_LIMIT) for candidate in candidates)
    return next((line for line in lines if line and not is_boilerplate(line, camera or "")), None)


def clean_keywords(words: Iterable[str]) -> tuple[str, ...]:
    """Return every keyword once, on one line."""
    lines = (one_line(word, KEYWORD_LIMIT) for word in words)
    return tuple(dict.fromkeys(line for line in lines if line))[:KEYWORDS_LIMIT]


def one_line(words: str, limit: int) -> str:
    """Join words on one line of at most ``limit`` characters, without control characters."""
    return " ".join(_CONTROL.sub(" ", words).split())[:limit].strip()
