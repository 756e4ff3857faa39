"""`peaks load-photos` cut off, turned away, refused and run twice at once: nothing is lost or spoilt.

The command is the real one, in processes of its own, against a real node.
"""
from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from elasticsearch import Elasticsearch

from loader.elastic.connection import Connection
from tests.conftest import NOWHERE, analyzers, free_port, must_run_peaks, run_peaks
from tests.elastic.fault_proxy import FaultProxy
from tests.photos.conftest import PHOTOS, Start
from tests.photos.loaded_photos import Documents, documents, same

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.usefixtures("expected")]

CHUNK_SECONDS = 0.1  # that the tower takes at least for two photos

# What a load asks for, in this order.
REQUESTS = ("/photos/_mapping$", "/peaks_catalog/_mapping", "/_mapping/field/", "_refresh", "/photos/_pit",
            "/_search$", "/peaks_catalog/_pit", "/concepts/_pit", "/peaks_catalog/_count", "_msearch",
            "_bulk")
TRIES = 4  # that the client makes of a request at once, before the loader waits; of a bulk one


def test_a_storm(client: Elasticsearch, expected: Documents, start: Start, proxy: FaultProxy) -> None:
    """What a load asks for is turned away, lost on its way, done without an answer or half answered."""
    for paths, probability, times in (("_bulk", 0.2, 1), (r"^(?!.*_bulk)", 0.06, None)):
        proxy.answer(503, probability=probability, times=times, paths=paths)
        proxy.answer(429, probability=probability, times=times, paths=paths, retry_after=1)
        proxy.drop("before", probability=probability, times=times, paths=paths)
        proxy.drop("after", probability=probability, times=times, paths=paths)
        proxy.cut(probability=probability, times=times, paths=paths)
    proxy.reject("", 429, times=3, probability=0.1)
    load = start(url=proxy.url).finish()
    assert load.code == 0 and load.outcomes.keys() <= {"created", "updated"}, load.said
    assert sum(load.outcomes.values()) == PHOTOS
    assert same(documents(client), expected)
    met = {seen.outcome for seen in proxy.seen if "_bulk" in seen.path}
    assert len(met - {200}) >= 2, "the storm was none"


def test_every_request_is_made_again(
    client: Elasticsearch, expected: Documents, start: Start, proxy: FaultProxy
) -> None:
    for path in REQUESTS:
        proxy.answer(503, times=1 if path == "_bulk" else TRIES, paths=path)
    load = start(url=proxy.url).finish()
    assert load.code == 0 and load.outcomes == {"created": PHOTOS}, load.said
    assert same(documents(client), expected)
    for path in REQUESTS:
        met = [seen.outcome for seen in proxy.seen if re.search(path, seen.path)]
        assert 503 in met and 200 in met, path


@pytest.mark.release
def test_the_node_dies_and_comes_back(
    client: Elasticsearch, expected: Documents, start: Start, session_home: Path
) -> None:
    home = session_home.with_name("test-faults")
    with own_node(client, home) as url:
        own = Connection(url=url).client()
        load = start(url=url, seconds=CHUNK_SECONDS)
        load.await_embedding()
        time.sleep(2 * CHUNK_SECONDS)
        os.kill(status(home)["node"]["pid"], signal.SIGKILL)
        start_bare(home, urlsplit(url).port)
        ended = load.finish()
        assert ended.code == 0 and ended.outcomes.keys() <= {"created", "updated"}, ended.said
        assert "trying again" in ended.said and "Elasticsearch answers again" in ended.said
        assert same(documents(own), expected)
        own.close()


@contextmanager
def own_node(client: Elasticsearch, home: Path) -> Iterator[str]:
    """A node of the test's own, with the indices of photos and peaks as the session's has them."""
    port = free_port()
    run_peaks("cluster", "reset", "--yes", "--home", home)  # what a session that was broken off left
    start_bare(home, port)
    try:
        url = f"http://127.0.0.1:{port}"
        own = Connection(url=url).client()
        for alias in ("photos", "peaks_catalog"):
            copy_index(client, own, alias)
        own.close()
        yield url
    finally:
        must_run_peaks("cluster", "stop", "--home", home)


def start_bare(home: Path, port: int | None) -> None:
    must_run_peaks("cluster", "start", "--home", home, "--bare", "--port", str(port), "--heap", "512m")


