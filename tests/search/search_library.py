"""Six small photos with true EXIF, for tests against a node; what they show does not matter."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational


@dataclass(frozen=True)
class Shot:
    """A photo to make: file name, two colours, wall clock and offset, position and bearing (degrees)."""

    name: str
    sky: str
    rock: str
    clock: str | None = None
    offset: str | None = None
    position: tuple[float, float] | None = None
    bearing: float | None = None


SHOTS = [
    Shot("day 1/blue.jpg", "navy", "gray", "2023:10:05 06:12:33", "+05:45", (27.8931, 86.7896), 101.25),
    Shot("day 1/dawn.jpg", "salmon", "black", "2023:10:06 05:58:01", "+05:45", (27.9000, 86.8000)),
    Shot("day 2/green.jpg", "lightblue", "darkgreen", "2023:10:07 12:00:00", "+05:45", (27.7000, 86.7200)),
    Shot("day 2/no offset.jpg", "yellow", "brown", "2023:10:08 12:00:00", None, (27.7100, 86.7300)),
    Shot("scans/snow <1998>.jpg", "white", "lightgray"),
    Shot("scans/夜.jpg", "midnightblue", "indigo", "2024:01:01 23:30:00", "+05:45"),
]


# What the photos are taken to show, whatever a rule would say of such pictures; the others show nothing.
CONTENTS: dict[str, dict[str, object]] = {
    "day 1/blue.jpg": {
        "predicted_peaks": ["ama-dablam", "khumbila"],
        "predicted_peaks_evidence": ["both", "sight"],
        "predictions": [
            {"peak": "ama-dablam", "probability": 0.93, "cosine": 0.2, "evidence": "both"},
            {"peak": "khumbila", "probability": 0.25, "cosine": 0.1, "evidence": "sight"},
        ],
        "predicted_concepts": ["yak"],
        "predicted_concept_names": ["yak", "याक"],
        "peaks_in_frame_ids": ["ama-dablam", "khumbila"],
    },
    "day 1/dawn.jpg": {
        "predicted_peaks": ["mount-everest"],
        "predicted_concepts": ["tent", "gone"],
        "predicted_concept_names": ["tent"],
        "peaks_in_frame_ids": ["mount-everest"],
    },
    "day 2/green.jpg": {"predicted_concepts": ["yak", "tent"], "predicted_concept_names": ["yak", "tent"]},
}
NOTHING: dict[str, object] = {name: [] for name in CONTENTS["day 1/blue.jpg"]}


def make_library(folder: Path) -> Path:
    """Write the photos under a folder and return it."""
    for shot in SHOTS:
        file = folder / shot.name
        file.parent.mkdir(parents=True, exist_ok=True)
        draw_shot(shot).save(file, "JPEG", quality=90, exif=_exif(shot))
    return folder


def draw_shot(shot: Shot, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """A mountain of one colour under a sky of another."""
    width, height = size
    image = Image.new("RGB", size, shot.sky)
    slope = [(0, height), (width * (0.2 + 0.1 * (len(shot.name) % 6)), height * 0.3), (width, height)]
    ImageDraw.Draw(image).polygon(slope, fill=shot.rock)
    return image


def _exif(shot: Shot) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Peaks", "Test Camera"
    details = exif.get_ifd(IFD.Exif)
    if shot.clock:
        details[Base.DateTimeOriginal] = shot.clock
    if shot.offset:
        details[Base.OffsetTimeOriginal] = shot.offset
    if shot.position:
        exif.get_ifd(IFD.GPSInfo).update(_gps(shot.position, shot.bearing))
    return exif


def _gps(position: tuple[float, float], bearing: float | None) -> dict[int, object]:
    latitude, longitude = position
    tags: dict[int, object] = {
        GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S",
        GPS.GPSLatitude: _sexagesimal(abs(latitude)),
        GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W",
        GPS.GPSLongitude: _sexagesimal(abs(longitude)),
    }
    if bearing is not None:
        tags |= {GPS.GPSImgDirectionRef: "T", GPS.GPSImgDirection: IFDRational(round(bearing * 100), 100)}
    return tags


def _sexagesimal(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    whole, minutes = divmod(degrees * 60, 60)
    seconds = IFDRational(round(minutes % 1 * 60_000), 1000)
    return IFDRational(int(whole), 1), IFDRational(int(minutes), 1), seconds
