"""What EXIF says. Values that cannot be true are those of tests/files/test_hostile_photos.py."""
from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

from loader.files.content import read_bytes
from loader.files.facts.metadata import Metadata
from loader.files.facts.panorama import field_of_view
from loader.files.facts.times import offset_from_gps
from loader.files.images import open_encoded
from loader.files.orientation import read_orientation
from loader.files.photo import read_metadata
from loader.place import Point
from scripts.hostile_photos.exif_blocks import exif_block, words
from scripts.hostile_photos.pictures import KINDS
from tests.files.picture_files import Tags, encode, make_exif, quadrants

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


@pytest.mark.parametrize("directory", [IFD.Exif, IFD.GPSInfo])
@pytest.mark.parametrize("left", [{}, {Base.MakerNote: b"Apple iOS"}])
def test_a_directory_that_a_tool_has_emptied_is_no_damage(directory: IFD, left: Tags) -> None:
    block = make_exif(exif=TAKEN, gps=NAMCHE)
    block.get_ifd(directory).clear()
    block.get_ifd(directory).update(left)
    block[directory] = block.get_ifd(directory)
    metadata = read_metadata(open_encoded(encode(quadrants(), exif=block)))
    assert metadata.notes == ()
    assert (metadata.position is None) == (directory == IFD.GPSInfo)


def test_a_block_that_a_tool_has_emptied_is_no_damage() -> None:
    whole = encode(quadrants(), exif=Image.Exif())
    assert read_metadata(open_encoded(whole)).notes == ()
    no_tiff = whole.replace(b"Exif\0\0MM", b"Exif\0\0??")
    assert read_metadata(open_encoded(no_tiff)).notes == ("its EXIF is damaged and was not read",)


@pytest.mark.parametrize("kind", KINDS)
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
        position_source="exif",
        altitude=3498.05,
        bearing=246.643,
        bearing_reference="true",
        focal_length_35mm=24.0,
        shot_time_local=datetime(2023, 10, 29, 8, 18, 6),
        utc_offset=timedelta(hours=5, minutes=45),
        time_source="exif",
        description="Above Namche",
        camera="Apple iPhone 15 Pro Max",
    )


def test_a_file_without_exif_says_nothing() -> None:
    assert read_metadata(open_encoded(encode(quadrants()))) == Metadata()


# --- where -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "value", "metres"),
    [(b"\0", 430.5, 430.5), (b"\1", 430.5, -430.5), (b"\2", 430.5, 430.5), (b"\3", 430.5, -430.5)],
)
def test_altitude_has_its_sign_from_its_reference(reference: bytes, value: float, metres: float) -> None:
    assert read(gps={GPS.GPSAltitude: value, GPS.GPSAltitudeRef: reference}).altitude == metres
    assert read(gps={GPS.GPSAltitude: value}).altitude == value


def test_the_sea_is_not_below_itself() -> None:
    """Elasticsearch takes −0.0 for less than 0."""
    assert str(read(gps={GPS.GPSAltitude: 0.0, GPS.GPSAltitudeRef: b"\1"}).altitude) == "0.0"


@pytest.mark.parametrize(
    ("reference", "value", "expected"),
    [("T", 0.0, (0.0, "true")), ("M", 359.9996, (0.0, "magnetic")), ("", 90.0, (90.0, None))],
)
def test_bearing(reference: str, value: float, expected: tuple[float, str | None]) -> None:
    metadata = read(gps={GPS.GPSImgDirection: value, GPS.GPSImgDirectionRef: reference})
    assert (metadata.bearing, metadata.bearing_reference) == expected


@pytest.mark.parametrize(
    ("focal", "width", "height", "angle"),
    # 36 × 24 mm film at 36 mm: 2·atan(36/72) = 53.13°; upright 24 mm wide: 2·atan(24/72) = 36.87°
    [(36, 3000, 2000, 53.13), (36, 2000, 3000, 36.87), (24, 4000, 3000, 71.59), (24, 3000, 4000, 56.81),
     (26, 12_000, 3000, None), (7, 1200, 600, None), (26, 3000, 6000, None)],  # panoramas
)
def test_field_of_view_knows_the_picture_s_shape(
    focal: float, width: int, height: int, angle: float | None
) -> None:
    assert field_of_view(focal, width, height) == (angle and pytest.approx(angle, abs=0.01))


