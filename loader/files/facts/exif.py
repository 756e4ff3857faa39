"""A photo's EXIF: place, direction and time, the camera, and words that a person wrote.

A value that cannot be true is left out, with a note where a person would miss it. The MakerNote is never
read. Meanings of the tags: CIPA DC-008 (Exif 3.0), sections 4.6.5 to 4.6.7.
"""
from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from loader.files.facts.exif_block import Tags
from loader.files.facts.metadata import (
    Judge,
    Metadata,
    camera_name,
    clean_keywords,
    first_description,
    focal_length,
    north_of,
    one_line,
)
from loader.files.facts.panorama import Panorama
from loader.files.facts.times import parse_moment, parse_offset
from loader.place import Point

STITCHED = 6  # of CustomRendered, as iOS writes it for its panoramas
_STITCHERS = re.compile(
    r"\b(?:hugin|ptgui|autopano|autostitch|image composite editor|panorama ?studio)\b", re.IGNORECASE
)


def read_exif(tags: Tags) -> Metadata:
    """Say what the tags mean. Never raises: a damaged part gives no values, and a note."""
    return _Reading(tags).metadata()


@dataclass
class _Reading:
    """What the tags of one photo mean."""

    tags: Tags
    judge: Judge = field(default_factory=Judge)

    def metadata(self) -> Metadata:
        local, offset = self.clock()
        camera = camera_name(self.tags.text("Image Make"), self.tags.text("Image Model"))
        found = Metadata(
            position=self.position(),
            altitude=self.judge.altitude(
                self.tags.number("GPS GPSAltitude"), self.tags.number("GPS GPSAltitudeRef")
            ),
            bearing=self.judge.bearing(self.tags.number("GPS GPSImgDirection")),
            bearing_reference=north_of(self.tags.text("GPS GPSImgDirectionRef")),
            focal_length_35mm=focal_length(self.tags.number("EXIF FocalLengthIn35mmFilm")),
            panorama=self.panorama(),
            shot_time_local=local,
            utc_offset=offset,
            gps_time=self.gps_time(),
            description=first_description(self.descriptions(), camera),
            keywords=clean_keywords(self.tags.utf16("Image XPKeywords").split(";")),
            camera=camera,
        )
        if self.tags.is_damaged:  # known only after all tags have been read
            read = "read in part" if self.tags.found else "not read"
            self.judge.notes.insert(0, f"its EXIF is damaged and was {read}")
        return replace(found, notes=tuple(self.judge.notes))

    def position(self) -> Point | None:
        if "GPS GPSLatitude" not in self.tags.found and "GPS GPSLongitude" not in self.tags.found:
            return None
        return self.judge.position(
            self.degrees("GPS GPSLatitude", "NS"), self.degrees("GPS GPSLongitude", "EW")
        )

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

    def panorama(self) -> Panorama | None:
        is_stitched = self.tags.number("EXIF CustomRendered") == STITCHED
        return Panorama() if is_stitched or _STITCHERS.search(self.tags.text("Image Software")) else None

    def clock(self) -> tuple[datetime | None, timedelta | None]:
        """The first of two times that is one, and the offset beside it: first that in its own words."""
        for kind in ("Original", "Digitized"):
            words = self.tags.text(f"EXIF DateTime{kind}")
            if not words.strip(" :0/-"):
                continue  # blanks or zeros: not known (Exif 4.6.5)
            moment, offset = parse_moment(words)
            if moment is None:
                self.judge.leave_out(f"time '{one_line(words, 30)}' is not a date")
                continue
            # The scan of an old print has two times, and an offset of the scanner's only.
            clocks = [(each, self.tags.text(f"EXIF DateTime{each}")) for each in ("Original", "Digitized")]
            clocks.append(("", self.tags.text("Image DateTime")))  # of the last change, which may be none
            same = (each for each, clock in clocks if parse_moment(clock)[0] == moment)
            written = (parse_offset(self.tags.text(f"EXIF OffsetTime{each}")) for each in same)
            return moment, next((each for each in (offset, *written) if each is not None), None)
        return None, None

    def gps_time(self) -> datetime | None:
        midnight = parse_moment(self.tags.text("GPS GPSDate") + " 00:00:00")[0]
        clock = self.tags.numbers("GPS GPSTimeStamp")
        if midnight is None or len(clock) != 3 or not all(part >= 0 for part in clock):
            return None
        since_midnight = timedelta(seconds=int(clock[0] * 3600 + clock[1] * 60 + clock[2]))
        return midnight.replace(tzinfo=timezone.utc) + since_midnight if since_midnight.days == 0 else None

    def descriptions(self) -> Iterator[str]:
        yield self.tags.text("Image ImageDescription")
        yield self.tags.comment("EXIF UserComment")
        yield self.tags.utf16("Image XPTitle")
        yield self.tags.utf16("Image XPComment")
