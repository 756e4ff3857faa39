"""Waiting for a cluster: for what, how long, and what a person hears; without a clock."""
from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread
from unittest.mock import patch

import pytest
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    SSLError,
)
from elasticsearch import ConnectionError as ElasticConnectionError

from loader.elastic.connection import Connection
from loader.elastic.retries import PATIENCE, Deadline, may_pass, patience, with_retries
from tests.elastic.answers import answered, refused
from tests.elastic.hand_clock import HandClock


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
    [answered(408), answered(429), refused(429, "inference process queue is full"), answered(502),
     answered(503), answered(504), refused(409, "Trained model deployment [m] is not allocated to any nodes"),
     ElasticConnectionError("gone"), ConnectionTimeout("late")],
)
def test_what_may_pass_is_tried_again(trouble: Exception) -> None:
    clock = HandClock()
    with clock.times():
        assert with_retries(failing(trouble, trouble, trouble)) == "done"
    assert [wait <= most for wait, most in zip(clock.waits, (1, 2, 4), strict=True)] == [True] * 3


@pytest.mark.parametrize(
    "trouble",
    [answered(400), answered(401, AuthenticationException), answered(403, AuthorizationException),
     answered(404), answered(409), answered(500), SSLError("self-signed"), ZeroDivisionError(),
     refused(429, "Could not start deployment because no ML nodes with sufficient capacity were found")],
)
def test_what_waiting_does_not_mend_is_raised_at_once(trouble: Exception) -> None:
    clock = HandClock()
    with clock.times(), pytest.raises(type(trouble)) as raised:
        with_retries(failing(trouble))
    assert raised.value is trouble and clock.waits == [] and clock.said == []


def test_a_request_is_made_for_ten_minutes_and_once_more_when_they_are_over() -> None:
    clock, made = HandClock(), []

    def request() -> None:
        made.append(clock.now)
        raise answered(503)

    with clock.times(), pytest.raises(ApiError):
        with_retries(request)
    assert sum(clock.waits) == pytest.approx(PATIENCE) and max(clock.waits) <= 30
    assert made[-1] == pytest.approx(made[0] + PATIENCE)


def test_slow_failures_use_patience_up_too() -> None:
    clock = HandClock()

    def request() -> str:
        clock.now += 60  # a request that runs into the client's timeout
        raise ConnectionTimeout("late")

    with clock.times(seconds=150), pytest.raises(ConnectionTimeout):
        with_retries(request)
    assert len(clock.waits) == 2


def test_no_patience_means_one_attempt() -> None:
    clock = HandClock()
    with clock.times(seconds=0), pytest.raises(ApiError):
        with_retries(failing(answered(503)))
    assert clock.waits == []


def test_a_success_on_the_way_renews_patience() -> None:
    clock, made = HandClock(), []
    with clock.times(seconds=100), pytest.raises(ApiError):
        deadline = Deadline()

        def request() -> None:
            made.append(clock.now)
            clock.now += 40
            if len(made) <= 10:
                deadline.renew()
            raise answered(503)

        with_retries(request, deadline)
    assert len(made) > 10 and clock.now - made[9] > 100


def test_retry_after_is_respected_but_not_beyond_patience() -> None:
    clock = HandClock()
    soon, late = answered(429, retry_after="20"), answered(429, retry_after="3600")
    with clock.times(seconds=100), pytest.raises(ApiError):
        with_retries(failing(soon, soon, late, late))
    assert clock.waits == [20, 20, 60]


@pytest.mark.parametrize("header", ["", "-3", "1e9", "soon", "٣", "nan", "Wed, 04 Mar 2026 12:00:30 GMT"])
def test_another_retry_after_is_passed_over(header: str) -> None:
    clock = HandClock()
    with clock.times():
        with_retries(failing(answered(503, retry_after=header)))
    assert clock.waits[0] <= 1


def test_a_person_hears_what_is_wrong_and_for_how_long_it_is_tried() -> None:
    clock = HandClock()
    reason = {"reason": "no master", "caused_by": {"reason": "master\n not   discovered"}}
    with clock.times(seconds=540):
        with_retries(failing(answered(503, body={"error": reason}), ConnectionTimeout("late")))
    assert clock.said == [
        "Elasticsearch answers 503 (no master: master not discovered): trying again for 9 min more",
        "Elasticsearch did not answer in time: trying again for 9 min more",
        "Elasticsearch answers again",
    ]


def test_without_a_listener_the_log_hears_of_waits(caplog: pytest.LogCaptureFixture) -> None:
    with patch("loader.elastic.retries.time", HandClock()):
        with_retries(failing(answered(503)))
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert caplog.records[0].getMessage() == "Elasticsearch answers 503: trying again for 10 min more"


def test_patience_is_that_of_the_innermost_block_and_restored_after_an_error() -> None:
    with pytest.raises(KeyError), patience(5):
        with patience(announce=print):
            assert Deadline().left <= 5
        raise KeyError
    assert Deadline().left > 5


def test_nobody_listening_may_pass() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert may_pass(_failure(f"http://127.0.0.1:{unused.getsockname()[1]}"))


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
