"""A drawn trek: one of its photos has no position, one no bearing, one no UTC offset."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from demo.render import TRUTH_FILE, render

COUNT, SEED = 24, 4242
LONG_SIDE = 400  # pixels; drawing takes the longest of all


@dataclass(frozen=True)
class DrawnTrek:
    """A folder of drawn photos.

    Attributes:
        without_position, without_bearing, without_offset: names of the photos that lack it.
    """

    folder: Path
    without_position: str
    without_bearing: str
    without_offset: str


def draw_trek(folder: Path) -> DrawnTrek:
    """Draw the photos, and take from three of them what not every camera writes."""
    render(folder, COUNT, SEED, processes=2, long_side=LONG_SIDE)
    truth = json.loads((folder / TRUTH_FILE).read_text(encoding="utf-8"))
    plain = [one["file"] for one in truth if one["content"] == "jpeg" and one["peak"] != "ama-dablam"]
    names = [name for name in plain if name.endswith(".JPG")][:3]
    for name, directory, tags in zip(names, (IFD.GPSInfo, IFD.GPSInfo, IFD.Exif), (
        tuple(GPS), (GPS.GPSImgDirection, GPS.GPSImgDirectionRef), (Base.OffsetTime, Base.OffsetTimeOriginal),
    ), strict=True):
        _forget(folder / name, directory, [int(tag) for tag in tags])
    return DrawnTrek(folder, *names)


def _forget(file: Path, directory: IFD, tags: list[int]) -> None:
    with Image.open(file) as image:
        exif = image.getexif()
        kept = {tag: value for tag, value in exif.get_ifd(directory).items() if tag not in tags}
        exif.get_ifd(directory).clear()
        exif.get_ifd(directory).update(kept or {int(GPS.GPSVersionID): b"\x02\x03\x00\x00"})
        image.save(file, "JPEG", exif=exif, quality=95)
