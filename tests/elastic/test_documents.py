"""Documents written again and again while the cluster is busy, over real HTTP."""
from __future__ import annotations

from typing import Any

import pytest
from elasticsearch import ApiError, AuthenticationException, BadRequestError
from elasticsearch import ConnectionError as ElasticConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.elastic.bulk import LARGE_REQUEST, NotWritten, Rejected, Written, write_documents
from loader.elastic.connection import Connection
from tests.elastic.hand_clock import HandClock
from tests.elastic.scripted_server import HANG_UP, Answer, Script, serve

DOCUMENTS: dict[str, dict[str, Any]] = {name: {"path": f"{name}.jpg"} for name in ("a", "b", "c")}


def accept(lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """Take every document: "b" is an old one."""
    ids = [line["index"]["_id"] for line in lines[::2]]
    items = [{"_id": name, "status": 201, "result": "updated" if name == "b" else "created"} for name in ids]
    return 200, {"errors": False, "items": [{"index": item} for item in items]}


def refuse(status: int, *names: str) -> Answer:
    """Take every document but some."""

    def answer(lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        _, taken = accept(lines)
        cause = {"type": "x", "reason": "field [gps]", "caused_by": {"type": "y", "reason": "too far north"}}
        items = [
            {"_id": item["index"]["_id"], "status": status, "error": cause}
            if item["index"]["_id"] in names
            else item["index"]
            for item in taken["items"]
        ]
        return 200, {"errors": True, "items": [{"index": item} for item in items]}

    return answer


def fail(status: int) -> Answer:
    return lambda lines: (status, {"error": {"type": "x", "reason": "busy"}, "status": status})


def too_large(most: int) -> Answer:
    """Take no more than so many documents at a time."""

    def answer(lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        return accept(lines) if len(lines) <= 2 * most else fail(413)(lines)

    return answer


def write(script: Script, clock: HandClock, documents: dict[str, dict[str, Any]] = DOCUMENTS) -> Written:
    with clock.times():
        return write_documents(Connection(url=script.url).client(), "photos", documents, pipeline="_none")


def sent(script: Script) -> list[list[str]]:
    """The ids of every request."""
    return [[line["index"]["_id"] for line in lines[::2]] for _, lines in script.requests]


def test_documents_are_written_under_their_ids() -> None:
    clock = HandClock()
    with serve(accept) as script:
        written = write(script, clock)
    assert written == Written(created=["a", "c"], updated=["b"])
    ((path, lines),) = script.requests
    assert path == "/photos/_bulk?pipeline=_none&require_alias=true"
    assert lines[:2] == [{"index": {"_id": "a"}}, {"path": "a.jpg"}]
    assert clock.waits == []


@pytest.mark.parametrize("trouble", [fail(429), fail(503), fail(502), HANG_UP])
def test_a_request_that_a_busy_cluster_turns_away_is_made_again(trouble: Answer | None) -> None:
    clock = HandClock()
    with serve(trouble, trouble, accept) as script:
        written = write(script, clock)
    assert written == Written(created=["a", "c"], updated=["b"])
    assert sent(script) == [["a", "b", "c"]] * 3
    assert clock.waits == [1, 2]


def test_only_the_documents_turned_away_are_sent_again() -> None:
    clock = HandClock()
    with serve(refuse(429, "a", "c"), refuse(503, "c"), accept) as script:
        written = write(script, clock)
    assert written == Written(created=["a", "c"], updated=["b"])
    assert sent(script) == [["a", "b", "c"], ["a", "c"], ["c"]]
    assert clock.waits == [1, 1]  # what was written in between began a new patience
    assert clock.said[0] == (
        "Elasticsearch turns 2 documents away (field [gps]: too far north): trying again for 10 min more"
    )


def test_a_refused_document_is_named_with_all_reasons() -> None:
    clock = HandClock()
    with serve(refuse(400, "b")) as script:
        written = write(script, clock)
    assert written == Written(["a", "c"], [], [Rejected("b", "field [gps]: too far north")])
    assert clock.waits == []


def test_a_document_turned_away_to_the_end_is_rejected_when_others_were_written() -> None:
    clock = HandClock()
    with serve(refuse(429, "a")) as script:
        written = write(script, clock)
    assert written == Written(["c"], ["b"], [Rejected("a", "field [gps]: too far north")])
    assert sum(clock.waits) == 600 and clock.waits[:6] == [1, 2, 4, 8, 16, 30]


def test_a_cluster_that_takes_no_document_at_all_is_an_error() -> None:
    with serve(refuse(429, "a", "b", "c")) as script, pytest.raises(NotWritten) as raised:
        write(script, HandClock())
    assert raised.value.message == (
        "Elasticsearch turns 3 documents away (field [gps]: too far north) and has taken none for 10 min: "
        "mend that and run again."
    )
    assert raised.value.written == Written() and raised.value.unsent == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("trouble", "error", "sentence"),
    [
        (fail(503), ApiError, "Elasticsearch is too busy or not ready (busy): wait a little and run again."),
        (HANG_UP, ElasticConnectionError, "Elasticsearch does not answer"),
    ],
)
def test_a_cluster_that_stays_away_is_an_error(
    trouble: Answer | None, error: type[Exception], sentence: str
) -> None:
    clock = HandClock()
    with serve(trouble) as script, pytest.raises(NotWritten) as raised:
        write(script, clock)
    assert raised.value.message.startswith(sentence) and isinstance(raised.value.__cause__, error)
    assert raised.value.unsent == ["a", "b", "c"]
    assert sum(clock.waits) == 600 and len(script.requests) == len(clock.waits) + 1


@pytest.mark.parametrize(("status", "error"), [(400, BadRequestError), (401, AuthenticationException)])
def test_a_wrong_request_is_not_made_again(status: int, error: type[Exception]) -> None:
    with serve(fail(status)) as script, pytest.raises(NotWritten) as raised:
        write(script, HandClock())
    assert isinstance(raised.value.__cause__, error) and len(script.requests) == 1


def test_what_was_written_before_a_failure_is_told() -> None:
    with serve(refuse(429, "c"), fail(401)) as script, pytest.raises(NotWritten) as raised:
        write(script, HandClock())
    assert raised.value.written == Written(["a"], ["b"]) and raised.value.unsent == ["c"]


@settings(max_examples=40, deadline=None)
@given(most=st.integers(1, 9), count=st.integers(1, 40))
def test_a_request_that_is_too_large_is_halved_until_it_is_taken(most: int, count: int) -> None:
    documents = {f"n{number:02d}": {"path": "x"} for number in range(count)}
    clock = HandClock()
    with serve(too_large(most)) as script:
        written = write(script, clock, documents)
    assert written.created == list(documents) and not written.rejected
    assert clock.waits == []
    assert len(script.requests) < 2 * count


def test_a_single_document_that_is_too_large_is_rejected() -> None:
    documents = {**DOCUMENTS, "b": {"path": "b.jpg", "thumbnail": "x" * 1000}}

    def answer(lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        return fail(413)(lines) if any("thumbnail" in line for line in lines) else accept(lines)

    with serve(answer) as script:
        written = write(script, HandClock(), documents)
    assert written.created == ["a", "c"]
    ((identifier, reason),) = [(rejected.id, rejected.reason) for rejected in written.rejected]
    assert identifier == "b"
    assert reason == ("Elasticsearch answers 413 (busy): one document of 1,057 bytes is more than it, or a "
                      "proxy before it, takes")


def test_a_large_request_whose_connection_breaks_is_halved() -> None:
    large = {name: {"thumbnail": "x" * (LARGE_REQUEST // 3)} for name in DOCUMENTS}
    clock = HandClock()
    with serve(HANG_UP, accept) as script:
        written = write(script, clock, large)
    assert sent(script) == [["a", "b", "c"], ["a"], ["b", "c"]]
    assert len(written) == 3 and clock.waits == [1]


def test_no_documents_need_no_request() -> None:
    with serve(accept) as script:
        client = Connection(url=script.url).client()
        assert write_documents(client, "photos", {}) == Written()
    assert script.requests == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["take", "lose", 429, 503, "some", 413]), max_size=12), st.integers(1, 12))
def test_every_document_has_one_outcome_whatever_happens(troubles: list[Any], count: int) -> None:
    documents = {f"n{number:02d}": {"path": "x"} for number in range(count)}
    answers = [_ANSWERS[trouble] for trouble in troubles]
    clock = HandClock()
    with serve(*answers, accept) as script:
        written = write(script, clock, documents)
    # Of a lone document, 413 is the last word.
    refused = [rejected.id for rejected in written.rejected]
    assert sorted(written.created + refused) == list(documents)
    assert not refused or 413 in troubles


_ANSWERS: dict[str | int, Answer | None] = {
    "take": accept,
    "lose": HANG_UP,
    429: fail(429),
    503: fail(503),
    413: fail(413),
    "some": refuse(429, *(f"n{number:02d}" for number in range(0, 12, 2))),
}
