"""The way to a Kibana: its address, the cluster's credentials, and one request at a time.

Kibana passes credentials on to its Elasticsearch, so the flags of `loader.elastic.connection` hold for both.
Requests follow no redirect, which would take the credentials elsewhere, and read no endless answer.
"""
from __future__ import annotations

import json
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import certifi
import urllib3
from elastic_transport.client_utils import basic_auth_to_header
from urllib3 import exceptions

from loader.elastic.connection import Connection
from loader.errors import PeaksError
from loader.text import clean_text
from loader.yaml_file import shorten

DEFAULT_SPACE = "default"

LONGEST_ANSWER = 32 * 2**20  # bytes; the answer to an import of a few objects has some thousand

_LONGEST_QUOTE = 300  # characters

_SPACE = re.compile(r"[a-z0-9_-]+")  # Kibana's own rule for ids of spaces
_PAGE = re.compile(r"/(?:s/(?P<space>[^/]+)(?:/|$)|app(?:/|$))")


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        status: HTTP status.
        headers: names in lower case.
        body: as it came, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> Any:
        """Return the JSON in the body, or None when there is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Kibana:
    """One space of a Kibana; nothing is contacted before `request`.

    Args:
        url: Kibana's address, with its base path if it has one; a user and password in it are used.
        connection: the cluster's flags, of which credentials and certificates are used here.
        space: the space's id [default `DEFAULT_SPACE`].
        timeout: seconds that one request may take.

    Raises:
        PeaksError: the address or the space's id cannot be one.
    """

    def __init__(
        self, url: str, connection: Connection, space: str | None = None, timeout: float = 60.0
    ) -> None:
        parts = _check_address(url)
        self.space = _check_space(DEFAULT_SPACE if space is None else space)
        self.place = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._timeout = timeout
        self._headers = {"kbn-xsrf": "true", "accept": "application/json", **_authorize(parts, connection)}
        self._insecure = connection.insecure
        self._pool = urllib3.PoolManager(**_certificates(connection) if parts.scheme == "https" else {})

    @property
    def home(self) -> str:
        """The address of the space."""
        return self.place if self.space == DEFAULT_SPACE else f"{self.place}/s/{self.space}"

    def request(
        self,
        method: str,
        path: str,
        *,
        file: tuple[str, bytes] | None = None,
        document: Any = None,
        in_space: bool = True,
    ) -> Answer:
        """Send one request and return the answer, whatever its status.

        Args:
            method: of HTTP.
            path: "/api/…".
            file: a name and its content, sent as the form field ``file``.
            document: sent as JSON.
            in_space: whether the path is one of the space's, or Kibana's as a whole.

        Raises:
            PeaksError: there is no whole answer.
        """
        until = time.monotonic() + self._timeout
        fields = {"file": (*file, "application/octet-stream")} if file is not None else None
        with explained_failures(self.place, self._timeout), warnings.catch_warnings():
            if self._insecure:
                warnings.simplefilter("ignore", exceptions.InsecureRequestWarning)
            response = self._pool.request(
                method,
                (self.home if in_space else self.place) + path,
                fields=fields,
                json=document,
                headers=self._headers,
                timeout=urllib3.Timeout(total=self._timeout),
                preload_content=False,
                redirect=False,
                retries=False,
            )
            try:
                body = _read(response, until)
            finally:
                response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, body)


def quote(text: object) -> str:
    """Return what others wrote on one line of bounded length, without what a terminal would obey."""
    return shorten(clean_text(" ".join(str(text).split())), _LONGEST_QUOTE).rstrip(".")


def _read(response: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """Read a whole body, but neither an endless one nor one that trickles for ever."""
    body = bytearray()
    while chunk := response.read1(2**16):
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise exceptions.ProtocolError(f"more than {LONGEST_ANSWER // 2**20} MiB came")
        if time.monotonic() > until:
            raise exceptions.TimeoutError
    return bytes(body)


def _check_address(url: str) -> SplitResult:
    """Return an address's parts without a slash at its end."""
    try:
        parts = urlsplit(url.strip())
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        shown = quote(url.rpartition("@")[2])
        raise PeaksError(f"--kibana-url: '{shown}' is no address; give it as http(s)://host:port.")
    page = _PAGE.search(parts.path)
    path = parts.path[: page.start()] if page else parts.path
    base = parts._replace(path=path.rstrip("/"), query="", fragment="")
    if page or parts.query or parts.fragment:
        address = base._replace(netloc=base.netloc.rpartition("@")[2]).geturl()
        space = f" and --space {page['space']}" if page and page["space"] else ""
        raise PeaksError(f"--kibana-url is a page inside Kibana; give {address}{space}.")
    return base


def _check_space(space: str) -> str:
    if not _SPACE.fullmatch(space):
        raise PeaksError(
            f"--space: '{quote(space)}' cannot be a space's id, which is lower-case letters, digits, - and "
            "_; it stands in Kibana's address after /s/."
        )
    return space


def _authorize(parts: SplitResult, connection: Connection) -> dict[str, str]:
    """Return the header that says who asks; a user in Kibana's address comes before the flags."""
    if parts.username is not None:
        user = unquote(parts.username), unquote(parts.password or "")
        return {"authorization": basic_auth_to_header(user)}
    if connection.api_key:
        if not (connection.api_key.isascii() and connection.api_key.isprintable()):
            raise PeaksError("--es-api-key (ES_API_KEY) holds a character that no key has: copy it again.")
        return {"authorization": f"ApiKey {connection.api_key}"}
    if connection.username and connection.password:
        return {"authorization": basic_auth_to_header((connection.username, connection.password))}
    return {}


def _certificates(connection: Connection) -> dict[str, Any]:
    """Return urllib3's TLS settings; without --ca-certs the authorities are those of the cluster's client."""
    if connection.insecure:
        return {"cert_reqs": "CERT_NONE", "assert_hostname": False}
    bundle = connection.ca_certs or certifi.where()
    return {"ca_cert_dir" if Path(bundle).is_dir() else "ca_certs": bundle}


@contextmanager
def explained_failures(place: str, timeout: float) -> Iterator[None]:
    """Turn a request without an answer into a `PeaksError`."""
    try:
        yield
    except exceptions.HTTPError as error:
        raise PeaksError(_explain_failure(error, place, timeout)) from error


def _explain_failure(error: exceptions.HTTPError, place: str, timeout: float) -> str:
    reason = _innermost(error)
    if isinstance(error, exceptions.SSLError):
        return (
            f"Kibana's certificate at {place} cannot be verified ({reason}): give its CA with --ca-certs, or "
            "--insecure for a test cluster; a Kibana without TLS wants http:// in --kibana-url."
        )
    if isinstance(error, exceptions.NewConnectionError | exceptions.ConnectTimeoutError):
        return (
            f"Kibana does not answer at {place} ({reason}): start it, or give its address with --kibana-url; "
            "its usual port is 5601."
        )
    if isinstance(error, exceptions.TimeoutError):
        return (
            f"Kibana at {place} did not answer within {timeout:g} seconds: see whether it is overloaded, and "
            "run again, which makes nothing twice."
        )
    return (
        f"The connection to Kibana at {place} broke off ({reason}): run again; a Kibana with TLS wants "
        "https:// in --kibana-url."
    )


def _innermost(error: BaseException) -> str:
    """Return the reason at the bottom of nested exceptions, as one short line."""
    below = error.__cause__ or next((part for part in error.args if isinstance(part, Exception)), None)
    if below is not None:
        return _innermost(below)
    if isinstance(error, TimeoutError | exceptions.TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rpartition(": ")[2].strip() or type(error).__name__
