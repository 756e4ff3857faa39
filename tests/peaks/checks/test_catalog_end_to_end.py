"""The demo's catalogue, checkpoint and drawn photos against a real node: a misplaced photo is found twice."""
from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from demo.trail import Place, bearing_to
from tests.conftest import (
    DEMO_CHECKPOINT,
    DRAWN,
    REPOSITORY,
    Node,
    Truth,
    call_peaks,
    invoke,
    repaired_catalogue,
)

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("fresh_indices")]

CATALOGUE = REPOSITORY / "demo" / "peaks.yaml"
ASIDE_DEG = 100.0  # half the widest picture and what a compass errs by, with much to spare


@pytest.fixture
def references(drawn: Path, truth: Truth, tmp_path: Path) -> Path:
    """The drawn photos, each in the folder of the peak that it shows."""
    folder = tmp_path / "references"
    for entry in truth:
        target = folder / entry["peak"] / entry["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(drawn / entry["file"], target)
    return folder


def check(node: Node, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    result = invoke("catalog", "check", *arguments, "--url", node.url, "--json")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, json.loads(result.stdout)


def choose_move(truth: Truth) -> tuple[dict[str, Any], str]:
    """A daylight photo, and a peak that lies far beside its frame by the demo's own spherical formula."""
    for entry in truth:
        place = Place(entry["place"], 1, entry["lat"], entry["lon"], entry["altitude"])
        for peak in sorted({other["peak"] for other in truth}):
            aside = abs((bearing_to(place, peak) - entry["bearing"] + 180) % 360 - 180)
            if entry["sky"] == "clear" and aside > ASIDE_DEG:
                return entry, peak
    raise AssertionError("no drawn photo looks away from any peak")


def test_references_in_their_own_folders_are_in_order(node: Node, references: Path) -> None:
    options = ("--reference-images", references, "--checkpoint", DEMO_CHECKPOINT)
    code, report = check(node, CATALOGUE, *options)
    assert code == 0
    assert (report["errors"], report["peaks"], report["photos"]) == (0, 12, DRAWN)
    assert report["not_checked"] == []
    # the checkpoint names five drawn photos of six right; the margins leave one photo in fifty in doubt
    assert sum(problem["kind"] == "vector" for problem in report["problems"]) <= 2


def test_a_photo_in_the_wrong_folder_is_found_by_sight_and_by_vector(
    node: Node, truth: Truth, references: Path
) -> None:
    entry, peak = choose_move(truth)
    (references / entry["peak"] / entry["file"]).rename(references / peak / entry["file"])
    options = ("--reference-images", references, "--checkpoint", DEMO_CHECKPOINT)
    code, report = check(node, CATALOGUE, *options)
    assert code == 1
    moved = f"{peak}/{entry['file']}"
    errors = [problem for problem in report["problems"] if problem["severity"] == "error"]
    assert [(problem["kind"], problem["subject"]) for problem in errors] == [("sight", moved)]
    assert errors[0]["evidence"]["reason"] == "direction"
    [vector] = [one for one in report["problems"] if one["kind"] == "vector" and one["subject"] == moved]
    assert vector["evidence"]["nearest"] == entry["peak"]


def test_the_catalogue_of_the_index_is_checked_without_a_file(
    node: Node, client: Elasticsearch, references: Path
) -> None:
    call_peaks("load-peaks", CATALOGUE, "--url", node.url)
    nowhere = {"id": "nowhere", "names": ["Nowhere"]}
    client.index(index="peaks_catalog", id="nowhere", document=nowhere, refresh=True)
    (references / "pumori").rename(references / "nowhere")
    code, report = check(node, "--reference-images", references)
    assert code == 0 and report["catalogue"] == "peaks_catalog" and report["peaks"] == 13
    gaps = [one["evidence"]["reason"] for one in report["problems"] if one["subject"] == "nowhere"]
    assert gaps == ["no position", "no height"]
    assert [one["what"] for one in report["not_checked"]] == [
        "sight lines of 2 of 24 reference photos", "vectors of the reference photos"
    ]


def test_an_empty_index_is_one_sentence(node: Node) -> None:
    result = invoke("catalog", "check", "--url", node.url)
    assert result.exit_code == 1
    assert result.output == (
        "Error: The catalogue peaks_catalog is empty: load one with `peaks load-peaks FILE`.\n"
    )


def test_another_checkpoint_is_refused(node: Node, references: Path, tmp_path: Path) -> None:
    other = shutil.copytree(DEMO_CHECKPOINT, tmp_path / "other")
    (other / "config.json").write_text((other / "config.json").read_text() + "\n")
    options = ("--reference-images", references, "--checkpoint", other, "--url", node.url)
    result = invoke("catalog", "check", CATALOGUE, *options)
    assert result.exit_code == 1
    assert result.output.startswith("Error: [peaks_catalog] holds vectors of")
    assert result.output.count("\n") == 1


def test_names_that_the_checkpoint_cannot_tell_apart(node: Node, shared: Path, tmp_path: Path) -> None:
    """The demo's checkpoint never read the words "Lhotse Shar"."""
    repaired = tmp_path / "repaired.yaml"
    repaired.write_text(repaired_catalogue(shared), encoding="utf-8")
    code, report = check(node, repaired)
    pairs = [problem["evidence"]["peaks"] for problem in report["problems"] if problem["kind"] == "name"]
    assert code == 0 and ["lhotse", "lhotse-shar"] in pairs
    assert all(problem["evidence"]["cosine"] > 0.85 for problem in report["problems"])


def test_two_peaks_of_one_name_are_one_vector(node: Node, tmp_path: Path) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_text(
        "- {id: a, names: [Makalu], latlon: {lat: 27.0, lon: 86.0}, elev_m: 8000}\n"
        "- {id: b, names: [MAKALU], latlon: {lat: 28.0, lon: 86.0}, elev_m: 8000}\n"
        "- {id: c, names: [Taboche], latlon: {lat: 29.0, lon: 86.0}, elev_m: 8000}\n"
    )
    code, report = check(node, path)
    assert code == 0
    assert [(problem["kind"], problem["evidence"]["reason"]) for problem in report["problems"]] == [
        ("duplicate", "same name"), ("name", "near names")
    ]
