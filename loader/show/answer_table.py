"""An answer as text for a terminal: a compact table whose columns line up in every script."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loader.search.answer import Answer, PeakPrediction, ShotTime, Similarity
from loader.text import clean_text, display_width, shorten_text

_GAP = "  "
_NARROWEST = 12



@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        cells: one text a row.
        align: which side the text stands on.
        shorten: which end may be cut off when the table is too wide; None keeps the text whole.
        is_optional: whether the column is left out where even a cut table is too wide.
    """

    title: str
    cells: Sequence[str]
    align: Literal["left", "right"] = "left"
    shorten: Literal["start", "end"] | None = None
    is_optional: bool = False


def show_photos(answer: Answer, width: int | None = None) -> str:
    """Photos as a table under a line that repeats the question.

    Args:
        answer: with at least one hit.
        width: columns of the terminal; None (no terminal) shortens nothing.
    """
    hits = answer.hits
    columns = [
        Column("#", [str(rank) for rank in range(1, len(hits) + 1)], "right"),
        Column("photo", [hit.path for hit in hits], shorten="start"),
        Column("taken", [format_time(hit.time) for hit in hits]),
        *_similarity_columns([hit.similarity for hit in hits]),
        Column("peaks", [", ".join(map(format_prediction, hit.predictions)) for hit in hits], shorten="end"),
        Column("concepts", [", ".join(concept.name for concept in hit.concepts) for hit in hits],
               shorten="end", is_optional=True),
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


def format_table(columns: Sequence[Column], width: int | None = None) -> str:
    """Rows under a line of titles, columns two blanks apart; an empty column is left out.

    Args:
        columns: all with the same number of cells.
        width: terminal columns to keep to, by cutting the longest columns that may be shortened, none of
            them below 12, and by leaving optional columns out where that is not enough; None cuts nothing.
    """
    shown = [column for column in columns if any(column.cells)]
    widths = _fit(shown, width)
    if width is not None and _total(widths) > width:
        shown = [column for column in shown if not column.is_optional]
        widths = _fit(shown, width)
    rows = zip(*([column.title, *column.cells] for column in shown), strict=True)
    return "\n".join(_format_row(row, shown, widths) for row in rows)


def _format_row(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    padded = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        text = shorten_text(clean_text(cell), width, column.shorten) if column.shorten else clean_text(cell)
        blanks = " " * (width - display_width(text))
        padded.append(blanks + text if column.align == "right" else text + blanks)
    return _GAP.join(padded).rstrip()


def _fit(columns: Sequence[Column], width: int | None) -> list[int]:
    fitted = [max(map(display_width, [column.title, *column.cells])) for column in columns]
    flexible = [index for index, column in enumerate(columns) if column.shorten]
    while width is not None and _total(fitted) > width:
        widest = max(flexible, key=lambda index: fitted[index], default=None)
        if widest is None or fitted[widest] <= _NARROWEST:
            break
        fitted[widest] -= 1
    return fitted


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)
