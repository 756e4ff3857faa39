"""Waiting for a cluster: how long, how often, for what, and what a person hears; without a clock."""
from __future__ import annotations

import re
import socket
from collections.abc import Callable
from datetime import datetime, timezone
from threading import Thread
from typing import Any

import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    SSLError,
)
from elasticsearch import ConnectionError as ElasticConnectionError
from hypothesis import given
from hypothesis import strategies as st

from loader.elastic.connection import Connection
from loader.elastic.retries import (
    LAST_CEILING,
    PATIENCE,
    Backoff,
    Patience,
    describe,
    format_seconds,
    may_pass,
    nested_reason,
    patience,
    retry_after,
    with_retries,
)
from tests.elastic.hand_clock import HandClock

WRITTEN = [(0.4, "0 s"), (8.2, "8 s"), (59.6, "1 min"), (570, "9 min 30 s")]
NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=timezone.utc)


def answered(
    status: int, kind: type[ApiError] = ApiError, body: Any = None, **headers: str
) -> ApiError:
    named = HttpHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    meta = ApiResponseMeta(status, "1.1", named, 0.1, NodeConfig("http", "localhost", 9200))
    return kind("x", meta, body)


def failing(*errors: Exception) -> Callable[[], str]:
    """A request that fails so, and then succeeds."""
    left = list(errors)

    def request() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return request


@pytest.mark.parametrize(
    "trouble",
    [answered(429), answered(502), answered(503), answered(504), ElasticConnectionError("gone"),
     ConnectionTimeout("late")],
)
def test_what_may_pass_is_tried_again(trouble: Exception) -> None:
    clock = HandClock()
    with clock.times():
        assert with_retries(failing(trouble, trouble, trouble)) == "done"
    assert clock.waits == [1, 2, 4]


@pytest.mark.parametrize(
    "trouble",
    [answered(400), answered(401, AuthenticationException), answered(403, AuthorizationException), 
     answered(404), answered(500), SSLError("self-signed")],
)
def test_what_waiting_does_not_mend_is_raised_at_once(trouble: Exception) -> None:
    clock = HandClock()
    with clock.times(), pytest.raises(type(trouble)) as raised:
        with_retries(failing(trouble))
    assert raised.value is trouble and clock.waits == [] and clock.said == []


def test_a_programming_error_is_no_trouble_of_the_cluster() -> None:
    with HandClock().times(), pytest.raises(ZeroDivisionError):
        with_retries(failing(ZeroDivisionError()))


def test_waits_double_up_to_thirty_seconds_until_ten_minutes_are_over() -> None:
    clock, last = HandClock(), answered(503)
    with clock.times(), pytest.raises(ApiError) as raised:
        with_retries(failing(*[answered(503)] * 24, last))
    assert raised.value is last
    assert clock.waits[:6] == [1, 2, 4, 8, 16, 30]
    assert sum(clock.waits) == PATIENCE
    assert max(clock.waits) == LAST_CEILING


def test_slow_failures_use_patience_up_too() -> None:
    clock = HandClock()

    def request() -> str:
        clock.now += 60  # a request that runs into the client's timeout
        raise ConnectionTimeout("late")

    with clock.times(seconds=150), pytest.raises(ConnectionTimeout):
        with_retries(request)
    assert clock.waits == [1, 2]


@given(jitters=st.lists(st.floats(0, 1), min_size=1, max_size=60), seconds=st.floats(0, 2000))
def test_a_wait_lies_between_half_of_its_ceiling_and_all_of_it(jitters: list[float], seconds: float) -> None:
    clock, drawn = HandClock(), iter(jitters)
    with clock.times(seconds, jitter=lambda: next(drawn)):
        backoff = Backoff()
        going = [backoff.wait("x") for _ in jitters]
    spent = 0.0
    for number, wait in enumerate(clock.waits):
        ceiling, left = min(2.0**number, 30), seconds - spent
        assert min(ceiling / 2, left) - 1e-6 <= wait <= min(ceiling, left) + 1e-6
        spent += wait
    assert spent <= seconds + 1e-6
    assert going == [True] * len(clock.waits) + [False] * (len(jitters) - len(clock.waits))


def test_no_patience_means_one_attempt() -> None:
    clock = HandClock()
    with clock.times(seconds=0), pytest.raises(ApiError):
        with_retries(failing(answered(503)))
    assert clock.waits == []


