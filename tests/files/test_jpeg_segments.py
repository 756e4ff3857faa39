"""A JPEG's segments: what they are, and when there are too many."""
from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from loader.files.decoding_cost import (
    MAX_EXIF_BYTES,
    MAX_SCANS,
    START_OF_SCAN,
    find_excess,
    segments,
)
from scripts.hostile_photos.pictures import encode, noise, quadrants

SCAN = b"\xff\xda\0\x08\x01\x01\x00\0\x3f\0"


def scans(data: bytes) -> int:
    return sum(marker == START_OF_SCAN for marker, _, _ in segments(data))


@pytest.mark.parametrize(("progressive", "count"), [(False, 1), (True, 10)])
def test_scans_are_counted(progressive: bool, count: int) -> None:
    data = encode(noise(), progressive=progressive)
    assert scans(data) == count
    assert scans(data + data) == count  # what follows the first picture is another one's
    assert find_excess(data) is None


def test_restart_markers_are_no_segments() -> None:
    data = encode(noise(), restart_marker_blocks=1)
    assert data.count(b"\xff\xd0") > 1 and scans(data) == 1


def test_too_many_scans_are_refused() -> None:
    data = encode(quadrants())
    start = data.index(b"\xff\xda")
    assert find_excess(data[:start] + SCAN * (MAX_SCANS - 1) + data[start:]) is None
    excess = find_excess(data[:start] + SCAN * MAX_SCANS + data[start:])
    assert excess == f"{MAX_SCANS + 1} scans, where pictures have at most {MAX_SCANS}"


def test_what_lies_in_segments_and_behind_the_end_is_no_scan() -> None:
    data = encode(quadrants(), comment=b"\xff\xda" * 1000)
    assert find_excess(data + b"\xff\xda" * 1000) is None


def test_too_much_exif_is_refused() -> None:
    data = encode(quadrants())
    one = b"\xff\xe1\xff\xff" + b"Exif\0\0".ljust(65_533, b"\0")
    enough = MAX_EXIF_BYTES // 65_533
    assert find_excess(data[:2] + one * enough + data[2:]) is None
    excess = find_excess(data[:2] + one * (enough + 1) + data[2:])
    assert excess is not None and excess.endswith("bytes of EXIF, where one segment holds 65,533")


@given(st.binary(max_size=400))
def test_any_bytes_have_an_end(data: bytes) -> None:
    for start in (b"", b"\xff\xd8", b"\xff\xd8\xff\xda\0\0"):
        found = list(segments(start + data))
        assert all(2 < place <= len(start + data) for _, place, _ in found)
        assert [place for _, place, _ in found] == sorted({place for _, place, _ in found})


def test_real_photos_have_nothing_in_excess(shared: Path) -> None:
    """The HEIC files are encoded again as progressive JPEG, with their EXIF."""
    for path in sorted((shared / "photos").iterdir())[:6]:
        data = path.read_bytes()
        if not data.startswith(b"\xff\xd8"):
            stream = io.BytesIO()
            with Image.open(path) as opened:
                opened.reduce(8).save(stream, "JPEG", progressive=True, exif=opened.info["exif"])
            data = stream.getvalue()
        assert find_excess(data) is None
