"""kibana/console.txt: readable by Console, complete, and every request of it run as it stands on a node."""
from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from loader.elastic.assets import LOOKUP_TEMPLATES, NAMED_MODEL, read_assets, read_schema, template_names
from loader.elastic.connection import has_lookup
from loader.elastic.indices import ALIASES
from loader.elastic.kibana_sources import SOURCES
from tests.kibana.conftest import DrawnTrek
from tests.kibana.console_file import ConsoleRequest, parse_console, parse_quoted
from tests.kibana.own_objects import mapped_fields
from tests.session_node import has_esql, require_esql

FILE = SOURCES / "console.txt"
TEXT = FILE.read_text(encoding="utf-8")
REQUESTS = parse_console(TEXT)
SEARCHES = [one for one in REQUESTS if re.search(r"/_search(/template)?$", one.path)]

JSON = {"accept": "application/json", "content-type": "application/json"}


# The file


def test_file_can_be_imported() -> None:
    assert len(TEXT.encode()) < 2_000_000  # what Console's import takes
    assert TEXT.endswith("\n") and "\t" not in TEXT and "\r" not in TEXT


def test_every_request_says_what_one_learns() -> None:
    """Those that have no comment of their own go on from the request above."""
    without = [one.path for one in REQUESTS if not one.comment]
    assert without == ["concepts/_doc/dev-tools-example-helicopter?refresh=true"]
    assert all(one.comment[0].isupper() and one.comment[-1] in ".?" for one in REQUESTS if one.comment)


def test_every_stored_template_is_there_with_parameters_that_it_has() -> None:
    called = [*REQUESTS, *parse_quoted(TEXT.replace("[...]", "[0.25]"))]
    named = [one.body for one in called if one.path.endswith("/template") and "id" in one.body]
    assert {body["id"] for body in named} == set(template_names())
    for body in named:
        assert set(body["params"]) <= set(read_schema(body["id"])["properties"])


def test_every_api_of_the_project_is_there() -> None:
    paths = " ".join(f"{one.method} {one.path}" for one in REQUESTS)
    for api in ("_infer", "POST _render/template", "PUT peaks_catalog/_doc", "DELETE peaks_catalog/_doc",
                "PUT concepts/_doc", "GET concepts/_search", "POST _query", "_simulate", "_scripts/",
                "_alias/", "_stats"):
        assert api in paths
    for words in ('"rrf"', '"nested"', '"query_vector_builder"', '"geo_distance"', '"inner_hits"', '"""'):
        assert words in TEXT
    pipelines = {asset.name for asset in read_assets() if asset.kind == "_ingest/pipeline"}
    assert set(re.findall(r"_ingest/pipeline/([\w-]+)", TEXT)) <= pipelines
    for alias in ALIASES:
        assert f" {alias}/_search" in paths


def test_fields_exist() -> None:
    fields = {name for alias in ALIASES for name in mapped_fields(alias)}
    whole = {name.split(".")[0] for name in fields} | fields
    for one in REQUESTS:
        for name in asked_fields(one.body):
            assert name.partition("^")[0].removesuffix(".*") in whole, (one.line, name)


def asked_fields(body: Any) -> list[str]:
    """Names in every `fields` list and `field`."""
    if isinstance(body, list):
        return [name for item in body for name in asked_fields(item)]
    if not isinstance(body, dict):
        return []
    found = [body["field"]] if isinstance(body.get("field"), str) else []
    found += [name for name in body.get("fields", []) if isinstance(name, str)]
    return found + [name for value in body.values() for name in asked_fields(value)]


def test_what_is_added_is_deleted_again_and_nothing_else() -> None:
    """Whoever runs the file from top to bottom loses nothing: such an id comes from no catalogue."""
    added = [one for one in REQUESTS if one.method == "PUT"]
    assert added and [one.path for one in added] == [one.path for one in REQUESTS if one.method == "DELETE"]
    assert {one.method for one in REQUESTS} == {"GET", "POST", "PUT", "DELETE"}
    for one in added:
        found = re.fullmatch(r"(?:peaks_catalog|concepts)/_doc/(.+)\?refresh=true", one.path)
        assert found and found[1].startswith("dev-tools-example-") and found[1] == one.body["id"]


