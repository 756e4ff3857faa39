"""Kibana's saved-objects API: one import with the cluster's credentials, and the outcome of each object.

Kibana always answers an import with 200. When it refuses some objects, it writes none, but still counts the
others as successes: only ``success`` and the type of each error can be trusted.
Source: elastic/kibana, src/core/packages/saved-objects/import-export-server-internal/src/import.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from elastic_transport import HttpHeaders, NodeConfig, TlsError, TransportError, Urllib3HttpNode
from elastic_transport.client_utils import basic_auth_to_header
from urllib3 import encode_multipart_formdata

from loader.elastic.asset_writer import Change
from loader.elastic.connection import Connection, read_address
from loader.elastic.kibana_sources import SavedObject, pack_objects
from loader.errors import PeaksError
from loader.text import clean_text, shorten

DEFAULT_SPACE = "default"

_TIMEOUT = 60.0  # seconds for one request
_LONGEST_QUOTE = 300  # characters
_WRITES_NOTHING = frozenset(("conflict", "ambiguous_conflict", "missing_references"))

T = TypeVar("T")


@dataclass(frozen=True)
class ImportReport:
    """The outcome of an import.

    Attributes:
        changes: one an object, in the order of the import. A "refused" object is not in Kibana; an
            "unconfirmed" one may not be, because Kibana refused others.
        dashboard: address of the dashboard, or None.
    """

    changes: tuple[Change, ...]
    dashboard: str | None = None

    @property
    def success(self) -> bool:
        """Whether every object was written."""
        return all(change.action not in ("refused", "unconfirmed") for change in self.changes)


class Kibana:
    """One space of a Kibana; it is not contacted before a request.

    Args:
        url: Kibana's address, with its base path if it has one; a user and password in it are used.
        connection: the cluster's flags, of which credentials and certificates are used here.
        space: the space's id.

    Raises:
        PeaksError: the address is malformed.
    """

    def __init__(self, url: str, connection: Connection, space: str = DEFAULT_SPACE) -> None:
        self.space = space
        self._node = Urllib3HttpNode(_node_config(url, connection))

    @property
    def address(self) -> str:
        """The address, without credentials."""
        return self._node.base_url

    def check_space(self) -> None:
        """Check that the address is a Kibana that takes the credentials and has the space.

        Kibana would accept an import into a space that does not exist, and nobody would see the objects.

        Raises:
            PeaksError: one of these is not so.
        """
        def read(document: Any) -> list[str]:
            return [str(space["id"]) for space in document]

        spaces = self._ask(read, "GET", "/api/spaces/space")
        if self.space not in spaces:
            raise PeaksError(
                f"Kibana at {self.address} has no space '{_quote(self.space)}' for these credentials, only "
                f"{_quote(', '.join(spaces)) or 'none'}: give another --space, or create it in Kibana."
            )

    def import_objects(self, objects: Sequence[SavedObject]) -> ImportReport:
        """Import objects over those that are there already.

        Args:
            objects: what others refer to first.

        Raises:
            PeaksError: Kibana gave no answer from which the outcome can be read.
        """
        def read(document: Any) -> ImportReport:
            return _read_report(document, objects, self.address + self._prefix)

        file = ("peaks.ndjson", pack_objects(objects), "application/x-ndjson")  # Kibana reads the name's end
        form = encode_multipart_formdata({"file": file})
        return self._ask(read, "POST", f"{self._prefix}/api/saved_objects/_import?overwrite=true", *form)

    def find_missing(self, objects: Sequence[SavedObject]) -> list[str]:
        """Titles of the objects that the space does not have, or does not show to these credentials.

        Asked for all of them, Kibana exports all, or answers 400 and names those that it lacks.

        Raises:
            PeaksError: Kibana gave another answer.
        """
        def read(document: Any) -> list[str]:
            lacks = document["attributes"]["objects"] if isinstance(document, dict) else ()
            keys = {(each["type"], each["id"]) for each in lacks}
            return [one.title for one in objects if one.key in keys]

        wanted = {"objects": [{"type": one.type, "id": one.id} for one in objects]}
        path, body = f"{self._prefix}/api/saved_objects/_export", json.dumps(wanted).encode()
        return self._ask(read, "POST", path, body, "application/json", accepted=(200, 400))

    @property
    def _prefix(self) -> str:
        return "" if self.space == DEFAULT_SPACE else f"/s/{self.space}"

    def _ask(
        self,
        read: Callable[[Any], T],
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "",
        accepted: Sequence[int] = (200,),
    ) -> T:
        """Send one request and read the JSON of its answer; redirects are not followed."""
        headers = HttpHeaders({"content-type": kind} if kind else {})
        try:
            answer = self._node.perform_request(method, path, body, headers)
        except TransportError as error:
            raise PeaksError(self._explain_failure(error)) from error
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError):
            document = None
        if answer.meta.status not in accepted:
            raise PeaksError(self._explain_status(answer.meta.status, document))
        try:
            return read(document)
        except (AttributeError, KeyError, TypeError) as error:
            raise PeaksError(self._explain_other_server()) from error

    def _explain_other_server(self) -> str:
        return (
            f"{self.address} does not answer as Kibana does: give --kibana-url as it stands in a browser "
            "before /app or /s; Kibana's usual port is 5601."
        )

    def _explain_status(self, status: int, document: Any) -> str:
        message = document.get("message") if isinstance(document, dict) else None
        said = f" ({_quote(message)})" if message else ""
        if status == 401:
            return (
                f"Kibana at {self.address} refused the credentials: give --es-api-key (ES_API_KEY), or "
                "--es-username and --es-password (ES_USERNAME, ES_PASSWORD), of the cluster behind it."
            )
        if status == 403:
            return (
                f"Kibana does not permit this{said}: the user or API key needs, in the space {self.space}, "
                'the privilege "Saved Objects Management: All".'
            )
        if status < 500 and (not said or status == 404):
            return self._explain_other_server()
        return (
            f"Kibana at {self.address} answered {status}{said}: its log says why; the objects need "
            "Kibana 8.19 or later."
        )

    def _explain_failure(self, error: TransportError) -> str:
        reason = _quote(str(error.errors[-1] if error.errors else error).rpartition(": ")[2].strip(" ()'\""))
        if isinstance(error, TlsError):
            return (
                f"Kibana's certificate at {self.address} cannot be verified ({reason}): give its CA with "
                "--ca-certs, or --insecure for a test; a Kibana without TLS wants http:// in --kibana-url."
            )
        return (
            f"Kibana does not answer at {self.address} ({reason}): start it, or give its address with "
            "--kibana-url; with TLS it wants https://."
        )


def _node_config(url: str, connection: Connection) -> NodeConfig:
    """The address of Kibana with the cluster's credentials, which Kibana passes on to its Elasticsearch."""
    config = read_address(url.strip().rstrip("/"), "--kibana-url", default_port=True)
    headers = HttpHeaders({"kbn-xsrf": "true"})
    if connection.api_key:
        headers["authorization"] = f"ApiKey {connection.api_key}"
    elif connection.username and connection.password:
        headers["authorization"] = basic_auth_to_header((connection.username, connection.password))
    headers.update(config.headers or {})
    return replace(
        config, headers=headers, request_timeout=_TIMEOUT, ca_certs=connection.ca_certs,
        verify_certs=not connection.insecure, ssl_show_warn=False,
    )


