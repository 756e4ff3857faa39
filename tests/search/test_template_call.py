"""Calls of stored templates: refused in one sentence before they leave, and the same for curl."""
from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from loader.elastic.connection import Connection
from loader.errors import PeaksError
from loader.search.asking import refuses_rrf
from loader.search.filters import Filters
from loader.search.question import Question, ask_image, ask_peak_name, ask_text
from loader.search.template_call import check_parameters, format_curl
from tests.conftest import call_peaks, free_port, invoke
from tests.elastic.answers import refused

NO_FILTERS = Filters()


@pytest.mark.parametrize(
    ("template", "parameters", "sentence"),
    [
        ("photos-by-text", {"text": "x", "size": 0}, "--size: 0 is less than the minimum of 1."),
        ("photos-by-text", {"text": ""}, "The text: '' should be non-empty."),
        ("photos-by-text", {"text": "x" * 1001},
         "The text: longer than the 1000 characters that photos-by-text takes."),
        ("photos-by-text", {"text": "x", "recipe": "cake"}, "--recipe: 'cake' is not one of ["),
        ("photos-by-vector", {"vector": [1.0], "min_similarity": 1.5},
         "--min-similarity: 1.5 is greater than the maximum of 1."),
        ("photos-by-vector", {"vector": [1.0], "min_similarity": float("nan")},
         "--min-similarity: nan is not a number."),
        ("photos-by-text", {}, "photos-by-text refuses these parameters: 'text' is a required property."),
        ("photos-by-text", {"text": "x", "txet": 1},
         "photos-by-text refuses these parameters: Additional properties are not allowed ('txet' was"),
        ("photos-by-text", {"text": "x", "predicted_peaks": ["a"] * 101},
         "--peak: more than the 100 values that photos-by-text takes."),
        ("photos-by-text", {"text": "x", "near_lat": 91.0, "near_lon": 0.0},
         "--near: 91.0 is greater than the maximum of 90."),
        ("photos-by-text", {"text": "x", "near_lat": 1},
         "photos-by-text refuses these parameters: 'near_lon' is a dependency"),
    ],
)
def test_refused(template: str, parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PeaksError) as error:
        check_parameters(template, parameters)
    assert error.value.message.startswith(sentence)
    assert "\n" not in error.value.message


@pytest.mark.parametrize("command", ["search", "peak", "similar", "identify"])
def test_no_answer_is_empty_by_wish(command: str) -> None:
    for size in (0, 201):
        result = invoke(command, "anything", "--size", str(size))
        assert result.exit_code == 2 and f"{size} is not in the range 1<=x<=200" in result.output


@pytest.mark.parametrize("words", ["", " | ", " \n"])
def test_empty_words(words: str) -> None:
    with pytest.raises(PeaksError, match="name is empty"):
        ask_peak_name(words, NO_FILTERS)
    if "|" not in words:
        with pytest.raises(PeaksError, match="text is empty"):
            ask_text(words, "photo", NO_FILTERS)


def test_the_question_leaves_the_vector_out() -> None:
    question = ask_image("a.jpg", [0.6, 0.8], Filters({"size": 3}, ("near",)))
    assert question.parameters == {"vector": [0.6, 0.8], "size": 3}
    assert question.without_vector == {"size": 3}


def curl_words(connection: Connection, question: Question) -> list[str]:
    """The command as a POSIX shell splits it."""
    command = format_curl(connection, question.template, question.parameters)
    return shlex.split(command.replace("\\\n", ""))


def test_curl() -> None:
    text = """prayer 'flags' "$HOME" `id` \\ ཀླུང་རྟ"""
    words = curl_words(Connection(), ask_text(text, "photo", Filters({"size": 3})))
    assert words[:3] == ["curl", "-s", "http://127.0.0.1:9200/photos/_search/template"]
    assert words[3:5] == ["-H", "Content-Type: application/json"]
    assert words[5] == "-d"
    parameters = {"text": text, "recipe": "photo", "size": 3}
    assert json.loads(words[6]) == {"id": "photos-by-text", "params": parameters}


def test_curl_never_shows_a_secret() -> None:
    call = ask_text("yak", "none", NO_FILTERS)
    with_key = Connection("https://es:9200", api_key="secret", ca_certs="my ca.pem")
    key = format_curl(with_key, "x", {})
    assert "secret" not in key
    assert "Authorization: ApiKey $ES_API_KEY" in key
    assert "--cacert 'my ca.pem'" in key
    with_name = Connection("https://u:secret@es:9200/", username="u", password="secret", insecure=True)
    assert curl_words(with_name, call)[2:6] == [
        "https://es:9200/photos/_search/template", "-u", "$ES_USERNAME:$ES_PASSWORD", "--insecure"
    ]
    assert '"$ES_URL"/photos' in format_curl(Connection(cloud_id="my:abc"), "x", {})


def test_only_a_refused_rrf_retriever_falls_back() -> None:
    rrf = "current license is non-compliant for [Reciprocal Rank Fusion (RRF)]"
    assert refuses_rrf(refused(403, rrf))
    assert not refuses_rrf(refused(403, "current license is non-compliant for [ml]"))
    assert not refuses_rrf(refused(403, "action [indices:data/read/search] is unauthorized for user [x]"))
    assert not refuses_rrf(refused(401, rrf))


def test_curl_asks_the_cluster_nothing() -> None:
    """Nothing listens at the address."""
    address = f"http://127.0.0.1:{free_port()}"
    filters = ("--near", "27.9,86.8", "--peak", "ama-dablam", "--concept", "yak", "--in-frame", "pumori")
    for words in (("search", "yak", "--hybrid"), ("peak", "Everest", "--by-name")):
        command = shlex.split(call_peaks(*words, *filters, "--curl", "--url", address))
        assert command[2] == f"{address}/photos/_search/template"
        parameters = json.loads(command[-1])["params"]
        assert parameters["predicted_peaks"] == ["ama-dablam"]
        assert parameters["predicted_concepts"] == ["yak"]
        assert parameters["peaks_in_frame"] == ["pumori"]


@pytest.mark.parametrize(("words", "fix"), [
    (("--near", "Ama Dablam"), "give --near LAT,LON"),
    (("--peak", "Ama Dablam"), "give its id, such as ama-dablam"),
    (("--concept", "Prayer flags"), "give its id, such as prayer-flags"),
    (("--min-probability", "0.5"), "give --min-similarity COSINE"),
])
def test_curl_with_a_name_to_look_up_is_one_sentence(words: tuple[str, ...], fix: str) -> None:
    result = invoke("search", "yak", *words, "--curl", "--url", f"http://127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: --curl asks the cluster nothing, so it cannot tell ")
    assert f": {fix}, or leave --curl out." in result.stderr


def test_curl_asks_for_the_password_that_stands_in_the_address() -> None:
    command = call_peaks("search", "yak", "--curl", "--url", "http://elastic:s3cret@node:9200")
    assert "s3cret" not in command and '-u "$ES_USERNAME:$ES_PASSWORD"' in command
