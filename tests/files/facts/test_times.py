"""When a photo was taken: its clock, the offset of that clock, and the zone of the place."""
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL.ExifTags import GPS, Base

from loader.files.content import read_bytes
from loader.files.facts.times import offset_from_gps
from loader.files.images import open_encoded
from loader.files.photo import read_metadata
from tests.files.facts.test_exif import NAMCHE, TAKEN, read
from tests.files.picture_files import Tags


def test_a_time_without_an_offset_is_no_instant() -> None:
    metadata = read(exif=TAKEN)
    assert metadata.shot_time_local == datetime(2023, 10, 29, 8, 18, 6)
    assert metadata.times()[1] is None
    kathmandu = metadata.times(ZoneInfo("Asia/Kathmandu"))[1]
    assert kathmandu is not None and kathmandu.isoformat() == "2023-10-29T08:18:06+05:45"


@pytest.mark.parametrize("written", ["+00:00", "Z", "-00:00"])
def test_utc_is_an_offset_too(written: str) -> None:
    instant = read(exif={**TAKEN, Base.OffsetTimeOriginal: written}).times(ZoneInfo("Asia/Kathmandu"))[1]
    assert instant == datetime(2023, 10, 29, 8, 18, 6, tzinfo=timezone.utc)


def test_the_file_s_offset_is_preferred_to_gps_time_and_to_the_given_zone() -> None:
    gps = {GPS.GPSDateStamp: "2023:10:29", GPS.GPSTimeStamp: (2.0, 33.0, 4.94)}
    metadata = read(exif={**TAKEN, Base.OffsetTimeOriginal: "+05:30"}, gps=gps)
    instant = metadata.times(ZoneInfo("America/Lima"))[1]
    assert instant is not None and instant.utcoffset() == timedelta(hours=5, minutes=30)


@pytest.mark.parametrize(
    ("local", "gps", "offset"),
    [
        ("2023-10-29 08:18:06", "2023-10-29 02:33:04", timedelta(hours=5, minutes=45)),
        ("2023-10-29 08:18:06", "2023-10-29 02:29:30", timedelta(hours=5, minutes=45)),  # an old fix
        ("2023-10-29 08:18:06", "2023-10-29 02:25:06", None),  # between Nepal and a fix from India
        ("2023-10-28 20:00:00", "2023-10-29 01:00:01", timedelta(hours=-5)),
        ("2023-10-29 12:00:00", "2023-10-29 12:00:30", timedelta(0)),
        ("2023-10-29 08:18:06", "2023-10-20 02:33:04", None),  # a stale fix from another day
    ],
)
def test_gps_time_tells_the_offset(local: str, gps: str, offset: timedelta | None) -> None:
    stamp = datetime.fromisoformat(gps).replace(tzinfo=timezone.utc)
    assert offset_from_gps(datetime.fromisoformat(local), stamp) == offset


def test_gps_time_alone_is_an_instant() -> None:
    metadata = read(gps={GPS.GPSDateStamp: "2023:10:29", GPS.GPSTimeStamp: (2.0, 33.0, 4.94)})
    assert metadata.times()[1] == datetime(2023, 10, 29, 2, 33, 4, tzinfo=timezone.utc)
    assert metadata.times()[0] is None


def at(hour: int, minute: int) -> Tags:
    """GPS time of the day of `TAKEN`, whose clock in Nepal says 02:33:06 UTC."""
    return {GPS.GPSDateStamp: "2023:10:29", GPS.GPSTimeStamp: (float(hour), float(minute), 0.0)}


@pytest.mark.parametrize(
    ("gps", "zone", "offset"),
    [
        ({}, None, "+05:45"),  # the place alone
        (at(2, 33), None, "+05:45"),
        (at(2, 18), None, "+05:45"),  # 15 minutes old: +06:00 by the clock, which nobody there uses
        (at(2, 21), None, "+05:45"),
        (at(1, 33), None, "+05:45"),  # an hour old
        (at(2, 18), "Asia/Kathmandu", "+05:45"),
        (at(2, 33), "America/Lima", "-05:00"),  # what a person says counts more
    ],
)
def test_a_stale_fix_beats_neither_the_given_zone_nor_that_of_the_place(
    gps: Tags, zone: str | None, offset: str
) -> None:
    metadata = read(exif=TAKEN, gps={**NAMCHE, **gps})
    instant = metadata.times(ZoneInfo(zone) if zone else None)[1]
    assert instant is not None and instant.isoformat() == f"2023-10-29T08:18:06{offset}"


def test_on_a_border_gps_time_tells_which_side_s_clock_it_is() -> None:
    """Mount Everest's northern slope is China's, where climbers from Nepal keep their own time."""
    north = {**NAMCHE, GPS.GPSLatitude: (28.0, 0.0, 30.0), GPS.GPSLongitude: (86.0, 55.0, 30.0)}
    for gps, offset in ((at(2, 33), "+05:45"), (at(0, 18), "+08:00"), (at(2, 18), "+08:00")):
        instant = read(exif=TAKEN, gps={**north, **gps}).times()[1]
        assert instant is not None and instant.isoformat().endswith(offset)


