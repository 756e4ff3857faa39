"""Libraries beside photos of an earlier version, and loads beside another load."""
from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from loader.elastic.bulk import delete_documents
from tests.conftest import Node
from tests.photos.running_load import RunningLoad, outcomes
from tests.photos.stored_libraries import files, hashes, photos
from tests.photos.test_load_changes import load

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("fresh_indices")]


def make_earlier(client: Elasticsearch) -> None:
    """Leave the photos as an earlier version wrote them: without a root, under other ids."""
    client.indices.refresh(index="photos")
    hits = client.search(index="photos", size=100, fields=[{"field": "clip_image"}])["hits"]["hits"]
    for number, hit in enumerate(hits):
        photo = {**hit["_source"], "clip_image": hit["fields"]["clip_image"]}
        del photo["library_root"], photo["loaded"]
        client.delete(index="photos", id=hit["_id"])
        client.index(index="photos", id=f"{number}" * 32, document=photo, refresh=True)


def test_photos_of_an_earlier_version_are_taken_over(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, second = cards
    load(first, node.url)
    before = photos(client)
    make_earlier(client)
    shutil.copy(first / "100" / "IMG_1.jpg", first / "100" / "again.jpg")
    estimate = load(first, node.url, "--dry-run")
    report = load(first, node.url, "--prune", "--yes")
    assert outcomes(report) == outcomes(estimate) == {"moved": 4, "copied": 1} and report["removed"] == 0
    assert hashes(photos(client), first).items() >= hashes(before, first).items()
    assert photos(client).keys() == files(first)
    assert load(second, node.url)["code"] == 1


def test_a_photo_of_an_earlier_version_is_nobodys_to_remove(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, second = cards
    load(first, node.url)
    make_earlier(client)
    assert outcomes(load(second, node.url, "--prune", "--yes")) == {"created": 4}
    assert outcomes(load(first, node.url, "--library", "card 1", "--prune", "--yes")) == {"copied": 4}
    client.indices.refresh(index="photos")
    assert client.count(index="photos")["count"] == 12


def test_two_loads_at_once_do_not_disturb_each_other(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = cards
    running = [
        RunningLoad(folder, node.url, tmp_path, "--library", name, "--prune", "--yes", "--batch-size", 2)
        for folder, name in ((first, "one"), (second, "two"))
    ]
    ended = [load.finish() for load in running]
    assert [load.outcomes for load in ended] == [{"created": 4}] * 2
    assert photos(client).keys() == files(first, second)


def test_two_first_loads_of_one_name_at_once_overwrite_nothing(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = cards
    slow = RunningLoad(first, node.url, tmp_path, "--batch-size", 1, seconds=1.0)
    slow.await_embedding()
    os.killpg(slow.process.pid or 0, signal.SIGSTOP)
    assert load(second, node.url)["code"] == 0
    at_that_time = photos(client)
    os.killpg(slow.process.pid or 0, signal.SIGCONT)
    ended = slow.finish()
    assert ended.code == 1 and "Another load puts photos of" in ended.said
    now = photos(client)
    assert {path: now.get(path) for path in at_that_time} == at_that_time


def test_content_that_another_load_removes_meanwhile_is_embedded(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = cards
    load(first, node.url, "--library", "one")
    shutil.copy(first / "100" / "IMG_3003.jpg", second / "100" / "IMG_9.jpg")
    other = RunningLoad(second, node.url, tmp_path, "--library", "two", "--batch-size", 1, seconds=1.0)
    other.await_embedding()
    hits = client.search(index="photos", query={"term": {"library": "one"}})["hits"]["hits"]
    assert delete_documents(client, "photos", [hit["_id"] for hit in hits]) == 4
    ended = other.finish()
    assert ended.outcomes == {"created": 5}
    assert photos(client).keys() == files(second)