def copy_index(client: Elasticsearch, other: Elasticsearch, alias: str) -> None:
    """Make the index behind an alias in another cluster, with its documents."""
    ((name, made),) = client.indices.get_mapping(index=alias).items()
    for field in made["mappings"]["properties"].values():
        field.pop("analyzer", None)  # Elastic's smallest distribution has only the standard one
        field.pop("fields", None)
    other.indices.create(index=name, mappings=made["mappings"], aliases={alias: {}},
                         settings={"number_of_replicas": 0})
    properties = made["mappings"]["properties"]
    vectors = [name for name, field in properties.items() if field["type"] == "dense_vector"]
    hits = client.search(index=alias, size=1000, fields=vectors)["hits"]["hits"]
    lines = [  # on 9.x no vector stands in the source
        line for hit in hits for line in ({"index": {"_id": hit["_id"]}}, {**hit["_source"], **hit["fields"]})
    ]
    assert not lines or not other.bulk(index=name, operations=lines, refresh=True)["errors"]


def status(home: Path) -> dict[str, Any]:
    reported: dict[str, Any] = json.loads(must_run_peaks("cluster", "status", "--home", home, "--json"))
    return reported


def test_patience_that_ends(
    client: Elasticsearch, expected: Documents, start: Start, proxy: FaultProxy
) -> None:
    load = start("--patience", 0.02, url=proxy.url, seconds=0.3)
    load.await_embedding()
    time.sleep(1.0)
    proxy.target = NOWHERE
    ended = load.finish()
    assert ended.code == 1 and ended.said.endswith("Error: Elasticsearch answered 502: the node is away.\n")
    assert ended.said.count("Error: ") == 1 and "Traceback" not in ended.said
    assert ended.outcomes.keys() == {"created", "left"}
    assert ended.report["created"] == len(documents(client)) > 0
    assert start().finish().code == 0
    assert same(documents(client), expected)


@pytest.fixture
def without_descriptions(client: Elasticsearch) -> Iterator[dict[str, Any]]:
    """An index of photos as an earlier version may have made it: a field is missing. Yields that field."""
    ((name, made),) = client.indices.get_mapping(index="photos").items()
    lacking = json.loads(json.dumps(made["mappings"]))
    field = lacking["properties"].pop("description")
    settings = {"number_of_replicas": 0, **analyzers()}
    client.indices.create(index="lacking", mappings=lacking, settings=settings)
    repoint(client, name, "lacking")
    yield {"description": field}
    repoint(client, "lacking", name)
    client.indices.delete(index="lacking")


def repoint(client: Elasticsearch, old: str, new: str) -> None:
    """Move the alias of photos from one index to another, at one stroke."""
    moves: list[Mapping[str, Any]] = [
        {"remove": {"index": old, "alias": "photos"}}, {"add": {"index": new, "alias": "photos"}}
    ]
    client.indices.update_aliases(actions=moves)


def test_a_photo_that_is_refused_is_named_and_taken_again_by_the_next_run(
    client: Elasticsearch, expected: Documents, without_descriptions: dict[str, Any], start: Start
) -> None:
    described = {identifier for identifier, photo in expected.items() if "description" in photo}
    paths = {expected[identifier]["path"] for identifier in described}
    assert 0 < len(described) < PHOTOS
    load = start().finish()
    assert load.code == 1
    assert load.outcomes == {"created": PHOTOS - len(described), "rejected": len(described)}
    assert {refused["name"] for refused in load.report["rejected"]} == paths
    assert all("[description] within [_doc] is not allowed" in refused["reason"]
               for refused in load.report["rejected"])
    changed = described.pop()  # its old document stays, and is still seen as changed
    old = {"path": expected[changed]["path"], "library": "trek", "content_hash": "0" * 64, "size_bytes": 1}
    client.index(index="photos", id=changed, document=old)
    assert start().finish().outcomes == {"unchanged": PHOTOS - len(paths), "rejected": len(paths)}
    assert client.get(index="photos", id=changed)["_source"] == old

    client.indices.put_mapping(index="photos", properties=without_descriptions)
    last = start().finish()
    assert last.code == 0
    assert last.outcomes == {
        "created": len(described), "updated": 1, "unchanged": PHOTOS - len(paths)
    }
    assert same(documents(client), expected)


def test_two_loads_of_one_library_at_once(
    client: Elasticsearch, expected: Documents, start: Start
) -> None:
    loads = [start(seconds=CHUNK_SECONDS) for _ in range(2)]
    for ended in [load.finish() for load in loads]:
        assert ended.code == 0 and ended.outcomes.keys() <= {"created", "updated", "unchanged"}, ended.said
        assert sum(ended.outcomes.values()) == PHOTOS
    assert same(documents(client), expected)