def test_a_success_renews_patience() -> None:
    clock = HandClock()
    with clock.times(seconds=10):
        backoff = Backoff()
        while backoff.wait("busy"):
            pass
        backoff.succeeded()
        assert backoff.wait("busy again")
    assert clock.waits[-1] == 1


def test_retry_after_is_respected_but_not_beyond_patience() -> None:
    clock = HandClock()
    soon, late = answered(429, retry_after="20"), answered(429, retry_after="3600")
    with clock.times(seconds=100), pytest.raises(ApiError):
        with_retries(failing(soon, soon, late, late))
    assert clock.waits == [20, 20, 60]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("", 0), ("7", 7), (" 120 ", 120), ("-3", 0), ("1e9", 0), ("soon", 0), ("٣", 0), ("nan", 0),
     ("Wed, 04 Mar 2026 12:00:30 GMT", 30), ("Wed, 04 Mar 2026 11:00:00 GMT", 0),
     ("Wed, 04 Mar 2026 12:00:30 -0000", 30), ("Wed, 99 Mar 2026 12:00:30 GMT", 0)],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float) -> None:
    assert retry_after(answered(503, retry_after=header), NOON) == seconds


def test_only_answers_have_headers() -> None:
    assert retry_after(ElasticConnectionError("gone")) == 0
    assert retry_after(answered(503)) == 0


def test_a_person_hears_what_is_wrong_and_for_how_long_it_is_tried() -> None:
    clock = HandClock()
    reason = {"reason": "no master", "caused_by": {"reason": "master\n not   discovered"}}
    with clock.times(seconds=570):
        with_retries(failing(answered(503, body={"error": reason}), ConnectionTimeout("late")))
    assert clock.said == [
        "Elasticsearch answers 503 (no master: master not discovered): trying again for 9 min 30 s more",
        "Elasticsearch did not answer in time: trying again for 9 min 29 s more",
        "Elasticsearch answers again",
    ]


def test_without_a_listener_the_log_hears_of_waits(caplog: pytest.LogCaptureFixture) -> None:
    with patience(sleep=lambda seconds: None):
        with_retries(failing(answered(503)))
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert caplog.records[0].getMessage().startswith("Elasticsearch answers 503: trying again for ")


def test_patience_is_that_of_the_innermost_block() -> None:
    with patience(5) as outer:
        with patience(announce=print) as inner:
            assert (inner.seconds, inner.announce) == (5, print)
        assert Backoff().patience is outer
    assert Backoff().patience == Patience()


def test_patience_is_restored_after_an_error() -> None:
    with pytest.raises(KeyError), patience(5):
        raise KeyError
    assert Backoff().patience.seconds == PATIENCE


def test_ctrl_c_ends_a_wait_at_once() -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with patience(sleep=interrupt), pytest.raises(KeyboardInterrupt):
        with_retries(failing(answered(503)))


@pytest.mark.parametrize(("seconds", "written"), WRITTEN)
def test_waits_are_written_for_people(seconds: float, written: str) -> None:
    assert format_seconds(seconds) == written


def test_a_reason_may_be_a_plain_text_and_is_cut() -> None:
    assert nested_reason({"error": "no handler\nfound"}) == "no handler found"
    assert nested_reason({"reason": "x" * 1000}) == "x" * 300
    assert describe(answered(502, body="<html>Bad Gateway</html>")) == "Elasticsearch answers 502"


def test_nobody_listening_may_pass_and_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        refused = _failure(url)
    assert may_pass(refused)
    sentence = r"Elasticsearch does not answer \(\[Errno \d+\] Connection refused\)"
    assert re.fullmatch(sentence, describe(refused))


def test_a_listener_that_speaks_no_tls_does_not_pass() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        Thread(target=_answer_in_clear, args=(listener,), daemon=True).start()
        error = _failure(f"https://127.0.0.1:{listener.getsockname()[1]}")
    assert isinstance(error, SSLError) and not may_pass(error)


def _answer_in_clear(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def _failure(url: str) -> Exception:
    client = Connection(url=url).client().options(max_retries=0)
    with pytest.raises(ElasticConnectionError) as raised:
        client.info()
    return raised.value
