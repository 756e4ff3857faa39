"""The connection to a cluster: Eland's flags, and a client for 8.19 and 9.x servers.

Flags and environment names are those of `eland_import_hub_model`, so that a person who knows one tool
knows the other. ``ES_CA_CERTS`` is ours: Eland has no name for it.
"""
from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from elastic_transport import HttpHeaders, NodeConfig, Urllib3HttpNode
from elastic_transport.client_utils import DEFAULT, DefaultType, url_to_node_config
from elasticsearch import AuthorizationException, Elasticsearch

from loader.elastic.error_sentences import explained_errors
from loader.errors import PeaksError

if TYPE_CHECKING:
    from elastic_transport._node import NodeApiResponse

ClientT = TypeVar("ClientT", bound=Elasticsearch)

DEFAULT_URL = "http://127.0.0.1:9200"
LOOKUP_SINCE = (9, 4)

# A password with a bare / ? or # moves the rest of it, up to the @, out of the host's part.
_WELL_FORMED = re.compile(r"https?://[^/?#]*(?:[/?#][^@]*)?$", re.IGNORECASE)
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
        """Perform one request as `elastic_transport` does, in the version that the class describes."""

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
    """Whether the server asks for another version; the answer to a HEAD has no body that says so."""
    return answer.meta.status == 400 and (not answer.body or b"media_type_header_exception" in answer.body)


def read_address(url: str, option: str, *, default_port: bool = False) -> NodeConfig:
    """Read the address of a server; a user and password in it become a header.

    Args:
        url: as a person gave it.
        option: where, for the error.
        default_port: take 80 when an http address has no port.

    Raises:
        PeaksError: it is malformed. The sentence does not quote it, because in a mistyped address nobody can
            tell where the password ends.
    """
    written = url.strip()
    try:
        address = url_to_node_config(written, use_default_ports_for_scheme=default_port)
        address.host.encode("idna")  # as the request will do
        is_usable = _WELL_FORMED.match(written) is not None
    except ValueError:
        is_usable = False
    if not is_usable:  # outside the handler: the library's exception would show the address with --debug
        raise PeaksError(
            f"The address in {option} cannot be used: give http(s)://host:port with a port up to 65535; in "
            "its password write / ? # @ as %2F %3F %23 %40."
        )
    return address


@dataclass(frozen=True)
class Connection:
    """The address and the credentials of a cluster; it is not contacted before `client` is used."""

    url: str | None = None
    cloud_id: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    ca_certs: str | None = None
    insecure: bool = False

    @property
    def address(self) -> str:
        """The address for people: the URL without credentials, or the cloud's name."""
        if self.cloud_id:
            return f"cloud {self.cloud_id.partition(':')[0]}"
        server = self._server
        host = f"[{server.host}]" if ":" in server.host else server.host
        return f"{server.scheme}://{host}:{server.port}{server.path_prefix}"

    @property
    def url_has_credentials(self) -> bool:
        """Whether a user and password stand in the URL."""
        return not self.cloud_id and "authorization" in (self._server.headers or {})

    @property
    def _server(self) -> NodeConfig:
        return read_address(self.url or DEFAULT_URL, "--url (ES_URL)")

    def client(self, request_timeout: float = 60.0) -> Elasticsearch:
        """Return a client for 8.19 and 9.x servers; the arguments are those of `client_of`."""
        return self.client_of(Elasticsearch, request_timeout)

    def client_of(self, kind: type[ClientT], request_timeout: float = 60.0) -> ClientT:
        """Return a client of a kind.

        Args:
            kind: its class.
            request_timeout: seconds that one request may take.

        Raises:
            PeaksError: the flags contradict each other, or the URL or cloud id is malformed.
        """
        self._refuse_contradictions()
        settings = {**self._address(), **self._credentials(), **self._tls()}
        try:
            return kind(**settings, node_class=NegotiatingNode, request_timeout=request_timeout)
        except ValueError as error:
            raise PeaksError(
                f"Cannot use {self.address} as the cluster's address ({error}): copy --cloud-id (CLOUD_ID) "
                "from the cloud's console, or give --url (ES_URL)."
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
        return {"cloud_id": self.cloud_id} if self.cloud_id else {"hosts": [self._server]}

    def _credentials(self) -> dict[str, Any]:
        if self.api_key:
            return {"api_key": self.api_key}
        if self.username and self.password:
            return {"basic_auth": (self.username, self.password)}
        return {}

    def _tls(self) -> dict[str, Any]:
        if not self.cloud_id and self._server.scheme != "https":
            return {}  # the client refuses TLS settings for http
        if self.insecure:
            return {"verify_certs": False, "ssl_show_warn": False}
        return {"ca_certs": self.ca_certs} if self.ca_certs else {}


@functools.cache
def has_lookup(client: Elasticsearch) -> bool:
    """Whether the server can take a query's vector from a document (``query_vector_builder.lookup``).

    Its version is asked once for each client. One that does not tell it is taken for an older one.
    """
    try:
        version = client.info()["version"]
    except AuthorizationException:
        return False
    major, minor = map(int, version["number"].split(".")[:2])
    return (major, minor) >= LOOKUP_SINCE or version.get("build_flavor") == "serverless"


# Each option sets the field of `Connection` that its last name says.
_OPTIONS = (
    click.option("--url", "url", envvar="ES_URL", metavar="URL",
                 help=f"Elasticsearch's address [env ES_URL; default {DEFAULT_URL}]."),
    click.option("--cloud-id", "cloud_id", envvar="CLOUD_ID", metavar="ID",
                 help="Elastic Cloud id [env CLOUD_ID]."),
    click.option("-u", "--es-username", "username", envvar="ES_USERNAME", metavar="NAME",
                 help="User name [env ES_USERNAME]."),
    click.option("-p", "--es-password", "password", envvar="ES_PASSWORD", metavar="PASSWORD",
                 help="Password [env ES_PASSWORD]."),
    click.option("--es-api-key", "api_key", envvar="ES_API_KEY", metavar="KEY",
                 help="API key [env ES_API_KEY]."),
    click.option("--ca-certs", "ca_certs", envvar="ES_CA_CERTS", metavar="FILE",
                 help="CA bundle of the cluster's certificate [env ES_CA_CERTS]."),
    click.option("--insecure", "insecure", is_flag=True, help="Do not verify the cluster's certificate."),
)


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the connection flags to a click command, which gets them as one argument, ``connection``.

    Requests that fail inside the command become one sentence (see `loader.elastic.error_sentences`).
    """

    @functools.wraps(command)
    def connected(*args: Any, **kwargs: Any) -> Any:
        connection = Connection(**{part.name: kwargs.pop(part.name) for part in fields(Connection)})
        with explained_errors():
            return command(*args, connection=connection, **kwargs)

    with_options: Callable[..., Any] = connected
    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options