def test_near_a_border_a_stale_fix_is_not_the_neighbour_s_clock() -> None:
    darjeeling = {**NAMCHE, GPS.GPSLatitude: (27.0, 2.4, 0.0), GPS.GPSLongitude: (88.0, 15.8, 0.0)}
    instant = read(exif=TAKEN, gps={**darjeeling, **at(2, 33)}).times()[1]  # 15 minutes old: Nepal's +05:45
    assert instant is not None and instant.isoformat().endswith("+05:30")


def test_at_sea_gps_time_tells_the_offset() -> None:
    sea = {**NAMCHE, GPS.GPSLatitude: (0.0, 0.0, 1.0)}
    assert read(exif=TAKEN, gps=sea).times()[1] is None
    instant = read(exif=TAKEN, gps={**sea, **at(2, 18)}).times()[1]
    assert instant is not None and instant.isoformat().endswith("+06:00")


def test_summer_time_is_that_of_the_day() -> None:
    berlin = {**NAMCHE, GPS.GPSLatitude: (52.0, 30.0, 0.0), GPS.GPSLongitude: (13.0, 24.0, 0.0)}
    for day, offset in (("2023:07:01", "+02:00"), ("2023:12:01", "+01:00")):
        instant = read(exif={Base.DateTimeOriginal: f"{day} 12:00:00"}, gps=berlin).times()[1]
        assert instant is not None and instant.isoformat().endswith(offset)


def test_the_sun_s_time_of_old_photos_is_rounded_to_a_minute() -> None:
    instant = read(exif={Base.DateTimeOriginal: "1910:01:01 12:00:00"}, gps=NAMCHE).times()[1]
    assert instant is not None and instant.isoformat() == "1910-01-01T12:00:00+05:41"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2023:10:05 06:15:00Z", "2023-10-05T06:15:00+00:00"),
        ("2023:10:05 06:15:00+0000", "2023-10-05T06:15:00+00:00"),
        ("2023:10:05 12:00:00+05:45", "2023-10-05T12:00:00+05:45"),
        ("2023:10:05 12:00:00.123 +0545", "2023-10-05T12:00:00+05:45"),
        ("2023-10-05T12:00:00-03", "2023-10-05T12:00:00-03:00"),
        ("2023:10:05 06:15:00 UTC", "2023-10-05T06:15:00+00:00"),
    ],
)
def test_a_zone_inside_the_time_counts(written: str, expected: str) -> None:
    exif = {Base.DateTimeOriginal: written, Base.OffsetTimeOriginal: "+09:00"}
    instant = read(exif=exif, gps=NAMCHE).times()[1]
    assert instant is not None and instant.isoformat() == expected


@pytest.mark.parametrize("original", [None, "    :  :     :  :  ", "last summer"])
def test_the_time_of_digitizing_stands_in(original: str | None) -> None:
    exif = {Base.DateTimeDigitized: "2023:10:05 12:00:00", Base.OffsetTimeDigitized: "+05:45",
            Base.OffsetTimeOriginal: "+09:00"}
    metadata = read(exif=exif if original is None else {**exif, Base.DateTimeOriginal: original})
    instant = metadata.times()[1]
    assert instant is not None and instant.isoformat() == "2023-10-05T12:00:00+05:45"
    assert metadata.time_source == "exif"


@pytest.mark.parametrize(
    ("changed", "offset"),
    [("2023:10:05 12:00:00", timedelta(hours=5, minutes=45)), ("2023:11:01 09:00:00", None)],
)
def test_the_offset_of_a_photo_that_nobody_changed_counts(changed: str, offset: timedelta | None) -> None:
    exif = {Base.DateTimeOriginal: "2023:10:05 12:00:00", Base.OffsetTime: "+05:45"}
    assert read({Base.DateTime: changed}, exif).utc_offset == offset


@pytest.mark.parametrize(
    ("original", "offset"),
    [("1987:07:14 12:00:00", None), ("2023:10:05 12:00:00", timedelta(hours=5, minutes=45))],
)
def test_the_offset_of_a_scanner_is_not_that_of_an_old_print(original: str, offset: timedelta | None) -> None:
    exif = {Base.DateTimeOriginal: original, Base.DateTimeDigitized: "2023:10:05 12:00:00",
            Base.OffsetTimeDigitized: "+05:45"}
    assert read(exif=exif).utc_offset == offset


@pytest.mark.parametrize(
    ("name", "instant"),
    [
        ("digitized_only.jpg", "2023-10-05T12:00:00+05:45"),
        ("gps_fix_12_minutes_old.jpg", "2023-10-05T12:00:00+05:45"),
        ("time_with_z.jpg", "2023-10-05T06:15:00+00:00"),
    ],
)
def test_the_examples_of_the_wild(shared: Path, name: str, instant: str) -> None:
    found = read_metadata(open_encoded(read_bytes(shared / "failing" / name))).times()[1]
    assert found is not None and found.isoformat() == instant
