"""Sidecars: which files they are, what they say, and that a change of one is seen."""
from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from PIL.ExifTags import Base

from loader.files.facts.metadata import Metadata
from loader.files.facts.sidecar_names import SidecarNames, sidecars_beside
from loader.files.facts.sidecars import read_sidecars, read_takeout
from loader.files.images import ModelInput
from loader.files.library import PhotoFile, list_files, lone_file, walk_library
from loader.files.photo import Known, Photo, decode_photo
from loader.peaks.sight.photo import read_photo_camera
from loader.place import Point
from tests.files.facts.test_xmp import BOMB, PLACE, TAKEN, YAK, packet
from tests.files.picture_files import make_exif, quadrants, write

SHAPE = ModelInput(32, 32)
TAKEOUT = {
    "title": "IMG_1.jpg",
    "description": "Ama Dablam from Pangboche",
    "photoTakenTime": {"timestamp": "1696486500", "formatted": "05.10.2023, 06:15:00 UTC"},
    "geoData": {"latitude": 27.86, "longitude": 86.79, "altitude": 3985.0, "latitudeSpan": 0.0},
}
LONG = "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINAL"


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("IMG_1.jpg", "IMG_1.jpg.xmp"),
        ("IMG_1.JPG", "IMG_1.xmp"),
        ("IMG_1.jpg", "IMG_1.XMP"),
        ("Prière.jpg", "Prie\u0300re.jpg.xmp"),  # written on a Mac
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1.jpg", "IMG_1.jpg.suppl.json"),
        ("IMG_1.jpg", "IMG_1.jpg.s.json"),
        ("IMG_1.jpg", "IMG_1.jpg..json"),
        ("IMG_1(2).jpg", "IMG_1.jpg(2).json"),
        ("IMG_1(2).jpg", "IMG_1(2).jpg.json"),
        ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
        ("IMG_1(2).jpg", "IMG_1.jpg.supplemen(2).json"),
        ("IMG_1-edited.jpg", "IMG_1.jpg.json"),
        ("IMG_1-edited.jpg", "IMG_1.HEIC.supplemental-metadata.json"),
        ("IMG_1-edited(2).jpg", "IMG_1.jpg(2).json"),
        ("IMG_1(2)-bearbeitet.jpg", "IMG_1.jpg.supplemental-meta(2).json"),
        ("IMG_1-modifié.jpg", "IMG_1.jpg.json"),
        (f"{LONG[:41]}-edite.jpg", f"{LONG[:41]}.jpg.json"),
        (f"{LONG[:44]}-be(1).jpg", f"{LONG[:44]}.j(1).json"),
        (f"{LONG[:46]}-.jpg", f"{LONG[:46]}.json"),
        ("IMG_20231005_120000.PORTRAIT-01.COVER.jpg", "IMG_20231005_120000.PORTRAIT-01.COVER.jpg.supp.json"),
        (f"{LONG}.jpg", f"{LONG[:46]}.json"),
        (f"{LONG}(3).jpg", f"{LONG[:46]}(3).json"),
        (f"{'1' * 44}.jpg", f"{'1' * 44}.j.json"),
        ("😀" * 30 + ".jpg", "😀" * 23 + ".json"),  # each counts as two
    ],
)
def test_names_of_sidecars(photo: str, sidecar: str) -> None:
    others = ["IMG_11.jpg.json", "IMG_1.jpg(3).json", "IMG_10.xmp", "metadata.json", "IMG_1(1).jpg.json"]
    assert SidecarNames([*others, sidecar]).find(photo) == (sidecar,)


@pytest.mark.parametrize(
    ("photo", "other"),
    [
        ("IMG_1.jpg", "IMG_1.jpg(1).json"), ("IMG_1(1).jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_12.jpg.json"), ("IMG_12.jpg", "IMG_1.jpg.json"),
        ("IMG_1-summit.jpg", "IMG_1.jpg.json"), ("IMG_1.jpg", "IMG_1.png.json"),
        ("IMG_1.jpg", "IMG_1.jpg.settings.json"), ("IMG_1.jpg", "IMG_1.jpg.xmp.bak"),
        ("IMG_1.png", "IMG_1.jpg.xmp"), ("IMG_1-edi.jpg", "IMG_1.jpg.json"),
        (f"{LONG[:41]}-summit.jpg", f"{LONG[:41]}.jpg.json"),
    ],
)
def test_sidecars_of_other_photos(photo: str, other: str) -> None:
    assert SidecarNames([other]).find(photo) == ()


