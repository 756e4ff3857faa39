"""Documents into an index, and requests that wait for a busy cluster instead of giving up."""
from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from elasticsearch import ApiError, ConnectionTimeout, Elasticsearch, SSLError
from elasticsearch import ConnectionError as ElasticConnectionError

# "too many requests" and the answers of a cluster, or of a proxy before it, that is starting or restarting
BUSY = frozenset((429, 502, 503, 504))

ATTEMPTS = 7
FIRST_WAIT, LONGEST_WAIT = 0.5, 16.0  # seconds; all waits together about 32 s

Result = TypeVar("Result")
Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Rejected:
    """A document that Elasticsearch refused, by its id, and why."""

    id: str
    reason: str


@dataclass
class Written:
    """What became of the documents of one or several bulk requests, by their ids."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, other: Written) -> None:
        """Take over the outcomes of another request."""
        self.created += other.created
        self.updated += other.updated
        self.rejected += other.rejected


def write_documents(
    client: Elasticsearch,
    alias: str,
    documents: Mapping[str, Mapping[str, Any]],
    *,
    pipeline: str | None = None,
    merge: bool = False,
    sleep: Sleep = time.sleep,
) -> Written:
    """Index documents under their ids, again and again while the cluster is busy.

    Args:
        client: of the cluster.
        alias: of the index; it must exist (an absent one is not made by accident).
        documents: id to document.
        pipeline: ingest pipeline instead of the index's own; "_none" for none.
        merge: put the fields into the documents that exist, and leave their other fields as they are.
        sleep: waits so many seconds.

    Raises:
        elasticsearch.ApiError, elastic_transport.TransportError: the request itself failed for good.
    """
    written, pending = Written(), list(documents)
    lines = _merge if merge else _index
    for wait in [*_waits(), None]:
        operations = [line for identifier in pending for line in lines(identifier, documents[identifier])]
        send = partial(client.bulk, operations=operations, index=alias, pipeline=pipeline, require_alias=True)
        answers = with_retries(send, sleep)["items"] if operations else []
        items = [outcome for answer in answers for outcome in answer.values()]
        pending = _sort_out(items, written, last=wait is None)
        if not pending or wait is None:
            break
        sleep(wait)
    return written


def with_retries(request: Callable[[], Result], sleep: Sleep = time.sleep) -> Result:
    """Make a request, and make it again with growing pauses while the cluster is busy, starting or away.

    Only for requests that may run twice. The last failure is raised.
    """
    for wait in _waits():
        try:
            return request()
        except (ApiError, ElasticConnectionError, ConnectionTimeout) as error:
            if not _may_pass(error):
                raise
        sleep(wait)
    return request()


def _waits() -> list[float]:
    return [min(FIRST_WAIT * 2.0**attempt, LONGEST_WAIT) for attempt in range(ATTEMPTS - 1)]


def _may_pass(error: Exception) -> bool:
    if isinstance(error, ApiError):
        return error.status_code in BUSY
    return not isinstance(error, SSLError)


def _index(identifier: str, document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [{"index": {"_id": identifier}}, document]


def _merge(identifier: str, fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [{"update": {"_id": identifier, "retry_on_conflict": 3}}, {"doc": fields}]


def _sort_out(items: Sequence[Mapping[str, Any]], written: Written, last: bool) -> list[str]:
    """Note what became of each document, and return the ids that are worth another try."""
    again = []
    for item in items:
        if "error" not in item:
            (written.created if item["result"] == "created" else written.updated).append(item["_id"])
        elif item["status"] in BUSY and not last:
            again.append(item["_id"])
        else:
            written.rejected.append(Rejected(item["_id"], _reason(item["error"])))
    return again


def _reason(error: Mapping[str, Any]) -> str:
    """Return the innermost reason, which names the field."""
    reason = str(error.get("reason", error))
    while isinstance(cause := error.get("caused_by"), Mapping):
        error = cause
        reason = f"{reason}: {error.get('reason', '')}"
    return " ".join(reason.split())[:300]
