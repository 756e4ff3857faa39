"""What EXIF honestly offers: true values, and nothing where a value cannot be true."""
from __future__ import annotations

import io
import struct
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import exifread
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import GPS, Base
from PIL.TiffImagePlugin import IFDRational

from loader.files import exif
from loader.files.exif import Metadata, degrees, field_of_view, number, offset_from_gps, read_metadata
from loader.files.images import open_encoded, read_bytes
from loader.files.place import Point
from tests.files.picture_files import FORMATS, Tags, encode, make_exif, quadrants

# Pillow warns of the damage that some of these files are made with
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

NAMCHE = {
    GPS.GPSLatitudeRef: "N",
    GPS.GPSLatitude: (27.0, 48.0, 20.33),
    GPS.GPSLongitudeRef: "E",
    GPS.GPSLongitude: (86.0, 42.0, 43.08),
}
TAKEN = {Base.DateTimeOriginal: "2023:10:29 08:18:06"}


def read(
    main: Tags | None = None, exif: Tags | None = None, gps: Tags | None = None, kind: str = "JPEG"
) -> Metadata:
    """The metadata of a picture file with these tags."""
    return read_metadata(open_encoded(encode(quadrants(), kind, make_exif(main, exif, gps))))


@pytest.mark.parametrize("kind", FORMATS)
def test_every_kind_of_file_gives_its_exif(kind: str) -> None:
    metadata = read(
        {Base.Make: "Apple", Base.Model: "iPhone 15 Pro Max", Base.ImageDescription: "Above Namche"},
        {**TAKEN, Base.OffsetTimeOriginal: "+05:45", Base.FocalLengthIn35mmFilm: 24},
        {
            **NAMCHE,
            GPS.GPSAltitudeRef: b"\0",
            GPS.GPSAltitude: 3498.05,
            GPS.GPSImgDirectionRef: "T",
            GPS.GPSImgDirection: 246.643,
        },
        kind,
    )
    assert metadata == Metadata(
        position=Point(27.8056472, 86.7119667),
        altitude=3498.05,
        bearing=246.643,
        bearing_reference="true",
        focal_length_35mm=24.0,
        shot_time_local=datetime(2023, 10, 29, 8, 18, 6),
        utc_offset=timedelta(hours=5, minutes=45),
        description="Above Namche",
        camera="Apple iPhone 15 Pro Max",
    )


def test_a_file_without_exif_says_nothing() -> None:
    assert read_metadata(open_encoded(encode(quadrants()))) == Metadata()


# --- where -------------------------------------------------------------------------------------------------


def test_south_and_west_are_negative() -> None:
    metadata = read(gps={**NAMCHE, GPS.GPSLatitudeRef: "S", GPS.GPSLongitudeRef: "W"})
    assert metadata.position == Point(-27.8056472, -86.7119667)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({GPS.GPSLatitude: (0.0, 0.0, 0.0), GPS.GPSLongitude: (0.0, 0.0, 0.0)},
         "its GPS position is 0, 0, which cameras write when they have no fix; left out"),
        ({GPS.GPSLatitude: (91.0, 0.0, 0.0)}, "its GPS position 91, 86.71197 is not on Earth; left out"),
        ({GPS.GPSLongitude: (180.0, 0.0, 1.0)},
         "its GPS position 27.80565, 180.0003 is not on Earth; left out"),
        ({GPS.GPSLatitudeRef: ""}, "its GPS position is incomplete or not a number; left out"),
        ({GPS.GPSLongitudeRef: "X"}, "its GPS position is incomplete or not a number; left out"),
        ({GPS.GPSLatitude: (27.0, 61.0, 0.0)}, "its GPS position is incomplete or not a number; left out"),
        ({GPS.GPSLatitude: (IFDRational(27, 0), 0.0, 0.0)},
         "its GPS position is incomplete or not a number; left out"),
        ({GPS.GPSLatitude: (27.0, 48.0, IFDRational(0, 0))},
         "its GPS position is incomplete or not a number; left out"),
    ],
)
def test_positions_that_cannot_be_true_are_left_out(change: dict[int, Any], note: str) -> None:
    metadata = read(gps={**NAMCHE, **change})
    assert metadata.position is None
    assert metadata.notes == (note,)