def test_model_is_named_literally() -> None:
    assert TEXT.count(NAMED_MODEL) == len(re.findall(r"\bgoogle__\S*?\b(?=[\"/ \n])", TEXT)) >= 5
    assert "${" not in TEXT  # Console's variables are the browser's, not the file's


# On the node


@pytest.fixture(scope="module")
def answers(client: Elasticsearch, trek: DrawnTrek, deployed_model: str) -> dict[int, Any]:
    """Every request of the file in its order, as it stands but for the model's id: answers by line.

    Those of ES|QL are left out where the node has none.
    """
    bound = parse_console(TEXT.replace(NAMED_MODEL, deployed_model))
    esql = has_esql(client)
    return {one.line: ask(client, one) for one in bound if esql or one.path != "_query"}


def ask(client: Elasticsearch, one: ConsoleRequest) -> tuple[int, Any]:
    answer = client.options(ignore_status=list(range(400, 600))).perform_request(
        one.method, f"/{one.path}", headers=JSON if one.body else {"accept": JSON["accept"]}, body=one.body
    )
    return answer.meta.status, answer.body


@pytest.mark.cluster
def test_every_request_is_answered_and_every_search_finds_something(answers: dict[int, Any]) -> None:
    asked = [one for one in REQUESTS if one.line in answers]
    assert {one.path for one in REQUESTS if one not in asked} <= {"_query"}
    for one in asked:
        status, body = answers[one.line]
        assert 200 <= status < 300, (one.line, body)
    for one in SEARCHES:
        body = answers[one.line][1]
        if one.body.get("size") == 0 or one.body.get("id") == "photos-facets":
            found = {**body["aggregations"]}
            found.pop("without_clock", None)  # every photo here has a clock
            assert all(map(count_buckets, found.values())), one.line
            continue
        hits = body["hits"]["hits"]
        assert hits and all(hit.get("fields") and "_source" not in hit for hit in hits), one.line
        for hit in hits:
            for inner in hit.get("inner_hits", {}).values():
                assert inner["hits"]["hits"][0]["fields"], one.line


def count_buckets(found: Any) -> int:
    """Buckets of an aggregation or of those inside a nested one; documents of one without buckets."""
    if "buckets" in found:
        return len(found["buckets"])
    inside = [count_buckets(inner) for inner in found.values() if isinstance(inner, dict)]
    return sum(inside) if inside else int(found["doc_count"])


def answer_to(answers: dict[int, Any], words: str) -> Any:
    """The body of the answer to the request whose comment holds words."""
    (one,) = (one for one in REQUESTS if words in one.comment)
    return answers[one.line][1]


@pytest.mark.cluster
def test_answers_are_what_the_comments_say(answers: dict[int, Any], deployed_model: str) -> None:
    assert set(answer_to(answers, "The indices behind")) == {f"{alias}-000001" for alias in ALIASES}
    metas = [index["mappings"]["_meta"] for index in answer_to(answers, "Whose vectors").values()]
    assert len(metas) == 3 and {meta["model_id"] for meta in metas} == {deployed_model}
    (stats,) = answer_to(answers, "deployed and started")["trained_model_stats"]
    assert stats["deployment_stats"]["state"] == "started"
    vectors = [one["predicted_value"] for one in answer_to(answers, "from words to")["inference_results"]]
    assert len(vectors) == 2 and sum(number**2 for number in vectors[0]) == pytest.approx(1, abs=1e-3)

    rendered = answer_to(answers, "What a template makes")["template_output"]
    assert rendered["knn"]["query_vector_builder"]["text_embedding"]["model_id"] == deployed_model
    own = answer_to(answers, "A template of your own")["template_output"]
    assert own == {"size": "10", "query": {"match": {"path_words": 'day 12 "Gokyo"'}}}

    heights = [hit["sort"][0] for hit in answer_to(answers, "The catalogue by height")["hits"]["hits"]]
    assert heights == sorted(heights, reverse=True) and heights[0] == 8849
    peaks = answer_to(answers, "identified as showing")["hits"]["hits"]
    assert all({"Ama Dablam", "Pumori"} & set(hit["fields"]["predicted_peak_labels"]) for hit in peaks)
    (prototype,) = answer_to(answers, "A vector comes out")["hits"]["hits"]
    assert len(prototype["fields"]["text_embed"]) == len(vectors[0])


