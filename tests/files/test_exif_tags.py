"""Directories of EXIF: the wanted tags, each within bounds, whatever the bytes say."""
from __future__ import annotations

import io
import math
import struct
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from loader.files.exif_tags import Directories, exif_block, read_directories, read_orientation
from scripts.hostile_photos.exif_blocks import (
    Entry,
    longs,
    octets,
    rationals,
    shorts,
    signed_rationals,
    undefined,
    words,
)
from scripts.hostile_photos.exif_blocks import (
    exif_block as block_of,
)
from scripts.hostile_photos.pictures import KINDS, encode, quadrants

MAIN, EXIF, WHERE = (Base.Make, Base.Orientation), (Base.DateTimeOriginal,), (GPS.GPSLatitude,)
HEALTHY = block_of({Base.Make: words("Apple")}, {Base.DateTimeOriginal: words("2023:10:29 08:18:06")},
                   {GPS.GPSLatitude: rationals((27, 1), (48, 1), (61, 3))})


def opened(block: bytes) -> Image.Image:
    """An image that says no more than this block."""
    image = Image.new("RGB", (1, 1))
    image.info["exif"] = b"Exif\0\0" + block
    return image


def read(block: bytes) -> Directories:
    return read_directories(opened(block), MAIN, EXIF, WHERE)


def test_the_wanted_tags_of_three_directories_are_read() -> None:
    found = read(HEALTHY)
    assert found.main == {Base.Make: "Apple"}
    assert found.exif == {Base.DateTimeOriginal: "2023:10:29 08:18:06"}
    assert found.gps == {int(GPS.GPSLatitude): (27.0, 48.0, 61 / 3)}
    assert (found.endian, found.damaged) == ("<", False)


def test_an_image_without_exif_is_not_damaged() -> None:
    assert read_directories(Image.new("RGB", (1, 1)), MAIN, EXIF, WHERE) == Directories()


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        (octets(b"\1"), b"\1"),
        (words("four and more"), "four and more"),
        (words("abc"), "abc"),
        (shorts(7), 7),
        (shorts(7, 8, 9), (7, 8, 9)),
        (longs(2**32 - 1), 2**32 - 1),
        (rationals((1, 2)), 0.5),
        (signed_rationals((-1, 2)), -0.5),
        (undefined(b"12345678"), b"12345678"),
        (shorts(), ()),
        (longs(*range(100)), tuple(range(64))),  # no wanted list is longer
    ],
)
def test_values_are_decoded_by_their_type(entry: Entry, value: Any) -> None:
    assert read(block_of({Base.Make: entry})).main == {Base.Make: value}


def test_what_has_no_value_is_not_a_number() -> None:
    found = read(block_of({}, gps={GPS.GPSLatitude: rationals((1, 0), (0, 0))}))
    values = found.gps[GPS.GPSLatitude]
    assert isinstance(values, tuple) and all(map(math.isnan, values))


@pytest.mark.parametrize(
    ("block", "left"),
    [
        (b"garbage garbage garbage", {}),
        (b"II*\0\x08\0\0", {}),
        (b"II*\0\0\0\0\0" + bytes(20), {}),
        (b"II*\0" + b"\xff" * 8, {}),
        (b"II*\0\x08\0\0\0\xff\xff", {}),
        (block_of({Base.Make: Entry(2, 90, b"", offset=5000)}), {}),
        (block_of({Base.Make: Entry(99, 1, bytes(4))}), {}),
        (block_of({Base.Make: words("Apple"), IFD.Exif: longs(90_000)}), {Base.Make: "Apple"}),
        (block_of({Base.Make: words("Apple"), IFD.GPSInfo: words("abc")}), {Base.Make: "Apple"}),
    ],
)
def test_what_cannot_be_read_is_said_to_be_damaged(block: bytes, left: dict[int, Any]) -> None:
    found = read(block)
    assert found.damaged
    assert (found.main, found.exif, found.gps) == (left, {}, {})


