"""The way to a cluster: Eland's flags, a client for 8.19 and 9.x servers, and plain words for its errors.

Flags and environment names are those of `eland_import_hub_model`, so that a person who knows one tool
knows the other. Every failure of a request becomes one sentence that names the thing and its fix.
"""
from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from elastic_transport import HttpHeaders, Urllib3HttpNode
from elastic_transport.client_utils import DEFAULT, DefaultType
from elasticsearch import (
    ApiError,
    ConnectionTimeout,
    Elasticsearch,
    SSLError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch import ConnectionError as ElasticConnectionError
from elasticsearch.helpers import BulkIndexError

from loader.errors import PeaksError

if TYPE_CHECKING:
    from elastic_transport._node import NodeApiResponse

DEFAULT_URL = "http://127.0.0.1:9200"

_COMPATIBLE_WITH = re.compile(r"compatible-with=\d+")


class NegotiatingNode(Urllib3HttpNode):
    """An HTTP node that speaks the server's major version: 9 first, 8 once an 8.x server asks for it.

    elasticsearch-py 9 sends ``compatible-with=9``, which an 8.x server refuses before it reads the body
    (400 media_type_header_exception); the refused request is sent again, so nothing runs twice.
    """

    _major: int | None = None

    def perform_request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: DefaultType | float | None = DEFAULT,
    ) -> NodeApiResponse:
        """Perform one request as `elastic_transport` does; see the class for the version spoken."""

        def send() -> NodeApiResponse:
            return super(NegotiatingNode, self).perform_request(
                method, target, body, self._in_major(headers), request_timeout
            )

        answer = send()
        if self._major is None and _refuses_version(answer):
            self._major = 8
            answer = send()
        return answer

    def _in_major(self, headers: HttpHeaders | None) -> HttpHeaders | None:
        if headers is None or self._major is None:
            return headers
        spoken = f"compatible-with={self._major}"
        return HttpHeaders({name: _COMPATIBLE_WITH.sub(spoken, value) for name, value in headers.items()})


def _refuses_version(answer: NodeApiResponse) -> bool:
    """Whether the server asks for another version; the answer to a HEAD has no body to say so."""
    return answer.meta.status == 400 and (not answer.body or b"media_type_header_exception" in answer.body)


@dataclass(frozen=True)
class Connection:
    """Where the cluster is and who asks; nothing is contacted before `client` is used."""

    url: str | None = None
    cloud_id: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    ca_certs: str | None = None
    insecure: bool = False

    @property
    def place(self) -> str:
        """The address for people: the URL without credentials, or the cloud's name."""
        if self.cloud_id:
            return f"cloud {self.cloud_id.partition(':')[0]}"
        parts = urlsplit(self.url or DEFAULT_URL)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def client(self, request_timeout: float = 60.0) -> Elasticsearch:
        """Return a client for 8.19 and 9.x servers.

        Args:
            request_timeout: seconds that one request may take.

        Raises:
            PeaksError: the flags contradict each other, or the URL or cloud id is malformed.
        """
        self._refuse_contradictions()
        settings = {**self._address(), **self._credentials(), **self._tls()}
        try:
            return Elasticsearch(**settings, node_class=NegotiatingNode, request_timeout=request_timeout)
        except ValueError as error:
            raise PeaksError(
                f"Cannot use {self.place} as the cluster's address ({error}): "
                "give --url (ES_URL) as http(s)://host:port, or --cloud-id (CLOUD_ID)."
            ) from error

    def _refuse_contradictions(self) -> None:
        if self.url and self.cloud_id:
            raise PeaksError("Give either --url (ES_URL) or --cloud-id (CLOUD_ID), not both.")
        if self.api_key and self.username:
            raise PeaksError(
                "Give either --es-api-key (ES_API_KEY) or --es-username (ES_USERNAME), not both."
            )
        if bool(self.username) != bool(self.password):
            raise PeaksError(
                "A user name and a password belong together: give both --es-username (ES_USERNAME) "
                "and --es-password (ES_PASSWORD)."
            )
        if self.ca_certs and not Path(self.ca_certs).exists():
            raise PeaksError(f"--ca-certs: there is no file {self.ca_certs}; give the cluster's CA bundle.")

    def _address(self) -> dict[str, Any]:
        return {"cloud_id": self.cloud_id} if self.cloud_id else {"hosts": self.url or DEFAULT_URL}

    def _credentials(self) -> dict[str, Any]:
        if self.api_key:
            return {"api_key": self.api_key}
        if self.username and self.password:
            return {"basic_auth": (self.username, self.password)}
        return {}

    def _tls(self) -> dict[str, Any]:
        if not self.cloud_id and urlsplit(self.url or DEFAULT_URL).scheme != "https":
            return {}  # the client refuses TLS settings for http
        if self.insecure:
            return {"verify_certs": False, "ssl_show_warn": False}
        return {"ca_certs": self.ca_certs} if self.ca_certs else {}


