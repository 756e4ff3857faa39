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

from demo.questions import Question, load_questions, table
from demo.run import CHECKPOINT, executable, steps
from loader.elastic.assets import read_schema
from loader.peaks.siglip import SiglipSigmoid
from tests.conftest import REPOSITORY

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
        "  0.750   50 %  IMG 1.JPG  2023-11-01 17:33  pumori, lhotse", "  0.500  0.7 %  a.heic"]
    assert table(hybrid, hits[1:], siglip) == "  0.500  a.heic"
    assert table(by_text, [], siglip) == "  nothing found"


def test_commands_name_files_that_exist_and_the_port() -> None:
    commands = steps(9333, 60, 7, "demo/output", skip_cluster=False)
    assert commands[0] == ["peaks", "cluster", "start", "--port", "9333"]
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
    answered = re.findall(r"^  [01]\.\d{3}  \S", result.stdout, flags=re.MULTILINE)
    assert len(re.findall(r"^  [01]\.\d{3} +[<>]?[\d.]+ %", result.stdout, flags=re.MULTILINE)) >= 3 * 5
    assert len(answered) >= 4 * 5
    assert "curl -s" in result.stdout
    assert (tmp_path / "contact-sheet.html").stat().st_size > 10_000
    assert (tmp_path / "sight.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "map.html").stat().st_size > 100_000
    assert "looking" in result.stdout
