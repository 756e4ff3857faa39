"""How wide stitched pictures look, and where."""
from __future__ import annotations

from pathlib import Path

import pytest
from PIL.ExifTags import GPS, Base

from loader.files.content import read_bytes
from loader.files.facts.panorama import Panorama
from loader.files.facts.xmp import parse_xmp
from loader.files.images import open_encoded
from loader.files.photo import read_metadata
from tests.files.facts.test_exif import read
from tests.files.facts.test_xmp import packet
from tests.files.picture_files import encode, make_exif, quadrants

FULL = "GPano:FullPanoWidthPixels='8000' GPano:FullPanoHeightPixels='4000'"
PART = "GPano:CroppedAreaImageWidthPixels='3000' GPano:CroppedAreaImageHeightPixels='1000'"
SPHERE = "GPano:ProjectionType='equirectangular' GPano:PoseHeadingDegrees='250.5'"


@pytest.mark.parametrize(
    ("written", "width", "height", "angle"),
    [
        (f"{SPHERE} {FULL}", 8000, 4000, 360.0),
        (f"{SPHERE} {FULL}", 1200, 600, 360.0),  # made smaller
        (f"{SPHERE} {FULL} {PART}", 3000, 1000, 135.0),
        (f"{SPHERE} {FULL} {PART}", 1500, 500, 135.0),
        (f"{SPHERE} {FULL} {PART}", 1000, 1000, None),  # cropped later
        (f"{SPHERE} {FULL}", 2000, 1500, 90.0),  # a part whose size is not written
        (SPHERE, 2000, 1000, 360.0),
        (FULL, 2000, 1000, 360.0),
        (f"GPano:ProjectionType='cylindrical' {FULL} {PART}", 3000, 1000, None),
        ("GPano:UsePanoramaViewer='True'", 3000, 1000, None),
    ],
)
def test_an_equirectangular_picture_is_as_wide_as_it_says(
    written: str, width: int, height: int, angle: float | None
) -> None:
    panorama = parse_xmp([packet(written)], "XMP ").panorama
    assert panorama is not None and panorama.angle(width, height) == angle


@pytest.mark.parametrize("size", [(0, 100), (100, 0), (-1, 5)])
def test_sizes_that_cannot_be_true_say_nothing(size: tuple[int, int]) -> None:
    written = f"{SPHERE} GPano:FullPanoWidthPixels='{size[0]}' GPano:FullPanoHeightPixels='{size[1]}'"
    assert parse_xmp([packet(written)], "XMP ").panorama == Panorama("equirectangular", 250.5)


@pytest.mark.parametrize(
    ("heading", "written", "bearing", "reference"),
    [
        (250.5, None, 250.5, None),
        (250.5, 74.0, 250.5, None),  # that of the first picture
        (74.25, 74.0, 74.0, "true"),  # the same, with its north
        (0.0, 74.0, 74.0, "true"),  # which programs write that know none
        (0.0, None, 0.0, None),
        (359.9, 0.0, 0.0, "true"),
        (-110.0, None, 250.0, None),
    ],
)
def test_the_heading_is_that_of_the_centre(
    heading: float, written: float | None, bearing: float, reference: str | None
) -> None:
    gps = {} if written is None else {GPS.GPSImgDirection: written, GPS.GPSImgDirectionRef: "T"}
    sphere = packet(f"GPano:ProjectionType='equirectangular' GPano:PoseHeadingDegrees='{heading}' {FULL}")
    found = read_metadata(open_encoded(encode(quadrants(), exif=make_exif(gps=gps), xmp=sphere)))
    assert (found.bearing, found.bearing_reference) == (bearing, reference)


def test_what_a_stitcher_says_counts_more_than_that_it_was_one() -> None:
    exif = make_exif(exif={Base.CustomRendered: 6})
    found = read_metadata(open_encoded(encode(quadrants(), exif=exif, xmp=packet(f"{SPHERE} {FULL} {PART}"))))
    assert found.panorama is not None and found.panorama.angle(3000, 1000) == 135.0


def test_what_was_stitched_says_so() -> None:
    assert read(exif={Base.CustomRendered: 6}).panorama == Panorama()
    assert read({Base.Software: "Hugin 2022.0.0"}).panorama == Panorama()
    assert read(exif={Base.CustomRendered: 0}).panorama is None
    assert Panorama().angle(3000, 2000) is None


def test_the_example_of_the_wild(shared: Path) -> None:
    found = read_metadata(open_encoded(read_bytes(shared / "failing" / "panorama_360_2to1.jpg")))
    assert found.panorama is not None and found.panorama.angle(1200, 600) == 360.0
    assert (found.bearing, found.bearing_reference) == (74.0, "true")