def test_xmp_comes_before_takeout() -> None:
    names = ("IMG_1.jpg.json", "IMG_1.xmp", "IMG_1.jpg.xmp")
    assert SidecarNames(names).find("IMG_1.jpg") == ("IMG_1.jpg.xmp", "IMG_1.jpg.json")


# --- what they say -----------------------------------------------------------------------------------------


def test_takeout() -> None:
    assert read_takeout(TAKEOUT) == Metadata(
        position=Point(27.86, 86.79), altitude=3985.0, description="Ama Dablam from Pangboche",
        taken=datetime(2023, 10, 5, 6, 15, tzinfo=timezone.utc),
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0}}, Metadata()),
        ({"geoData": {"latitude": 0.0, "longitude": 0.0},
          "geoDataExif": {"latitude": 27.86, "longitude": 86.79, "altitude": 0.0}},
         Metadata(position=Point(27.86, 86.79))),
        ({"geoData": {"latitude": 91.0, "longitude": 86.0}},
         Metadata(notes=("its sidecar's GPS position 91, 86 is not on Earth; left out",))),
        ({"geoData": {"latitude": "27", "longitude": None}}, Metadata()),
        ({"photoTakenTime": {"timestamp": "soon"}}, Metadata()),
        ({"photoTakenTime": {"timestamp": "9" * 99}}, Metadata()),
        ({"geoData": [1], "photoTakenTime": 5, "description": {"a": 1}}, Metadata()),
        ({"geoData": {"latitude": 1e300, "longitude": True}}, Metadata()),
        ({"description": "SONY DSC", "photoTakenTime": {"timestamp": "0"}}, Metadata()),
        ([1, 2], Metadata()),
        (None, Metadata()),
    ],
)
def test_takeout_that_knows_nothing(written: Any, expected: Metadata) -> None:
    assert read_takeout(written) == expected


