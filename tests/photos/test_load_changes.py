"""A library that changes between two loads, on a real node: moved, copied, changed and deleted files."""
from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from tests.conftest import DEMO_CHECKPOINT, Node, analyzers, invoke
from tests.elastic.fault_proxy import FaultProxy
from tests.files.picture_files import quadrants, write
from tests.photos.running_load import outcomes

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("fresh_indices")]


@pytest.fixture
def trek(tmp_path: Path) -> Path:
    """Four photos of different content, in a library called "trek"."""
    folder = tmp_path / "trek"
    for number in range(4):
        write(folder / f"IMG_{number}.jpg", quadrants(300 + 20 * number, 300))
    (folder / "film.mov").write_bytes(b"no picture")
    return folder


def load(folder: Path, url: str, *options: str | Path, answer: str | None = None) -> dict[str, Any]:
    """Run `peaks load-photos --json`; the report, what else was said, and the exit code."""
    words = ("load-photos", folder, "--checkpoint", DEMO_CHECKPOINT, "--url", url, "--json", *options)
    result = invoke(*words, input=answer)
    if not result.stdout.startswith("{"):
        return {"code": result.exit_code, "said": result.output}
    return {**json.loads(result.stdout), "code": result.exit_code, "said": result.stderr}


def stored(client: Elasticsearch) -> dict[str, dict[str, Any]]:
    """Every photo of the index by its path, vector included."""
    client.indices.refresh(index="photos")
    answer = client.search(index="photos", size=100, fields=[{"field": "clip_image"}])
    return {hit["_source"]["path"]: {**hit["_source"], "_id": hit["_id"]} for hit in answer["hits"]["hits"]}


def test_an_unchanged_library_is_not_opened(client: Elasticsearch, node: Node, trek: Path) -> None:
    assert outcomes(load(trek, node.url)) == {"created": 4}
    path = trek / "IMG_1.jpg"
    before = path.stat()
    path.write_bytes(b"x" * before.st_size)  # who opened it would see no picture
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert outcomes(load(trek, node.url)) == {"unchanged": 4}
    # Nothing is embedded, so no checkpoint is needed either.
    result = invoke("load-photos", trek, "--url", node.url)
    assert (result.exit_code, "unchanged       4" in result.output) == (0, True)
    report = load(trek, node.url, "--checksum")
    assert outcomes(report) == {"unchanged": 3, "skipped": 1}
    assert report["skipped"][0]["name"] == "IMG_1.jpg"


def test_another_time_alone_changes_nothing(client: Elasticsearch, node: Node, trek: Path) -> None:
    load(trek, node.url)
    before = stored(client)
    os.utime(trek / "IMG_0.jpg", (1, 1))
    report = load(trek, node.url)
    assert outcomes(report) == {"unchanged": 4}
    after = stored(client)
    assert after["IMG_0.jpg"].pop("modified") == 1000 and after["IMG_0.jpg"].pop("loaded")
    assert after["IMG_0.jpg"].items() <= before["IMG_0.jpg"].items()


def test_a_sidecar_that_comes_changes_or_goes_is_read(
    client: Elasticsearch, node: Node, trek: Path
) -> None:
    load(trek, node.url)
    sidecar = trek / "IMG_0.jpg.json"
    takeout = {"geoData": {"latitude": 27.86, "longitude": 86.79}}
    sidecar.write_text(json.dumps(takeout))
    os.utime(sidecar, (1, 1))  # older than the photo, as archives unpack them
    estimate = load(trek, node.url, "--dry-run")
    report = load(trek, node.url)
    assert outcomes(report) == outcomes(estimate) == {"updated": 1, "unchanged": 3}
    assert report["passed_over"] == {"no picture": 1, "sidecar": 1}
    photo = stored(client)["IMG_0.jpg"]
    assert (photo["gps"], photo["position_source"]) == ({"lat": 27.86, "lon": 86.79}, "sidecar")
    os.utime(sidecar, (2, 2))
    for _ in range(2):
        assert outcomes(load(trek, node.url)) == {"unchanged": 4}
    assert stored(client)["IMG_0.jpg"]["sidecars"].endswith(" 2000")
    (trek / "day 1").mkdir()
    for name in ("IMG_0.jpg", sidecar.name):
        (trek / name).rename(trek / "day 1" / name)
    assert outcomes(load(trek, node.url)) == {"moved": 1, "unchanged": 3}
    assert outcomes(load(trek, node.url)) == {"unchanged": 4}
    (trek / "day 1" / sidecar.name).write_text(json.dumps({**takeout, "description": "Pangboche"}))
    assert outcomes(load(trek, node.url)) == {"updated": 1, "unchanged": 3}
    assert stored(client)["day 1/IMG_0.jpg"]["description"] == "Pangboche"
    (trek / "day 1" / sidecar.name).unlink()
    assert outcomes(load(trek, node.url)) == {"updated": 1, "unchanged": 3}
    assert not {"gps", "sidecars", "sidecars_hash"} & stored(client)["day 1/IMG_0.jpg"].keys()


