"""Requests that are repeated while the cluster is busy, starting or restarting.

A command sets how long they are repeated, and who is told:

    with patience(seconds=600, announce=progress.say):
        answer = with_retries(lambda: client.search(index="photos"))
"""
from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from elastic_transport import ObjectApiResponse
from elasticsearch import ApiError, ConnectionTimeout, SSLError
from elasticsearch import ConnectionError as ElasticConnectionError
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from eland_models.deployments import lacks_room
from loader.elastic.error_sentences import describe

# "Too many requests", what a busy model answers after its time, and the answers while a cluster, or a proxy
# before it, is starting or restarting
BUSY = frozenset((408, 429, 502, 503, 504))

# What Elasticsearch answers (409) for a deployed model until a node that starts has loaded it
UNALLOCATED = "is not allocated to any nodes"

PATIENCE = 600.0  # seconds without any success: a rolling restart of a node, a short outage
_JITTERED = wait_random_exponential(multiplier=1, max=30)  # seconds

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long requests are repeated, and who is told.

    Attributes:
        seconds: time without any success after which the last failure is raised; 0 makes every request once.
        announce: gets one sentence for every wait, and when the cluster answers again.
    """

    seconds: float = PATIENCE
    announce: Callable[[str], None] = _log.warning  # stderr, unless the program logs elsewhere


_patience: ContextVar[Patience] = ContextVar("patience", default=Patience())  # noqa: B039 (frozen)


@contextmanager
def patience(
    seconds: float | None = None, announce: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Set the `Patience` of all requests inside the block; a value that is not given stays the same.

    Threads that are started inside have the default: a `ContextVar` is not inherited.
    """
    around = _patience.get()
    token = _patience.set(
        Patience(around.seconds if seconds is None else seconds, announce or around.announce)
    )
    try:
        yield
    finally:
        _patience.reset(token)


class TurnedAway(Exception):
    """A busy cluster did not take a part of a request; the message is the beginning of a sentence."""


class Deadline:
    """The moment at which patience ends; every success postpones it."""

    def __init__(self) -> None:
        self._seconds = _patience.get().seconds
        self.renew()

    def renew(self) -> None:
        """Start the time again, because the cluster has done something."""
        self._end = time.monotonic() + self._seconds

    @property
    def left(self) -> float:
        """Seconds until then."""
        return self._end - time.monotonic()


def with_retries(request: Callable[[], Result], deadline: Deadline | None = None) -> Result:
    """Make a request, and repeat it after jittered pauses while the cluster is busy, starting or away.

    Only for requests that may run twice: an answer can be lost on its way. When patience ends, the last
    failure is raised; a failure that waiting cannot solve (see `may_pass`) is raised at once.

    Args:
        request: to make.
        deadline: for a request that renews it itself after each part of its work.
    """
    tell, end = _patience.get().announce, deadline or Deadline()

    def wait(attempt: RetryCallState) -> float:
        """The last attempt is made when patience ends, even if the cluster asks for a longer pause."""
        return max(0.0, min(max(_JITTERED(attempt), retry_after(_failure(attempt))), end.left))

    def announce(attempt: RetryCallState) -> None:
        tell(f"{describe(_failure(attempt))}: trying again for {_duration(end.left)} more")

    retrying = Retrying(
        retry=retry_if_exception(may_pass),
        wait=wait,
        stop=lambda attempt: end.left <= 0,
        sleep=time.sleep,
        before_sleep=announce,
        reraise=True,
    )
    result = retrying(request)
    if retrying.statistics["attempt_number"] > 1:
        tell("Elasticsearch answers again")
    return result


def _failure(attempt: RetryCallState) -> BaseException:
    error = attempt.outcome and attempt.outcome.exception()
    assert error
    return error


def may_pass(error: BaseException) -> bool:
    """Whether waiting may help: yes for a busy or absent cluster, no for refused credentials or memory."""
    if isinstance(error, ApiError):
        return is_busy(error.status_code, error.body) and not lacks_room(error)
    passing = (ElasticConnectionError, ConnectionTimeout, TurnedAway)
    return isinstance(error, passing) and not isinstance(error, SSLError)


def is_busy(status: int, body: object) -> bool:
    """Whether an answer, or the part of one about a document, says that the cluster has no time yet."""
    return status in BUSY or (status == 409 and UNALLOCATED in str(body))


def retry_after(error: BaseException) -> float:
    """Return the seconds that an answer's header Retry-After asks for (RFC 9110, 10.2.3); 0 without one."""
    header = error.meta.headers.get("retry-after") if isinstance(error, ApiError) else None
    return float(header) if header and re.fullmatch("[0-9]{1,9}", header) else 0.0


def check_parts(answer: ObjectApiResponse[Any], parts: Iterable[Mapping[str, Any]]) -> None:
    """Raise for a part of an answer that failed and may pass, so that `with_retries` asks again.

    While a shard is away, Elasticsearch answers 200 as a whole and says so in the parts.

    Args:
        answer: to `_msearch`.
        parts: of that answer.

    Raises:
        ApiError: with the part's status and error.
    """
    for part in parts:
        if part["status"] in BUSY:
            meta = replace(answer.meta, status=part["status"])
            raise ApiError(str(part["error"]["type"]), meta, {**part})


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
