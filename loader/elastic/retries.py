"""Requests that wait for a busy, starting or restarting cluster instead of giving up.

The waits are drawn at random below a ceiling that doubles, so that machines which were turned away together
do not come back together ("equal jitter" in M. Brooker, Exponential Backoff And Jitter, AWS Architecture
Blog, 2015). A command says how long it is worth while, and who is told:

    with patience(seconds=600, announce=progress.say):
        answer = with_retries(lambda: client.search(index="photos"))
"""
from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from elastic_transport import ObjectApiResponse
from elasticsearch import ApiError, ConnectionTimeout, SSLError, TransportError
from elasticsearch import ConnectionError as ElasticConnectionError

# "too many requests" and the answers of a cluster, or of a proxy before it, that is starting or restarting
BUSY = frozenset((429, 502, 503, 504))

PATIENCE = 600.0  # seconds without any success: a rolling restart of a node, a short outage
FIRST_CEILING, LAST_CEILING = 1.0, 30.0  # seconds; a wait is between half of its ceiling and all of it

# of `_mget`, whose documents have no status of their own
_STATUSES = {
    "cluster_block_exception": 503,
    "es_rejected_execution_exception": 429,
    "index_not_found_exception": 404,
    "no_shard_available_action_exception": 503,
    "unavailable_shards_exception": 503,
}

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long requests are tried again, and who hears of it.

    Attributes:
        seconds: without any success, until the last failure is raised.
        announce: told of every wait in one sentence, and when the cluster answers again.
        sleep: waits so many seconds; an exception such as KeyboardInterrupt ends the wait at once.
        clock: seconds that only grow.
        jitter: 0 to 1.
    """

    seconds: float = PATIENCE
    announce: Callable[[str], None] = _log.warning  # stderr, unless the program logs elsewhere
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random


_patience: ContextVar[Patience] = ContextVar("patience", default=Patience())  # noqa: B039 (frozen)


@contextmanager
def patience(
    seconds: float | None = None,
    announce: Callable[[str], None] | None = None,
    *,
    sleep: Callable[[float], None] | None = None,
    clock: Callable[[], float] | None = None,
    jitter: Callable[[], float] | None = None,
) -> Iterator[Patience]:
    """Set the patience of all requests inside the block; what is not given stays as it is around it.

    Threads that are started inside have the default's: a `ContextVar` is not inherited.

    Args:
        seconds: without any success; 0 makes every request once.
        announce: see `Patience`, as the others.
    """
    given = {"seconds": seconds, "announce": announce, "sleep": sleep, "clock": clock, "jitter": jitter}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    token = _patience.set(replace(_patience.get(), **changes))
    try:
        yield _patience.get()
    finally:
        _patience.reset(token)


def with_retries(request: Callable[[], Result]) -> Result:
    """Make a request, and make it again with growing pauses while the cluster is busy, starting or away.

    Only for requests that may run twice: an answer can be lost on its way. When patience ends, the last
    failure is raised; one that waiting does not mend (`may_pass`) is raised at once.
    """
    backoff = Backoff()
    while True:
        try:
            result = request()
        except (ApiError, TransportError) as error:
            if not may_pass(error) or not backoff.wait(describe(error), retry_after(error)):
                raise
        else:
            backoff.succeeded()
            return result


def check_parts(answer: ObjectApiResponse[Any], parts: Iterable[Mapping[str, Any]]) -> None:
    """Raise for a part of an answer that failed and may pass, so that `with_retries` asks again.

    While a shard is away, Elasticsearch answers 200 as a whole and says so in the parts.

    Args:
        answer: to `_msearch`, `_mget` or `_bulk`.
        parts: of that answer. Those of `_mget` have no status, and any that failed raises.

    Raises:
        ApiError: with the part's status and error.
    """
    for part in parts:
        error = part.get("error")
        status = part.get("status") or (_STATUSES.get(error["type"], 500) if error else 200)
        if error and (status in BUSY or "status" not in part):
            body = {"error": error, "status": status}
            raise ApiError(str(error["type"]), replace(answer.meta, status=status), body)


class Backoff:
    """The waits of one request, or of one lot of documents, from one success to the next."""

    def __init__(self) -> None:
        self._patience = _patience.get()
        self._start = self._patience.clock()
        self._waits = 0

    @property
    def patience(self) -> Patience:
        """The patience that held when the first attempt was made."""
        return self._patience

    def wait(self, trouble: str, at_least: float = 0.0) -> bool:
        """Wait before the next attempt.

        Args:
            trouble: what went wrong, as the beginning of a sentence.
            at_least: seconds that the cluster asks for.

        Returns:
            False, at once, when patience has ended.
        """
        left = self._start + self._patience.seconds - self._patience.clock()
        if left <= 0:
            return False
        self._patience.announce(f"{trouble}: trying again for {format_seconds(max(left, 1))} more")
        ceiling = min(FIRST_CEILING * 2.0 ** min(self._waits, 16), LAST_CEILING)
        drawn = ceiling * (0.5 + 0.5 * self._patience.jitter())
        self._waits += 1
        # The last attempt is made when patience ends, though the cluster may ask for longer.
        self._patience.sleep(min(max(drawn, at_least), left))
        return True

    def succeeded(self) -> None:
        """Begin anew: the cluster has done something."""
        if self._waits:
            self._patience.announce("Elasticsearch answers again")
        self._start, self._waits = self._patience.clock(), 0


def may_pass(error: Exception) -> bool:
    """Whether a failure may be gone after a while: a busy cluster or none, but not refused credentials."""
    if isinstance(error, ApiError):
        return error.status_code in BUSY
    return isinstance(error, (ElasticConnectionError, ConnectionTimeout)) and not isinstance(error, SSLError)


def retry_after(error: Exception, now: datetime | None = None) -> float:
    """Return the seconds that an answer's header Retry-After asks for (RFC 9110, 10.2.3); 0 without one.

    Args:
        error: the answer, as the client raised it.
        now: for a header that names a time (default: the present).
    """
    header = error.meta.headers.get("retry-after") if isinstance(error, ApiError) else None
    written = (header or "").strip()
    if written.isascii() and written.isdigit():
        return float(written)
    try:
        moment = parsedate_to_datetime(written)
    except (TypeError, ValueError, IndexError):
        return 0.0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return max(0.0, (aware - (now or datetime.now(timezone.utc))).total_seconds())


def describe(error: Exception) -> str:
    """Return a failure as the beginning of a sentence: "Elasticsearch answers 503 (no master)"."""
    if isinstance(error, ApiError):
        reason = nested_reason(error.body) if isinstance(error.body, Mapping) else ""
        return f"Elasticsearch answers {error.status_code}" + (f" ({reason})" if reason else "")
    if isinstance(error, ConnectionTimeout):
        return "Elasticsearch did not answer in time"
    cause = error.errors[-1] if isinstance(error, TransportError) and error.errors else error.__cause__
    last = str(cause or error).splitlines()[0].rpartition(": ")[2].strip(" ()'\"")
    return "Elasticsearch does not answer" + (f" ({last})" if last else "")


def nested_reason(error: Mapping[str, Any], length: int = 300) -> str:
    """Return the reasons of an error from the outermost to the innermost, which names the field.

    Args:
        error: an item's ``error``, or a whole answer that holds one.
        length: most characters.
    """
    inside = error.get("error", error)
    if not isinstance(inside, Mapping):
        return " ".join(str(inside).split())[:length]
    reason = str(inside.get("reason", inside))
    while isinstance(cause := inside.get("caused_by"), Mapping):
        inside = cause
        reason = f"{reason}: {inside.get('reason', '')}"
    return " ".join(reason.split())[:length]


def format_seconds(seconds: float) -> str:
    """Return a wait for people: ``8 s``, ``9 min 30 s``, ``10 min``."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