def test_a_position_with_one_half_missing_is_left_out() -> None:
    half = {tag: value for tag, value in NAMCHE.items() if tag != GPS.GPSLongitude}
    assert read(gps=half).notes == ("its GPS position is incomplete or not a number; left out",)


@pytest.mark.parametrize(
    ("reference", "value", "metres"),
    [(b"\0", 430.5, 430.5), (b"\1", 430.5, -430.5), (b"\2", 430.5, 430.5), (b"\3", 430.5, -430.5),
     (None, 430.5, 430.5), (b"\0", IFDRational(1, 0), None), (b"\0", 4e6, None)],
)
def test_altitude_has_its_sign_from_its_reference(
    reference: bytes | None, value: Any, metres: float | None
) -> None:
    written = {} if reference is None else {GPS.GPSAltitudeRef: reference}
    assert read(gps={GPS.GPSAltitude: value, **written}).altitude == metres


@pytest.mark.parametrize(
    ("reference", "value", "expected"),
    [("T", 0.0, (0.0, "true")), ("M", 359.9996, (0.0, "magnetic")), ("T", 360.0, (0.0, "true")),
     ("", 90.0, (90.0, None)), ("T", 361.0, (None, None)), ("T", IFDRational(0, 0), (None, None))],
)
def test_bearing(reference: str, value: Any, expected: tuple[float | None, str | None]) -> None:
    metadata = read(gps={GPS.GPSImgDirection: value, GPS.GPSImgDirectionRef: reference})
    assert (metadata.bearing, metadata.bearing_reference) == expected


def test_an_unknown_focal_length_is_no_focal_length() -> None:
    assert read(exif={Base.FocalLengthIn35mmFilm: 0}).focal_length_35mm is None


@pytest.mark.parametrize(
    ("focal", "width", "height", "angle"),
    # 36 × 24 mm film at 36 mm: 2·atan(36/72) = 53.13°; upright 24 mm wide: 2·atan(24/72) = 36.87°
    [(36, 3000, 2000, 53.13), (36, 2000, 3000, 36.87), (24, 4000, 3000, 71.59), (24, 3000, 4000, 56.81)],
)
def test_field_of_view_knows_the_picture_s_shape(focal: float, width: int, height: int, angle: float) -> None:
    assert field_of_view(focal, width, height) == pytest.approx(angle, abs=0.01)


def test_a_panorama_has_no_field_of_view() -> None:
    assert field_of_view(26, 12_000, 3000) is None


# --- when --------------------------------------------------------------------------------------------------


def test_a_time_without_an_offset_is_no_instant() -> None:
    metadata = read(exif=TAKEN)
    assert metadata.shot_time_local == datetime(2023, 10, 29, 8, 18, 6)
    assert metadata.instant() is None
    kathmandu = metadata.instant(ZoneInfo("Asia/Kathmandu"))
    assert kathmandu is not None and kathmandu.isoformat() == "2023-10-29T08:18:06+05:45"


@pytest.mark.parametrize("written", ["+00:00", "Z", "-00:00"])
def test_utc_is_an_offset_too(written: str) -> None:
    instant = read(exif={**TAKEN, Base.OffsetTimeOriginal: written}).instant(ZoneInfo("Asia/Kathmandu"))
    assert instant == datetime(2023, 10, 29, 8, 18, 6, tzinfo=timezone.utc)


def test_the_file_s_offset_is_preferred_to_gps_time_and_to_the_given_zone() -> None:
    gps = {GPS.GPSDateStamp: "2023:10:29", GPS.GPSTimeStamp: (2.0, 33.0, 4.94)}
    metadata = read(exif={**TAKEN, Base.OffsetTimeOriginal: "+05:30"}, gps=gps)
    instant = metadata.instant(ZoneInfo("America/Lima"))
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
    assert metadata.instant() == datetime(2023, 10, 29, 2, 33, 4, tzinfo=timezone.utc)


