"""An answer as text for a terminal, a line that repeats the question and a table of photos, and as JSON."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from loader.search.answer import Answer, PhotoHit, Similarity
from loader.show.tables import Column, fold_line, format_list, format_table, terminal_width
from loader.show.values import (
    format_alike,
    format_metres,
    format_prediction,
    format_probability,
    format_time,
)
from loader.text import format_count, format_distance

TABLE_WIDTH = 120  # terminal columns


def show_photos(answer: Answer, width: int | None = None) -> str:
    """Photos as a table, or as a list where dates and labels would be folded.

    Args:
        answer: with at least one hit.
        width: see `format_table`. Below `TABLE_WIDTH` it is always a list, however short the photos' paths:
            one question keeps one form for every --size and --page.
    """
    question, hits = answer.question, answer.hits
    first = question.parameters.get("from", 0) + 1
    found = format_count(len(hits), "photo")
    if answer.total not in (None, len(hits)):
        last = f" to {first + len(hits) - 1:,}" if len(hits) > 1 else ""
        found = f"{first:,}{last} of {answer.total:,} photos"
    elif (standing := sum(hit.count for hit in hits)) > len(hits):
        found += f" ({standing:,} with copies and bursts)"
    heading = [f"{question.asked}: {found}, {question.template}, {answer.took} ms"]
    heading += [f"  {words}" for words in question.filters]
    columns = [
        Column("#", [str(rank) for rank in range(first, first + len(hits))], "right"),
        Column("photo", [hit.file or hit.path for hit in hits], is_whole=True),
        Column("alike", [format_alike(hit) for hit in hits], is_whole=True),
        Column("taken", [format_time(hit.time) for hit in hits], is_whole=True),
        *_similarity_columns([hit.similarity for hit in hits]),
        *_order_columns(answer),
        Column("peaks", [", ".join(map(format_prediction, hit.predictions)) for hit in hits], is_whole=True),
        Column("concepts", [", ".join(each.name for each in hit.concepts) for hit in hits], is_whole=True),
    ]
    arrange = format_table if (width or terminal_width()) >= TABLE_WIDTH else format_list
    return "\n".join([*(fold_line(line, width) for line in heading), arrange(columns, width)])


def _similarity_columns(similarities: Sequence[Similarity]) -> list[Column]:
    return [
        Column("score", [f"{each.score:.4f}" if each.is_rank else "" for each in similarities], "right"),
        Column("cosine", ["" if each.cosine is None else f"{each.cosine:.3f}" for each in similarities],
               "right"),
        Column("probability", [format_probability(each.probability) for each in similarities], "right"),
    ]


def _order_columns(answer: Answer) -> list[Column]:
    """What the photos are in the order of, where no other column tells."""
    order = answer.question.parameters.get("sort", {})
    if "altitude" in order:
        return [Column("altitude", [format_metres(hit.altitude) for hit in answer.hits], "right")]
    distances = ["" if hit.distance is None else format_distance(hit.distance) for hit in answer.hits]
    return [Column("distance", distances, "right")]


def show_nothing(answer: Answer, width: int | None = None) -> str:
    """The question and its filters, for an answer without hits; see `format_table` for the width."""
    question = answer.question
    is_browsed = question.command == "photos"  # its words are ours, and nobody's question
    nothing = f"{question.asked}: nothing found" if is_browsed else f"Nothing found for {question.asked!r}"
    nothing += f" ({question.template}, {answer.took} ms)"
    if question.filters:
        filters = ", ".join(question.filters)
        nothing += f" with these filters: {filters}. Widen or leave out one of them"
    return fold_line(f"{nothing}.", width)


def describe_answer(answer: Answer) -> dict[str, Any]:
    """The answer as one JSON object: ``query``, ``took`` (ms), ``note``, ``hits``, ``total`` if counted."""
    question = answer.question
    return {
        "query": {
            "command": question.command,
            "asked": question.asked,
            "template": question.template,
            "parameters": question.without_vector,
        },
        "took": answer.took,
        "note": answer.note,
        **({} if answer.total is None else {"total": answer.total}),
        "hits": [_describe_hit(hit) for hit in answer.hits],
    }


def _describe_hit(hit: PhotoHit) -> dict[str, Any]:
    return {
        "path": hit.path,
        "library": hit.library,
        "file": hit.file,
        "count": hit.count,
        "copies": [other.file or other.path for other in hit.copies],
        "burst": [other.file or other.path for each in hit.burst for other in (each, *each.copies)],
        "score": hit.similarity.score,
        "cosine": hit.similarity.cosine,
        "probability": hit.similarity.probability,
        "peaks": [
            {"id": each.peak.id, "names": list(each.peak.names), "probability": each.probability,
             "evidence": each.evidence}
            for each in hit.predictions
        ],
        "confirmed_peaks": list(hit.confirmed),
        "concepts": [{"id": concept.id, "name": concept.name} for concept in hit.concepts],
        "time": asdict(hit.time),
        "gps": None if hit.gps is None else asdict(hit.gps),
        "altitude": hit.altitude,
        "bearing": hit.bearing,
        "bearing_reference": hit.bearing_reference,
        "camera": hit.camera,
        **({} if hit.distance is None else {"distance": hit.distance}),
    }
