"""Each key does its job on a node with security, and is refused everything else."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch

from browse.server import Settings
from loader.elastic.assets import read_schema, template_names
from loader.elastic.connection import Connection
from tests.access.conftest import Secured
from tests.browse.test_page import errors, pictures, text, visit
from tests.conftest import DEMO_CHECKPOINT, invoke

pytestmark = pytest.mark.cluster

CHECKPOINT = ["--checkpoint", str(DEMO_CHECKPOINT)]
QUESTIONS = {
    "search": ["search", "starry night"],
    "hybrid": ["search", "starry night", "--hybrid"],
    "filtered": ["search", "yak", "--near", "ama-dablam", "--within", "50km", "--peak", "ama-dablam"],
    "by vector": ["peak", "ama-dablam"],
    "by name": ["peak", "ama-dablam", "--by-name"],
    "photos": ["photos", "--sort", "time"],
    "libraries": ["libraries"],
    "map": ["map", "--output", "map.html"],
    "similar": ["similar", "blue.jpg"],
    "similar file": ["similar", "IMAGE", *CHECKPOINT],
    "identify": ["identify", "IMAGE", *CHECKPOINT],
    "sight": ["sight", "IMAGE"],
    "words": ["confirm", "--output", "words.yaml"],
}
JSON_HEADERS = {"accept": "application/json", "content-type": "application/json"}
DOCUMENT = {"path": "x.jpg"}
MODEL = f"_ml/trained_models/{DEMO_CHECKPOINT.name}"
# What no key may do: read or change what is not the project's, or the rights themselves.
FOREIGN: list[tuple[str, str, Any]] = [
    ("GET", "/diary/_search", None),
    ("GET", "/diary/_doc/1", None),
    ("PUT", "/diary/_doc/1", DOCUMENT),
    ("DELETE", "/diary", None),
    ("GET", "/diary/_settings", None),
    ("DELETE", "/photos-000001", None),
    ("POST", "/photos-000001/_close", None),
    ("GET", "/.ml-inference-native-000002/_search", None),
    ("GET", "/_cluster/state", None),
    ("PUT", "/_cluster/settings", {"persistent": {"search.max_buckets": 9}}),
    ("POST", "/_security/api_key", {"name": "more"}),
    ("PUT", "/_security/user/me", {"password": "secret-secret", "roles": ["superuser"]}),
    ("DELETE", "/_scripts/photos-by-text", None),
]
# What changes assets or models: for the setup key alone.
ASSETS: list[tuple[str, str, Any]] = [
    ("GET", "/_scripts/photos-by-text", None),
    ("GET", "/_scripts/other", None),
    ("PUT", "/_scripts/photos-by-text", {"script": {"lang": "mustache", "source": "{}"}}),
    ("PUT", "/_ingest/pipeline/peaks-text-embedding", {"processors": []}),
    ("DELETE", "/_ingest/pipeline/peaks-text-embedding", None),
    ("PUT", "/_component_template/photos-fields", {"template": {}}),
    ("PUT", "/_index_template/photos", {"index_patterns": ["photos-0*"]}),
    ("PUT", "/photos-000009", None),
    ("PUT", "/photos/_mapping", {"properties": {"more": {"type": "keyword"}}}),
    ("POST", "/_aliases", {"actions": [{"remove": {"index": "photos-000001", "alias": "photos"}}]}),
    ("DELETE", f"/{MODEL}?force=true", None),
    ("POST", f"/{MODEL}/deployment/_stop", None),
    ("POST", f"/{MODEL}/deployment/_update", {"number_of_allocations": 2}),
    ("PUT", f"/{MODEL}/vocabulary", {"vocabulary": ["a"], "merges": []}),
]
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/photos/_doc", DOCUMENT),
    ("PUT", "/photos-000001/_doc/1", DOCUMENT),
    ("POST", "/photos/_update/1", {"doc": DOCUMENT}),
    ("DELETE", "/photos/_doc/1", None),
    ("POST", "/photos/_bulk", '{"index": {}}\n{"path": "x.jpg"}\n'),
    ("POST", "/peaks_catalog/_doc", DOCUMENT),
    ("POST", "/concepts/_doc", DOCUMENT),
]
REFUSED = [
    *(("search", *call) for call in (*FOREIGN, *ASSETS, *WRITES)),
    ("search", "POST", "/photos/_refresh", None),
    ("search", "POST", f"/{MODEL}/_infer", {"docs": [{"text_field": "yak"}]}),
    *(("loader", *call) for call in (*FOREIGN, *ASSETS)),
    *(("setup", *call) for call in (*FOREIGN, *WRITES)),
]


@pytest.fixture(scope="module")
def clients(secured: Secured) -> Iterator[dict[str, Elasticsearch]]:
    clients = {who: secured.client(who) for who in secured.keys}
    yield clients
    for client in clients.values():
        client.close()


@pytest.mark.parametrize(("who", "method", "path", "body"), REFUSED)
def test_refused(
    clients: dict[str, Elasticsearch], who: str, method: str, path: str, body: Any
) -> None:
    with pytest.raises(ApiError) as refused:
        clients[who].perform_request(method, path, headers=JSON_HEADERS, body=body)
    assert refused.value.meta.status == 403
    assert "is unauthorized for API key" in str(refused.value.body)


@pytest.mark.parametrize("template", template_names())
def test_the_search_key_runs_every_template(clients: dict[str, Elasticsearch], template: str) -> None:
    client = clients["search"]
    index = "peaks_catalog" if template.startswith("peaks-") else "photos"
    photo = client.search(index="photos", size=1, source=False)["hits"]["hits"][0]["_id"]
    is_by_name = template == "photos-by-peak"
    given = {"text": "yak", "peak": "Ama Dablam" if is_by_name else "ama-dablam", "photo": photo,
             "vector": [1.0] * 128}
    parameters = {name: given[name] for name in read_schema(template).get("required", ())}
    if template.endswith(("like-photo", "of-peak")) and client.info()["version"]["number"] < "9.4":
        pytest.skip("needs Elasticsearch 9.4")
    answer = client.search_template(index=index, id=template, params=parameters)
    assert answer["hits"]["total"]["value"] > 0


def test_what_the_plugin_serves_asks_for_elastics_own_privileges(secured: Secured) -> None:
    """`GET /` and the paths of templates are served by the plugin, which must not let everybody in."""
    elastic = secured.client("elastic")
    key = elastic.security.create_api_key(name="nothing", role_descriptors={"nothing": {"cluster": []}})
    elastic.close()
    nobody = Connection(url=secured.url, api_key=key["encoded"]).client()
    body = {"id": "photos-by-filter"}
    for path, action in (("/", "cluster:monitor/main"), ("/_ml/info", "cluster:monitor/xpack/ml/info/get"),
                         ("/_render/template", "indices:data/read/search/template"),
                         ("/photos/_search/template", "indices:data/read/search/template")):
        with pytest.raises(ApiError, match=re.escape(f"[{action}] is unauthorized")):
            nobody.perform_request("POST" if "template" in path else "GET", path, headers=JSON_HEADERS,
                                   body=body if "template" in path else None)
    nobody.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_search_key_asks_every_question(
    secured: Secured, question: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    image = str(secured.photos / "day 1" / "blue.jpg")
    secured.must_run("search", *[image if word == "IMAGE" else word for word in QUESTIONS[question]])


def test_the_page_with_the_search_key(
    secured: Secured, clients: dict[str, Elasticsearch], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = Settings(Connection(url=secured.url, api_key=secured.keys["search"]), CHECKPOINT[1])
    monkeypatch.setattr(Settings, "chosen", chosen, raising=False)
    photo = clients["search"].search(index="photos", q="path_words:blue")["hits"]["hits"][0]["_id"]
    for query in ({}, {"q": "starry night"}, {"like": photo}, {"photo": photo}, {"view": "map"},
                  {"photo": photo, "sight": "1"}):
        page = visit(query)
        assert errors(page) == [] and (pictures(page) or "view" in query or "day 1/" in text(page))


def test_the_loader_says_a_persons_word_and_predicts(secured: Secured) -> None:
    image = secured.photos / "day 1" / "blue.jpg"
    assert "Khumbila" in secured.must_run("loader", "confirm", image, "--peak", "khumbila")
    refused = secured.run("search", "confirm", image, "--none")
    assert refused.exit_code == 1 and re.fullmatch(
        r"Error: The API key may not do this \(indices:data/write/update on photos\): take a key of `peaks "
        r"keys create loader`, or a user with the index privilege index\.\n",
        refused.stderr,
    )
    secured.must_run("loader", "confirm", image, "--clear", *CHECKPOINT)
    secured.must_run("loader", "predict", *CHECKPOINT)


@pytest.mark.parametrize(("who", "words", "fix"), [
    ("search", ["load-photos", "PHOTOS", "--reload", *CHECKPOINT], "keys create loader`"),
    ("loader", ["apply", "--es-model-id", DEMO_CHECKPOINT.name], "keys create setup`"),
    ("loader", ["model", "deploy", "--clear-previous", "--precision", "int8", *CHECKPOINT],
     "keys create setup`"),
    ("loader", ["calibrate", "--reset"], "keys create setup`"),
    ("loader", ["keys", "create", "search"], "take a user with the cluster privilege manage_own_api_key."),
])
def test_a_command_beyond_a_key_is_refused_in_one_sentence(
    secured: Secured, who: str, words: list[str], fix: str
) -> None:
    refused = secured.run(who, *[str(secured.photos) if word == "PHOTOS" else word for word in words])
    assert refused.exit_code == 1 and "The API key may not do this (" in refused.stderr
    assert fix in refused.stderr and "Traceback" not in refused.output


def test_without_credentials_and_with_wrong_ones(secured: Secured) -> None:
    for given in ({}, {"ES_API_KEY": "d3Jvbmc6d3Jvbmc="}, {"ES_USERNAME": "elastic", "ES_PASSWORD": "wrong"}):
        refused = invoke("photos", env={"ES_URL": secured.url, **given})
        assert refused.exit_code == 1 and "Elasticsearch refused the credentials: give" in refused.stderr
