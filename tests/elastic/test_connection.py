"""The connection flags, and what a person reads when Elasticsearch refuses."""
from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import click
import pytest
from click.testing import CliRunner
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError, UnsupportedProductError

from loader.elastic.connection import DEFAULT_URL, Connection, connection_options
from loader.elastic.error_sentences import explain, explained_errors
from loader.errors import PeaksError
from tests.conftest import free_port


@click.command()
@connection_options
def show(connection: Connection) -> None:
    """Print the connection."""
    click.echo(repr(connection))


def run(*arguments: str, **environment: str) -> str:
    names = ("ES_URL", "CLOUD_ID", "ES_USERNAME", "ES_PASSWORD", "ES_API_KEY")
    result = CliRunner().invoke(show, arguments, env={**dict.fromkeys(names), **environment})
    assert result.exit_code == 0, result.output
    return result.output


def test_flags_and_environment_are_elands() -> None:
    assert "url='http://node:9200'" in run(ES_URL="http://node:9200")
    assert "url='http://other:9200'" in run("--url", "http://other:9200", ES_URL="http://node:9200")
    assert "cloud_id='name:abc'" in run(CLOUD_ID="name:abc")
    assert "username='elastic'" in run("-u", "elastic", "-p", "secret")
    assert "insecure=True" in run("--insecure")


def test_secrets_are_never_shown() -> None:
    assert "secret" not in run("-u", "elastic", "-p", "secret") + run(ES_API_KEY="secret")
    assert "secret" not in Connection(url="http://me:secret@node:9200").place


@pytest.mark.parametrize(
    "connection",
    [
        Connection(url="localhost"),
        Connection(url="localhost:9200"),
        Connection(url="http://node"),
        Connection(cloud_id="nonsense"),
        Connection(url="http://node:9200", cloud_id="name:abc"),
        Connection(api_key="key", username="elastic", password="secret"),
        Connection(username="elastic"),
        Connection(url="https://node:9200", ca_certs="/nowhere/ca.pem"),
    ],
    ids=str,
)
def test_unusable_flags_are_one_sentence(connection: Connection) -> None:
    with pytest.raises(PeaksError) as refused:
        connection.client()
    assert "--" in refused.value.message and "\n" not in refused.value.message


def test_tls_settings_do_not_disturb_http() -> None:
    Connection(url=DEFAULT_URL, insecure=True).client().close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_there(scheme: str) -> None:
    port = free_port()
    client = Connection(url=f"{scheme}://127.0.0.1:{port}").client()
    said = rf"does not answer at 127\.0\.0\.1:{port} \(Connection refused\): start it \(`peaks cluster start`"
    with pytest.raises(PeaksError, match=said), explained_errors():
        client.info()


class Server8(BaseHTTPRequestHandler):
    """Refuses version 9 as an 8.x server does, before it looks at the request."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        spoken = {self.headers.get(name, "").rpartition("=")[2] for name in ("accept", "content-type")} - {""}
        status = 200 if spoken == {"8"} else 400
        error = {"error": {"root_cause": [{"type": "media_type_header_exception", "reason": "x"}]}}
        body = json.dumps({} if status == 200 else error).encode()
        self.send_response(status)
        self.send_header("x-elastic-product", "Elasticsearch")
        self.send_header("content-type", "application/vnd.elasticsearch+json;compatible-with=8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server8() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server8)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_version_is_negotiated_whatever_the_first_request(server8: str) -> None:
    with Connection(url=server8).client() as client:
        assert client.indices.exists(index="photos")
        client.info()
    with Connection(url=server8).client() as client:
        client.search(index="photos", size=1)
    with Connection(url=server8).client() as client:
        client.bulk(operations=[{"index": {}}, {"a": 1}])


def refused(status: int, reason: str, caused_by: str | None = None) -> ApiError:
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(), 0.0, NodeConfig("http", "127.0.0.1", 9200))
    error: dict[str, Any] = {"type": "x", "reason": reason, "root_cause": [{"type": "x", "reason": reason}]}
    if caused_by:
        error["caused_by"] = {"type": "y", "reason": caused_by}
    return ApiError("x", meta, {"error": error, "status": status})


# Reasons as Elasticsearch 8.19 and 9.x word them.
REASONS = [
    (403, "current license is non-compliant for [ml]", "licence does not include [ml]"),
    (403, "current license is non-compliant for [Reciprocal Rank Fusion (RRF)]", "photos-hybrid-basic"),
    (404, "No known trained model with model_id [m1]", "[m1] is not in the cluster"),
    (404, "Could not find trained model [m1]", "peaks model deploy"),
    (409, "Model [m1] must be deployed to use. Please deploy with the start trained model deployment API.",
     "[m1] is not started"),
    (404, "[m1] is not an inference service model or a deployed ml model",
     "[m1] is not in the cluster or not started"),
    (404, "no such index [photos]", "peaks apply"),
    (404, "unable to find script [photos-by-text] in cluster state", "search template [photos-by-text]"),
    (400, "pipeline with id [peaks-text-embedding] does not exist", "ingest pipeline [peaks-text-embedding]"),
    (400, "the query vector has a different number of dimensions [4] than the document vectors [768].",
     "4 dimensions but the index holds 768"),
    (400, "The [cosine] similarity does not support vectors with zero magnitude. Preview: …",
     "at least one name"),
    (401, "missing authentication credentials for REST request [/]", "--es-api-key"),
    (403, "action [indices:admin/create] is unauthorized for user [me]", "unauthorized for user [me]"),
    (429, "rejected execution", "wait a little"),
    (400, "Required [field]", "answered 400: Required [field]"),
]


@pytest.mark.parametrize(("status", "reason", "said"), REASONS, ids=[said for _, _, said in REASONS])
def test_refusals_are_one_sentence(status: int, reason: str, said: str) -> None:
    for error in (refused(status, reason), refused(status, "all shards failed", reason)):
        message = explain(error).message
        assert said in message or "all shards failed: " in message
        assert "\n" not in message


def test_another_server_at_the_address_is_named() -> None:
    meta = refused(200, "x").meta
    error = UnsupportedProductError("unknown product", meta, {})
    assert explain(error).message.startswith("127.0.0.1:9200 answers, but not as Elasticsearch does")


def test_nested_reasons_are_told_from_outside_and_inside() -> None:
    error = refused(400, "[knn] failed to parse field [filter]", "unknown query [near_lat needs near_lon]")
    message = explain(error).message
    assert "[filter]: unknown query [near_lat needs near_lon]" in message


def test_other_errors_pass_through() -> None:
    with pytest.raises(KeyError), explained_errors():
        raise KeyError("x")
