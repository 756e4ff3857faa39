"""EXIF whose values lie or are nonsense: what is true of it is kept, the rest left out."""
from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from PIL.ExifTags import GPS, Base

from scripts.hostile_photos.case import BLUE, GREEN, RED, YELLOW, Case, Loaded, of_bytes
from scripts.hostile_photos.exif_blocks import (
    Directory,
    Entry,
    doubles,
    exif_block,
    floats,
    longs,
    octets,
    rationals,
    shorts,
    signed_rationals,
    undefined,
    words,
)
from scripts.hostile_photos.pictures import encode, quadrants
from scripts.hostile_photos.tiff_cases import tiff_of

MAIN: Directory = {Base.Make: words("Apple"), Base.Model: words("iPhone 15"), Base.Orientation: shorts(1)}
TAKEN: Directory = {
    Base.DateTimeOriginal: words("2023:10:29 08:18:06"),
    Base.OffsetTimeOriginal: words("+05:45"),
}
NAMCHE: Directory = {
    GPS.GPSLatitudeRef: words("N"),
    GPS.GPSLatitude: rationals((27, 1), (48, 1), (2033, 100)),
    GPS.GPSLongitudeRef: words("E"),
    GPS.GPSLongitude: rationals((86, 1), (42, 1), (4308, 100)),
    GPS.GPSAltitudeRef: octets(b"\0"),
    GPS.GPSAltitude: rationals((349805, 100)),
    GPS.GPSImgDirectionRef: words("T"),
    GPS.GPSImgDirection: rationals((24664, 100)),
}

CAMERA = {"camera": "Apple iPhone 15"}
WHEN = {
    "shot_time": "2023-10-29T08:18:06+05:45",
    "shot_time_local": "2023-10-29T08:18:06",
    "shot_time_offset": "+05:45",
    "time_source": "exif",
}
WHERE = {"gps": {"lat": 27.8056472, "lon": 86.7119667}, "position_source": "exif"}
HEIGHT = {"altitude": 3498.05}
DIRECTION = {"bearing": 246.64, "bearing_reference": "true"}
ALL = {**CAMERA, **WHEN, **WHERE, **HEIGHT, **DIRECTION}
WITHOUT_GPS = {**CAMERA, **WHEN}
NOWHERE = {**CAMERA, **WHEN, **HEIGHT, **DIRECTION}

NO_NUMBER = "its GPS position is incomplete or not a number; left out"
READ_IN_PART = "its EXIF is damaged and was read in part"
NIL = rationals((0, 1), (0, 1), (0, 1))


def exif_cases() -> Iterator[Case]:
    """Yield every case of this module."""
    for cases in (_positions, _heights_and_directions, _times, _texts, _orientations):
        yield from cases()


def changed(directory: Directory, changes: Mapping[int, Entry | None]) -> Directory:
    """Return the directory with some tags exchanged, added or, for None, taken out."""
    merged = {**directory, **changes}
    return {tag: entry for tag, entry in merged.items() if entry is not None}


def photo(
    name: str,
    about: str,
    fields: Mapping[str, Any],
    *notes: str,
    main: Mapping[int, Entry | None] | None = None,
    exif: Mapping[int, Entry | None] | None = None,
    gps: Mapping[int, Entry | None] | None = None,
) -> Case:
    """A JPEG whose EXIF is healthy but for the changes."""

    def make() -> bytes:
        block = exif_block(
            changed(MAIN, main or {}), changed(TAKEN, exif or {}), changed(NAMCHE, gps or {})
        )
        return jpeg_with(block)

    return of_bytes(f"exif/{name}.jpg", about, Loaded(fields=fields, notes=notes), make)


def jpeg_with(block: bytes, *further: bytes) -> bytes:
    """A JPEG with the blocks in as many segments, whatever they hold."""
    data = encode(quadrants(), quality=95, subsampling=0)
    blocks = b"".join(
        b"\xff\xe1" + struct.pack(">H", len(each) + 8) + b"Exif\0\0" + each for each in (block, *further)
    )
    return data[:2] + blocks + data[2:]


def _position(
    name: str, about: str, note: str | None, place: tuple[float, float] | None = None, **changes: Entry | None
) -> Case:
    tags = {getattr(GPS, f"GPS{tag}"): entry for tag, entry in changes.items()}
    where = {} if place is None else {**WHERE, "gps": {"lat": place[0], "lon": place[1]}}
    return photo(f"position-{name}", about, {**NOWHERE, **where}, *([note] if note else []), gps=tags)


