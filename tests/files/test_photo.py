"""One photo file to one document."""
from __future__ import annotations

import base64
import io
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.ExifTags import GPS, Base

from loader.errors import PeaksError
from loader.files.facts.times import format_offset, parse_zone
from loader.files.images import ModelInput
from loader.files.library import walk_library
from loader.files.photo import (
    THUMBNAIL_BYTES,
    Known,
    Photo,
    decode_photo,
    make_thumbnail,
)
from tests.files.picture_files import make_exif, quadrants, write

SHAPE = ModelInput(32, 32)
CAMERA = make_exif(
    {Base.Make: "Apple", Base.Model: "iPhone", Base.Orientation: 6,
     Base.XPKeywords: "a;b".encode("utf-16-le")},
    {Base.DateTimeOriginal: "2023:10:29 08:18:06", Base.FocalLengthIn35mmFilm: 24},
    {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (27.0, 48.0, 20.33), GPS.GPSLongitudeRef: "E",
     GPS.GPSLongitude: (86.0, 42.0, 43.08), GPS.GPSImgDirection: 361.0},
)


def decode(folder: Path, zone: str | None = None) -> Photo:
    (file,) = walk_library(folder).files
    photo = decode_photo(file, SHAPE, parse_zone(zone) if zone else None)
    assert isinstance(photo, Photo)
    return photo


def test_the_document_of_a_photo(tmp_path: Path) -> None:
    path = write(tmp_path / "Khumbu" / "IMG_1.jpg", quadrants(), exif=CAMERA)
    photo = decode(tmp_path)
    found: dict[str, list[str]] = {"predicted_peaks": ["pumori"], "predicted_concepts": []}
    document = photo.document([0.6, 0.8], found, {"library": "trek", "library_root": "/trek"})
    thumbnail = Image.open(io.BytesIO(base64.b64decode(document.pop("thumbnail"))))
    assert thumbnail.size == (64, 96) and not thumbnail.getexif()
    assert document == {
        "path": "Khumbu/IMG_1.jpg",
        "path_words": "Khumbu IMG 1",
        "width": 64,
        "height": 96,
        "size_bytes": path.stat().st_size,
        "modified": path.stat().st_mtime_ns // 1_000_000,
        "content_hash": sha256(path.read_bytes()).hexdigest(),
        "keywords": ["a", "b"],
        "gps": {"lat": 27.8056472, "lon": 86.7119667},
        "has_gps": True,
        "position_source": "exif",
        "focal_length_35mm": 24.0,
        "field_of_view": 53.13,
        "camera": "Apple iPhone",
        "shot_time": "2023-10-29T08:18:06+05:45",
        "shot_time_local": "2023-10-29T08:18:06",
        "shot_time_offset": "+05:45",
        "time_source": "exif",
        "clip_image": [0.6, 0.8],
        "predicted_peaks": ["pumori"],
        "predicted_concepts": [],
        "library": "trek",
        "library_root": "/trek",
    }
    assert photo.picture.size == (32, 32)
    assert photo.notes == ("its bearing of 361° is impossible; left out",)


@pytest.mark.parametrize(("zone", "offset"), [("Asia/Kathmandu", "+05:45"), ("-03:30", "-03:30")])
def test_a_given_zone_makes_the_wall_clock_an_instant(tmp_path: Path, zone: str, offset: str) -> None:
    write(tmp_path / "x.jpg", quadrants(), exif=CAMERA)
    fields = decode(tmp_path, zone).fields
    assert fields["shot_time"] == f"2023-10-29T08:18:06{offset}"
    assert fields["shot_time_offset"] == offset


@pytest.mark.parametrize("zone", ["Nowhere/Land", "5:45", "+25:00", "../etc/passwd", ""])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(PeaksError, match="There is no time zone"):
        parse_zone(zone)


@pytest.mark.parametrize(
    ("minutes", "words"), [(345, "+05:45"), (-210, "-03:30"), (0, "+00:00"), (-30, "-00:30")]
)
def test_offsets_are_written_as_exif_does(minutes: int, words: str) -> None:
    assert format_offset(timedelta(minutes=minutes)) == words


def test_a_file_of_known_content_is_not_decoded(tmp_path: Path) -> None:
    write(tmp_path / "a.jpg", quadrants())
    (file,) = walk_library(tmp_path).files
    content_hash = sha256(file.path.read_bytes()).hexdigest()
    assert decode_photo(file, SHAPE, None, {content_hash, "abc"}) == Known(file, content_hash)
    photo = decode_photo(file, SHAPE, None, {"abc"})
    assert isinstance(photo, Photo) and photo.fields["content_hash"] == content_hash
    assert (photo.fields["size_bytes"], photo.fields["modified"]) == (file.size, file.modified)
    assert file.modified == file.path.stat().st_mtime_ns // 1_000_000


@pytest.mark.parametrize(
    ("size", "expected"), [((4032, 3024), (256, 192)), ((30, 3000), (3, 256)), ((9, 9), (9, 9))]
)
def test_thumbnails_are_small(size: tuple[int, int], expected: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    data = base64.b64decode(make_thumbnail(Image.fromarray(noise)))
    assert Image.open(io.BytesIO(data)).size == expected
    assert len(data) <= THUMBNAIL_BYTES * 1.5  # noise at the lowest quality is the worst there is


def test_thumbnails_are_in_srgb() -> None:
    red = Image.new("RGB", (8, 8), (200, 30, 30))
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, profiled, damaged = (make_thumbnail(red, profile) for profile in (None, swapped, b"junk"))
    assert plain == damaged
    pixel = Image.open(io.BytesIO(base64.b64decode(profiled))).convert("RGB").getpixel((4, 4))
    assert isinstance(pixel, tuple) and np.abs(np.array(pixel) - (200, 30, 30)).max() <= 3