@pytest.mark.cluster
def test_sight_lines_and_evidence_are_of_the_same_peak(answers: dict[int, Any]) -> None:
    for hit in answer_to(answers, "within 10 km and 5 degrees")["hits"]["hits"]:
        for inner in hit["inner_hits"]["peaks_in_sight"]["hits"]["hits"]:
            (line,) = inner["fields"]["peaks_in_sight"]
            assert line["peak"] == ["ama-dablam"] and line["distance"][0] <= 10_000
            assert abs(line["offset"][0]) <= 5
    for hit in answer_to(answers, "speak for")["hits"]["hits"]:
        for inner in hit["inner_hits"]["predictions"]["hits"]["hits"]:
            (prediction,) = inner["fields"]["predictions"]
            assert prediction["probability"][0] >= 0.5
    distances = [hit["sort"][0] for hit in answer_to(answers, "within 15 km")["hits"]["hits"]]
    assert distances == sorted(distances) and distances[-1] <= 15_000


@pytest.mark.cluster
def test_statements_count_the_photos_that_there_are(answers: dict[int, Any], client: Elasticsearch) -> None:
    require_esql(client)
    photos = [hit["_source"] for hit in client.search(
        index="photos", size=1000, source_excludes=["clip_image", "thumbnail"])["hits"]["hits"]]
    labels = Counter(
        (f"{photo['shot_time_local'][:7]}-01T00:00:00.000Z", label)
        for photo in photos for label in photo["predicted_peak_labels"])
    monthly = rows(answer_to(answers, "month by month"))
    assert {(row["month"], row["peak"]): row["photos"] for row in monthly} == labels
    assert monthly == sorted(monthly, key=lambda row: (row["month"], -row["photos"], row["peak"]))

    bands = Counter(
        (f"{photo['shot_time_local'][:10]}T00:00:00.000Z", photo["altitude"] // 500 * 500)
        for photo in photos if "ama-dablam" in photo["predicted_peaks"] and "altitude" in photo)
    daily = rows(answer_to(answers, "bands of altitude"))
    assert {(row["day"], row["metres"]): row["photos"] for row in daily} == bands
    assert daily == sorted(daily, key=lambda row: (row["day"], row["metres"]))


def rows(answer: Any) -> list[dict[str, Any]]:
    """An ES|QL answer's rows by the names of its columns; there are some, and all of them."""
    assert answer["values"] and answer["is_partial"] is False
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, values, strict=True)) for values in answer["values"]]


@pytest.mark.cluster
def test_requests_in_comments_run_once_the_vector_is_pasted(
    answers: dict[int, Any], client: Elasticsearch
) -> None:
    prototype = answer_to(answers, "A vector comes out")["hits"]["hits"][0]["fields"]["text_embed"]
    photo = answer_to(answers, "A photo's own vector")["hits"]["hits"][0]
    own = photo["fields"]["clip_image"]
    by_photo = dict.fromkeys(("peaks-by-vector", *LOOKUP_TEMPLATES * has_lookup(client)), own)
    for name, vector in {"photos-by-vector": prototype, **by_photo}.items():
        completed = parse_quoted(TEXT.replace("[...]", str(vector)).replace("[_id]", photo["_id"]))
        status, body = ask(client, next(one for one in completed if one.body["id"] == name))
        assert status == 200 and body["hits"]["hits"], body


@pytest.mark.cluster
def test_a_peak_with_names_only_is_found_and_gone_again(
    answers: dict[int, Any], client: Elasticsearch
) -> None:
    first = answer_to(answers, "It is found at once")["hits"]["hits"][0]
    assert first["fields"]["id"] == ["dev-tools-example-machapuchare"]
    assert not client.exists(index="peaks_catalog", id="dev-tools-example-machapuchare")
    assert not client.exists(index="concepts", id="dev-tools-example-helicopter")
    (simulated,) = answer_to(answers, "What the pipeline does")["docs"]
    assert simulated["doc"]["_source"]["text_embed"] and simulated["doc"]["_source"]["label"]
