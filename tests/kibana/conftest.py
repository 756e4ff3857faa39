"""The drawn trek in the node's indices, loaded once for all of these tests, which only read it."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from tests.conftest import DEMO_CHECKPOINT, REPOSITORY, Node, Truth, call_peaks
from tests.session_node import delete_indices


@dataclass(frozen=True)
class DrawnTrek:
    """A folder of drawn photos, and the names of those that lack what not every camera writes."""

    folder: Path
    without_position: str
    without_bearing: str
    without_offset: str


@pytest.fixture(scope="package")
def trek(
    node: Node, client: Elasticsearch, deployed_model: str, drawn: Path, truth: Truth,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[DrawnTrek]:
    """Photos, peaks and concepts in fresh indices."""
    spoilt = spoil_three(Path(shutil.copytree(drawn, tmp_path_factory.mktemp("trek") / "photos")), truth)
    delete_indices(client)
    for words in (
        ("apply", "--es-model-id", deployed_model),
        ("load-peaks", REPOSITORY / "demo" / "peaks.yaml"),
        ("load-concepts", REPOSITORY / "demo" / "concepts.yaml"),
        ("load-photos", spoilt.folder, "--checkpoint", DEMO_CHECKPOINT),
    ):
        call_peaks(*words, "--url", node.url)
    yield spoilt
    delete_indices(client)


def spoil_three(folder: Path, truth: Truth) -> DrawnTrek:
    """Take tags from three of the photos."""
    plain = [one["file"] for one in truth if one["content"] == "jpeg" and one["peak"] != "ama-dablam"]
    names = [name for name in plain if name.endswith(".JPG")][:3]
    position: dict[IFD, tuple[int, ...]] = {IFD.GPSInfo: tuple(GPS)}
    bearing: dict[IFD, tuple[int, ...]] = {IFD.GPSInfo: (GPS.GPSImgDirection, GPS.GPSImgDirectionRef)}
    offset = {**position, IFD.Exif: (Base.OffsetTime, Base.OffsetTimeOriginal)}  # a place would tell its zone
    for name, taken in zip(names, (position, bearing, offset), strict=True):
        with Image.open(folder / name) as image:
            exif = image.getexif()
            for directory, tags in taken.items():
                kept = {tag: value for tag, value in exif.get_ifd(directory).items() if tag not in tags}
                exif.get_ifd(directory).clear()
                exif.get_ifd(directory).update(kept or {int(GPS.GPSVersionID): b"\x02\x03\x00\x00"})
            image.save(folder / name, "JPEG", exif=exif, quality=95)
    return DrawnTrek(folder, *names)
