"""Documents into an index by their ids: again while the cluster is busy, in halves when it takes no more."""
from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError
from elasticsearch import ConnectionError as ElasticConnectionError

from loader.elastic.connection import explain
from loader.elastic.retries import (
    BUSY,
    Backoff,
    describe,
    format_seconds,
    may_pass,
    nested_reason,
    retry_after,
)
from loader.errors import PeaksError

TOO_LARGE = 413

# Bytes of a request from which a connection that breaks may mean its size: a proxy that takes less (nginx
# takes 1 MB unless told otherwise) may close the connection while the request is still being sent.
LARGE_REQUEST = 500_000


@dataclass(frozen=True)
class Rejected:
    """A document that Elasticsearch refused, by its id, and why."""

    id: str
    reason: str


@dataclass
class Written:
    """What became of the documents of one or several bulk requests, by their ids.

    A document whose first answer was lost on the way counts as updated, not as created.
    """

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, other: Written) -> None:
        """Take over the outcomes of another request."""
        self.created += other.created
        self.updated += other.updated
        self.rejected += other.rejected

    def __len__(self) -> int:
        """Return the number of documents whose outcome is known."""
        return len(self.created) + len(self.updated) + len(self.rejected)


class NotWritten(PeaksError):
    """The cluster stayed away, or refused a whole request: some documents' outcome is not known.

    Attributes:
        written: what became of the others.
        unsent: ids of documents that are not known to be written; sending them again does no harm.
    """

    def __init__(self, sentence: str, written: Written, unsent: Sequence[str]) -> None:
        super().__init__(sentence)
        self.written, self.unsent = written, list(unsent)


def write_documents(
    client: Elasticsearch,
    alias: str,
    documents: Mapping[str, Mapping[str, Any]],
    *,
    pipeline: str | None = None,
    merge: bool = False,
    into: Written | None = None,
) -> Written:
    """Index documents under their ids, again and again while the cluster is busy.

    A document that is refused is named with its reason; one that is turned away (429, 503) is sent again,
    and is refused in the end only when others of the same call were taken.

    Args:
        client: of the cluster.
        alias: of the index; it must exist (an absent one is not made by accident).
        documents: id to document.
        pipeline: ingest pipeline instead of the index's own; "_none" for none.
        merge: put the fields into the documents that exist, and leave their other fields as they are.
        into: takes the outcomes as they come, so that they are known after Ctrl-C too, and is returned.

    Raises:
        NotWritten: a whole request failed, for good or until patience ended.
    """
    lines = _merge if merge else _index
    written = Written() if into is None else into
    writing = _Writing(client.options(max_retries=0), alias, pipeline, written)
    writing.write({identifier: lines(identifier, document) for identifier, document in documents.items()})
    return written


Operations = Mapping[str, Sequence[Mapping[str, Any]]]  # a document's id to its lines in the request


class _Writing:
    """One call of `write_documents`: lots of documents that wait, the foremost to be sent next."""

    def __init__(self, client: Elasticsearch, alias: str, pipeline: str | None, written: Written) -> None:
        self._client, self._alias, self._pipeline = client, alias, pipeline
        self._written, self._backoff = written, Backoff()
        self._has_written = False
        self._lots: deque[list[str]] = deque()

    def write(self, operations: Operations) -> None:
        self._lots += [list(operations)] if operations else []
        while self._lots:
            lot = self._lots.popleft()
            try:
                items = self._send([line for identifier in lot for line in operations[identifier]])
            except (ApiError, TransportError) as error:
                self._lots.extendleft(reversed(self._after_failure(error, lot, operations)))
            else:
                self._after_answer(items)

    def _send(self, lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        answer = self._client.bulk(
            operations=lines, index=self._alias, pipeline=self._pipeline, require_alias=True
        )
        return [outcome for item in answer["items"] for outcome in item.values()]

    def _after_failure(
        self, error: ApiError | TransportError, lot: list[str], operations: Operations
    ) -> list[list[str]]:
        """Return the lots to send next in place of one whose whole request failed."""
        too_large = isinstance(error, ApiError) and error.status_code == TOO_LARGE
        if too_large and len(lot) > 1:
            return _halves(lot)
        if too_large:
            self._written.rejected.append(Rejected(lot[0], _too_large(error, operations[lot[0]])))
            return []
        if not may_pass(error) or not self._backoff.wait(describe(error), retry_after(error)):
            raise NotWritten(_explain(error), self._written, self._waiting(lot)) from error
        broken = isinstance(error, ElasticConnectionError) and len(lot) > 1
        if broken and _size(operations[identifier] for identifier in lot) >= LARGE_REQUEST:
            return _halves(lot)
        return [lot]

    def _after_answer(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Note what became of each document, and let those that were turned away wait."""
        turned_away = []
        for item in items:
            if "error" not in item:
                outcome = self._written.created if item["result"] == "created" else self._written.updated
                outcome.append(item["_id"])
                self._has_written = True
            elif item["status"] in BUSY:
                turned_away.append(item)
            else:
                self._written.rejected.append(Rejected(item["_id"], nested_reason(item["error"])))
        if len(turned_away) < len(items):
            self._backoff.succeeded()
        if turned_away:
            self._try_again(turned_away)

    def _try_again(self, items: Sequence[Mapping[str, Any]]) -> None:
        lot, reason = [item["_id"] for item in items], nested_reason(items[0]["error"])
        trouble = f"Elasticsearch turns {_count(len(lot))} away ({reason})"
        if self._backoff.wait(trouble):
            self._lots.appendleft(lot)
        elif self._has_written:
            # It takes others: the next lot may well be written.
            reasons = [nested_reason(item["error"]) for item in items]
            self._written.rejected += [Rejected(*pair) for pair in zip(lot, reasons, strict=True)]
        else:
            patience = format_seconds(self._backoff.patience.seconds)
            sentence = f"{trouble} and has taken none for {patience}: mend that and run again."
            raise NotWritten(sentence, self._written, self._waiting(lot))

    def _waiting(self, lot: list[str]) -> list[str]:
        return [*lot, *(identifier for other in self._lots for identifier in other)]


def _index(identifier: str, document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [{"index": {"_id": identifier}}, document]


def _merge(identifier: str, fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [{"update": {"_id": identifier, "retry_on_conflict": 3}}, {"doc": fields}]


def _halves(lot: list[str]) -> list[list[str]]:
    middle = len(lot) // 2
    return [lot[:middle], lot[middle:]]


def _size(documents: Iterable[Sequence[Mapping[str, Any]]]) -> int:
    return sum(len(json.dumps(line)) for lines in documents for line in lines)


def _too_large(error: Exception, lines: Sequence[Mapping[str, Any]]) -> str:
    size = f"{_size([lines]):,} bytes"
    return f"{describe(error)}: one document of {size} is more than it, or a proxy before it, takes"


def _explain(error: ApiError | TransportError) -> str:
    if isinstance(error, TransportError) and not error.errors and error.__cause__ is not None:
        # elastic_transport forgets the cause of a request that it made once only; it names host and port.
        error.errors = (error.__cause__,)  # type: ignore[assignment]
    return explain(error).message


def _count(number: int) -> str:
    return f"{number} document{'' if number == 1 else 's'}"
