"""Documents written again and again while the cluster is busy, over real HTTP."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import ApiError, BadRequestError
from elasticsearch import ConnectionError as ElasticConnectionError

from loader.connection import Connection
from loader.documents import ATTEMPTS, Rejected, Written, write_documents
from tests.loader.scripted_server import HANG_UP, Answer, Script, serve

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


def write(script: Script, sleep: Callable[[float], None]) -> Written:
    client = Connection(url=script.url).client().options(max_retries=0)
    return write_documents(client, "photos", DOCUMENTS, pipeline="_none", sleep=sleep)


def test_documents_are_written_under_their_ids() -> None:
    waits: list[float] = []
    with serve(accept) as script:
        written = write(script, waits.append)
    assert written == Written(created=["a", "c"], updated=["b"])
    ((path, lines),) = script.requests
    assert path == "/photos/_bulk?pipeline=_none&require_alias=true"
    assert lines[:2] == [{"index": {"_id": "a"}}, {"path": "a.jpg"}]
    assert waits == []


@pytest.mark.parametrize("trouble", [fail(429), fail(503), fail(502), HANG_UP])
def test_a_request_that_a_busy_cluster_turns_away_is_made_again(trouble: Answer | None) -> None:
    waits: list[float] = []
    with serve(trouble, trouble, accept) as script:
        written = write(script, waits.append)
    assert len(written.created) == 2 and len(script.requests) == 3
    assert waits == [0.5, 1.0]


def test_only_the_documents_turned_away_are_sent_again() -> None:
    waits: list[float] = []
    with serve(refuse(429, "a", "c"), refuse(503, "c"), accept) as script:
        written = write(script, waits.append)
    assert written == Written(created=["a", "c"], updated=["b"])
    assert [[line["index"]["_id"] for line in lines[::2]] for _, lines in script.requests] == [
        ["a", "b", "c"], ["a", "c"], ["c"]
    ]


def test_a_refused_document_is_named_with_the_innermost_reason() -> None:
    with serve(refuse(400, "b")) as script:
        written = write(script, _never)
    assert written == Written(["a", "c"], [], [Rejected("b", "field [gps]: too far north")])


def test_patience_ends() -> None:
    waits: list[float] = []
    with serve(refuse(429, "a")) as script:
        written = write(script, waits.append)
    assert [rejected.id for rejected in written.rejected] == ["a"]
    assert len(script.requests) == ATTEMPTS and waits == [0.5, 1, 2, 4, 8, 16]


@pytest.mark.parametrize(("trouble", "error"), [(fail(503), ApiError), (HANG_UP, ElasticConnectionError)])
def test_a_cluster_that_stays_away_is_an_error(trouble: Answer | None, error: type[Exception]) -> None:
    with serve(trouble) as script, pytest.raises(error):
        write(script, lambda seconds: None)
    assert len(script.requests) == ATTEMPTS


def test_a_wrong_request_is_not_made_again() -> None:
    with serve(fail(400)) as script, pytest.raises(BadRequestError):
        write(script, _never)
    assert len(script.requests) == 1


def test_no_documents_need_no_request() -> None:
    with serve(accept) as script:
        client = Connection(url=script.url).client()
        assert write_documents(client, "photos", {}) == Written()
    assert script.requests == []


def _never(seconds: float) -> None:
    raise AssertionError("there is nothing to wait for")