def _positions() -> Iterator[Case]:
    yield photo("healthy", "nothing is wrong: the control", ALL)
    zero = rationals((27, 0), (48, 1), (2033, 100))
    yield _position("zero-denominator", "degrees over zero", NO_NUMBER, Latitude=zero)
    yield _position("all-zero-over-zero", "0/0 six times", NO_NUMBER, Latitude=rationals(*[(0, 0)] * 3),
                    Longitude=rationals(*[(0, 0)] * 3))
    yield _position("nan", "a float that is not a number", NO_NUMBER, Latitude=floats(float("nan"), 0, 0))
    yield _position("infinite", "a double without end", NO_NUMBER, Longitude=doubles(float("inf"), 0, 0))
    yield _position("null-island", "0° 0°, as cameras write without a fix",
                    "its GPS position is 0, 0, which cameras write when they have no fix; left out",
                    Latitude=NIL, Longitude=NIL)
    yield _position("equator", "0° north, which is a place", None, (0.0, 86.7119667), Latitude=NIL)
    yield _position("north-of-the-pole", "91° north",
                    "its GPS position 91, 86.71197 is not on Earth; left out",
                    Latitude=rationals((91, 1), (0, 1), (0, 1)))
    yield _position("pole", "90° north, which is a place", None, (90.0, 86.7119667),
                    Latitude=rationals((90, 1), (0, 1), (0, 1)))
    yield _position("beyond-the-date-line", "one second over 180° east",
                    "its GPS position 27.80565, 180.0003 is not on Earth; left out",
                    Longitude=rationals((180, 1), (0, 1), (1, 1)))
    yield _position("four-billion-degrees", "4294967295/1 degrees",
                    "its GPS position 4.294967e+09, 86.71197 is not on Earth; left out",
                    Latitude=rationals((2**32 - 1, 1), (0, 1), (0, 1)))
    yield from _broken_positions()


def _broken_positions() -> Iterator[Case]:
    yield _position("no-north", "the latitude's reference is missing", NO_NUMBER, LatitudeRef=None)
    yield _position("no-east", "the longitude's reference is missing", NO_NUMBER, LongitudeRef=None)
    yield _position("half", "the longitude is missing", NO_NUMBER, Longitude=None, LongitudeRef=None)
    yield _position("reference-x", "a reference that is no direction", NO_NUMBER, LatitudeRef=words("X"))
    yield _position("reference-number", "a reference that is a number", NO_NUMBER, LatitudeRef=shorts(78))
    yield _position("lower-case", "s for S", None, (-27.8056472, 86.7119667), LatitudeRef=words("s"))
    yield _position("text", "a latitude in words", NO_NUMBER, Latitude=words("27,48,20"))
    yield _position("bytes", "a latitude of bytes", NO_NUMBER, Latitude=undefined(b"\x1b\x30\x14"))
    yield _position("one-rational", "decimal degrees in one rational", None, (27.8056472, 86.7119667),
                    Latitude=rationals((278056472, 10**7)))
    yield _position("four-rationals", "four rationals for three", NO_NUMBER,
                    Latitude=rationals((27, 1), (48, 1), (20, 1), (1, 1)))
    yield _position("empty", "no values at all", NO_NUMBER, Latitude=rationals())
    yield _position("signed", "negative degrees beside a reference", NO_NUMBER,
                    Latitude=signed_rationals((-27, 1), (48, 1), (20, 1)))
    yield _position("seventy-minutes", "70 minutes", NO_NUMBER,
                    Latitude=rationals((27, 1), (70, 1), (0, 1)))
    yield photo("position-beyond-the-end", "the latitude lies beyond the block's end", NOWHERE,
                READ_IN_PART, NO_NUMBER, gps={GPS.GPSLatitude: Entry(5, 3, b"", offset=60_000)})


