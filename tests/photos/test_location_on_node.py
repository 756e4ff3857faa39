"""`--location` on a node: what is written, what a second load does, and that nothing comes back unasked."""
from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from PIL.ExifTags import GPS, Base

from tests.conftest import DEMO_CHECKPOINT, Node, invoke
from tests.files.picture_files import make_exif, quadrants, write
from tests.photos.test_load_end_to_end import CATALOGUE

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("fresh_indices")]
NAMCHE = make_exif(
    {},
    {Base.DateTimeOriginal: "2023:10:29 08:18:06", Base.OffsetTimeOriginal: "+05:45",
     Base.FocalLengthIn35mmFilm: 24},
    {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (27.0, 48.0, 20.33), GPS.GPSLongitudeRef: "E",
     GPS.GPSLongitude: (86.0, 42.0, 43.08), GPS.GPSAltitude: 3440.0, GPS.GPSImgDirection: 66.6,
     GPS.GPSImgDirectionRef: "T"},
)
PLACE = {"gps", "position_source", "altitude", "bearing", "bearing_reference", "bearing_true"}
SIGHT = ("peaks_in_frame", "peaks_in_frame_ids", "peaks_in_sight")


@pytest.fixture
def trek(tmp_path: Path, node: Node) -> Path:
    """A folder with one photo above Namche, which looks at Ama Dablam, and the peaks in the catalogue."""
    (tmp_path / "peaks.yaml").write_text(CATALOGUE)
    assert invoke("load-peaks", tmp_path / "peaks.yaml", "--url", node.url).exit_code == 0
    write(tmp_path / "trek" / "a.jpg", quadrants(400, 300), exif=NAMCHE)
    return tmp_path / "trek"


def load(node: Node, folder: Path, *options: str) -> dict[str, Any]:
    words = ("load-photos", folder, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url, "--json")
    result = invoke(*words, *options)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def documents(client: Elasticsearch) -> list[dict[str, Any]]:
    hits = client.search(index="photos", sort="path")["hits"]["hits"]
    return [hit["_source"] for hit in hits]


def test_every_choice_is_written_over_the_one_before(node: Node, client: Elasticsearch, trek: Path) -> None:
    assert load(node, trek)["location"] == "exact"
    [exact] = documents(client)
    assert exact.keys() >= PLACE and exact["peaks_in_frame_ids"] and "location" not in exact

    assert load(node, trek, "--location", "coarse")["updated"] == 1
    [coarse] = documents(client)
    assert coarse["gps"] == {"lat": 27.81, "lon": 86.71}
    assert PLACE & coarse.keys() == {"gps", "position_source"}
    assert not any(coarse[name] for name in SIGHT)

    assert load(node, trek, "--location", "none")["updated"] == 1
    [none] = documents(client)
    assert not PLACE & none.keys() and not any(none[name] for name in SIGHT)
    assert none["has_gps"] is False and none["shot_time_local"] == "2023-10-29T08:18:06"
    assert not any("27.8" in str(value) or "+05:45" in str(value) for value in none.values())

    assert load(node, trek, "--location", "exact")["updated"] == 1
    assert documents(client) == [{**exact, "loaded": documents(client)[0]["loaded"]}]


def test_a_load_without_the_option_keeps_the_choice(node: Node, client: Elasticsearch, trek: Path) -> None:
    load(node, trek, "--location", "none")
    shutil.copy(trek / "a.jpg", trek / "copy.jpg")
    write(trek / "new.jpg", quadrants(300, 200), exif=NAMCHE)
    estimate = load(node, trek, "--dry-run")
    report = load(node, trek)
    assert (report["location"], report["unchanged"], report["copied"], report["created"]) == ("none", 1, 1, 1)
    assert (estimate["unchanged"], estimate["copied"], estimate["created"]) == (1, 1, 1)
    assert load(node, trek, "--reload")["updated"] == 3
    assert [each["location"] for each in documents(client)] == ["none"] * 3
    assert not any(PLACE & each.keys() for each in documents(client))


def test_a_copy_in_another_library_brings_no_place_along(
    node: Node, client: Elasticsearch, trek: Path, tmp_path: Path
) -> None:
    load(node, trek)
    shutil.copytree(trek, tmp_path / "shared", copy_function=shutil.copy)
    assert load(node, tmp_path / "shared", "--location", "none", "--library", "shared")["created"] == 1
    own, shared = sorted(documents(client), key=lambda each: str(each["library"] == "shared"))
    assert own.keys() >= PLACE and not PLACE & shared.keys()


def test_the_word_of_a_person_outlives_another_choice(
    node: Node, client: Elasticsearch, trek: Path
) -> None:
    load(node, trek)
    assert invoke("confirm", trek / "a.jpg", "--peak", "lhotse", "--url", node.url).exit_code == 0
    load(node, trek, "--location", "none")
    [document] = documents(client)
    assert document["confirmed_peaks"] == ["lhotse"] and document["predicted_peaks"] == ["lhotse"]


def test_predict_brings_no_sight_line_back(node: Node, client: Elasticsearch, trek: Path) -> None:
    for choice in ("coarse", "none"):
        load(node, trek, "--location", choice)
        before = documents(client)
        words = ("predict", "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
        assert invoke(*words).exit_code == 0
        assert documents(client) == before
