"""A photo's IPTC: the older record of press agencies, which programs still write (IPTC-IIM 4.2, record 2)."""
from __future__ import annotations

from contextlib import suppress
from typing import Any

from PIL import Image, IptcImagePlugin

from loader.files.facts.metadata import Metadata, clean_keywords, first_description
from loader.files.facts.times import first_moment

TITLE, KEYWORDS, DATE, TIME, DIGITAL_DATE, DIGITAL_TIME, HEADLINE, CAPTION = 5, 25, 55, 60, 62, 63, 105, 120
_UTF_8 = b"\x1b%G"  # of the record 1:90


def read_iptc(image: Image.Image) -> Metadata:
    """Read the IPTC of an opened JPEG or TIFF; other kinds hold none. Never raises."""
    found: dict[Any, Any] = {}
    with suppress(Exception):  # hostile bytes can raise any exception in a reader
        found = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]  # any image will do
    charset = found.get((1, 90))

    def texts(number: int) -> list[str]:
        held = found.get((2, number))
        return [_decode(each, charset == _UTF_8) for each in (held if isinstance(held, list) else [held])]

    dates = ((texts(date)[0], texts(time)[0]) for date, time in ((DATE, TIME), (DIGITAL_DATE, DIGITAL_TIME)))
    local, offset = first_moment(_as_stamp(date, time) for date, time in dates)
    words = (word for text in texts(KEYWORDS) for word in text.split(";"))
    return Metadata(
        shot_time_local=local,
        utc_offset=offset,
        description=first_description(texts(CAPTION) + texts(HEADLINE) + texts(TITLE)),
        keywords=clean_keywords(words),
    )


def _as_stamp(date: str, time: str) -> str:
    """Write "20231005" and "120000+0545" as "2023-10-05 12:00:00+0545"; a day without a time is no moment."""
    return f"{date[:4]}-{date[4:6]}-{date[6:8]} {time[:2]}:{time[2:4]}:{time[4:6]}{time[6:]}"


def _decode(value: bytes | None, is_utf_8: bool) -> str:
    if not value:
        return ""
    with suppress(UnicodeDecodeError):
        return value.decode("utf-8")
    return value.decode("utf-8" if is_utf_8 else "cp1252", "replace")