@pytest.mark.parametrize("stamp", [(24.0, 0.0, 0.0), (1.0, IFDRational(0, 0), 0.0), (1.0, 2.0)])
def test_impossible_gps_times_are_left_out(stamp: Any) -> None:
    assert read(gps={GPS.GPSDateStamp: "2023:10:29", GPS.GPSTimeStamp: stamp}).gps_time is None


@pytest.mark.parametrize("written", ["0000:00:00 00:00:00", "    :  :     :  :  ", ""])
def test_dates_of_zeros_and_blanks_are_unknown(written: str) -> None:
    metadata = read(exif={Base.DateTimeOriginal: written})
    assert metadata.shot_time_local is None and metadata.notes == ()


@pytest.mark.parametrize(
    "written",
    ["2023:13:01 00:00:00", "2023:02:30 10:00:00", "2023:10:29 24:18:06", "soon", "0001:01:01 00:00:00",
     "1825:12:31 23:59:59", "2100:01:01 00:00:00", "9999:12:31 23:59:59"],
)
def test_dates_of_no_calendar_are_left_out_with_a_note(written: str) -> None:
    metadata = read(exif={Base.DateTimeOriginal: written})
    assert metadata.shot_time_local is None
    assert metadata.notes == (f"its time '{written}' is not a date; left out",)


# --- words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "Exif_JPEG_PICTURE", "  "])
def test_what_cameras_write_by_themselves_is_no_description(words: str) -> None:
    assert read({Base.ImageDescription: words}).description is None


def test_descriptions_in_utf_8_are_read_as_such() -> None:
    words = "Khumbu Yül-Lha, जाडो"
    assert read({Base.ImageDescription: words.encode()}).description == words


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0Prayer flags",
        b"UNICODE\0" + "Prayer flags".encode("utf-16-le"),
        b"UNICODE\0" + "Prayer flags".encode("utf-16-be"),
        b"UNICODE\0" + "Prayer flags".encode("utf-16"),
        b"\0\0\0\0\0\0\0\0Prayer flags\0\0",
    ],
)
def test_user_comments_in_their_character_sets(comment: bytes) -> None:
    assert read(exif={Base.UserComment: comment}).description == "Prayer flags"


def test_what_turns_the_text_around_it_is_no_text() -> None:
    assert read({Base.ImageDescription: "a\u202egpj\u2067b\x1b[2Jc".encode()}).description == "a gpj b [2Jc"
    right_to_left = "הר\u200f 8849"
    assert read({Base.ImageDescription: right_to_left.encode()}).description == right_to_left


def test_keywords_of_windows() -> None:
    metadata = read({Base.XPKeywords: "Everest; Ama Dablam;;Everest;यक\0".encode("utf-16-le")})
    assert metadata.keywords == ("Everest", "Ama Dablam", "यक")


def test_a_maker_is_not_said_twice() -> None:
    assert read({Base.Make: "Canon", Base.Model: "Canon EOS 5D"}).camera == "Canon EOS 5D"
    assert read({Base.Make: "Canon"}).camera == "Canon"


# --- hostile bytes -----------------------------------------------------------------------------------------


def jpeg_with(block: bytes) -> bytes:
    stream = io.BytesIO()
    quadrants().save(stream, "JPEG", exif=b"Exif\0\0" + block)
    return stream.getvalue()


@pytest.mark.parametrize(
    "block",
    [
        b"II*\0\xff\xff\xff\xff",
        b"XX*\0\x08\0\0\0",
        b"II*\0\x08\0\0\0\xff\xff" + b"\x0f\x01\x02\0\xff\xff\xff\x7f\0\0\0\0" * 3,
        # the EXIF and GPS directories point at the main one, and that at itself
        b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + struct.pack("<HHLL", 0x8769, 4, 1, 8)
        + struct.pack("<HHLL", 0x8825, 4, 1, 8) + struct.pack("<L", 8),
        b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHL4s", 0x8825, 2, 4, b"abc\0") + bytes(4),
    ],
)
def test_a_damaged_block_gives_no_values_and_never_an_error(block: bytes) -> None:
    metadata = read_metadata(open_encoded(jpeg_with(block)))
    assert metadata.position is None and metadata.shot_time_local is None