_OPTIONS = (
    click.option("--url", envvar="ES_URL", metavar="URL",
                 help=f"Elasticsearch's address [env ES_URL; default {DEFAULT_URL}]."),
    click.option("--cloud-id", envvar="CLOUD_ID", metavar="ID", help="Elastic Cloud id [env CLOUD_ID]."),
    click.option("-u", "--es-username", envvar="ES_USERNAME", metavar="NAME",
                 help="User name [env ES_USERNAME]."),
    click.option("-p", "--es-password", envvar="ES_PASSWORD", metavar="PASSWORD",
                 help="Password [env ES_PASSWORD]."),
    click.option("--es-api-key", envvar="ES_API_KEY", metavar="KEY", help="API key [env ES_API_KEY]."),
    click.option("--ca-certs", metavar="FILE", help="CA bundle of the cluster's certificate."),
    click.option("--insecure", is_flag=True, help="Do not verify the cluster's certificate."),
)


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the connection flags to a click command, which gets them as ONE argument ``connection``.

    Requests that fail inside the command become one sentence (see `explain`).
    """

    @functools.wraps(command)
    def connected(
        *args: Any,
        url: str | None,
        cloud_id: str | None,
        es_username: str | None,
        es_password: str | None,
        es_api_key: str | None,
        ca_certs: str | None,
        insecure: bool,
        **kwargs: Any,
    ) -> Any:
        connection = Connection(url, cloud_id, es_username, es_password, es_api_key, ca_certs, insecure)
        with explained_errors():
            return command(*args, connection=connection, **kwargs)

    with_options: Callable[..., Any] = connected
    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options


@contextmanager
def explained_errors() -> Iterator[None]:
    """Turn Elasticsearch's exceptions inside the block into a `PeaksError` (see `explain`)."""
    try:
        yield
    except (ApiError, TransportError, BulkIndexError) as error:
        raise explain(error) from error


def explain(error: Exception) -> PeaksError:
    """Say in one sentence what Elasticsearch refused and how to put it right.

    Args:
        error: an exception of elasticsearch-py, its helpers or elastic_transport; others are repeated.
    """
    if isinstance(error, BulkIndexError):
        return _explain_bulk(error)
    if isinstance(error, UnsupportedProductError):
        return PeaksError(
            f"{error.meta.node.host}:{error.meta.node.port} answers, but not as Elasticsearch does: give "
            "Elasticsearch's own address with --url (ES_URL)."
        )
    if isinstance(error, ApiError):
        return PeaksError(_explain_answer(error.meta.status, _reasons(error.body) or str(error)))
    if isinstance(error, TransportError):
        return PeaksError(_explain_transport(error))
    return PeaksError(f"{type(error).__name__}: {error}")


def _explain_transport(error: TransportError) -> str:
    place = _failed_host(error)
    if isinstance(error, SSLError):
        return (
            f"Elasticsearch's certificate{place} cannot be verified ({_first_line(error)}): give its CA with "
            "--ca-certs, or --insecure for a test cluster; a node without TLS wants http:// in --url."
        )
    if isinstance(error, ConnectionTimeout):
        return f"Elasticsearch{place} did not answer in time: see whether it is overloaded, and run again."
    if isinstance(error, ElasticConnectionError):
        return (
            f"Elasticsearch does not answer{place} ({_first_line(error)}): start it (`peaks cluster start`), "
            "or give its address with --url (ES_URL)."
        )
    return f"The request to Elasticsearch{place} failed: {_first_line(error)}."


def _failed_host(error: TransportError) -> str:
    """Return " at host:port" from urllib3's exception under the error, or nothing."""
    for cause in error.errors:
        if isinstance(cause, TransportError) and (place := _failed_host(cause)):
            return place
        pool = getattr(cause, "conn", None) or getattr(cause, "pool", None)
        host, port = getattr(pool, "host", None), getattr(pool, "port", None)
        if host:
            return f" at {host}:{port}"
    return ""


def _first_line(error: TransportError) -> str:
    text = str(error.errors[-1] if error.errors else error).splitlines()[0]
    return text.rpartition(": ")[2].strip(" ()'\"") or text


