"""Times of photos: clocks without an offset, offsets from UTC, and zones."""
from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loader.errors import PeaksError

# UTC offsets in use (IANA tz database, 2025), minutes; the hours are added below.
_PART_HOURS = (-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765)
UTC_OFFSETS = tuple(sorted({hour * 60 for hour in range(-12, 15)} | set(_PART_HOURS)))
# A GPS fix may be minutes old when the shutter opens; India's and Nepal's clocks are 15 minutes apart.
FIX_AGE_MINUTES = 5
PHOTO_YEARS = range(1826, 2100)  # from Niépce's first photo; fixed, so that a load gives the same every year

_CLOCK = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_ZONE_WORD = re.compile(r"[A-Za-z][\w+/-]*")


def parse_clock(words: str) -> datetime | None:
    """Return EXIF's "2023:10:27 06:47:48" as a date without an offset.

    None when the date does not exist, and outside `PHOTO_YEARS`.
    """
    found = _CLOCK.match(words)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second) if year in PHOTO_YEARS else None
    except ValueError:
        return None


def parse_offset(written: str) -> timedelta | None:
    """Return "+05:45" as a timedelta; None unless it is between -14:00 and +14:00 (Exif: "±HH:MM")."""
    if written == "Z":
        return timedelta(0)
    found = _OFFSET.fullmatch(written)
    if found is None or int(found[3]) > 59:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
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