def test_moved_and_copied_files_keep_their_vectors(client: Elasticsearch, node: Node, trek: Path) -> None:
    load(trek, node.url)
    before = stored(client)
    (trek / "day 1").mkdir()
    (trek / "IMG_0.jpg").rename(trek / "day 1" / "Ama Dablam.jpg")
    shutil.copy(trek / "IMG_1.jpg", trek / "copy.jpg")
    shutil.copy(trek / "day 1" / "Ama Dablam.jpg", trek / "day 1" / "again.jpg")
    estimate = load(trek, node.url, "--dry-run")
    assert stored(client) == before and estimate["is_dry_run"]
    report = load(trek, node.url)
    assert outcomes(report) == outcomes(estimate) == {"moved": 1, "copied": 2, "unchanged": 3}
    assert report["missing"] == estimate["missing"] == []
    after = stored(client)
    assert set(after) == {"IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg", "copy.jpg", "day 1/Ama Dablam.jpg",
                          "day 1/again.jpg"}
    assert after["day 1/Ama Dablam.jpg"]["path_words"] == "day 1 Ama Dablam"
    for new, old in (("day 1/Ama Dablam.jpg", "IMG_0.jpg"), ("copy.jpg", "IMG_1.jpg")):
        same = before[old].keys() - {"_id", "path", "path_words", "modified", "loaded"}
        assert {name: after[new][name] for name in same} == {name: before[old][name] for name in same}
        assert after[new]["_id"] != before[old]["_id"]
    assert outcomes(load(trek, node.url)) == {"unchanged": 6}


def test_deleted_files_are_removed_when_a_person_agrees(
    client: Elasticsearch, node: Node, trek: Path
) -> None:
    load(trek, node.url)
    (trek / "IMG_2.jpg").unlink()
    report = load(trek, node.url)
    assert (report["missing"], report["removed"]) == (["IMG_2.jpg"], 0)
    said = invoke("load-photos", trek, "--url", node.url, "--prune", "--dry-run").stdout
    assert "1 photo of the index without a file: --prune removes it (--yes without asking)\n" in said
    for answer, code in (("n\n", 0), ("", 1), (None, 1)):
        report = load(trek, node.url, "--prune", answer=answer)
        assert (report["removed"], report["code"], len(stored(client))) == (0, code, 4)
        assert "IMG_2.jpg\nRemove 1 photo without a file from the index? [y/N]:" in report["said"]
    assert "There was no answer, so nothing was removed" in report["said"]
    report = load(trek, node.url, "--prune", answer="y\n")
    assert (report["removed"], report["code"]) == (1, 0)
    assert set(stored(client)) == {"IMG_0.jpg", "IMG_1.jpg", "IMG_3.jpg"}