@given(st.binary(max_size=200))
def test_any_bytes_for_a_block_give_metadata(block: bytes) -> None:
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        assert isinstance(read_metadata(open_encoded(jpeg_with(start + block))), Metadata)


RATIONALS = st.builds(IFDRational, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))


@given(st.lists(RATIONALS, min_size=0, max_size=4), st.sampled_from(["N", "S", "n", "", "Q", None, b"S\0"]))
def test_rationals_give_degrees_or_nothing(values: list[IFDRational], reference: Any) -> None:
    angle = degrees(tuple(values), reference, "NS")
    if angle is None:
        return
    parts = [float(value) for value in values]
    expected = sum(part / 60**power for power, part in enumerate(parts))
    assert abs(angle) == pytest.approx(expected, rel=1e-9)
    assert all(value.denominator for value in values) and all(part <= 60 for part in parts[1:])
    assert (angle <= 0) if str(reference)[0] not in "Nn" else (angle >= 0)


@given(st.floats(0, 90, exclude_max=True), st.floats(0, 180, exclude_max=True), st.sampled_from("NS"),
       st.sampled_from("EW"))
def test_any_position_written_by_a_camera_is_read_back(lat: float, lon: float, north: str, east: str) -> None:
    def parts(angle: float) -> tuple[float, float, IFDRational]:
        minutes = angle % 1 * 60
        return float(int(angle)), float(int(minutes)), IFDRational(round(minutes % 1 * 60 * 10_000), 10_000)

    gps = {GPS.GPSLatitudeRef: north, GPS.GPSLatitude: parts(lat),
           GPS.GPSLongitudeRef: east, GPS.GPSLongitude: parts(lon)}
    position = read(gps=gps).position
    if position is None:
        assert lat < 1e-7 and lon < 1e-7
        return
    assert position.lat == pytest.approx(lat if north == "N" else -lat, abs=1e-7)
    assert position.lon == pytest.approx(lon if east == "E" else -lon, abs=1e-7)


@given(st.one_of(st.none(), st.text(), st.binary(), st.booleans(), st.floats(), st.integers(), RATIONALS,
                 st.tuples(RATIONALS), st.tuples(st.floats(), st.floats())))
def test_a_number_is_finite_or_none(value: Any) -> None:
    result = number(value)
    assert result is None or (isinstance(result, float) and abs(result) < float("inf"))


# --- the real thing ----------------------------------------------------------------------------------------


def test_real_photos_agree_with_another_reader(shared: Path) -> None:
    """exifread parses the same bytes with code of its own: position, time, bearing and altitude agree."""
    for path in sorted((shared / "photos").iterdir()):
        metadata = read_metadata(open_encoded(read_bytes(path)))
        with path.open("rb") as stream:
            tags = exifread.process_file(stream, details=False)
        other = exifread.utils.get_gps_coords(tags)
        assert metadata.position is not None
        assert (metadata.position.lat, metadata.position.lon) == pytest.approx(other, abs=1e-6)
        assert metadata.bearing == pytest.approx(float(tags["GPS GPSImgDirection"].values[0]), abs=1e-3)
        assert metadata.altitude == pytest.approx(float(tags["GPS GPSAltitude"].values[0]), abs=1e-2)
        written = str(tags["EXIF DateTimeOriginal"]), str(tags["EXIF OffsetTimeOriginal"])
        assert metadata.shot_time_local == datetime.strptime(written[0], "%Y:%m:%d %H:%M:%S")
        assert metadata.utc_offset == exif.parse_offset(written[1]) == timedelta(hours=5, minutes=45)


def test_gps_time_tells_nepal_s_offset_of_every_real_photo(shared: Path) -> None:
    for path in sorted((shared / "photos").iterdir()):
        metadata = read_metadata(open_encoded(read_bytes(path)))
        offset = offset_from_gps(metadata.shot_time_local, metadata.gps_time)
        assert offset == timedelta(hours=5, minutes=45)


def test_the_image_is_left_unread() -> None:
    opened = open_encoded(encode(quadrants(), "TIFF"))
    read_metadata(opened)
    assert isinstance(opened, Image.Image) and opened.size == (96, 64)