@pytest.mark.parametrize("data", [b"{", b"[" * 100_000, b"\xff\xfe{}", b'{"a": ' + b"9" * 5000 + b"}"])
def test_a_damaged_sidecar_gives_a_note(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "IMG_1.jpg.json"
    path.write_bytes(data)
    assert read_sidecars([path]).notes == ("its sidecar IMG_1.jpg.json is damaged and was not read",)


def test_a_pipe_does_not_block(photo: Path) -> None:
    os.mkfifo(photo.parent / "IMG_1.xmp")
    decoded = decode(photo)
    assert isinstance(decoded, Photo)
    assert decoded.notes == ("its sidecar IMG_1.xmp was not read: not a regular file",)
    assert sidecars_beside(photo) == ()


@pytest.mark.parametrize("data", [BOMB, bytes(800), b"<x", b"not xmp at all"])
def test_damaged_xmp_beside_a_photo_gives_a_note(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "IMG_1.xmp"
    path.write_bytes(data)
    assert read_sidecars([path]).notes == ("its sidecar IMG_1.xmp is damaged and was not read",)
    (note,) = read_sidecars([tmp_path / "gone.xmp"]).notes
    assert note == "its sidecar gone.xmp was not read: the file cannot be read (No such file or directory)"


def test_an_empty_and_a_huge_sidecar_give_a_note(tmp_path: Path) -> None:
    for size, reason in ((0, "the file is empty"), ((16 << 20) + 1, "the file is larger than 16 MiB")):
        path = tmp_path / "IMG_1.jpg.json"
        path.write_bytes(bytes(size))
        assert read_sidecars([path]).notes == (f"its sidecar IMG_1.jpg.json was not read: {reason}",)


# --- a photo and its sidecars ------------------------------------------------------------------------------


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo of which EXIF says nothing."""
    return write(tmp_path / "IMG_1.jpg", quadrants())


def decode(photo: Path, known: frozenset[str] = frozenset()) -> Photo | Known:
    """A photo of a listed folder."""
    (file,) = walk_library(photo.parent).files
    decoded = decode_photo(file, SHAPE, None, known)
    assert isinstance(decoded, Photo | Known)
    return decoded


def fields(photo: Path) -> dict[str, Any]:
    """Of its document."""
    decoded = decode(photo)
    assert isinstance(decoded, Photo)
    return decoded.fields


def test_takeout_and_the_zone_of_the_place_give_the_clock(photo: Path) -> None:
    (photo.parent / "IMG_1.jpg.supplemental-metadata.json").write_text(json.dumps(TAKEOUT))
    expected = {
        "gps": {"lat": 27.86, "lon": 86.79}, "altitude": 3985.0, "position_source": "sidecar",
        "shot_time": "2023-10-05T12:00:00+05:45", "shot_time_local": "2023-10-05T12:00:00",
        "time_source": "sidecar", "description": "Ama Dablam from Pangboche",
    }
    assert fields(photo).items() >= expected.items()
    camera = read_photo_camera(str(photo))
    assert camera.fields["gps"] == expected["gps"]
    decoded = decode_photo(lone_file(photo, "it"), SHAPE)
    assert isinstance(decoded, Photo) and decoded.fields["gps"] == expected["gps"]


def test_without_a_place_the_instant_alone_is_known(photo: Path) -> None:
    (photo.parent / "IMG_1.jpg.json").write_text(json.dumps({**TAKEOUT, "geoData": {}}))
    found = fields(photo)
    assert found["shot_time"] == "2023-10-05T06:15:00+00:00"
    assert "shot_time_local" not in found and found["has_gps"] is False


def test_an_xmp_sidecar(photo: Path) -> None:
    (photo.parent / "IMG_1.xmp").write_bytes(packet(f"{PLACE} {TAKEN}", YAK))
    expected = {"position_source": "sidecar", "time_source": "sidecar", "keywords": ["yak", "trail"],
                "shot_time": "2023-10-05T12:00:00+05:45", "sidecars": fields(photo)["sidecars"]}
    assert fields(photo).items() >= expected.items()


def test_what_the_file_says_counts_more(photo: Path) -> None:
    exif = make_exif({Base.ImageDescription: "Above Namche"}, {Base.DateTimeOriginal: "2023:10:29 08:18:06"})
    write(photo, quadrants(), exif=exif)
    (photo.parent / "IMG_1.jpg.json").write_text(json.dumps(TAKEOUT))
    expected = {
        "description": "Above Namche", "time_source": "exif", "position_source": "sidecar",
        "shot_time": "2023-10-29T08:18:06+05:45",  # the zone of the place that the sidecar knows
    }
    assert fields(photo).items() >= expected.items()


def test_a_change_of_a_sidecar_is_seen_in_the_listing_and_in_the_content(photo: Path) -> None:
    def listed() -> PhotoFile:
        (file,) = list_files(photo.parent).files
        return file

    assert listed().sidecar_state is None
    sidecar = photo.parent / "IMG_1.xmp"
    sidecar.write_bytes(packet(PLACE))
    first = listed()
    assert str(first.sidecar_state).startswith("IMG_1.xmp ") and not decode_is_known(photo, "")
    assert decode_is_known(photo, first.content_key(fields(photo)["content_hash"]))
    sidecar.write_bytes(packet(PLACE, YAK))
    assert listed().sidecar_state != first.sidecar_state
    assert not decode_is_known(photo, f"{fields(photo)['content_hash']}+{'0' * 64}")
    sidecar.unlink()
    assert listed().sidecar_state is None and "sidecars" not in fields(photo)


def decode_is_known(photo: Path, key: str) -> bool:
    """Whether a photo of this content need not be decoded."""
    return isinstance(decode(photo, frozenset((key,))), Known)


def test_a_listing_counts_sidecars_and_leaves_others(photo: Path) -> None:
    for name in ("IMG_1.xmp", "IMG_1.jpg.json", "metadata.json", "._IMG_1.xmp"):
        (photo.parent / name).write_text("{}")
    write(photo.parent / "a" / "IMG_1.jpg", quadrants())
    listing = list_files(photo.parent)
    assert listing.passed_over == {"sidecar": 2, "hidden": 1}
    assert {file.name: [each.name for each in file.sidecars] for file in listing.files} == {
        "IMG_1.jpg": ["IMG_1.xmp", "IMG_1.jpg.json"], "a/IMG_1.jpg": [], "metadata.json": [],
    }


def test_finding_sidecars_is_quick() -> None:
    names = [f"{'x' * 100}{number}.jpg" for number in range(10_000)]
    sidecars = SidecarNames(f"{name}.supplemental-metadata.json" for name in names)
    assert all(sidecars.find(name) for name in names) and not sidecars.find("y" * 200)


def test_the_examples_of_the_wild(shared: Path) -> None:
    folder = (shared / "failing" / "takeout").resolve()
    found = {file.name: file for file in walk_library(folder).files}
    for name, place in (("IMG_2.jpg", (27.86, 86.79)), ("IMG_20231005_120000.jpg", (27.86, 86.79))):
        decoded = decode_photo(found[name], SHAPE)
        assert isinstance(decoded, Photo) and decoded.fields["position_source"] == "sidecar"
        assert decoded.fields["gps"] == {"lat": place[0], "lon": place[1]}
        assert decoded.fields["shot_time"] == "2023-10-05T12:00:00+05:45"
        assert sidecars_beside(folder / name) == tuple(each.path for each in found[name].sidecars)
