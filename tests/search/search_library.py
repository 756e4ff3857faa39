"""Six small photos with true EXIF, for tests against a node; what they show does not matter."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, Base

from tests.conftest import Node, invoke
from tests.files.picture_files import make_exif, write


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
PATHS = {shot.name for shot in SHOTS}

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
        write(folder / shot.name, draw_shot(shot), exif=_exif(shot))
    return folder


def draw_shot(shot: Shot, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """A mountain of one colour under a sky of another."""
    width, height = size
    image = Image.new("RGB", size, shot.sky)
    slope = [(0, height), (width * (0.2 + 0.1 * (len(shot.name) % 6)), height * 0.3), (width, height)]
    ImageDraw.Draw(image).polygon(slope, fill=shot.rock)
    return image


def _exif(shot: Shot) -> Image.Exif:
    details = {Base.DateTimeOriginal: shot.clock, Base.OffsetTimeOriginal: shot.offset}
    gps: dict[int, object] = {}
    if shot.position:
        latitude, longitude = shot.position  # north and east
        gps = {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (latitude, 0.0, 0.0),
               GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (longitude, 0.0, 0.0)}
    if shot.bearing is not None:
        gps |= {GPS.GPSImgDirectionRef: "T", GPS.GPSImgDirection: shot.bearing}
    return make_exif(exif={tag: value for tag, value in details.items() if value}, gps=gps)


def paths(document: dict[str, Any]) -> set[str]:
    """The photos of an answer."""
    return {hit["path"] for hit in document["hits"]}


def refusal(node: Node, *words: str | Path, code: int = 1) -> str:
    """Run a command that must fail, and return its one sentence."""
    result = invoke(*words, "--url", node.url)
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, (SystemExit, type(None)))
    return result.stderr
