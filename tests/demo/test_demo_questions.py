"""The seven questions: valid for their templates, readable as tables, answered by the demo on a node."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch

from demo.questions import Question, load_questions, table
from demo.run import CHECKPOINT, executable, find_other_data, main, steps
from loader.elastic.assets import read_schema
from loader.peaks.siglip import SiglipSigmoid
from tests.conftest import REPOSITORY, call_peaks

QUESTIONS = load_questions()


def test_there_are_seven_questions_over_both_indices_and_several_templates() -> None:
    assert len(QUESTIONS) == 7
    assert {question.index for question in QUESTIONS} == {"photos", "peaks_catalog"}
    assert len({question.template for question in QUESTIONS}) >= 4


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.title)
def test_parameters_are_those_of_the_template(question: Question) -> None:
    jsonschema.validate(question.params, read_schema(question.template))


def test_answers_are_aligned_and_survive_missing_fields() -> None:
    siglip = SiglipSigmoid(logit_scale=math.log(10), logit_bias=-5.0)  # cosine 0.5: a logit of 0
    hits: list[dict[str, Any]] = [
        {"_score": 0.75, "fields": {"path": ["/trek/IMG 1.JPG"], "predicted_peaks": ["pumori", "lhotse"],
                                    "shot_time_local": ["2023-11-01T17:33:00"]}},
        {"_score": 0.5, "fields": {"path": ["a.heic"]}},
    ]  # fmt: skip
    by_text = Question("", "photos", "photos-by-text", {"text": "yak"})
    hybrid = Question("", "photos", "photos-hybrid", {"text": "yak"})  # its score is no cosine's
    assert table(by_text, hits, siglip).splitlines() == [
        "  cosine  probability  photo      taken             peaks",
        "   0.500         50 %  IMG 1.JPG  2023-11-01 17:33  pumori, lhotse",
        "   0.000        0.7 %  a.heic"]
    assert table(hybrid, hits[1:], siglip).splitlines() == ["  score   photo", "  0.5000  a.heic"]
    assert table(by_text, [], siglip) == "  nothing found"


def test_commands_name_files_that_exist_and_the_library() -> None:
    load = steps(60, 7, "demo/output")[-1]
    assert load[:5] == ["peaks", "load-photos", "demo/output/photos", "--library", "demo"]
    assert (REPOSITORY / CHECKPOINT / "model.safetensors").is_file()
    assert (REPOSITORY / "demo" / "peaks.yaml").is_file()
    assert executable(["peaks", "apply"]) == [sys.executable, "-m", "loader", "apply"]


@pytest.mark.cluster
@pytest.mark.slow
def test_the_whole_demo_on_a_node(node: Any, fresh_indices: str, tmp_path: Path) -> None:
    port = str(urlsplit(node.url).port)
    words = [sys.executable, "-m", "demo.run", "--port", port, "--skip-cluster", "--count", "12"]
    words += ["--output", str(tmp_path)]
    result = subprocess.run(words, cwd=REPOSITORY, text=True, capture_output=True, timeout=900)
    assert result.returncode == 0, result.stdout + result.stderr
    for question in QUESTIONS:
        assert question.title in result.stdout
    answered = re.findall(r"^ +[01]\.\d{3,4}  +\S", result.stdout, flags=re.MULTILINE)
    assert len(re.findall(r"^ +[01]\.\d{3} +[<>]?[\d.]+ %", result.stdout, flags=re.MULTILINE)) >= 3 * 5
    assert len(answered) >= 4 * 5
    assert "curl -s" in result.stdout
    assert (tmp_path / "contact-sheet.html").stat().st_size > 10_000
    assert (tmp_path / "sight.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "map.html").stat().st_size > 100_000
    assert "looking" in result.stdout
    *_, heading, last = result.stdout.splitlines()
    assert heading == "Look at the trek in a browser; Ctrl-C ends the page:"
    assert last == f"  ES_URL={node.url} .venv/bin/peaks browse --checkpoint demo/siglip2-trek-tiny"


def catalogue_of(client: Elasticsearch) -> list[Any]:
    hits = client.search(index="peaks_catalog", size=100, seq_no_primary_term=True)["hits"]["hits"]
    return sorted((hit["_id"], hit["_seq_no"]) for hit in hits)


@pytest.mark.cluster
def test_a_node_with_a_persons_own_data_is_refused_before_anything_is_written(
    node: Any, client: Elasticsearch, fresh_indices: str, tmp_path: Path
) -> None:
    call_peaks("load-peaks", REPOSITORY / "demo" / "peaks.yaml", "--url", node.url)
    call_peaks("load-concepts", REPOSITORY / "demo" / "concepts.yaml", "--url", node.url)
    client.index(index="photos", id="1", document={"path": "a.jpg", "library": "demo"}, refresh=True)
    assert find_other_data(client) is None  # the demo's own
    client.index(index="photos", id="2", document={"path": "b.jpg", "library": "trek"}, refresh=True)
    assert find_other_data(client) == "trek in photos"
    client.delete(index="photos", id="2", refresh=True)
    own = tmp_path / "peaks.yaml"
    entry = "- {id: ama-dablam, names: [My Ama], latlon: {lat: 27.86, lon: 86.86}}\n"
    own.write_text(entry, encoding="utf-8")
    call_peaks("load-peaks", own, "--url", node.url)
    before = catalogue_of(client)
    port = str(urlsplit(node.url).port)
    result = CliRunner().invoke(main, ["--port", port, "--skip-cluster", "--output", str(tmp_path)])
    assert result.exit_code == 1
    assert f"The node at {node.url} holds My Ama in peaks_catalog, which the demo did" in result.stderr
    assert "PEAKS_CLUSTER_HOME=/tmp/peaks-demo make demo PORT=9391" in result.stderr
    assert catalogue_of(client) == before


@pytest.mark.cluster
def test_another_model_is_refused(client: Elasticsearch, fresh_indices: str) -> None:
    meta = client.indices.get_mapping(index="photos").popitem()[1]["mappings"]["_meta"]
    client.indices.put_mapping(index="photos", meta={**meta, "model_id": "google"})
    assert find_other_data(client) is None  # nothing is in it yet
    client.index(index="photos", id="1", document={"path": "a.jpg", "library": "demo"}, refresh=True)
    assert find_other_data(client) == "photos of the model google"
    client.indices.delete(index=list(client.indices.get_mapping(index="photos")))
