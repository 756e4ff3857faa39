"""Searches and loads while the model, the node or the disk fails: every answer is right, and nothing is lost.

Each fault is the real one, on the session's node. What people read who search meanwhile is in `searchers`.
"""
from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from cluster.embedded.home import Home
from cluster.embedded.processes import Process, find_members, is_worker
from tests.conftest import REPOSITORY, Node, call_peaks, invoke
from tests.embedded.plugin_node import wait_until
from tests.photos.conftest import PHOTOS, Start
from tests.photos.loaded_photos import Documents, documents, same
from tests.photos.running_load import RunningCommand
from tests.photos.searchers import searching

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.usefixtures("expected")]

CONCEPTS, COUNT = REPOSITORY / "demo" / "concepts.yaml", 11
CHUNK_SECONDS = 0.1  # that the tower takes at least for two photos
FULL = r"^The text model has more to do than it can \(.*\): wait a little and run again; `peaks model deploy "
BUSY = r"^Elasticsearch is too busy or not ready \(.*\): wait a little and run again\.$"
LOADING = r"^No node has loaded the model \[.*\] yet, as after a restart: wait a little and run again"
NOT_STARTED = r"^Model \[.*\] is not (in the cluster or not )?started: (run|start) "


class ConceptsLoad(RunningCommand):
    """A load of the demo's concepts, whose words the model encodes, in place of those that are held."""

    def __init__(self, node: Node, client: Elasticsearch, place: Path) -> None:
        self._client, self._before = client, versions(client)
        super().__init__(place, "load-concepts", CONCEPTS, "--json", "--url", node.url)

    def succeed(self) -> None:
        """Wait for its end; every concept was written."""
        ended = self.finish()
        assert (ended.code, ended.report.get("updated")) == (0, COUNT), ended
        now = versions(self._client)
        assert now.keys() == self._before.keys() and all(now[each] > self._before[each] for each in now)

    def be_refused(self) -> None:
        """Wait for its end; no concept was written, and each is named with what ails the model."""
        ended = self.finish()
        reasons = [refused["reason"] for refused in ended.report["rejected"]]
        assert ended.code == 1 and len(reasons) == COUNT, ended
        assert all(re.search(NOT_STARTED, reason) for reason in reasons), reasons
        assert versions(self._client) == self._before


def versions(client: Elasticsearch) -> dict[str, int]:
    """How often each concept was written."""
    client.indices.refresh(index="concepts")
    hits = client.search(index="concepts", size=100, source=False, version=True)["hits"]["hits"]
    return {hit["_id"]: hit["_version"] for hit in hits}


LoadConcepts = Callable[[], AbstractContextManager[ConceptsLoad]]


@pytest.fixture
def loaded(node: Node, client: Elasticsearch, expected: Documents, start: Start) -> Documents:
    """A library in the index, which is searched and loaded anew; the concepts, so that they can be named."""
    call_peaks("load-concepts", CONCEPTS, "--url", node.url)
    assert start().finish().outcomes == {"created": PHOTOS}
    return documents(client)


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


@pytest.fixture
def loading_concepts(node: Node, client: Elasticsearch, tmp_path: Path) -> LoadConcepts:
    """Loads the concepts during a block, which begins when the first ones are on their way."""
    @contextmanager
    def loading() -> Iterator[ConceptsLoad]:
        before = count_encoded(client)
        load = ConceptsLoad(node, client, tmp_path)
        try:
            wait_until(lambda: count_encoded(client) > before)
            yield load
        finally:
            load.kill()

    return loading


def count_encoded(client: Elasticsearch) -> int:
    """Documents that came to the concepts' pipeline since the node started."""
    [stats] = client.nodes.stats(metric="ingest")["nodes"].values()
    pipeline = stats["ingest"]["pipelines"]["concepts-text-embedding"]
    return int(pipeline["count"] + pipeline["current"])


def test_the_queue_is_full(
    node: Node, client: Elasticsearch, deployed_model: str, loaded: Documents, small_queue: Process,
    loading_concepts: LoadConcepts,
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
        with loading_concepts() as load:
            wait_until(lambda: node_stats(client, deployed_model)["rejected_execution_count"] > before)
            load.await_words(
                "documents away (inference process queue is full. Unable to execute command): trying again"
            )
            go_on()
            load.succeed()
        assert all(future.result() for future in waiting)


def test_the_worker_dies(
    node: Node, client: Elasticsearch, loaded: Documents, small_queue: Process, start: Start,
    loading_concepts: LoadConcepts,
) -> None:
    with searching(node.url, client) as searchers, paused(small_queue), loading_concepts() as load:
        photos = start("--reload", seconds=CHUNK_SECONDS)
        photos.await_embedding()
        os.kill(small_queue.pid, signal.SIGKILL)
        load.succeed()
        assert photos.finish().outcomes == {"updated": PHOTOS}
        searchers.await_answer()
    assert searchers.read_only(FULL, BUSY) and searchers.sentences
    assert same(documents(client), loaded)


def test_the_deployment_is_stopped(
    node: Node, client: Elasticsearch, deployed_model: str, loaded: Documents, small_queue: Process,
    start: Start, loading_concepts: LoadConcepts,
) -> None:
    with searching(node.url, client) as searchers, paused(small_queue), loading_concepts() as load:
        photos = start("--reload", held=True)
        photos.await_embedding()
        client.ml.stop_trained_model_deployment(model_id=deployed_model, force=True)
        photos.go_on()
        assert photos.finish().outcomes == {"updated": PHOTOS}
        load.be_refused()
        searchers.await_sentence(NOT_STARTED)
        deploy(client, deployed_model)
        call_peaks("load-concepts", CONCEPTS, "--url", node.url)
        searchers.await_answer()
    assert searchers.read_only(FULL, BUSY, LOADING, NOT_STARTED)
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


def test_the_disk_is_full(
    node: Node, client: Elasticsearch, loaded: Documents, start: Start, loading_concepts: LoadConcepts
) -> None:
    blocked = "blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark"
    with searching(node.url, client) as searchers, ExitStack() as disk:
        disk.enter_context(full_disk(client))
        with loading_concepts() as load:
            photos = start("--reload")
            for each in (photos, load):
                each.await_words(blocked)
                each.await_words("trying again")
            searchers.await_answer()
            assert photos.process.is_alive() and load.process.is_alive()
            disk.close()
            load.succeed()
        ended = photos.finish()
        assert ended.code == 0 and ended.outcomes == {"updated": PHOTOS}
    assert searchers.read_only(FULL)
    assert same(documents(client), loaded)
