"""The connection flags, and what a person reads when Elasticsearch refuses."""
from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from elasticsearch import UnsupportedProductError

from loader.elastic.connection import DEFAULT_URL, Connection, connection_options
from loader.elastic.error_sentences import explain, explained_errors
from loader.errors import PeaksError
from tests.conftest import Node, free_port
from tests.elastic.answers import answered, refused


@click.command()
@connection_options
def show(connection: Connection) -> None:
    """Print the connection."""
    click.echo(repr(connection))


def run(*arguments: str, **environment: str) -> str:
    result = CliRunner().invoke(show, arguments, env=environment)
    assert result.exit_code == 0, result.output
    return result.output


def test_flags_and_environment_are_elands() -> None:
    assert "url='http://node:9200'" in run(ES_URL="http://node:9200")
    assert "url='http://other:9200'" in run("--url", "http://other:9200", ES_URL="http://node:9200")
    assert "cloud_id='name:abc'" in run(CLOUD_ID="name:abc")
    assert "username='elastic'" in run("-u", "elastic", "-p", "secret")
    assert "insecure=True" in run("--insecure")


def test_the_ca_of_a_cluster_can_stand_beside_its_address_in_the_environment() -> None:
    assert "ca_certs='ca.crt'" in run(ES_URL="https://node:9200", ES_CA_CERTS="ca.crt")
    assert "ca_certs='other.crt'" in run("--ca-certs", "other.crt", ES_CA_CERTS="ca.crt")


def test_secrets_are_never_shown() -> None:
    assert "secret" not in run("-u", "elastic", "-p", "secret") + run(ES_API_KEY="secret")
    assert "secret" not in Connection(url="http://me:secret@node:9200").address


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
    start = rf"start it \(`peaks cluster start --port {port}`\)"
    said = rf"does not answer at 127\.0\.0\.1:{port} \(Connection refused\): {start}"
    with pytest.raises(PeaksError, match=said), explained_errors():
        client.info()


@pytest.mark.cluster
def test_version_is_negotiated_whatever_the_first_request(node: Node) -> None:
    """The embedded node speaks version 8, and refuses version 9 before it looks at a request."""
    with Connection(url=node.url).client() as client:
        assert not client.indices.exists(index="nothing")
        client.info()
    with Connection(url=node.url).client() as client:
        client.search(index="nothing*", size=1)
    with Connection(url=node.url).client() as client:
        client.bulk(operations=[{"delete": {"_index": "nothing", "_id": "1"}}])


# Reasons as Elasticsearch 8.19 and 9.x word them.
REASONS = [
    (403, "current license is non-compliant for [ml]", "licence does not include [ml]"),
    (403, "current license is non-compliant for [Reciprocal Rank Fusion (RRF)]", "photos-hybrid-basic"),
    (404, "No known trained model with model_id [m1]", "[m1] is not in the cluster"),
    (404, "Could not find trained model [m1]", "peaks model deploy"),
    (409, "Model [m1] must be deployed to use. Please deploy with the start trained model deployment API.",
     "[m1] is not started"),
    (409, "Trained model deployment [m1] is not allocated to any nodes",
     "No node has loaded the model [m1] yet"),
    (429, "inference process queue is full. Unable to execute command", "queue is full): wait a little and"),
    (408, "timeout [10s] waiting for inference result", "peaks model deploy --number-of-allocations N"),
    (429, "index [photos-000001] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage "
          "watermark, index has read-only-allow-delete block];",
     "index [photos-000001] takes no more documents: free"),
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
    (403, "action [indices:data/write/bulk[s]] is unauthorized for API key id [k1] of user [me] on indices "
     "[photos], this action is granted by the index privileges [create_doc,create,delete,index,write,all]",
     "The API key may not do this (indices:data/write/bulk[s] on photos): take a key of `peaks keys create "
     "loader`"),
    (403, "action [cluster:admin/script/put] is unauthorized for user [me] with effective roles [viewer], "
     "this action is granted by the cluster privileges [manage,all]",
     "The user may not do this (cluster:admin/script/put): take a key of `peaks keys create setup`, or a "
     "user with the cluster privilege manage."),
    (429, "rejected execution", "wait a little"),
    (400, "Required [field]", "Required [field]"),
]


@pytest.mark.parametrize(("status", "reason", "said"), REASONS, ids=[said for _, _, said in REASONS])
def test_refusals_are_one_sentence(status: int, reason: str, said: str) -> None:
    for error in (refused(status, reason), refused(status, "all shards failed", reason)):
        message = explain(error).message
        assert said in message and "\n" not in message


def test_another_server_at_the_address_is_named() -> None:
    error = UnsupportedProductError("unknown product", answered(200).meta, {})
    assert explain(error).message.startswith("127.0.0.1:9200 answers, but not as Elasticsearch does")


def test_nested_reasons_are_told_from_outside_and_inside() -> None:
    error = refused(400, "[knn] failed to parse field [filter]", "unknown query [near_lat needs near_lon]")
    message = explain(error).message
    assert "[filter]: unknown query [near_lat needs near_lon]" in message


def test_other_errors_pass_through() -> None:
    with pytest.raises(KeyError), explained_errors():
        raise KeyError("x")
