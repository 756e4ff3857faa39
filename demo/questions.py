"""The demo's questions: stored search templates with parameters, as any client would send them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from elasticsearch import Elasticsearch

from loader.peaks.siglip import SiglipSigmoid
from loader.show.tables import Column, format_table
from loader.show.values import format_metres, format_probability

QUESTIONS = Path(__file__).with_name("questions.yaml")
# Templates whose score is one of ranks, which has no probability.
RANKED = ("photos-hybrid", "photos-hybrid-basic")


@dataclass(frozen=True)
class Question:
    """A stored search template with parameters, and what a person would call the question."""

    title: str
    index: str
    template: str
    params: dict[str, Any]

    def ask(self, client: Elasticsearch) -> list[dict[str, Any]]:
        """Return the hits, the best first."""
        answer = client.search_template(index=self.index, id=self.template, params=self.params)
        hits: list[dict[str, Any]] = answer["hits"]["hits"]
        return hits


def load_questions() -> list[Question]:
    """Read questions.yaml."""
    return [Question(**question) for question in yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))]


def table(question: Question, hits: list[dict[str, Any]], siglip: SiglipSigmoid) -> str:
    """Hits as aligned text; SigLIP's probability stands beside a score that is a cosine's."""
    if not hits:
        return "  nothing found"
    scores = [hit["_score"] for hit in hits]
    columns = [Column("", [f"{score:.3f}" for score in scores])]
    if question.template not in RANKED:
        probabilities = [format_probability(siglip.probability(2 * score - 1)) for score in scores]
        columns.append(Column("", probabilities, "right"))
    described = describe_peak if question.index == "peaks_catalog" else describe_photo
    rows = [described(hit["fields"]) for hit in hits]
    columns += [Column("", cells) for cells in zip(*rows, strict=True)]
    return format_table(columns, indent=2)


def describe_photo(fields: dict[str, list[Any]]) -> tuple[str, ...]:
    """File, wall-clock time and the peaks seen in it."""
    time = fields.get("shot_time_local", [""])[0][:16].replace("T", " ")
    return Path(fields["path"][0]).name, time, ", ".join(fields.get("predicted_peaks", []))


def describe_peak(fields: dict[str, list[Any]]) -> tuple[str, ...]:
    """Id, elevation and names."""
    return fields["id"][0], format_metres(fields["elev_m"][0]), ", ".join(fields["names"])