def test_a_tag_that_nobody_wants_may_be_damaged() -> None:
    found = read(block_of({1: Entry(4, 2**32 - 1, b"", offset=0), Base.Make: words("Apple")}))
    assert found.main == {Base.Make: "Apple"} and not found.damaged


def test_a_directory_that_is_its_own_child_ends() -> None:
    itself: dict[int, Entry] = {Base.Make: words("Apple"), IFD.Exif: longs(8), IFD.GPSInfo: longs(8)}
    found = read(block_of(itself, following=8))
    assert found.main == {Base.Make: "Apple"} and not found.exif and not found.gps


def test_lists_that_share_their_bytes_cost_nothing() -> None:
    shared = Entry(5, 7000, b"", offset=8)
    block = block_of({1000 + tag: shared for tag in range(5000)})
    start = time.process_time()
    assert read(block).main == {}
    assert time.process_time() - start < 1  # Pillow makes objects of 280 MB for it


@given(st.binary(max_size=300))
def test_any_bytes_give_directories(block: bytes) -> None:
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0\x10" + bytes(7)):
        assert isinstance(read(start + block), Directories)


TAG_VALUES = st.one_of(
    st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20).map(lambda text: (2, text)),
    st.integers(0, 2**16 - 1).map(lambda number: (3, number)),
    st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=9).map(lambda many: (4, tuple(many))),
    st.binary(min_size=1, max_size=9).map(lambda data: (7, data)),
    st.floats(allow_nan=False).map(lambda number: (12, number)),
)


HEADS = (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0" + struct.pack("<Q", 16))


@given(st.dictionaries(st.integers(40_000, 50_000), TAG_VALUES, max_size=6), st.sampled_from(HEADS))
def test_pillow_reads_the_same(tags: dict[int, tuple[int, Any]], head: bytes) -> None:
    """Pillow writes the directory, of either byte order, as TIFF and BigTIFF, and reads it as we do."""
    written = ImageFileDirectory_v2(head)
    for tag, (kind, value) in tags.items():
        written.tagtype[tag] = kind
        written[tag] = value
    block = head + written.tobytes(len(head))
    again = ImageFileDirectory_v2(head)
    stream = io.BytesIO(block)
    stream.seek(len(head))
    again.load(stream)
    found = read_directories(opened(block), tags, (), ())
    assert not found.damaged
    assert {tag: found.main[tag] for tag in tags} == {tag: again[tag] for tag in tags}


@pytest.mark.parametrize("kind", KINDS)
def test_the_block_of_every_kind_of_file(kind: str) -> None:
    exif = Image.Exif()
    exif[Base.Make] = "Apple"
    data = encode(quadrants(), kind, exif=exif)
    assert read_directories(Image.open(io.BytesIO(data)), MAIN, (), ()).main == {Base.Make: "Apple"}


def test_imagemagick_s_hexadecimal_block() -> None:
    image = Image.open(io.BytesIO(encode(quadrants(), "PNG")))
    digits = (b"Exif\0\0" + HEALTHY).hex()
    image.info["Raw profile type exif"] = f"\nexif\n{len(HEALTHY):8}\n{digits}\n"
    assert exif_block(image) == HEALTHY


@pytest.mark.parametrize(
    ("packet", "turned"),
    [(b'<x tiff:Orientation="6"/>', 6), (b"<tiff:Orientation>8</tiff:Orientation>", 8),
     (b'<x tiff:Orientation="9"/>', 1), (b'<x tiff:Orientation="66"/>', 1), (b"\xff\xfe", 1)],
)
def test_xmp_turns_what_exif_says_nothing_about(packet: bytes, turned: int) -> None:
    image = Image.new("RGB", (1, 1))
    image.info["xmp"] = packet
    assert read_orientation(image) == turned
    image.info["exif"] = block_of({Base.Orientation: shorts(3)})
    assert read_orientation(image) == 3
