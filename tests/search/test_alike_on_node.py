"""Copies of one picture and bursts, loaded and asked for as a person does."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from PIL import ImageEnhance
from PIL.ExifTags import Base

from tests.conftest import DEMO_CHECKPOINT, Node, ask, call_peaks, renew_indices
from tests.files.picture_files import make_exif, write
from tests.search.search_library import Shot, draw_shot

pytestmark = pytest.mark.cluster

RED, BLUE, GREEN = (Shot("one.jpg", *colours) for colours in (
    ("salmon", "black"), ("navy", "white"), ("lightblue", "darkgreen")
))
COPIES = 30


def take(folder: Path, name: str, shot: Shot, second: int, camera: str = "Canon", light: float = 1.0) -> Path:
    """A photo, a little brighter or darker than another of the same shot."""
    picture = ImageEnhance.Brightness(draw_shot(shot)).enhance(light)
    exif = make_exif({Base.Make: camera}, {
        Base.DateTimeOriginal: f"2023:10:05 06:12:{second:02}", Base.OffsetTimeOriginal: "+05:45"
    })
    return write(folder / name, picture, exif=exif)


@pytest.fixture(scope="module")
def library(
    node: Node, client: Elasticsearch, deployed_model: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A burst of five with a pause in which the camera looked elsewhere, and what only resembles it."""
    folder = tmp_path_factory.mktemp("bursts") / "trek"
    for second, light in ((0, 1.0), (2, 1.02), (4, 0.98), (6, 1.04), (9, 1.0)):
        take(folder, f"burst/{second}.jpg", RED, second, light=light)
    take(folder, "burst/aside.jpg", BLUE, 5)
    take(folder, "later.jpg", RED, 40, light=1.01)
    take(folder, "other camera.jpg", RED, 4, "Nikon", light=1.03)
    take(folder, "green.jpg", GREEN, 50)
    for number in range(COPIES):
        shutil.copy(folder / "green.jpg", folder / f"copy {number}.jpg")
    shutil.copy(folder / "burst/4.jpg", folder / "a copy of the burst.jpg")
    renew_indices(node, client, deployed_model)
    call_peaks("load-photos", folder, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    yield folder


def rows(document: dict[str, Any]) -> list[set[str]]:
    """The names of the photos that each hit stands for."""
    found = []
    for hit in document["hits"]:
        names = {hit["file"], *hit["copies"], *hit["burst"]}
        assert len(names) == hit["count"] == 1 + len(hit["copies"]) + len(hit["burst"])
        root = hit["file"].removesuffix(hit["path"])
        found.append({name.removeprefix(root) for name in names})
    return found


def test_copies_and_bursts_are_one_hit(node: Node, library: Path) -> None:
    document = ask(node, "search", "a mountain")
    burst = {*(f"burst/{second}.jpg" for second in (0, 2, 4, 6, 9)), "a copy of the burst.jpg"}
    copies = {"green.jpg", *(f"copy {number}.jpg" for number in range(COPIES))}
    alone = [{"burst/aside.jpg"}, {"later.jpg"}, {"other camera.jpg"}]
    assert sorted(map(sorted, rows(document))) == sorted(map(sorted, [burst, copies, *alone]))
    scores = [hit["score"] for hit in document["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert document["query"]["parameters"].get("size") is None


def test_so_many_hits_as_were_asked_for_are_different(node: Node, library: Path) -> None:
    for words in (["search", "a mountain"], ["search", "a mountain", "--hybrid"], ["similar", "burst/0.jpg"]):
        document = ask(node, *words, "--size", "3")
        assert len(rows(document)) == 3
        assert document["query"]["parameters"]["size"] == 3


def test_a_person_sees_how_many_a_row_stands_for(node: Node, library: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.html"
    shown = call_peaks("search", "a mountain", "--html", sheet, "--url", node.url)
    assert shown.startswith("a mountain: 5 photos (40 with copies and bursts), ")
    assert f"{COPIES} copies" in shown and "burst of " in shown
    page = sheet.read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 5
    assert f"×{COPIES + 1}" in page and f"{COPIES} copies" in page and "×6" in page
