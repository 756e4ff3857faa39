"""What cameras and programs write by themselves, and what people write."""
from __future__ import annotations

import pytest
from PIL.ExifTags import Base

from loader.files.facts.boilerplate import is_boilerplate
from tests.files.facts.test_exif import read


@pytest.mark.parametrize(
    "words",
    ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "Exif_JPEG_PICTURE", "  ", "Created with GIMP",
     "MINOLTA DIGITAL CAMERA",
     "Created with The GIMP on a Mac", "Screenshot", "Screenshot 2023-10-05 at 12.00.00", "DIGITAL CAMERA",
     "DCIM\\100MEDIA\\DJI_0042.JPG", "DCIM/100GOPRO/GOPR0001.JPG", "IMG_2498.HEIC", "IMG_2498",
     "KODAK EasyShare",
     "Processed with VSCO with a6 preset", "Edited in Adobe Lightroom", "CREATOR: gd-jpeg v1.0 (using IJG)",
     "oplus_32", "cof", "<Digimax i6 PMP, Samsung #1>", "charset=Ascii", '{"sensorType":"rear"}', "----",
     "Apple iPhone 15", "iPhone 15", "SAMSUNG CAMERA PICTURES", "default", "untitled", "User comments"],
)
def test_what_cameras_and_programs_write_by_themselves_is_no_description(words: str) -> None:
    camera = {Base.Make: "Apple", Base.Model: "iPhone 15"}
    assert read({**camera, Base.ImageDescription: words}).description is None


@pytest.mark.parametrize(
    "words",
    ["Camera on a tripod", "Nikon at work", "Screenshot of the map", "Made with love", "DCIM is full",
     "2023", "Edited by Tim", "Processed film, Kathmandu 1983", "The digital camera of Pasang", "Nor Bu",
     "IMG of a yak"],
)
def test_what_a_person_wrote_is_kept(words: str) -> None:
    assert read({Base.ImageDescription: words}).description == words


def test_telling_boilerplate_is_quick() -> None:
    for line in ("9" * 2000, "a/" * 1000, "a" * 2000, "img_" + "1_" * 1000, "screenshot " + "1 " * 1000):
        is_boilerplate(line + "!")
