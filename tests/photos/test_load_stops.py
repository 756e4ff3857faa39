"""`peaks load-photos` killed and stopped: nothing is lost, and the next run goes on.

The command is the real one, in processes of its own, against a real node.
"""
from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from tests.elastic.fault_proxy import FaultProxy
from tests.photos.conftest import PHOTOS, Start
from tests.photos.loaded_photos import Documents, documents, empty, same
from tests.photos.running_load import Ended

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.usefixtures("expected")]

KILLS, KILLS_AT_A_MOVE = 20, 3
CHUNK_SECONDS = 0.1  # that the tower takes at least for two photos
STOP_LIMIT = 2.0  # seconds
AGES = 1000.0  # seconds that no test waits


@pytest.mark.release
def test_killed_twenty_times_at_random_moments(
    client: Elasticsearch, expected: Documents, start: Start
) -> None:
    draw, amid = random.Random(6), 0
    for _ in range(KILLS):
        before = documents(client).keys()
        if before == expected.keys():
            empty(client)
            before = documents(client).keys()
        load = start(seconds=CHUNK_SECONDS)
        if draw.random() < 0.7:
            load.await_embedding()
        time.sleep(draw.uniform(0, 8 * CHUNK_SECONDS))
        load.kill()
        load.leaves_nobody()
        after = documents(client).keys()
        assert before <= after <= expected.keys()
        amid += before < after < expected.keys()
    assert amid >= 5, "too few of the kills came while photos were written"
    last = start().finish()
    assert last.code == 0 and last.outcomes.keys() <= {"created", "unchanged"}, last.said
    assert same(documents(client), expected)
    assert start().finish().outcomes == {"unchanged": PHOTOS}


@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 3), (signal.SIGTERM, 1)])
def test_stopped_while_it_embeds(
    client: Elasticsearch, expected: Documents, start: Start, number: signal.Signals, times: int
) -> None:
    """All processes get the signal, and again from people who cannot wait."""
    load = start(seconds=0.3)
    load.await_embedding()
    time.sleep(1.0)
    assert load.stop(number, times) < STOP_LIMIT
    stopped = load.finish()
    assert_stopped(stopped)
    assert 0 < stopped.report["created"] <= len(documents(client)) < PHOTOS
    last = start().finish()
    assert (last.code, last.report["found"], last.report["left"]) == (0, PHOTOS, 0), last.said
    assert same(documents(client), expected)


def test_a_forward_pass_that_does_not_end_is_not_waited_for(start: Start) -> None:
    load = start(seconds=AGES)
    load.await_embedding()
    assert load.stop(signal.SIGINT) < STOP_LIMIT
    stopped = load.finish()
    assert_stopped(stopped)
    assert stopped.outcomes == {"left": PHOTOS}


def test_a_load_that_waits_for_its_cluster_can_be_stopped(
    client: Elasticsearch, start: Start, proxy: FaultProxy
) -> None:
    proxy.answer(503, paths="_bulk", retry_after=60)
    load = start(url=proxy.url)
    load.await_words("trying again for 10 min more")
    assert load.stop(signal.SIGINT) < STOP_LIMIT
    stopped = load.finish()
    assert_stopped(stopped)
    assert stopped.outcomes == {"left": PHOTOS} and not documents(client)


def test_a_load_that_has_not_begun_can_be_stopped(start: Start, proxy: FaultProxy) -> None:
    proxy.answer(503, paths="_mapping", retry_after=60)
    load = start(url=proxy.url)
    load.await_words("trying again for 10 min more")
    assert load.stop(signal.SIGINT) < STOP_LIMIT
    stopped = load.finish()
    assert (stopped.code, stopped.report) == (130, {})
    assert stopped.said.endswith(
        "Stopped before the first file. Run the same command again to go on: what is written stays written.\n"
    )


def assert_stopped(load: Ended) -> None:
    """The exit status, the summary and the last words of a load that was stopped."""
    left = load.report["left"]
    assert load.code == 130 and load.report["found"] == PHOTOS and left > 0
    assert load.said.endswith(
        f"Stopped; {left} files left. Run the same command again to go on: what is written stays "
        "written.\n"
    )
    assert "Traceback" not in load.said and "Aborted" not in load.said


def test_killed_while_it_carries_moved_photos_over(
    client: Elasticsearch, library: Path, expected: Documents, start: Start, proxy: FaultProxy, tmp_path: Path
) -> None:
    folder = tmp_path / "trek"
    (folder / "moved").mkdir(parents=True)
    for path in library.iterdir():
        os.link(path, folder / path.name)
    start(folder=folder).finish()
    for path in [path for path in folder.iterdir() if path.is_file()]:
        path.rename(folder / "moved" / path.name)
    proxy.delay(0.05, paths="_bulk")  # each move takes two of these requests
    draw = random.Random(6)
    for _ in range(KILLS_AT_A_MOVE):
        load, begun = start(folder=folder, url=proxy.url), len(proxy.seen)
        while not any("_bulk" in seen.path for seen in proxy.seen[begun:]):
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.3))
        load.kill()
    last = start(folder=folder).finish()
    assert last.code == 0 and not last.report["missing"] and last.report["moved"] > 0, last.said
    assert last.report["created"] <= KILLS_AT_A_MOVE, "more than the photo in hand was lost"
    found = documents(client).values()
    assert len(found) == PHOTOS and all(photo["path"].startswith("moved/") for photo in found)
    hashes = [{photo["content_hash"] for photo in some} for some in (found, expected.values())]
    assert hashes[0] == hashes[1]
