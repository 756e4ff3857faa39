"""Places, distances and moments as a person writes them for a filter."""
from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime

from loader.errors import PeaksError
from loader.place import Box, Point, parse_length

_NUMBER = r"\s*([+-]?\d+(?:\.\d+)?)\s*"
_POINT = re.compile(",".join([_NUMBER] * 2))
_BOX = re.compile(",".join([_NUMBER] * 4))
_MOMENT = re.compile(
    r"(?P<date>\d{4}(-\d{2}){0,2})"
    r"|(?P<time>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?) ?(?P<offset>Z|UTC|[+-](0\d|1[0-4]):[0-5]\d)?"
)


def parse_point(text: str) -> Point | None:
    """``LAT,LON`` as a point, whose limits the template's schema knows; None for no pair of numbers."""
    match = _POINT.fullmatch(text)
    return None if match is None else Point(*map(float, match.groups()))


def parse_distance(text: str) -> str:
    """A distance with its unit, as Elasticsearch writes it: ``5 KM`` gives ``5km``."""
    try:
        parse_length(text)
    except ValueError as error:
        raise PeaksError(f"--within {text!r} is no distance: write a number above 0 and its unit, such as "
                         "5km or 800m.") from error
    return "".join(text.split()).lower()


def parse_box(text: str) -> Box:
    """``TOP,LEFT,BOTTOM,RIGHT`` in degrees."""
    match = _BOX.fullmatch(text)
    if match is None:
        raise PeaksError(f"--box {text!r} is no box: write TOP,LEFT,BOTTOM,RIGHT in degrees, such as "
                         "28.1,86.6,27.7,87.0.")
    box = Box(*map(float, match.groups()))
    if box.top <= box.bottom:
        raise PeaksError(f"--box {text!r} has its top ({box.top:g}) at or below its bottom ({box.bottom:g}): "
                         "write TOP,LEFT,BOTTOM,RIGHT.")
    return box


def parse_altitudes(text: str) -> tuple[float, float]:
    """``LOWEST,BELOW`` in metres: the second is the first altitude that is too high."""
    match = _POINT.fullmatch(text)
    if match is None or float(match[1]) >= float(match[2]):
        raise PeaksError(f"altitude {text!r} is no range: write LOWEST,BELOW in metres, such as 4000,4500.")
    return float(match[1]), float(match[2])


def say_altitudes(text: str) -> str:
    """``4000,4500`` as ``4,000 to 4,500 m``; as it stands where it is no range."""
    try:
        lowest, below = parse_altitudes(text)
    except PeaksError:
        return text
    return f"{lowest:,g} to {below:,g} m"


def parse_moment(text: str, option: str, *, last: bool) -> str:
    """A date or time as an ISO 8601 moment.

    Args:
        text: a year, month, day or time, ``2023``, ``2023-10``, ``2023-10-05``, ``2023-10-05T06:30``, with
            or without an offset (``+05:45``, ``Z``, ``UTC``) after a time, as answers show it too.
        option: the option it was given to, for the error.
        last: a year, month, day or minute stands for its last second, otherwise for its first.

    Returns:
        ``YYYY-MM-DDThh:mm:ss``, with the offset when one was written.
    """
    no_date = PeaksError(f"{option} {text!r} is no date: write it as 2023-11-01, or as 2023, 2023-11, "
                         "2023-11-01T06:30 or 2023-11-01T06:30+05:45.")
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise no_date
    offset = (match["offset"] or "").replace("UTC", "Z")
    moment = (match["date"] or match["time"]).replace(" ", "T")
    try:
        moment += _rest_of(moment, last=last)
        datetime.fromisoformat(moment)
    except ValueError as error:
        raise no_date from error
    return moment + offset


def is_after(start: str, end: str) -> bool:
    """Whether a moment of `parse_moment` lies after another; a clock and an instant are not compared."""
    one, other = (datetime.fromisoformat(each.replace("Z", "+00:00")) for each in (start, end))
    return (one.tzinfo is None) == (other.tzinfo is None) and one > other


def _rest_of(moment: str, *, last: bool) -> str:
    """What a moment's first or last second adds to a year, month, day or minute."""
    if not last:
        return "0000-01-01T00:00:00"[len(moment):]
    month = moment if len(moment) > 4 else f"{moment}-12"
    days = monthrange(int(month[:4]), int(month[5:7]))[1]
    return f"0000-12-{days}T23:59:59"[len(moment):]