def _read_report(document: Any, objects: Sequence[SavedObject], home: str) -> ImportReport:
    errors = {(entry["type"], entry["id"]): entry["error"] for entry in document.get("errors", [])}
    written = {(entry["type"], entry["id"]): entry for entry in document.get("successResults", [])}
    if not document["success"] and (not errors or _WRITES_NOTHING & {one["type"] for one in errors.values()}):
        written = {}
    # Kibana gives an object a new id when an object of another space has its id.
    pages = [
        entry.get("destinationId", name) for (kind, name), entry in written.items() if kind == "dashboard"
    ]
    return ImportReport(
        tuple(_judge(one, errors.get(one.key), written.get(one.key)) for one in objects),
        f"{home}/app/dashboards#/view/{pages[0]}" if pages else None,
    )


def _judge(one: SavedObject, error: Mapping[str, Any] | None, written: Mapping[str, Any] | None) -> Change:
    if error is not None:
        return Change("refused", one.kind, one.id, f"{one.title}: {_reason(error)}")
    if written is None:
        return Change("unconfirmed", one.kind, one.id, one.title)
    return Change("overwritten" if written.get("overwrite") else "created", one.kind, one.id, one.title)


def _reason(error: Mapping[str, Any]) -> str:
    """The type of a refusal, with Kibana's message or other details."""
    more = {key: value for key, value in error.items() if key != "type"}
    said = more.get("message") or (json.dumps(more) if more else "")
    return _quote(f"{error['type']} {said}")


def _quote(text: object) -> str:
    """Return foreign text on one line of bounded length, without control characters."""
    return clean_text(shorten(str(text), _LONGEST_QUOTE)).rstrip(".")
