"""Photos like an indexed one and of a peak: looked up in the cluster, or in two requests on older servers."""
from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch, NotFoundError

from loader.elastic.assets import LIKE_PHOTO, OF_PEAK
from loader.elastic.connection import has_lookup
from loader.elastic.error_sentences import explain
from tests.conftest import DEMO_CHECKPOINT, Node, ask, call_peaks, invoke
from tests.search.search_library import paths

pytestmark = pytest.mark.cluster

ASKED = [
    ("peak", "ama dablam"), ("peak", "khumbila", "--concept", "tent"),
    ("similar", "day 1/blue.jpg"), ("similar", "day 1/blue.jpg", "--near", "27.9,86.8", "--size", "2"),
]


@pytest.fixture
def looking_up(client: Elasticsearch, photos: Path) -> Elasticsearch:
    if not has_lookup(client):
        pytest.skip("servers before 9.4 look no vector up")
    return client


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_the_same_photos_are_found_in_one_request_and_in_two(
    node: Node, looking_up: Elasticsearch, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    one = ask(node, *words)
    monkeypatch.setattr("loader.search.question.has_lookup", lambda client: False)
    two = ask(node, *words)
    assert one["query"]["template"] == (OF_PEAK if words[0] == "peak" else LIKE_PHOTO)
    assert two["query"]["template"] == "photos-by-vector"
    assert one["hits"] and paths(one) == paths(two)
    for first, second in zip(one["hits"], two["hits"], strict=True):
        assert first["path"] == second["path"]
        assert first["cosine"] == pytest.approx(second["cosine"], abs=1e-6)
        assert first["probability"] == pytest.approx(second["probability"], abs=1e-6)


def search(client: Elasticsearch, template: str, **parameters: Any) -> list[dict[str, Any]]:
    found = client.search_template(index="photos", id=template, params=parameters)
    hits: list[dict[str, Any]] = found["hits"]["hits"]
    return hits


@pytest.mark.parametrize("looks_up", [True, False], ids=["one request", "two requests"])
def test_a_photo_that_a_person_named_otherwise_is_none_of_the_peak(
    node: Node, client: Elasticsearch, photos: Path, monkeypatch: pytest.MonkeyPatch, looks_up: bool
) -> None:
    """And what is said to show it is found, among others of which nothing is said."""
    if looks_up and not has_lookup(client):
        pytest.skip("servers before 9.4 look no vector up")
    monkeypatch.setattr("loader.search.question.has_lookup", lambda client: looks_up)
    before = paths(ask(node, "peak", "khumbila"))
    said = {"day 1/blue.jpg": ["none"], "day 1/dawn.jpg": ["ama-dablam"], "day 2/green.jpg": ["khumbila"]}
    try:
        say(client, said)
        assert paths(ask(node, "peak", "khumbila")) == before - {"day 1/blue.jpg", "day 1/dawn.jpg"}
        assert paths(ask(node, "similar", "scans/夜.jpg")) == before - {"scans/夜.jpg"}
    finally:
        say(client, {path: [] for path in said})


def say(client: Elasticsearch, words: dict[str, list[str]]) -> None:
    for hit in client.search(index="photos", query={"terms": {"path": list(words)}})["hits"]["hits"]:
        word = {"confirmed_peaks": words[hit["_source"]["path"]]}
        client.update(index="photos", id=hit["_id"], doc=word, refresh=True)


def test_a_photo_is_not_like_itself_and_pages_follow_each_other(looking_up: Elasticsearch) -> None:
    query = {"term": {"path": "day 1/blue.jpg"}}
    (own,) = looking_up.search(index="photos", query=query)["hits"]["hits"]
    hits = search(looking_up, LIKE_PHOTO, photo=own["_id"])
    assert len(hits) == looking_up.count(index="photos")["count"] - 1
    assert own["_id"] not in {hit["_id"] for hit in hits}
    second = search(looking_up, LIKE_PHOTO, photo=own["_id"], size=2, **{"from": 2})
    assert [hit["_id"] for hit in second] == [hit["_id"] for hit in hits[2:4]]
    timed = search(looking_up, LIKE_PHOTO, photo=own["_id"], sort={"time": "asc"})
    assert [hit["sort"][0] for hit in timed] == sorted(hit["sort"][0] for hit in timed)


def test_an_unknown_id_is_not_found_and_one_without_vector_neither(looking_up: Elasticsearch) -> None:
    looking_up.index(index="photos", id="empty", document={"path": "empty.jpg"}, refresh=True)
    try:
        places = ((LIKE_PHOTO, "photo", "photos"), (OF_PEAK, "peak", "peaks_catalog"))
        for template, parameter, place in places:
            with pytest.raises(NotFoundError) as refused:
                search(looking_up, template, **{parameter: "nobody"})
            assert f"[nobody] not found in index [{place}]" in explain(refused.value).message
        with pytest.raises(NotFoundError) as refused:
            search(looking_up, LIKE_PHOTO, photo="empty")
        assert explain(refused.value).message == (
            "Photo [empty] has no vector: load it again with `peaks load-photos`."
        )
        for strange in ([], ["a", "b"], {"size": 1}, "", None):
            with pytest.raises(ApiError) as wrong:
                search(looking_up, OF_PEAK, peak=strange)
            assert wrong.value.meta.status == 400 and "peak" in json.dumps(wrong.value.body)
    finally:
        looking_up.delete(index="photos", id="empty", refresh=True)


def test_a_photo_without_vector_is_named(node: Node, client: Elasticsearch, photos: Path) -> None:
    client.index(index="photos", id="empty", document={"path": "empty.jpg"}, refresh=True)
    try:
        refused = invoke("similar", "empty.jpg", "--url", node.url)
    finally:
        client.delete(index="photos", id="empty", refresh=True)
    assert refused.exit_code == 1
    assert refused.stderr == "Error: Photo [empty] has no vector: load it again with `peaks load-photos`.\n"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("words", ASKED, ids=" ".join)
@pytest.mark.parametrize("looks_up", [True, False], ids=["one request", "two requests"])
def test_curl_asks_the_same_in_the_form_that_fits(
    node: Node, client: Elasticsearch, photos: Path, monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...], looks_up: bool,
) -> None:
    if looks_up and not has_lookup(client):
        pytest.skip("servers before 9.4 look no vector up")
    monkeypatch.setattr("loader.search.question.has_lookup", lambda client: looks_up)
    command = call_peaks(*words, "--curl", "--url", node.url)
    assert ("photos-by-vector" in command) != looks_up
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    found = [hit["fields"]["path"][0] for hit in json.loads(answer.stdout)["hits"]["hits"]]
    own = words[1] if words[0] == "similar" else None
    told = [hit["path"] for hit in ask(node, *words)["hits"]]
    assert [path for path in found if path != own][: len(told)] == told


@pytest.mark.parametrize("more", [(), ("--hybrid",), ("--recipe", "none"), ("--peak", "ama-dablam")])
def test_vectors_of_words_made_here_find_the_same(node: Node, photos: Path, more: tuple[str, ...]) -> None:
    """By the very file that the cluster has; only the ranks of a hybrid search are other ones."""
    asked = ("search", "prayer flags in the wind", *more)
    there = ask(node, *asked)["hits"]
    here = ask(node, *asked, "--client-vectors", "--checkpoint", DEMO_CHECKPOINT)["hits"]
    assert {hit["path"] for hit in here} == {hit["path"] for hit in there} != set()
    if "--hybrid" not in more:
        assert [hit["path"] for hit in here] == [hit["path"] for hit in there]
    by_path = {hit["path"]: hit for hit in there}
    for hit in here:
        for number in ("cosine", "probability"):
            assert hit[number] == pytest.approx(by_path[hit["path"]][number], abs=1e-5)


def test_vectors_made_here_need_a_checkpoint(node: Node, photos: Path) -> None:
    refused = invoke("search", "yak", "--client-vectors", "--url", node.url)
    assert refused.exit_code == 1 and "--checkpoint DIR_OR_HUB_ID" in refused.stderr
