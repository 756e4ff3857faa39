"""The demo's questions: asked over plain HTTP, as any client would, and shown as small tables."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from loader.peaks.siglip import Calibration
from loader.show.values import format_probability

HERE = Path(__file__).parent
TIMEOUT_SECONDS = 60
# Templates whose score is one of ranks, which has no probability.
RANKED = ("photos-hybrid", "photos-hybrid-basic")


class QuestionError(Exception):
    """The cluster did not answer; the message names the question and the cluster's own reason."""


@dataclass(frozen=True)
class Question:
    """A stored search template with parameters, and what a person would call the question."""

    title: str
    index: str
    template: str
    params: dict[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        """The request body."""
        return {"id": self.template, "params": self.params}


def load_questions() -> list[Question]:
    """Read questions.yaml."""
    content = yaml.safe_load((HERE / "questions.yaml").read_text(encoding="utf-8"))
    return [Question(**question) for question in content]


def ask(url: str, question: Question) -> dict[str, Any]:
    """Send the question to `url` (of the cluster) and return the answer's JSON; raises QuestionError."""
    request = urllib.request.Request(
        f"{url}/{question.index}/_search/template",
        data=json.dumps(question.body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        raise QuestionError(f"{question.title}: {error.read().decode(errors='replace')}") from error
    except OSError as error:
        raise QuestionError(f"{question.title}: no answer from {url} ({error})") from error


def read_siglip(url: str, model_id: str) -> Calibration:
    """The deployed model's temperature and bias, from its metadata."""
    try:
        address = f"{url}/_ml/trained_models/{model_id}"
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as response:
            metadata = json.load(response)["trained_model_configs"][0]["metadata"]
    except OSError as error:
        raise QuestionError(f"The model {model_id}: no answer from {url} ({error})") from error
    return Calibration(metadata["logit_scale"], metadata["logit_bias"])


def as_curl(url: str, question: Question) -> str:
    """The question as a command for a shell."""
    body = json.dumps(question.body, ensure_ascii=False).replace("'", "'\\''")
    return (
        f"curl -s '{url}/{question.index}/_search/template?pretty' "
        f"-H 'Content-Type: application/json' -d '{body}'"
    )


def table(question: Question, answer: dict[str, Any], siglip: Calibration | None = None) -> list[str]:
    """The answer as lines of aligned text, the best hit first.

    With `siglip`, its probability stands beside a score that is a cosine's.
    """
    hits = answer["hits"]["hits"]
    if not hits:
        return ["nothing found"]
    rows = [peak_row(hit) if question.index == "peaks_catalog" else photo_row(hit) for hit in hits]
    if siglip and question.template not in RANKED:
        for row, hit in zip(rows, hits, strict=True):
            row.insert(1, format_probability(siglip.probability(2 * hit["_score"] - 1)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def photo_row(hit: dict[str, Any]) -> list[str]:
    """Score, file, wall-clock time and the peaks seen in it."""
    return [
        f"{hit['_score']:.3f}",
        Path(field(hit, "path")).name,
        field(hit, "shot_time_local")[:16].replace("T", " "),
        ", ".join(hit["fields"].get("predicted_peaks", [])),
    ]


def peak_row(hit: dict[str, Any]) -> list[str]:
    """Score, id, elevation and names of a peak."""
    names = ", ".join(hit["fields"].get("names", []))
    return [f"{hit['_score']:.3f}", field(hit, "id"), f"{field(hit, 'elev_m')} m", names]


def field(hit: dict[str, Any], name: str) -> str:
    """The first value of a field as text; empty where the photo has none."""
    values = hit["fields"].get(name, [])
    return str(values[0]) if values else ""
