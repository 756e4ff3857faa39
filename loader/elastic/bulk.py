"""Write and delete documents by their ids; they are sent again while the cluster is busy or away."""
from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError
from elasticsearch.helpers import streaming_bulk

from loader.elastic.error_sentences import describe, explain, explain_part, join_reasons
from loader.elastic.retries import Deadline, TurnedAway, is_busy, with_retries
from loader.errors import PeaksError
from loader.text import format_count

MOST_BYTES = 500_000  # of a request with several documents: a proxy such as nginx takes 1 MB at most
TOO_LARGE, CONFLICT = 413, 409


@dataclass(frozen=True)
class Rejected:
    """A document that Elasticsearch refused, by its id, and why."""

    id: str
    reason: str


@dataclass
class Written:
    """The outcomes of documents, by their ids.

    A document whose first answer was lost on the way counts as updated, not as created.

    Attributes:
        existing: those that were to be new and are not; they are left as they are.
    """

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)

    def add(self, other: Written) -> None:
        """Add the outcomes of another call."""
        self.created += other.created
        self.updated += other.updated
        self.rejected += other.rejected
        self.existing += other.existing


class NotWritten(PeaksError):
    """The cluster stayed away, or refused a whole request: the outcome of some documents is not known.

    Attributes:
        written: the outcomes of the others. It does no harm to send all of them again.
    """

    def __init__(self, sentence: str, written: Written) -> None:
        super().__init__(sentence)
        self.written = written


def write_documents(
    client: Elasticsearch,
    alias: str,
    documents: Mapping[str, Mapping[str, Any]],
    *,
    pipeline: str | None = None,
    merge: bool = False,
    new: Container[str] = (),
) -> Written:
    """Index documents under their ids, again and again while the cluster is busy.

    A refused document is named with its reason. A document that is turned away (429, 503) is sent again; at
    the end it counts as refused only when others of the same call were taken.

    Args:
        client: of the cluster.
        alias: of the index; it must exist (an absent one is not made by accident).
        documents: id to document.
        pipeline: ingest pipeline instead of the index's own; "_none" for none.
        merge: put the fields into the documents that exist, and leave their other fields as they are.
        new: ids that must not exist yet; a document that does is not overwritten, whoever wrote it.

    Raises:
        NotWritten: a whole request failed, for good or until patience ended.
    """
    def action(identifier: str) -> dict[str, Any]:
        if merge:
            return {"_op_type": "update", "retry_on_conflict": 3, "doc": documents[identifier]}
        return {"_op_type": "create" if identifier in new else "index", "_source": documents[identifier]}

    actions = {identifier: {"_id": identifier, **action(identifier)} for identifier in documents}
    return _Bulk(client, alias, actions, pipeline).send()


def delete_documents(client: Elasticsearch, alias: str, ids: Iterable[str]) -> int:
    """Delete documents by id, and return how many were there.

    Raises:
        NotWritten: as for `write_documents`.
    """
    actions = {identifier: {"_op_type": "delete", "_id": identifier} for identifier in ids}
    return len(_Bulk(client, alias, actions).send().updated)


class _Bulk:
    """One call: the actions that wait, by the ids of their documents, and the outcomes of the others.

    `streaming_bulk` cuts the requests and reads the answers. Its own waiting is not used: it waits without a
    message, does not wait for a cluster that is away, and loses the reasons of the last refusals.
    """

    def __init__(
        self,
        client: Elasticsearch,
        alias: str,
        actions: dict[str, dict[str, Any]],
        pipeline: str | None = None,
    ) -> None:
        self._client = client.options(max_retries=0)
        self._request: dict[str, Any] = {"index": alias, "require_alias": True, "pipeline": pipeline}
        self._waiting, self._written = actions, Written()
        self._turned_away: dict[str, str] = {}  # id to reason, of the last attempt
        self._deadline = Deadline()

    def send(self) -> Written:
        written = self._written
        try:
            if self._waiting:
                with_retries(self._attempt, self._deadline)
        except TurnedAway as error:
            if not (written.created or written.updated):
                raise NotWritten(f"{error} and takes no others: mend that and run again.", written) from error
            # It takes others: the next call may well succeed.
            written.rejected += [Rejected(*pair) for pair in self._turned_away.items()]
        except (ApiError, TransportError) as error:
            raise NotWritten(explain(error).message, written) from error
        return written

    def _attempt(self) -> None:
        """Send all that waits, and raise unless every document has its outcome."""
        self._turned_away.clear()
        outcomes = streaming_bulk(
            self._client,
            list(self._waiting.values()),
            max_chunk_bytes=MOST_BYTES,
            raise_on_error=False,
            raise_on_exception=False,
            **self._request,
        )
        for _, outcome in outcomes:
            ((action, item),) = outcome.items()
            self._note(action, item)
        if turned_away := self._turned_away:
            count = format_count(len(turned_away), "document")
            raise TurnedAway(f"Elasticsearch turns {count} away ({next(iter(turned_away.values()))})")

    def _note(self, action: str, item: Mapping[str, Any]) -> None:
        """Note the outcome of one document."""
        identifier, failure = item["_id"], item.get("exception")
        if failure and failure.status_code != TOO_LARGE:
            raise failure  # of the whole request
        if not failure and is_busy(item["status"], item.get("error")):
            self._turned_away[identifier] = join_reasons(item["error"])
            return
        self._deadline.renew()
        del self._waiting[identifier]
        if failure:
            reason = f"{describe(failure)}: it, or a proxy before it, takes no request of this size"
            self._written.rejected.append(Rejected(identifier, reason))
        elif action == "create" and item["status"] == CONFLICT:
            self._written.existing.append(identifier)
        elif "error" in item:
            self._written.rejected.append(Rejected(identifier, explain_part(item["error"])))
        elif item["result"] == "created":
            self._written.created.append(identifier)
        elif item["result"] != "not_found":  # of a deletion
            self._written.updated.append(identifier)