# What Elasticsearch says (the reasons of its error bodies, joined) and what a person can do about it.
_ANSWERS: tuple[tuple[str, str], ...] = (
    (
        r"license is non-compliant for \[(?P<it>[^\]]+)\]",
        "The cluster's licence does not include [{it}]: start a trial with POST "
        "_license/start_trial?acknowledge=true; for good, machine learning needs Platinum or Enterprise and "
        "the RRF retriever Enterprise (photos-hybrid-basic does without it).",
    ),
    (
        r"(?:no known trained model with model_id|could not find trained model(?: definition)?) "
        r"\[(?P<it>[^\]]+)\]",
        "Model [{it}] is not in the cluster: put it there with `peaks model deploy`, or name another one "
        "with --es-model-id.",
    ),
    (
        r"model \[(?P<it>[^\]]+)\] must be deployed to use|"
        r"(?:model|deployment)[^\[\n]* \[(?P<it2>[^\]]+)\][^\n]*\bnot (?:deployed|started|allocated|running)",
        "Model [{it}] is not started: start it with POST _ml/trained_models/{it}/deployment/_start, or "
        "run `peaks model deploy`.",
    ),
    (
        r"\[(?P<it>[^\]]+)\] is not an inference service model or a deployed ml model",
        "Model [{it}] is not in the cluster or not started: run `peaks model deploy`, or apply the assets "
        "for another one with `peaks apply --es-model-id MODEL`.",
    ),
    (r"no such index \[(?P<it>[^\]]+)\]", "Index [{it}] does not exist: run `peaks apply`."),
    (
        r"unable to find script \[(?P<it>[^\]]+)\]",
        "The search template [{it}] is not in the cluster: run `peaks apply`.",
    ),
    (
        r"pipeline with id \[(?P<it>[^\]]+)\] (?:does not exist|is missing)",
        "The ingest pipeline [{it}] is not in the cluster: run `peaks apply`.",
    ),
    (
        r"different number of dimensions \[(?P<it>\d+)\] than "
        r"(?:the document vectors|defined in the mapping) \[(?P<other>\d+)\]",
        "The vector has {it} dimensions but the index holds {other}: use the model that the index was made "
        "with, or build the next index with `peaks apply --next --es-model-id MODEL` and load again.",
    ),
    (
        r"Index \d+ out of bounds for length (?P<it>\d+)",
        "The vector has {it} numbers, fewer than the vectors of the index: use the model that the index was "
        "made with.",
    ),
    (
        r"zero magnitude",
        "The vector is all zeros, which cosine similarity cannot use: a recipe such as `peak:` needs at "
        "least one name after it.",
    ),
)


def _named(found: re.Match[str]) -> dict[str, str]:
    """Return the named groups that matched; a pattern's second spelling of ``it`` is called ``it2``."""
    return {name.rstrip("2"): value for name, value in found.groupdict().items() if value is not None}


def _explain_answer(status: int, reasons: str) -> str:
    for pattern, sentence in _ANSWERS:
        found = re.search(pattern, reasons, re.IGNORECASE)
        if found:
            return sentence.format(**_named(found))
    reason = _first_and_last(reasons)
    if status == 401:
        return (
            "Elasticsearch refused the credentials: give --es-api-key (ES_API_KEY), or --es-username and "
            "--es-password (ES_USERNAME, ES_PASSWORD)."
        )
    if status == 403:
        return f"Elasticsearch does not permit this ({reason}): use a user or API key with that privilege."
    if status in (429, 503):
        return f"Elasticsearch is too busy or not ready ({reason}): wait a little and run again."
    return f"Elasticsearch answered {status}: {reason}."


def _first_and_last(reasons: str) -> str:
    """Where it went wrong and why: the outermost of the nested reasons, and the innermost."""
    lines = reasons.splitlines()
    return (lines[0] if lines[0] == lines[-1] else f"{lines[0]}: {lines[-1]}").rstrip(".")


def _reasons(body: Any) -> str:
    """Join every ``reason`` in an error body, the outermost first; "" when the body holds none."""
    found: list[str] = []

    def collect(part: Any) -> None:
        if isinstance(part, dict):
            reason = part.get("reason")
            if isinstance(reason, str) and reason not in found:
                found.append(reason)
            for value in part.values():
                collect(value)
        elif isinstance(part, list):
            for value in part:
                collect(value)

    collect(body)
    if not found and isinstance(body, dict) and isinstance(body.get("error"), str):
        found.append(body["error"])
    return "\n".join(found)


def _explain_bulk(error: BulkIndexError) -> PeaksError:
    """Explain the first refused document; the rest are counted."""
    refused = [detail for item in error.errors for detail in item.values()] if error.errors else []
    first = refused[0] if refused else {}
    reasons = _reasons(first) or str(error)
    sentence = _explain_answer(int(first.get("status", 400)), reasons)
    return PeaksError(f"{len(refused)} document(s) refused, the first [{first.get('_id', '?')}]: {sentence}")
