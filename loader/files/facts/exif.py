"""A photo's EXIF: place, direction and time, the camera, and words that a person wrote.

A value that cannot be true is left out, with a note where a person would miss it. The MakerNote is never
read. Meanings of the tags: CIPA DC-008 (Exif 3.0), sections 4.6.5 to 4.6.7.
"""
from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone, tzinfo

from PIL import Image

from loader.files.facts.exif_block import Tags, read_tags
from loader.files.facts.times import offset_from_gps, parse_clock, parse_offset
from loader.place import Point

ALTITUDES_M = (-11_000.0, 100_000.0)
FOCAL_LENGTHS_MM = (1.0, 10_000.0)
DESCRIPTION_LIMIT, KEYWORD_LIMIT, KEYWORDS_LIMIT = 2000, 100, 100  # characters, characters, keywords

# The diagonal of a 36 × 24 mm frame, which the 35 mm equivalent is defined by (CIPA DCG-001).
FILM_DIAGONAL_MM = math.hypot(36, 24)
PANORAMA_RATIO = 2.2  # wider pictures are stitched or cropped: the lens no longer gives their field of view

# Cameras write these into ImageDescription for every picture.
_EMPTY_WORDS = re.compile(
    r"(?:olympus|konica minolta|minolta|samsung|sony|nikon|canon|kodak|fujifilm)"
    r" (?:digital camera|camera pictures|dsc)"
    r"|exif_jpeg_picture|dcim|default|untitled|charset=\"?ascii\"?.*|screenshot|-+|binary comment",
    re.IGNORECASE,
)
# Control characters, also the bidirectional ones (UAX #9) but for the marks that right-to-left scripts need.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]+")


@dataclass(frozen=True)
class Metadata:
    """The EXIF of one photo; None where a value is missing or cannot be true.

    Attributes:
        position: of the camera.
        altitude: metres above the sea, negative below it.
        bearing: of the optical axis, degrees clockwise from north, 0 ≤ bearing < 360.
        bearing_reference: the north of ``bearing``: "true", "magnetic", or None when the file does not say.
        focal_length_35mm: millimetres, by the diagonal of a 35 mm frame.
        shot_time_local: the clock on the wall, without an offset.
        utc_offset: of that clock, from OffsetTimeOriginal or from the difference to GPS time.
        gps_time: the instant of the GPS fix, in UTC.
        description: text that a person wrote, on one line.
        keywords: words that a person gave, in the file's order.
        camera: maker and model.
        notes: what was left out and why, as ends of the sentence "IMG_1.jpg: …".
    """

    position: Point | None = None
    altitude: float | None = None
    bearing: float | None = None
    bearing_reference: str | None = None
    focal_length_35mm: float | None = None
    shot_time_local: datetime | None = None
    utc_offset: timedelta | None = None
    gps_time: datetime | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    camera: str | None = None
    notes: tuple[str, ...] = ()

    def instant(self, zone: tzinfo | None = None) -> datetime | None:
        """Return when the photo was taken, with its offset, or None when no source gives the offset.

        Args:
            zone: time zone of the camera's clock, used when the file has no offset.
        """
        if self.shot_time_local is None:
            return self.gps_time
        if self.utc_offset is not None:
            return self.shot_time_local.replace(tzinfo=timezone(self.utc_offset))
        return None if zone is None else self.shot_time_local.replace(tzinfo=zone)


def read_metadata(image: Image.Image) -> Metadata:
    """Read the EXIF of an opened image; call it before the pixels are loaded (TIFF reads from its file).

    Never raises: a damaged part gives no values, and a note.
    """
    return _Reading(read_tags(image)).metadata()


def field_of_view(focal_length_35mm: float, width: int, height: int) -> float | None:
    """Return the horizontal angle of view of an upright picture, in degrees.

    2·atan(d/2f), where d is the width of a picture of this shape whose diagonal is that of the film (43.27
    mm), because the 35 mm equivalent is defined by the diagonal (CIPA DCG-001).

    Args:
        focal_length_35mm: millimetres, above 0.
        width: upright pixels.
        height: upright pixels.

    Returns:
        More than 0 and less than 180, or None for a panorama, which is wider than the lens's view.
    """
    if max(width, height) > PANORAMA_RATIO * min(width, height):
        return None
    across = FILM_DIAGONAL_MM * width / math.hypot(width, height)
    return math.degrees(2 * math.atan(across / (2 * focal_length_35mm)))


