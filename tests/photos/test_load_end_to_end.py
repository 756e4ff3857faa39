"""Peaks and photos into a real node, as a person would load them, and loaded again."""
from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elasticsearch import Elasticsearch
from PIL import Image
from PIL.ExifTags import GPS, Base

from loader.elastic.models import read_index_model
from tests.conftest import DEMO_CHECKPOINT, Node, invoke, repaired_catalogue
from tests.files.picture_files import make_exif, quadrants, write

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("fresh_indices")]

CATALOGUE = """\
- id: ama-dablam
  names: ["Ama Dablam"]
  latlon: {lat: 27.86167, lon: 86.86139}
  elev_m: 6812
- id: mount-everest
  names: ["Mount Everest", "Sagarmatha"]
  latlon: {lat: 27.98833, lon: 86.92528}
  elev_m: 8849
- id: pumori
  names: ["Pumori", "Pumo Ri"]
  latlon: {lat: 28.01472, lon: 86.82806}
- id: lhotse
  names: ["Lhotse"]
  latlon: {lat: 27.961666, lon: 86.933334}
"""
NAMCHE = make_exif(
    {Base.ImageDescription: "Above Namche"},
    {Base.DateTimeOriginal: "2023:10:29 08:18:06", Base.OffsetTimeOriginal: "+05:45",
     Base.FocalLengthIn35mmFilm: 24},
    {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (27.0, 48.0, 20.33), GPS.GPSLongitudeRef: "E",
     GPS.GPSLongitude: (86.0, 42.0, 43.08), GPS.GPSImgDirection: 66.6, GPS.GPSImgDirectionRef: "T"},
)


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "peaks.yaml"
    path.write_text(CATALOGUE)
    return path


@pytest.fixture
def trek(tmp_path: Path) -> Path:
    """Three photos, a broken one, and files that are passed over."""
    folder = tmp_path / "trek"
    write(folder / "day 1" / "IMG_1.jpg", quadrants(400, 300), exif=NAMCHE)
    write(folder / "day 1" / "IMG_2.HEIC", Image.new("RGB", (300, 400), "navy"), "HEIF")
    write(folder / "IMG_3.png", quadrants().rotate(90), "PNG")
    broken = write(folder / "broken.jpg", quadrants())
    broken.write_bytes(broken.read_bytes()[:400])
    (folder / "notes.txt").write_text("words")
    return folder


def load_photos(folder: Path, node: Node, *options: str | Path) -> dict[str, Any]:
    words = ("load-photos", folder, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url, "--json", *options)
    result = invoke(*words)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def documents(client: Elasticsearch, index: str, *fields: str) -> dict[str, dict[str, Any]]:
    """The fields of every document by its id; a single value is not a list."""
    answer = client.search(index=index, size=100, source=False, fields=[{"field": name} for name in fields])
    hits = answer["hits"]["hits"]
    return {
        hit["_id"]: {name: value[0] if len(value) == 1 else value for name, value in hit["fields"].items()}
        for hit in hits
    }


