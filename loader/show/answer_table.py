"""An answer as text for a terminal: a compact table whose columns line up in every script."""
from __future__ import annotations

from collections.abc import Sequence

from loader.search.answer import Answer, PeakPrediction, ShotTime, Similarity
from loader.show.tables import Column, format_table
from loader.text import clean_text


def show_photos(answer: Answer, width: int | None = None) -> str:
    """Photos as a table under a line that repeats the question.

    Args:
        answer: with at least one hit.
        width: see `format_table`.
    """
    hits = answer.hits
    columns = [
        Column("#", [str(rank) for rank in range(1, len(hits) + 1)], "right"),
        Column("photo", [hit.path for hit in hits]),
        Column("taken", [format_time(hit.time) for hit in hits]),
        *_similarity_columns([hit.similarity for hit in hits]),
        Column("peaks", [", ".join(map(format_prediction, hit.predictions)) for hit in hits]),
        Column("concepts", [", ".join(concept.name for concept in hit.concepts) for hit in hits]),
    ]
    return _heading(answer) + "\n" + format_table(columns, width)


def show_nothing(answer: Answer) -> str:
    """What was asked and what stood in the way, when there is no hit."""
    question = answer.question
    nothing = f"Nothing found for {question.asked!r} ({question.template}, {answer.took} ms)"
    if not question.filters:
        return f"{nothing}."
    filters = clean_text(", ".join(question.filters))
    return f"{nothing} with these filters: {filters}. Widen or leave out one of them."


def _heading(answer: Answer) -> str:
    question, count = answer.question, len(answer.hits)
    plural = "" if count == 1 else "s"
    line = f"{question.asked}: {count} photo{plural}, {question.template}, {answer.took} ms"
    return "\n".join(map(clean_text, [line, *(f"  {words}" for words in question.filters)]))


def _similarity_columns(similarities: Sequence[Similarity]) -> list[Column]:
    columns = []
    if any(similarity.is_rank for similarity in similarities):
        columns.append(Column("score", [f"{similarity.score:.4f}" for similarity in similarities], "right"))
    cosines = ["" if each.cosine is None else f"{each.cosine:.3f}" for each in similarities]
    columns.append(Column("cosine", cosines, "right"))
    if any(similarity.probability is not None for similarity in similarities):
        cells = [format_probability(similarity.probability) for similarity in similarities]
        columns.append(Column("probability", cells, "right"))
    return columns


def format_time(time: ShotTime) -> str:
    """The wall clock with its offset; UTC when only the instant is known; "" when nothing is.

    A wall clock whose offset is unknown stands alone.
    """
    if time.local is not None:
        return _to_minute(time.local) + (f" {time.offset}" if time.offset else "")
    return f"{_to_minute(time.instant)} UTC" if time.instant is not None else ""


def _to_minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def format_metres(metres: float | None) -> str:
    """``8849`` gives ``8,849 m``."""
    return "" if metres is None else f"{metres:,.0f} m"


def format_probability(probability: float | None) -> str:
    """A probability as a percentage of two digits, never rounded up to certainty or down to nothing."""
    if probability is None:
        return ""
    percent = 100 * probability
    if percent > 99:
        return ">99 %"
    if percent < 0.1:
        return "<0.1 %"
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


def format_prediction(prediction: PeakPrediction) -> str:
    """``Ama Dablam 93 % (both)``; what is not known is left out."""
    evidence = f"({prediction.evidence})" if prediction.evidence else ""
    parts = (prediction.peak.name, format_probability(prediction.probability), evidence)
    return " ".join(part for part in parts if part)
