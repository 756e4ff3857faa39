"""IPTC, and which of several sources counts."""
from __future__ import annotations

import io
import struct
from datetime import datetime

import pytest
from PIL import TiffImagePlugin
from PIL.ExifTags import GPS, Base

from loader.files.facts.metadata import Metadata
from loader.place import Point
from tests.files.facts.test_xmp import NEPAL, PLACE, TAKEN, packet, photoshop, read
from tests.files.picture_files import encode, make_exif, quadrants


def iptc(*records: tuple[int, int, bytes]) -> bytes:
    """Records of IPTC-IIM: number of the record, of the data set, and the value."""
    return b"".join(struct.pack(">BBBH", 0x1C, *each[:2], len(each[2])) + each[2] for each in records)


WORDS = [
    (1, 90, b"\x1b%G"), (2, 120, "Prière à Nāmche".encode()), (2, 25, b"yak"), (2, 25, b"prayer flags"),
    (2, 55, b"20231005"), (2, 60, b"120000+0545"),
]


def test_iptc_of_a_jpeg() -> None:
    assert read(photoshop(iptc(*WORDS))) == Metadata(
        description="Prière à Nāmche", keywords=("yak", "prayer flags"),
        shot_time_local=datetime(2023, 10, 5, 12), utc_offset=NEPAL, time_source="iptc",
    )


def test_iptc_of_a_tiff() -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype[33723] = 7
    tags[33723] = iptc(*WORDS)
    stream = io.BytesIO()
    quadrants().save(stream, "TIFF", tiffinfo=tags)
    assert read(stream.getvalue()).keywords == ("yak", "prayer flags")


@pytest.mark.parametrize("data", ["Prière".encode("cp1252"), "Prière".encode()])
def test_iptc_that_does_not_name_its_characters(data: bytes) -> None:
    assert read(photoshop(iptc((2, 120, data)))).description == "Prière"


@pytest.mark.parametrize("data", [b"\x1c\x02\x78\xff\xff\xff", b"\x1c", bytes(100), b"junk" * 50])
def test_damaged_iptc_says_nothing(data: bytes) -> None:
    assert read(photoshop(data)) == Metadata()


def test_a_day_without_a_time_is_no_moment() -> None:
    assert read(photoshop(iptc((2, 55, b"20231005")))).shot_time_local is None


# --- together ----------------------------------------------------------------------------------------------


def test_exif_wins_then_xmp_then_iptc() -> None:
    gps = {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (27.0, 48.0, 0.0),
           GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (86.0, 42.0, 0.0)}
    exif = make_exif({}, {Base.DateTimeOriginal: "2023:10:29 08:18:06"}, gps)
    looks = 'exif:GPSImgDirection="74" exif:GPSImgDirectionRef="T"'
    written = encode(quadrants(), exif=exif, xmp=packet(f"{PLACE} {TAKEN} {looks}"))
    metadata = read(photoshop(iptc(*WORDS), written))
    assert (metadata.position, metadata.position_source) == (Point(27.8, 86.7), "exif")
    assert (metadata.shot_time_local, metadata.time_source) == (datetime(2023, 10, 29, 8, 18, 6), "exif")
    assert metadata.utc_offset is None  # XMP's offset is that of another time
    assert (metadata.bearing, metadata.bearing_reference) == (74.0, "true")
    assert metadata.description == "Prière à Nāmche"


def test_an_offset_beside_the_same_time_counts() -> None:
    exif = make_exif({}, {Base.DateTimeOriginal: "2023:10:05 12:00:00"})
    metadata = read(encode(quadrants(), exif=exif, xmp=packet(TAKEN)))
    assert (metadata.time_source, metadata.utc_offset) == ("exif", NEPAL)
