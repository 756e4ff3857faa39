"""Times of photos: clocks without an offset, offsets from UTC, and zones, also that of a place."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from itertools import product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loader.errors import PeaksError
from loader.place import Point

if TYPE_CHECKING:
    from timezonefinder import TimezoneFinder

# UTC offsets in use (IANA tz database, 2025), minutes; the hours are added below.
_PART_HOURS = (-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765)
UTC_OFFSETS = tuple(sorted({hour * 60 for hour in range(-12, 15)} | set(_PART_HOURS)))
# A GPS fix may be minutes old when the shutter opens; India's and Nepal's clocks are 15 minutes apart.
FIX_AGE_MINUTES = 5
PHOTO_YEARS = range(1826, 2100)  # from Niépce's first photo; fixed, so that a load gives the same every year

# A zone this near to a place may be the one that people there live by: a border runs over a summit.
BORDER_DEG = 0.05

_CLOCK = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d*)?)?")
_OFFSET = re.compile(r"([+-])(\d\d)(?::?(\d\d))?")
_ZONE_WORD = re.compile(r"[A-Za-z][\w+/-]*")


def parse_moment(words: str) -> tuple[datetime | None, timedelta | None]:
    """Return "2023:10:27 06:47:48" of EXIF or "2023-10-27T06:47:48.5+05:45" of XMP as a clock and its offset.

    The clock is None when the date does not exist, and outside `PHOTO_YEARS`; the offset when there is none.
    """
    found = _CLOCK.match(words)
    if found is None:
        return None, None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        clock = datetime(year, month, day, hour, minute, second) if year in PHOTO_YEARS else None
    except ValueError:
        return None, None
    return clock, parse_offset(words[found.end() :].strip())


def first_moment(written: Iterable[str]) -> tuple[datetime | None, timedelta | None]:
    """Return the first of some texts that `parse_moment` can read."""
    return next((moment for moment in map(parse_moment, written) if moment[0]), (None, None))


def parse_offset(written: str) -> timedelta | None:
    """Return "+05:45", "+0545", "+05" or "Z" as a timedelta; None unless it is between -14:00 and +14:00."""
    if written.upper() in ("Z", "UTC", "GMT"):
        return timedelta(0)
    found = _OFFSET.fullmatch(written)
    if found is None or int(found[3] or 0) > 59:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return None if offset > timedelta(hours=14) else -offset if found[1] == "-" else offset


def offset_from_gps(local: datetime | None, gps_time: datetime | None) -> timedelta | None:
    """Return the UTC offset that explains a local clock beside GPS time, or None when none in use does.

    The fix may be older than the picture: the difference must be within 5 minutes of an offset in use.
    """
    if local is None or gps_time is None:
        return None
    minutes = (local - gps_time.replace(tzinfo=None)).total_seconds() / 60
    nearest = min(UTC_OFFSETS, key=lambda offset: abs(minutes - offset))
    return timedelta(minutes=nearest) if abs(minutes - nearest) <= FIX_AGE_MINUTES else None


@cache
def _finder() -> TimezoneFinder:
    # 0.15 s (with its version for Python 3.10 2 s) and 30 MB, once a process that meets such a photo
    from timezonefinder import TimezoneFinder

    return TimezoneFinder()


def place_zone(place: Point | None) -> tzinfo | None:
    """Return the time zone of a place on land (timezonefinder); None at sea, where no law sets the clock."""
    name = _finder().timezone_at_land(lng=place.lon, lat=place.lat) if place else None
    try:
        return ZoneInfo(name) if name else None
    except ZoneInfoNotFoundError:  # the system's tables are older than the map
        return None


def clock_zone(local: datetime, gps_time: datetime | None, place: Point | None) -> tzinfo | None:
    """Return the zone of a clock without an offset, as far as GPS tells; None when it does not.

    The zone of the place counts more than the offset that GPS time explains, unless that offset is in use
    around the place: a fix that is 12 minutes old makes +06:00 of Nepal's +05:45.
    """
    guessed, zone = offset_from_gps(local, gps_time), place_zone(place)
    if guessed is not None and (zone is None or place is None or guessed in _offsets_around(place, local)):
        return timezone(guessed)
    return zone


def _offsets_around(place: Point, local: datetime) -> Iterator[timedelta | None]:
    """Yield the offsets in use at a place and around it, its own first."""
    steps = (0.0, -BORDER_DEG, BORDER_DEG)
    for north, east in product(steps, steps):
        lat, lon = min(max(place.lat + north, -90.0), 90.0), (place.lon + east + 180) % 360 - 180
        if zone := place_zone(Point(lat, lon)):
            yield from (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))


def whole_minutes(moment: datetime) -> timezone:
    """Return a moment's offset to the minute; that of 1900 was the sun's, +05:41:16 in Nepal."""
    offset = moment.utcoffset() or timedelta(0)
    return timezone(timedelta(minutes=round(offset.total_seconds() / 60)))


def format_offset(offset: timedelta) -> str:
    """Return a UTC offset as "+05:45"."""
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def parse_zone(written: str) -> tzinfo:
    """Return the time zone that a person names: "Asia/Kathmandu" or "+05:45".

    Raises:
        PeaksError: no such zone.
    """
    offset = parse_offset(written)
    if offset is not None:
        return timezone(offset)
    try:
        if _ZONE_WORD.fullmatch(written):
            return ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise PeaksError(f"There is no time zone '{written}': give a name such as Asia/Kathmandu, or an offset "
                     "such as +05:45.")