@dataclass
class _Reading:
    """What the tags of one photo mean."""

    tags: Tags
    notes: list[str] = field(default_factory=list)

    def metadata(self) -> Metadata:
        bearing, reference = self.bearing()
        local, gps_time = self.clock(), self.gps_time()
        offset = self.written_offset()
        found = Metadata(
            position=self.position(),
            altitude=self.altitude(),
            bearing=bearing,
            bearing_reference=reference,
            focal_length_35mm=self.focal_length(),
            shot_time_local=local,
            utc_offset=offset_from_gps(local, gps_time) if offset is None else offset,
            gps_time=gps_time,
            description=self.description(),
            keywords=self.keywords(),
            camera=self.camera(),
        )
        if self.tags.is_damaged:  # known only after all tags have been read
            read = "read in part" if self.tags.found else "not read"
            self.notes.insert(0, f"its EXIF is damaged and was {read}")
        return replace(found, notes=tuple(self.notes))

    def position(self) -> Point | None:
        if "GPS GPSLatitude" not in self.tags.found and "GPS GPSLongitude" not in self.tags.found:
            return None
        lat, lon = self.degrees("GPS GPSLatitude", "NS"), self.degrees("GPS GPSLongitude", "EW")
        if lat is None or lon is None:
            self.leave_out("its GPS position is incomplete or not a number")
            return None
        if abs(lat) > 90 or abs(lon) > 180:
            self.leave_out(f"its GPS position {lat:.7g}, {lon:.7g} is not on Earth")
            return None
        if lat == 0 and lon == 0:
            self.leave_out("its GPS position is 0, 0, which cameras write when they have no fix")
            return None
        return Point(round(lat, 7), round(lon, 7))

    def degrees(self, name: str, letters: str) -> float | None:
        """Return signed degrees from one to three numbers: degrees, minutes 0–60, seconds 0–60.

        Args:
            name: of the tag; the one with ``Ref`` behind it names the direction, for EXIF has no default.
            letters: the positive direction and the negative one, "NS" or "EW".
        """
        parts, letter = self.tags.numbers(name), self.tags.text(f"{name}Ref")[:1].upper()
        if not 1 <= len(parts) <= 3 or not letter or letter not in letters:
            return None
        if not all(0 <= part <= limit for part, limit in zip(parts, (math.inf, 60, 60), strict=False)):
            return None
        size = sum(part / scale for part, scale in zip(parts, (1, 60, 3600), strict=False))
        return size if letter == letters[0] else -size

    def altitude(self) -> float | None:
        value = self.tags.number("GPS GPSAltitude")
        if value is None:
            return None
        # 0 above the sea, 1 below; 2 and 3 the same over the ellipsoid (Exif 3.0)
        is_below = self.tags.number("GPS GPSAltitudeRef") in (1, 3)
        metres = -abs(value) if is_below else value
        if not ALTITUDES_M[0] <= metres <= ALTITUDES_M[1]:
            self.leave_out(f"its altitude of {metres:g} m is impossible")
            return None
        return round(metres, 2)

    def bearing(self) -> tuple[float | None, str | None]:
        value = self.tags.number("GPS GPSImgDirection")
        if value is None:
            return None, None
        if not 0 <= value <= 360:
            self.leave_out(f"its bearing of {value:g}° is impossible")
            return None, None
        letter = self.tags.text("GPS GPSImgDirectionRef")[:1].upper()
        return round(value % 360, 3) % 360, {"T": "true", "M": "magnetic"}.get(letter)

    def focal_length(self) -> float | None:
        value = self.tags.number("EXIF FocalLengthIn35mmFilm")
        # 0 means unknown (Exif 4.6.5)
        return value if value and FOCAL_LENGTHS_MM[0] <= value <= FOCAL_LENGTHS_MM[1] else None

    def clock(self) -> datetime | None:
        words = self.tags.text("EXIF DateTimeOriginal")
        if not words.strip(" :0/-"):
            return None  # blanks or zeros: not known (Exif 4.6.5)
        moment = parse_clock(words)
        if moment is None:
            self.leave_out(f"its time '{one_line(words, 30)}' is not a date")
        return moment

    def written_offset(self) -> timedelta | None:
        for name in ("EXIF OffsetTimeOriginal", "EXIF OffsetTimeDigitized"):
            offset = parse_offset(self.tags.text(name))
            if offset is not None:
                return offset
        return None

    def gps_time(self) -> datetime | None:
        midnight = parse_clock(self.tags.text("GPS GPSDate") + " 00:00:00")
        clock = self.tags.numbers("GPS GPSTimeStamp")
        if midnight is None or len(clock) != 3 or not all(part >= 0 for part in clock):
            return None
        since_midnight = timedelta(seconds=int(clock[0] * 3600 + clock[1] * 60 + clock[2]))
        return midnight.replace(tzinfo=timezone.utc) + since_midnight if since_midnight.days == 0 else None

    def description(self) -> str | None:
        tags = self.tags
        candidates = (
            tags.text("Image ImageDescription"),
            tags.comment("EXIF UserComment"),
            tags.utf16("Image XPTitle"),
            tags.utf16("Image XPComment"),
        )
        for candidate in candidates:
            line = one_line(candidate, DESCRIPTION_LIMIT)
            if line and not _EMPTY_WORDS.fullmatch(line):
                return line
        return None

    def keywords(self) -> tuple[str, ...]:
        words = (one_line(word, KEYWORD_LIMIT) for word in self.tags.utf16("Image XPKeywords").split(";"))
        return tuple(dict.fromkeys(word for word in words if word))[:KEYWORDS_LIMIT]

    def camera(self) -> str | None:
        make, model = (one_line(self.tags.text(f"Image {part}"), 100) for part in ("Make", "Model"))
        if model.casefold().startswith(make.casefold()):
            make = ""  # "Canon", "Canon EOS 5D"
        return f"{make} {model}".strip() or None

    def leave_out(self, why: str) -> None:
        self.notes.append(f"{why}; left out")


def one_line(words: str, limit: int) -> str:
    """Join words on one line of at most ``limit`` characters, without control characters."""
    return " ".join(_CONTROL.sub(" ", words).split())[:limit].strip()