def test_a_folder_without_a_picture_is_said(node: Node, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    report = load(tmp_path, node.url)
    assert report["code"] == 2
    assert report["said"] == f"There is no picture in {tmp_path} to load: check the folder.\n"


def test_only_what_is_surely_missing_is_removed(client: Elasticsearch, node: Node, trek: Path) -> None:
    write(trek / "2023" / "a.jpg", quadrants(500, 300))
    load(trek, node.url)
    load(write(trek.parent / "other" / "z.jpg", quadrants(600, 300)).parent, node.url)
    (trek / "IMG_2.jpg").unlink()
    # A part of the library, one that another machine takes, and another library say nothing of it.
    part = load(trek / "2023", node.url, "--library-root", trek, "--prune", "--yes")
    assert (part["missing"], part["removed"]) == ([], 0)
    shares = [load(trek, node.url, "--part", f"{number}/2", "--prune", "--yes") for number in (1, 2)]
    assert sorted(report["removed"] for report in shares) == [0, 1]
    assert set(stored(client)) == {"IMG_0.jpg", "IMG_1.jpg", "IMG_3.jpg", "2023/a.jpg", "z.jpg"}
    # A disk that is not there looks like a library whose files are all gone.
    shutil.rmtree(trek)
    trek.mkdir()
    for _ in range(2):
        report = load(trek, node.url, "--prune", "--yes")
        assert report["code"] == 1 and f"No photo of the library has a file in {trek}, so" in report["said"]
        assert len(stored(client)) == 5
        write(trek / "film.mov", quadrants()).write_bytes(b"no picture")  # what a log on the empty disk is


def test_an_index_of_an_earlier_version_wants_its_new_fields(
    client: Elasticsearch, node: Node, trek: Path
) -> None:
    ((name, index),) = client.indices.get(index="photos").items()
    mappings = index["mappings"]
    for field in ("modified", "library_root", "loaded"):
        del mappings["properties"][field]
    client.indices.delete(index=name)
    client.indices.create(
        index="photos-earlier", mappings=mappings, settings=analyzers(), aliases={"photos": {}}
    )
    try:
        report = load(trek, node.url)
        assert report["code"] == 1
        assert report["said"] == (
            "Error: [photos] lacks the fields library_root, modified, loaded: run `peaks apply`, which adds "
            "them.\n"
        )
    finally:
        client.indices.delete(index="photos-earlier")


def test_dry_run_says_what_would_be_done_and_does_nothing(
    client: Elasticsearch, node: Node, trek: Path
) -> None:
    (trek / "broken.jpg").write_bytes(b"no picture")
    estimate = load(trek, node.url, "--dry-run")
    assert outcomes(estimate) == {"created": 4, "skipped": 1} and estimate["passed_over"] == {"no picture": 1}
    assert estimate["code"] == 0 and stored(client) == {}
    assert outcomes(load(trek, node.url)) == outcomes(estimate)
    write(trek / "IMG_0.jpg", quadrants(320, 320))
    assert outcomes(load(trek, node.url, "--dry-run")) == {"updated": 1, "unchanged": 3, "skipped": 1}


def test_shares_make_up_the_whole(client: Elasticsearch, node: Node, trek: Path) -> None:
    shares = [load(trek, node.url, "--part", f"{number}/3")["created"] for number in (1, 2, 3)]
    assert sum(shares) == 4 and outcomes(load(trek, node.url)) == {"unchanged": 4}


def change_a_photo(trek: Path) -> None:
    write(trek / "IMG_0.jpg", quadrants(500, 300))


def move_a_photo(trek: Path) -> None:
    (trek / "IMG_0.jpg").rename(trek / "first.jpg")


def copy_a_photo(trek: Path) -> None:
    shutil.copy(trek / "IMG_0.jpg", trek / "first.jpg")


@pytest.mark.parametrize(
    ("change", "done"),
    [
        (change_a_photo, {"updated": 1, "unchanged": 3}),
        (move_a_photo, {"moved": 1, "unchanged": 3}),
        (copy_a_photo, {"copied": 1, "unchanged": 4}),
    ],
)
def test_what_was_written_before_an_error_is_reported(
    node: Node, proxy: FaultProxy, trek: Path, change: Callable[[Path], None], done: dict[str, int]
) -> None:
    load(trek, node.url)
    change(trek)
    proxy.answer(200, times=1, paths="/photos/_refresh")  # at the beginning
    proxy.answer(400, paths="/photos/_refresh")  # when all is written
    report = load(trek, proxy.url)
    assert report["code"] == 1 and "Error: " in report["said"]
    assert outcomes(report) == done


def test_photos_that_are_all_refused_are_a_failure_and_not_an_empty_library(
    proxy: FaultProxy, trek: Path
) -> None:
    proxy.reject("", 400)
    report = load(trek, proxy.url)
    assert outcomes(report) == {"rejected": 4}
    assert report["code"] == 1


def test_predictions_wait_for_a_busy_cluster_to_the_end(node: Node, proxy: FaultProxy, trek: Path) -> None:
    load(trek, node.url)
    proxy.answer(503, times=4, paths="/photos/_refresh")  # the client itself tries four times
    result = invoke("predict", "--checkpoint", DEMO_CHECKPOINT, "--url", proxy.url)
    assert result.exit_code == 0, result.output
