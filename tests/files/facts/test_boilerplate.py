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
     "filter: 0; fileterIntensity: 0.0; filterMask: 0; module: a;", "module: photo; touch: (-1.0, -1.0);",
     "Shot on OnePlus", "SHOT ON MI A1\nMI DUAL CAMERA", "<KENOX S760  / Samsung S760>", "20231005_120000",
     "WhatsApp Image 2023-10-05 at 12.00.00", "IMG-20230101-WA0001", "_DSC1234", "_MG_1234", "Untitled-1",
     "File written by Adobe Photoshop® 4.0", "Adobe Photoshop CS6 (Windows)", "Optimized by JPEGmini 3.9",
     "(null)", "undefined", "N/A", "EXIF JPEG PICTURE T422",
     "Apple iPhone 15", "iPhone 15", "SAMSUNG CAMERA PICTURES", "default", "untitled", "User comments"],
)
def test_what_cameras_and_programs_write_by_themselves_is_no_description(words: str) -> None:
    camera = {Base.Make: "Apple", Base.Model: "iPhone 15"}
    assert read({**camera, Base.ImageDescription: words}).description is None


@pytest.mark.parametrize(
    "words",
    ["Camera on a tripod", "Nikon at work", "Screenshot of the map", "Made with love", "DCIM is full",
     "2023", "Edited by Tim", "Processed film, Kathmandu 1983", "The digital camera of Pasang", "Nor Bu",
     "IMG of a yak", "Shot on a cold morning", "Captured with luck", "Module: Annapurna", "Filter: yes; sun",
     "WhatsApp Image of Pasang", "Untitled song of a porter"],
)
def test_what_a_person_wrote_is_kept(words: str) -> None:
    assert read({Base.ImageDescription: words}).description == words


def test_telling_boilerplate_is_quick() -> None:
    for line in ("9" * 2000, "a/" * 1000, "a" * 2000, "img_" + "1_" * 1000, "screenshot " + "1 " * 1000):
        is_boilerplate(line + "!")
