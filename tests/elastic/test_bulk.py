"""Documents written through every kind of fault into a real node: each one once, and none lost."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader.elastic.bulk import MOST_BYTES, NotWritten, Rejected, Written, delete_documents, write_documents
from loader.elastic.connection import Connection
from tests.conftest import NOWHERE, Node
from tests.elastic.fault_proxy import CUT_OFF, DROPPED, FaultProxy, run_proxy
from tests.elastic.hand_clock import HandClock

pytestmark = pytest.mark.cluster

ALIAS, INDEX = "faults", "faults-000001"
MAPPINGS = {"dynamic": "strict", "properties": {"path": {"type": "keyword"}, "filler": {"enabled": False}}}


@pytest.fixture
def index(node: Node) -> Iterator[Elasticsearch]:
    """An empty index; the client reaches it without the proxy."""
    client = Connection(url=node.url).client()
    client.options(ignore_status=404).indices.delete(index=INDEX)
    client.indices.create(index=INDEX, aliases={ALIAS: {}}, mappings=MAPPINGS,
                          settings={"number_of_shards": 1, "number_of_replicas": 0})
    yield client
    client.indices.delete(index=INDEX)
    client.close()


@pytest.fixture
def proxy(node: Node) -> Iterator[FaultProxy]:
    with run_proxy(node.url) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[Elasticsearch]:
    """A client that reaches the node through the proxy, and knows its version already."""
    client = Connection(url=proxy.url).client()
    client.info()
    proxy.seen.clear()
    yield client
    client.close()


def documents(count: int, filler: str = "") -> dict[str, dict[str, Any]]:
    return {f"{'ab'[number % 2]}{number:03d}": {"path": f"{number}.jpg", "filler": filler}
            for number in range(count)}


def held(index: Elasticsearch) -> dict[str, int]:
    """The documents of the index and how often each was written."""
    index.indices.refresh(index=ALIAS)
    hits = index.search(index=ALIAS, size=1000, version=True, source=False)["hits"]["hits"]
    return {hit["_id"]: hit["_version"] for hit in hits}


@pytest.mark.parametrize("status", [429, 503])
def test_requests_that_are_turned_away_arrive_once(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy, status: int
) -> None:
    proxy.answer(status, times=3, paths="_bulk", retry_after=5)
    clock = HandClock()
    with clock.times():
        written = write_documents(client, ALIAS, documents(4))
    assert written.created == list(documents(4)) and clock.waits == [5, 5, 5]
    assert held(index) == dict.fromkeys(documents(4), 1)
    assert [seen.outcome for seen in proxy.seen] == [status] * 3 + [200]


def test_a_connection_that_breaks_before_the_node_hears_of_it(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy
) -> None:
    proxy.drop("before", times=2)
    with HandClock().times():
        written = write_documents(client, ALIAS, documents(4))
    assert len(written.created) == 4 and held(index) == dict.fromkeys(documents(4), 1)


@pytest.mark.parametrize("lost", [DROPPED, CUT_OFF])
def test_work_whose_answer_was_lost_is_done_again_without_harm(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy, lost: str
) -> None:
    _add_fault(proxy, "after" if lost == DROPPED else "cut", times=1)
    with HandClock().times():
        written = write_documents(client, ALIAS, documents(4))
    assert written.updated == list(documents(4)) and not written.created
    assert held(index) == dict.fromkeys(documents(4), 2)
    assert [seen.outcome for seen in proxy.seen] == [lost, 200]


def test_a_new_document_overwrites_none(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy
) -> None:
    write_documents(client, ALIAS, {"b001": {"filler": "theirs"}})
    written = write_documents(client, ALIAS, documents(3), new={"b000", "b001"})
    assert (written.existing, len(written.created)) == (["b001"], 2) and not written.rejected
    assert index.get(index=ALIAS, id="b001")["_source"] == {"filler": "theirs"}
    _add_fault(proxy, "after", times=1)
    with HandClock().times():
        lost = write_documents(client, ALIAS, {"c": {"filler": "ours"}}, new={"c"})
    assert lost.existing == ["c"] and index.get(index=ALIAS, id="c")["_source"] == {"filler": "ours"}


def test_single_documents_turned_away_and_refused(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy
) -> None:
    proxy.reject("^a", 429, times=5)
    proxy.reject("3$", 400)
    with HandClock().times():
        written = write_documents(client, ALIAS, documents(8))
    assert written.rejected == [Rejected("b003", "rejected by a fault (400)")]
    assert sorted(written.created) == sorted(set(documents(8)) - {"b003"})
    assert held(index) == dict.fromkeys(set(documents(8)) - {"b003"}, 1)


def test_a_document_that_the_node_itself_refuses(index: Elasticsearch, client: Elasticsearch) -> None:
    written = write_documents(client, ALIAS, {**documents(3), "blue": {"colour": "blue"}})
    assert len(written.created) == 3
    ((identifier, reason),) = [(refused.id, refused.reason) for refused in written.rejected]
    assert identifier == "blue" and "[colour] within [_doc] is not allowed" in reason


def test_requests_stay_below_what_proxies_take(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy
) -> None:
    proxy.take_at_most(MOST_BYTES, paths="_bulk")
    written = write_documents(client, ALIAS, documents(10, "x" * 200_000))
    assert written.created == list(documents(10))
    assert [seen.outcome for seen in proxy.seen] == [200] * 5


def test_a_document_that_is_too_large_is_rejected(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy
) -> None:
    proxy.take_at_most(MOST_BYTES, paths="_bulk")
    written = write_documents(client, ALIAS, {**documents(3), "large": {"filler": "x" * MOST_BYTES}})
    assert written.created == list(documents(3))
    assert written.rejected == [Rejected("large", (
        "Elasticsearch answers 413 (request body is too large): it, or a proxy before it, takes no request "
        "of this size"
    ))]


def test_a_document_turned_away_to_the_end_is_rejected_when_others_were_written(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy
) -> None:
    proxy.reject("^a002", 429)
    clock = HandClock()
    with clock.times(60):
        written = write_documents(client, ALIAS, documents(4))
    assert written == Written(["a000", "b001", "b003"], [], [Rejected("a002", "rejected by a fault (429)")])
    assert clock.said[0] == (
        "Elasticsearch turns 1 document away (rejected by a fault (429)): trying again for 1 min more"
    )
    assert sum(clock.waits) == pytest.approx(60)


def test_a_cluster_that_takes_no_document_at_all_is_an_error(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy
) -> None:
    proxy.reject("", 503)
    with HandClock().times(60), pytest.raises(NotWritten) as raised:
        write_documents(client, ALIAS, documents(4))
    assert raised.value.message == (
        "Elasticsearch turns 4 documents away (rejected by a fault (503)) and takes no others: mend that and "
        "run again."
    )


@pytest.mark.parametrize(
    ("status", "waited", "sentence"),
    [(503, 60, "Elasticsearch is too busy or not ready (turned away by a fault): wait a little and"),
     (401, 0, "Elasticsearch refused the credentials: give --es-api-key")],
)
def test_a_cluster_that_refuses_every_request_is_an_error(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy, status: int, waited: float, sentence: str
) -> None:
    proxy.answer(status)
    clock = HandClock()
    with clock.times(60), pytest.raises(NotWritten) as raised:
        write_documents(client, ALIAS, documents(4))
    assert raised.value.message.startswith(sentence) and isinstance(raised.value.__cause__, ApiError)
    assert sum(clock.waits) == pytest.approx(waited) and len(proxy.seen) == len(clock.waits) + 1


def test_a_node_that_stays_away(index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy) -> None:
    proxy.reject("^b", 429, times=2)

    class Leaving(HandClock):
        def sleep(self, seconds: float) -> None:
            proxy.target = NOWHERE
            super().sleep(seconds)

    with Leaving().times(60), pytest.raises(NotWritten) as raised:
        write_documents(client, ALIAS, documents(4))
    assert raised.value.written.created == ["a000", "a002"]
    assert held(index) == {"a000": 1, "a002": 1}
    assert raised.value.message == "Elasticsearch answered 502: the node is away."


def test_an_alias_that_is_not_there_is_not_made(client: Elasticsearch) -> None:
    written = write_documents(client, "nowhere", documents(1))
    assert [refused.id for refused in written.rejected] == ["a000"]
    assert "Index [nowhere] does not exist: run `peaks apply`" in written.rejected[0].reason
    assert not client.indices.exists(index="nowhere")


def test_fields_are_merged_into_the_documents_that_exist(index: Elasticsearch, client: Elasticsearch) -> None:
    write_documents(client, ALIAS, documents(1, "old"))
    fields = {identifier: {"filler": "new"} for identifier in ("a000", "b001")}
    written = write_documents(client, ALIAS, fields, merge=True)
    assert written.updated == ["a000"]
    ((identifier, reason),) = [(refused.id, refused.reason) for refused in written.rejected]
    assert identifier == "b001" and "missing" in reason
    assert index.get(index=ALIAS, id="a000")["_source"] == {"path": "0.jpg", "filler": "new"}


def test_deletions_that_are_turned_away_are_made_again(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy
) -> None:
    write_documents(client, ALIAS, documents(4))
    proxy.reject("^b", 429, times=3)
    with HandClock().times():
        assert delete_documents(client, ALIAS, [*documents(4), "absent"]) == 4
    assert held(index) == {}


def test_no_documents_need_no_request(client: Elasticsearch, proxy: FaultProxy) -> None:
    assert write_documents(client, ALIAS, {}) == Written()
    assert proxy.seen == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_happens_every_document_is_there_in_the_end(
    index: Elasticsearch, client: Elasticsearch, proxy: FaultProxy, data: st.DataObject
) -> None:
    proxy.clear()
    if there := held(index):
        index.bulk(index=ALIAS, operations=[{"delete": {"_id": identifier}} for identifier in there])
    kinds = st.sampled_from(["answer", "before", "after", "cut", "reject"])
    for kind in data.draw(st.lists(kinds, max_size=4)):
        times, probability = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([0.3, 1.0]))
        _add_fault(proxy, kind, times=times, probability=probability)
    count = data.draw(st.integers(0, 12))
    with HandClock().times():
        written = write_documents(client, ALIAS, documents(count))
    assert sorted(written.created + written.updated) == sorted(documents(count)) and not written.rejected
    assert set(held(index)) == set(documents(count))


def _add_fault(proxy: FaultProxy, kind: str, **which: Any) -> None:
    faults: dict[str, Callable[..., None]] = {
        "answer": partial(proxy.answer, 503),
        "before": partial(proxy.drop, "before"),
        "after": partial(proxy.drop, "after"),
        "cut": proxy.cut,
        "reject": partial(proxy.reject, "^a", 429),
    }
    faults[kind](**which)
