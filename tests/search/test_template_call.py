"""Calls of stored templates: refused in one sentence before they leave, and the same for curl."""
from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError

from loader.elastic.connection import Connection
from loader.errors import PeaksError
from loader.search.filters import ResolvedFilters
from loader.search.questions import Call, peak_name_call, refuses_rrf, similar_call, text_call
from loader.search.template_call import ceiling_of, check_parameters, default_of, format_curl

NO_FILTERS = ResolvedFilters({}, ())


@pytest.mark.parametrize(
    ("template", "parameters", "sentence"),
    [
        ("photos-by-text", {"text": "x", "size": 0}, "--size is 0, and photos-by-text takes 1 or more."),
        ("photos-by-text", {"text": "x", "size": 900},
         "--size is 900, and photos-by-text takes 200 at most."),
        ("photos-by-text", {"text": ""}, "The text is empty: photos-by-text needs at least 1 character(s)."),
        ("photos-by-text", {"text": "x" * 1001},
         "The text has 1001 characters, and photos-by-text takes 1000 at most."),
        ("photos-by-text", {"text": "x", "recipe": "cake"},
         "--recipe is 'cake', and photos-by-text takes one of photo, peak, none."),
        ("photos-by-vector", {"vector": [1.0], "min_similarity": 1.5},
         "--min-similarity is 1.5, and photos-by-vector takes 1 at most."),
        ("photos-by-text", {}, "Photos-by-text lacks a parameter: 'text' is a required property."),
        ("photos-by-text", {"text": "x", "txet": 1},
         "Photos-by-text does not take that: Additional properties are not allowed ('txet' was unexpected)."),
        ("photos-by-text", {"text": "x", "predicted_peaks": ["a"] * 101},
         "--peak has 101 values, and photos-by-text takes 100 at most."),
        ("photos-by-text", {"text": "x", "near_lat": 1},
         "Photos-by-text lacks a parameter: 'near_lon' is a dependency"),
    ],
)
def test_refused(template: str, parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PeaksError) as error:
        check_parameters(template, parameters)
    assert error.value.message.startswith(sentence)
    assert "\n" not in error.value.message


def test_numbers_of_the_schema() -> None:
    assert default_of("photos-by-text", "size", 1) == 12
    assert ceiling_of("photos-by-text", "size", 1) == 200
    assert ceiling_of("photos-by-text", "text", 7) == 7


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_empty_text(text: str) -> None:
    with pytest.raises(PeaksError, match="text is empty"):
        text_call(text, "photo", NO_FILTERS)


@pytest.mark.parametrize("name", ["", " | ", "|||"])
def test_empty_name(name: str) -> None:
    with pytest.raises(PeaksError, match="name is empty"):
        peak_name_call(name, NO_FILTERS)


def test_the_question_leaves_the_vector_out() -> None:
    call = similar_call("a.jpg", [0.6, 0.8], ResolvedFilters({"size": 3}, ("near",)))
    assert call.parameters == {"vector": [0.6, 0.8], "size": 3}
    assert (call.question.parameters, call.question.filters) == ({"size": 3}, ("near",))


def curl_words(connection: Connection, call: Call) -> list[str]:
    """The command as a POSIX shell splits it."""
    command = format_curl(connection, call.index, call.template, call.parameters)
    return shlex.split(command.replace("\\\n", ""))


def test_curl() -> None:
    text = """prayer 'flags' "$HOME" `id` \\ ཀླུང་རྟ"""
    words = curl_words(Connection(), text_call(text, "photo", ResolvedFilters({"size": 3}, ())))
    assert words[:3] == ["curl", "-s", "http://127.0.0.1:9200/photos/_search/template"]
    assert words[3:5] == ["-H", "Content-Type: application/json"]
    assert words[5] == "-d"
    parameters = {"text": text, "recipe": "photo", "size": 3}
    assert json.loads(words[6]) == {"id": "photos-by-text", "params": parameters}


def test_curl_never_shows_a_secret() -> None:
    call = text_call("yak", "none", NO_FILTERS)
    with_key = Connection("https://es:9200", api_key="secret", ca_certs="my ca.pem")
    key = format_curl(with_key, "photos", "x", {})
    assert "secret" not in key
    assert "Authorization: ApiKey $ES_API_KEY" in key
    assert "--cacert 'my ca.pem'" in key
    with_name = Connection("https://u:secret@es:9200/", username="u", password="secret", insecure=True)
    assert curl_words(with_name, call)[2:6] == [
        "https://es:9200/photos/_search/template", "-u", "$ES_USERNAME:$ES_PASSWORD", "--insecure"
    ]
    assert '"$ES_URL"/photos' in format_curl(Connection(cloud_id="my:abc"), "photos", "x", {})


def refusal(status: int, reason: str) -> ApiError:
    """What elasticsearch-py raises for a licence that does not do; the body is Elasticsearch's own."""
    node = NodeConfig("http", "127.0.0.1", 9200)
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(), 0.1, node)
    cause = {"type": "security_exception", "reason": reason}
    return ApiError("security_exception", meta, {"error": {"root_cause": [cause], **cause}, "status": status})


def test_only_a_refused_rrf_retriever_falls_back() -> None:
    rrf = "current license is non-compliant for [Reciprocal Rank Fusion (RRF)]"
    assert refuses_rrf(refusal(403, rrf))
    assert not refuses_rrf(refusal(403, "current license is non-compliant for [ml]"))
    assert not refuses_rrf(refusal(403, "action [indices:data/read/search] is unauthorized for user [x]"))
    assert not refuses_rrf(refusal(401, rrf))
