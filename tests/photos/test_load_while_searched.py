"""Searches and loads while the model, the node or the disk fails: every answer is right, and nothing is lost.

Each fault is the real one, on the session's node. What people read who search meanwhile is in `searchers`.
"""
from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from cluster.embedded.home import Home
from cluster.embedded.processes import Process, find_members, is_worker
from loader.elastic.bulk import delete_documents
from tests.conftest import REPOSITORY, Node, invoke, run_peaks
from tests.embedded.plugin_node import wait_until
from tests.photos.conftest import PHOTOS, Start
from tests.photos.loaded_photos import Documents, documents, same
from tests.photos.searchers import searching

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.usefixtures("expected")]

CONCEPTS, COUNT = REPOSITORY / "demo" / "concepts.yaml", 11
CHUNK_SECONDS = 0.1  # that the tower takes at least for two photos
FULL = r"^The text model has more to do than it can \(.*\): wait a little and run again; `peaks model deploy "
BUSY = r"^Elasticsearch is too busy or not ready \(.*\): wait a little and run again\.$"

Loading = Future[subprocess.CompletedProcess[str]]


@pytest.fixture
def loaded(expected: Documents, start: Start) -> Documents:
    """A library in the index, which is searched and loaded anew."""
    assert start().finish().outcomes == {"created": PHOTOS}
    return expected


@pytest.fixture
def small_queue(node: Node, client: Elasticsearch, deployed_model: str) -> Iterator[Process]:
    """The model with room for two texts in its queue; yields its process."""
    if node.home is None:
        pytest.skip("the node was started by somebody else: its worker is not this test's to stop")
    deploy(client, deployed_model, queue_capacity=2)
    yield max(find_members(Home(node.home), is_worker), key=lambda member: member.started)
    deploy(client, deployed_model)


def deploy(client: Elasticsearch, model_id: str, queue_capacity: int = 10_000) -> None:
    """Start a model anew."""
    client.options(ignore_status=404).ml.stop_trained_model_deployment(model_id=model_id, force=True)
    client.options(request_timeout=120).ml.start_trained_model_deployment(
        model_id=model_id, queue_capacity=queue_capacity
    )


def node_stats(client: Elasticsearch, model_id: str) -> dict[str, Any]:
    [stats] = client.ml.get_trained_models_stats(model_id=model_id)["trained_model_stats"]
    return dict(stats["deployment_stats"]["nodes"][0])


@contextmanager
def paused(process: Process) -> Iterator[Callable[[], None]]:
    """Stop a process; yields what lets it go on, as the end of the block does."""
    def go_on() -> None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)

    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield go_on
    finally:
        go_on()


@contextmanager
def loading_concepts(node: Node, client: Elasticsearch) -> Iterator[Loading]:
    """Load the demo's concepts, whose words the model encodes, into an empty index.

    The block begins when the first ones are on their way.
    """
    empty_concepts(client)
    before = count_encoded(client)
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(run_peaks, "load-concepts", CONCEPTS, "--url", node.url)
        wait_until(lambda: count_encoded(client) > before)
        yield load


def empty_concepts(client: Elasticsearch) -> None:
    client.indices.refresh(index="concepts")
    held = client.search(index="concepts", size=100, source=False)["hits"]["hits"]
    delete_documents(client, "concepts", [hit["_id"] for hit in held])
    client.indices.refresh(index="concepts")


def count_encoded(client: Elasticsearch) -> int:
    """Documents that came to the concepts' pipeline since the node started."""
    [stats] = client.nodes.stats(metric="ingest")["nodes"].values()
    pipeline = stats["ingest"]["pipelines"]["concepts-text-embedding"]
    return int(pipeline["count"] + pipeline["current"])


def assert_loaded(client: Elasticsearch, load: Loading) -> str:
    """All concepts are there; returns what the load said."""
    ended = load.result()
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert client.count(index="concepts")["count"] == COUNT
    return ended.stderr


def test_the_queue_is_full(
    node: Node, client: Elasticsearch, deployed_model: str, loaded: Documents, small_queue: Process
) -> None:
    ask: Callable[[], object] = lambda: client.ml.infer_trained_model(  # noqa: E731
        model_id=deployed_model, docs=[{"text_field": "lake"}], timeout="60s"
    )
    with ThreadPoolExecutor(3) as pool, paused(small_queue) as go_on:
        waiting = [pool.submit(ask) for _ in range(3)]
        wait_until(lambda: node_stats(client, deployed_model)["number_of_pending_requests"] == 3)
        refused = invoke("search", "prayer flags", "--url", node.url)
        assert (refused.exit_code, refused.stderr) == (1, (
            "Error: The text model has more to do than it can (inference process queue is full): wait a "
            "little and run again; `peaks model deploy --number-of-allocations N` makes it answer more texts "
            "side by side.\n"
        ))
        before = node_stats(client, deployed_model)["rejected_execution_count"]
        with loading_concepts(node, client) as load:
            wait_until(lambda: node_stats(client, deployed_model)["rejected_execution_count"] > before)
            go_on()
        said = assert_loaded(client, load)
        assert all(future.result() for future in waiting)
    assert "documents away (inference process queue is full. Unable to execute command): trying again" in said


def test_the_worker_dies(
    node: Node, client: Elasticsearch, loaded: Documents, small_queue: Process, start: Start
) -> None:
    with (
        searching(node.url, client) as searchers, paused(small_queue), loading_concepts(node, client) as load
    ):
        photos = start("--reload", seconds=CHUNK_SECONDS)
        photos.await_embedding()
        os.kill(small_queue.pid, signal.SIGKILL)
        assert_loaded(client, load)
        assert photos.finish().outcomes == {"updated": PHOTOS}
        searchers.await_answer()
    assert searchers.read_only(FULL, BUSY) and searchers.sentences
    assert same(documents(client), loaded)


@contextmanager
def full_disk(client: Elasticsearch) -> Iterator[None]:
    """Let the disk count as full during a block: Elasticsearch makes the indices read-only, and then not.

    Its monitor sets the same block by itself, but looks only twice a minute: it is not waited for.
    """
    disk = "cluster.routing.allocation.disk."
    marks = dict.fromkeys((f"{disk}watermark.{name}" for name in ("low", "high", "flood_stage")), "900tb")
    block = {"index.blocks.read_only_allow_delete": True}
    client.cluster.put_settings(persistent={f"{disk}threshold_enabled": True, **marks})
    client.indices.put_settings(index="photos,concepts", settings=block)
    try:
        yield
    finally:
        client.cluster.put_settings(persistent={f"{disk}*": None})
        client.indices.put_settings(index="photos,concepts", settings=dict.fromkeys(block))


def test_the_disk_is_full(node: Node, client: Elasticsearch, loaded: Documents, start: Start) -> None:
    blocked = "blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark"
    empty_concepts(client)  # a full disk lets no document be deleted either
    with searching(node.url, client) as searchers, ExitStack() as disk:
        disk.enter_context(full_disk(client))
        with loading_concepts(node, client) as load:
            photos = start("--reload")
            photos.await_words("trying again")
            searchers.await_answer()
            assert photos.process.is_alive() and not load.done()
            disk.close()
            assert_loaded(client, load)
        ended = photos.finish()
        assert ended.code == 0 and ended.outcomes == {"updated": PHOTOS} and blocked in ended.said
    assert searchers.read_only(FULL)
    assert same(documents(client), loaded)