def _heights_and_directions() -> Iterator[Case]:
    flat, lost = {**WITHOUT_GPS, **WHERE, **DIRECTION}, {**WITHOUT_GPS, **WHERE, **HEIGHT}
    yield photo("altitude-below-the-sea", "reference 1", {**flat, "altitude": -430.5},
                gps={GPS.GPSAltitudeRef: octets(b"\1"), GPS.GPSAltitude: rationals((4305, 10))})
    yield photo("altitude-reference-255", "a reference that is none", ALL,
                gps={GPS.GPSAltitudeRef: octets(b"\xff")})
    yield photo("altitude-reference-short", "a reference of two bytes", {**flat, "altitude": -430.5},
                gps={GPS.GPSAltitudeRef: shorts(1), GPS.GPSAltitude: rationals((4305, 10))})
    yield photo("altitude-in-space", "4,294,967 m", flat,
                "its altitude of 4.29497e+06 m is impossible; left out",
                gps={GPS.GPSAltitude: rationals((2**32 - 1, 1000))})
    yield photo("altitude-0-over-0", "0/0", flat, gps={GPS.GPSAltitude: rationals((0, 0))})
    yield photo("altitude-nan", "not a number", flat, gps={GPS.GPSAltitude: doubles(float("nan"))})
    yield photo("bearing-361", "361°", lost, "its bearing of 361° is impossible; left out",
                gps={GPS.GPSImgDirection: rationals((361, 1))})
    yield photo("bearing-negative", "−1°", lost, "its bearing of -1° is impossible; left out",
                gps={GPS.GPSImgDirection: signed_rationals((-1, 1))})
    yield photo("bearing-nan", "not a number", lost, gps={GPS.GPSImgDirection: floats(float("nan"))})
    yield photo("bearing-text", "in words", lost, gps={GPS.GPSImgDirection: words("north")})
    yield photo("bearing-360", "360°, which is 0°", {**lost, "bearing": 0.0, "bearing_reference": "true"},
                gps={GPS.GPSImgDirection: rationals((360, 1))})
    yield photo("bearing-without-a-north", "no reference", {**lost, "bearing": 246.64},
                gps={GPS.GPSImgDirectionRef: None})
    yield photo("focal-length-0", "0, which means unknown", ALL, exif={Base.FocalLengthIn35mmFilm: shorts(0)})
    yield photo("focal-length-65535", "65 m", ALL, exif={Base.FocalLengthIn35mmFilm: shorts(65_535)})


def _times() -> Iterator[Case]:
    timeless = {**CAMERA, **WHERE, **HEIGHT, **DIRECTION}
    for name, written in (("zeros", "0000:00:00 00:00:00"), ("blanks", "    :  :     :  :  "), ("empty", "")):
        yield photo(f"time-{name}", f"'{written}', which means unknown", timeless,
                    exif={Base.DateTimeOriginal: words(written)})
    for name, written in (
        ("february-30", "2023:02:30 10:00:00"),
        ("month-13", "2023:13:01 10:00:00"),
        ("hour-24", "2023:10:29 24:18:06"),
        ("second-60", "2023:10:29 23:59:60"),
        ("words", "last summer"),
        ("year-0001", "0001:01:01 00:00:00"),
        ("year-9999", "9999:12:31 23:59:59"),
    ):
        yield photo(f"time-{name}", f"'{written}'", timeless, f"its time '{written}' is not a date; left out",
                    exif={Base.DateTimeOriginal: words(written)})
    yield photo("time-number", "a number for a time", timeless, exif={Base.DateTimeOriginal: longs(20231029)})
    for name, written in (
        ("99-hours", "+99:99"), ("15-hours", "+15:00"), ("unsigned", "05:45"), ("blanks", "   :  "),
        ("empty", ""), ("words", "Nepal"),
    ):
        yield photo(f"offset-{name}", f"'{written}' for a UTC offset", ALL,
                    exif={Base.OffsetTimeOriginal: words(written)})
    yield photo("offset-missing", "no offset anywhere, but a place in Nepal", ALL,
                exif={Base.OffsetTimeOriginal: None})
    yield from _gps_times()


def _gps_times() -> Iterator[Case]:
    for name, about, date, clock in (
        ("february-30", "a GPS date of no calendar", "2023:02:30", ((2, 1), (33, 1), (4, 1))),
        ("hour-25", "25 hours of GPS time", "2023:10:29", ((25, 1), (33, 1), (4, 1))),
        ("0-over-0", "GPS time over zero", "2023:10:29", ((2, 0), (33, 0), (4, 0))),
        ("stale", "a GPS fix of the week before", "2023:10:20", ((2, 1), (33, 1), (4, 1))),
        ("year-0001", "GPS time of the year 1", "0001:01:01", ((2, 1), (33, 1), (4, 1))),
    ):
        yield photo(f"gps-time-{name}", about, ALL, exif={Base.OffsetTimeOriginal: None},
                    gps={GPS.GPSDateStamp: words(date), GPS.GPSTimeStamp: rationals(*clock)})
    yield photo("gps-time-tells-the-offset", "no offset, but GPS time", ALL,
                exif={Base.OffsetTimeOriginal: None},
                gps={GPS.GPSDateStamp: words("2023:10:29"),
                     GPS.GPSTimeStamp: rationals((2, 1), (33, 1), (4, 1))})