def test_a_library_is_loaded_once(client: Elasticsearch, node: Node, catalogue: Path, trek: Path) -> None:
    result = invoke("load-peaks", catalogue, "--url", node.url)
    assert result.exit_code == 0
    assert result.output == f"4 peaks in {catalogue}\n  new             4\n  replaced        0\n"

    result = invoke("load-photos", trek, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    assert result.exit_code == 0
    steady = re.sub(r", [\d.]+ s\n", ", 1 s\n", result.stdout.replace(str(trek), "trek"))
    assert re.sub(r"damaged \(.*\)", "damaged (…)", steady) == (  # in Pillow's words
        "4 pictures in trek, 1 s\n"
        "  new             3\n"
        "  unchanged       0\n"
        "  skipped         1  not loaded, for the reason given below\n"
        "Passed over: no picture (1)\n"
        "Of 3 loaded photos:\n"
        "  position in 1, bearing in 1, time with its offset in 1\n"
        "  a peak in frame in 1, peaks named in 1, concepts named in 0\n"
        "Skipped:\n"
        "  broken.jpg: the JPEG file is damaged (…)\n"
    )

    again = load_photos(trek, node)
    assert (again["unchanged"], again["created"], again["updated"]) == (3, 0, 0)
    assert client.count(index="photos")["count"] == 3


def test_the_documents_are_what_the_files_say(
    client: Elasticsearch, node: Node, catalogue: Path, trek: Path
) -> None:
    invoke("load-peaks", catalogue, "--url", node.url)
    load_photos(trek, node)
    found = documents(
        client, "photos", "path", "path_words", "gps", "bearing", "bearing_reference", "shot_time",
        "shot_time_local", "shot_time_offset", "description", "width", "field_of_view", "bearing_true",
        "peaks_in_frame_ids",
    )
    photo = next(fields for fields in found.values() if fields["path"] == "day 1/IMG_1.jpg")
    assert photo["gps"]["coordinates"] == pytest.approx([86.7119667, 27.8056472], abs=1e-6)
    assert photo["shot_time"] == "2023-10-29T02:33:06.000Z"
    assert photo["shot_time_local"] == "2023-10-29T08:18:06"
    assert photo["shot_time_offset"] == "+05:45"
    assert (photo["bearing"], photo["bearing_reference"]) == (pytest.approx(66.6), "true")
    assert photo["description"] == "Above Namche" and photo["path_words"] == "day 1 IMG 1"
    assert photo["width"] == 400

    assert photo["bearing_true"] == pytest.approx(66.6) and photo["field_of_view"] > 60
    # Pumori, at 26°, lies outside the frame from 31° to 102°.
    assert sorted(photo["peaks_in_frame_ids"]) == ["ama-dablam", "lhotse", "mount-everest"]


def test_only_what_changed_is_loaded_again(
    client: Elasticsearch, node: Node, catalogue: Path, trek: Path
) -> None:
    invoke("load-peaks", catalogue, "--url", node.url)
    load_photos(trek, node)
    before = documents(client, "photos", "content_hash")
    write(trek / "IMG_3.png", Image.new("RGB", (50, 50), "red"), "PNG")
    report = load_photos(trek, node)
    assert (report["unchanged"], report["created"], report["updated"]) == (2, 0, 1)
    after = documents(client, "photos", "content_hash")
    assert before.keys() == after.keys() and sum(before[key] != after[key] for key in before) == 1
    assert load_photos(trek, node, "--reload")["updated"] == 3
    part = load_photos(trek / "day 1", node, "--library-root", trek)
    assert (part["unchanged"], part["found"]) == (2, 2)


def test_photos_without_peaks_name_none(client: Elasticsearch, node: Node, trek: Path) -> None:
    report = load_photos(trek, node)
    assert (report["created"], report["with_peaks"]) == (3, 0)


def test_nothing_to_load_is_exit_code_2(node: Node, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "x.jpg").touch()
    result = invoke("load-photos", tmp_path / "empty", "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    assert result.exit_code == 2
    assert result.output.endswith("Skipped:\n  x.jpg: the file is empty\n")


def test_reference_photos_are_blended_in(
    client: Elasticsearch, node: Node, catalogue: Path, tmp_path: Path
) -> None:
    invoke("load-peaks", catalogue, "--url", node.url)
    names_only = documents(client, "peaks_catalog", "text_embed")
    folder = tmp_path / "references"
    for name in ("ama_dablam/1.jpg", "ama_dablam/2.jpg", "matterhorn/1.jpg"):
        write(folder / name, quadrants())
    options = ("--reference-images", folder, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    result = invoke("load-peaks", catalogue, *options)
    assert result.exit_code == 0
    assert result.output == (
        f"4 peaks in {catalogue}\n  new             0\n  replaced        4\n"
        "Reference photos in 1 prototype: ama-dablam 2\n"
        f"Warning: the folder matterhorn is named by no peak of {catalogue}\n"
    )
    blended = documents(client, "peaks_catalog", "text_embed")
    similarity = {key: float(np.ravel(names_only[key]["text_embed"]) @ np.ravel(blended[key]["text_embed"]))
                  for key in names_only}
    assert similarity.pop("ama-dablam") < 0.999
    assert min(similarity.values()) > 0.99999


def test_a_peak_that_loses_names_is_told(
    client: Elasticsearch, node: Node, catalogue: Path, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("rich.yaml", "poor.yaml")]
    for file, names in zip(files, ("Ama Dablam, アマ・ダブラム", "ama-dablam"), strict=True):
        entry = f"- {{id: ama-dablam, names: [{names}], latlon: {{lat: 27.86, lon: 86.86}}}}\n"
        file.write_text(entry, encoding="utf-8")
    for file in files:
        said = invoke("load-peaks", file, "--url", node.url).output.splitlines()
    assert said[3:] == ["Replaced by fewer or other names, no longer found by: ama-dablam (アマ・ダブラム)"]
    assert len(invoke("load-peaks", files[1], "--url", node.url).output.splitlines()) == 3


def test_another_checkpoint_is_refused(client: Elasticsearch, node: Node, trek: Path, tmp_path: Path) -> None:
    other = shutil.copytree(DEMO_CHECKPOINT, tmp_path / "other")
    settings = other / "config.json"
    settings.write_text(settings.read_text() + "\n")
    result = invoke("load-photos", trek, "--checkpoint", other, "--url", node.url)
    assert result.exit_code == 1 and result.output.count("\n") == 1
    assert read_index_model(client, "photos").checkpoint_fingerprint in result.output
    assert "--checkpoint" in result.output
    assert client.count(index="photos")["count"] == 0


def test_a_missing_index_is_one_sentence(
    client: Elasticsearch, node: Node, trek: Path, catalogue: Path
) -> None:
    client.indices.delete(index=list(client.indices.get(index="photos,peaks_catalog")))
    for words in (("load-photos", trek, "--checkpoint", DEMO_CHECKPOINT), ("load-peaks", catalogue)):
        result = invoke(*words, "--url", node.url)
        assert result.exit_code == 1 and result.output.count("\n") == 1
        assert "does not exist: run `peaks apply`" in result.output


def test_the_checkpoint_must_be_named(node: Node, trek: Path, deployed_model: str) -> None:
    result = invoke("load-photos", trek, "--url", node.url)
    assert result.exit_code == 1
    assert f"name the checkpoint of {deployed_model} with --checkpoint" in result.output


def test_the_real_trek(client: Elasticsearch, node: Node, shared: Path, tmp_path: Path) -> None:
    repaired = tmp_path / "repaired.yaml"
    repaired.write_text(repaired_catalogue(shared), encoding="utf-8")
    result = invoke("load-peaks", repaired, "--reference-images", shared / "reference-peaks",
                    "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    assert result.exit_code == 0 and "25 peaks" in result.output
    assert "Reference photos in 3 prototypes: ama-dablam 3, mount-everest 1, pumori 3" in result.output
    report = load_photos(shared / "photos", node)
    everywhere = ("found", "created", "with_position", "with_bearing", "with_offset")
    assert [report[name] for name in everywhere] == [33] * 5
    assert report["with_sight"] == 32  # IMG_2885.HEIC looks where the catalogue has no peak
    assert report["skipped"] == report["rejected"] == report["notes"] == []
    again = load_photos(shared / "photos", node)
    assert (again["unchanged"], again["created"], again["updated"]) == (33, 0, 0)
    assert client.count(index="photos")["count"] == 33