# --- words -------------------------------------------------------------------------------------------------


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


def test_bidirectional_control_characters_are_left_out() -> None:
    assert read({Base.ImageDescription: "a\u202egpj\u2067b\x1b[2Jc".encode()}).description == "a gpj b [2Jc"
    right_to_left = "הר\u200f 8849"
    assert read({Base.ImageDescription: right_to_left.encode()}).description == right_to_left


def test_keywords_of_windows() -> None:
    metadata = read({Base.XPKeywords: "Everest; Ama Dablam;;Everest;यक\0".encode("utf-16-le")})
    assert metadata.keywords == ("Everest", "Ama Dablam", "यक")


def test_a_maker_is_not_said_twice() -> None:
    assert read({Base.Make: "Canon", Base.Model: "Canon EOS 5D"}).camera == "Canon EOS 5D"
    assert read({Base.Make: "Canon"}).camera == "Canon"


# --- hostile bytes (whole files: tests/files/test_hostile_photos.py) --------------------------------------


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_any_bytes_for_a_block_give_metadata(block: bytes) -> None:
    image = Image.new("RGB", (1, 1))
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        image.info["exif"] = start + block
        assert isinstance(read_metadata(image), Metadata)
        assert 1 <= read_orientation(image) <= 8


def test_imagemagick_s_hexadecimal_block() -> None:
    block = exif_block({Base.Make: words("Apple")})
    image = open_encoded(encode(quadrants(), "PNG"))
    image.info["Raw profile type exif"] = f"\nexif\n{len(block):8}\n{(b'Exif' + bytes(2) + block).hex()}\n"
    assert read_metadata(image).camera == "Apple"


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


# --- orientation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packet", "orientation"),
    [(b'<x tiff:Orientation="6"/>', 6), (b"<tiff:Orientation>8</tiff:Orientation>", 8),
     (b'<x tiff:Orientation="9"/>', 1), (b'<x tiff:Orientation="66"/>', 1), (b"\xff\xfe", 1)],
)
def test_xmp_turns_what_exif_says_nothing_about(packet: bytes, orientation: int) -> None:
    image = Image.new("RGB", (1, 1))
    image.info["xmp"] = packet
    assert read_orientation(image) == orientation
    image.info["exif"] = make_exif({Base.Orientation: 3}).tobytes()
    assert read_orientation(image) == 3


# --- the real thing ----------------------------------------------------------------------------------------


def test_real_photos_agree_with_another_reader(shared: Path) -> None:
    """Pillow parses the same bytes with code of its own: position, time, bearing and altitude agree."""
    for path in sorted((shared / "photos").iterdir()):
        opened = open_encoded(read_bytes(path))
        metadata, tags = read_metadata(opened), opened.getexif()
        gps, taken = tags.get_ifd(IFD.GPSInfo), tags.get_ifd(IFD.Exif)
        parts = (gps[GPS.GPSLatitude], gps[GPS.GPSLongitude])
        lat, lon = (sum(float(part) / 60**power for power, part in enumerate(each)) for each in parts)
        assert metadata.position is not None
        assert (metadata.position.lat, metadata.position.lon) == pytest.approx((lat, lon), abs=1e-6)
        assert metadata.bearing == pytest.approx(float(gps[GPS.GPSImgDirection]), abs=1e-3)
        assert metadata.altitude == pytest.approx(float(gps[GPS.GPSAltitude]), abs=1e-2)
        written = datetime.strptime(taken[Base.DateTimeOriginal], "%Y:%m:%d %H:%M:%S")
        assert metadata.shot_time_local == written
        nepal = timedelta(hours=5, minutes=45)
        assert metadata.utc_offset == offset_from_gps(written, metadata.gps_time) == nepal
        assert metadata.focal_length_35mm == taken[Base.FocalLengthIn35mmFilm]