def _texts() -> Iterator[Case]:
    def described(name: str, about: str, data: bytes, description: str | None) -> Case:
        more = {} if description is None else {"description": description}
        return photo(f"description-{name}", about, {**ALL, **more}, main={Base.ImageDescription: words(data)})

    yield described("huge", "60,000 letters", b"a" * 60_000, "a" * 2000)
    text = {**MAIN, Base.ImageDescription: words(b"b" * 1_000_000)}
    yield of_bytes("exif/description-1-mb.tif", "a million letters",
                   Loaded(fields={**CAMERA, "description": "b" * 2000}),
                   partial(tiff_of, quadrants().tobytes(), 0, text))
    yield described("control", "escape sequences for a terminal", b"a\x1b[2J\x07\r\nb\x7f", "a [2J b")
    yield described("bidi", "bidirectional control characters", "a\u202egpj.exe\u2066b".encode(),
                    "a gpj.exe b")
    yield described("not-utf-8", "bytes that are not UTF-8", b"Khumbu Y\xfcl", "Khumbu Yül")
    yield described("nul", "words behind a NUL", b"seen\0unseen", "seen")
    yield described("nothing", "only NULs", b"\0\0\0\0", None)
    lone = struct.pack("<3H", ord("a"), 0xD800, ord("b"))
    yield photo("title-lone-surrogate", "half of a UTF-16 pair", {**ALL, "description": "a\ufffdb"},
                main={Base.XPTitle: octets(lone)})
    odd = "Lhotse".encode("utf-16-le") + b"x"
    yield photo("title-odd", "an odd number of UTF-16 bytes", {**ALL, "description": "Lhotse"},
                main={Base.XPTitle: octets(odd)})
    yield from _keywords_and_comments()


def _keywords_and_comments() -> Iterator[Case]:
    many = ";".join(f"word {number}" for number in range(3000)).encode("utf-16-le")
    yield photo("keywords-3000", "3,000 keywords", {**ALL, "keywords": [f"word {n}" for n in range(100)]},
                main={Base.XPKeywords: octets(many)})
    yield photo("comment-damaged-jis", "a comment in broken JIS", {**ALL, "description": "Yeti\ufffd"},
                exif={Base.UserComment: undefined(b"JIS\0\0\0\0\0Yeti\xff")})
    yield photo("comment-unknown-charset", "a comment in no known characters", {**ALL, "description": "Yeti"},
                exif={Base.UserComment: undefined(b"KLINGON\0Yeti")})
    yield photo("camera-of-numbers", "numbers for the maker's name", {**ALL, "camera": "iPhone 15"},
                main={Base.Make: shorts(*[65] * 40)})


def _orientations() -> Iterator[Case]:
    for name, about, entry in (
        ("0", "0, below the first", shorts(0)),
        ("9", "9, above the last", shorts(9)),
        ("65535", "65535", shorts(65_535)),
        ("text", "the letter 6", words("6")),
        ("byte", "6 as a byte", octets(b"\6")),
        ("over-zero", "6/0", rationals((6, 0))),
        ("nothing", "no value", shorts()),
    ):
        yield photo(f"orientation-{name}", f"orientation {about}: not turned", ALL,
                    main={Base.Orientation: entry})
    turned = Loaded(64, 96, ALL, corners=(YELLOW, RED, GREEN, BLUE))
    for name, about, entry in (("6", "6", shorts(6)), ("long", "6 in four bytes", longs(6)),
                               ("twice", "6 and then 3", shorts(6, 3))):
        block = exif_block(changed(MAIN, {Base.Orientation: entry}), TAKEN, NAMCHE)
        yield of_bytes(f"exif/orientation-{name}.jpg", f"orientation {about}: turned", turned,
                       partial(jpeg_with, block))
    # Pillow writes the block anew to turn a picture, and fails at a tag like this one
    strange = changed(MAIN, {Base.Orientation: shorts(6), 40_000: Entry(5, 2, bytes(16))})
    yield of_bytes("exif/orientation-beside-nonsense.jpg", "orientation 6 beside tags that cannot be written",
                   turned, partial(jpeg_with, exif_block(strange, TAKEN, NAMCHE)))
