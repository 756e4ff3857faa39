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
PHOTO_COLUMNS, PEAK_COLUMNS = ("photo", "taken", "peaks"), ("id", "height", "names")


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
    """Hits as aligned text, with the cosine and SigLIP's probability as `peaks search` gives them."""
    if not hits:
        return "  nothing found"
    scores = [hit["_score"] for hit in hits]
    if question.template in RANKED:
        columns = [Column("score", [f"{score:.4f}" for score in scores])]
    else:
        cosines = [2 * score - 1 for score in scores]  # Elasticsearch's score of a cosine is (1 + cosine) / 2
        probabilities = [format_probability(siglip.probability(cosine)) for cosine in cosines]
        columns = [Column("cosine", [f"{cosine:.3f}" for cosine in cosines], "right"),
                   Column("probability", probabilities, "right")]
    of_peaks = question.index == "peaks_catalog"
    described, headings = (describe_peak, PEAK_COLUMNS) if of_peaks else (describe_photo, PHOTO_COLUMNS)
    rows = [described(hit["fields"]) for hit in hits]
    columns += map(Column, headings, zip(*rows, strict=True))
    return format_table(columns, indent=2)


def describe_photo(fields: dict[str, list[Any]]) -> tuple[str, ...]:
    """File, wall-clock time and the peaks seen in it."""
    time = fields.get("shot_time_local", [""])[0][:16].replace("T", " ")
    return Path(fields["path"][0]).name, time, ", ".join(fields.get("predicted_peaks", []))


def describe_peak(fields: dict[str, list[Any]]) -> tuple[str, ...]:
    """Id, elevation and names."""
    return fields["id"][0], format_metres(fields["elev_m"][0]), ", ".join(fields["names"])
