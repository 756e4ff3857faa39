"""Tables and lines for a terminal: columns line up in every script, and what is too wide folds at words."""
from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from loader.text import clean_text

GAP = "  "  # between two columns
NARROWEST = 20
MOST_LINES = 4  # of a cell; a table with taller ones is harder to read than a paragraph a row

# A line may end behind blanks but not before a unit, and between two characters of scripts that write no
# blanks (CJK, kana).
_UNIT = r"(?:%|k?m\b)"
_WIDE = "[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef]"
_PIECE = re.compile(rf"(?: (?={_UNIT})|[^ ])*?(?: +(?!{_UNIT})|(?<={_WIDE})(?={_WIDE})|$)")
_FOLDER = re.compile(r"[^/]*/+|[^/]+")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        cells: one text a row; control characters are removed.
        align: the side of the text; what stands on the right (a number with its unit) is never folded.
        is_whole: whether a table folds no cell of it, as a path that is to be copied.
    """

    title: str
    cells: Sequence[str]
    align: Literal["left", "right"] = "left"
    is_whole: bool = False


def format_table(columns: Sequence[Column], width: int | None = None, indent: int = 0) -> str:
    """Rows under a line of titles; an empty column is left out, and so are titles when none has any.

    A table that is too wide folds its cells between words. Where that does not do, each row becomes a
    paragraph. A word is broken only if it is longer than a line, a path at a slash; nothing is cut off.

    Args:
        columns: all with the same number of cells.
        width: terminal columns to keep to; None takes `terminal_width`.
        indent: blanks before every line.
    """
    room = (width or terminal_width()) - indent
    shown = _clean(columns)
    widths = _choose_widths(shown, room)
    lines = _paragraphs(shown, room) if widths is None else _rows(shown, widths)
    return "\n".join(f"{' ' * indent}{line}".rstrip() for line in lines)


def format_list(columns: Sequence[Column], width: int | None = None) -> str:
    """Each row as a paragraph, as `format_table` has it where a table does not fit."""
    return "\n".join(line.rstrip() for line in _paragraphs(_clean(columns), width or terminal_width()))


def _clean(columns: Sequence[Column]) -> list[Column]:
    return [
        replace(column, cells=[clean_text(cell) for cell in column.cells])
        for column in columns
        if any(column.cells)
    ]


def fold_line(line: str, width: int | None = None) -> str:
    """A line as several that fit, all but the first two blanks farther right than it; for `width` see above.

    Control characters are removed.
    """
    text = clean_text(line)
    words = text.lstrip(" ")
    start = " " * (len(text) - len(words))
    room = (width or terminal_width()) - len(start)
    first, *rest = _fold(words, room, room - len(GAP)) or [""]
    return "\n".join([start + first, *(f"{start}{GAP}{each}" for each in rest)])


def terminal_width() -> int:
    """Columns of the terminal or what COLUMNS says, but at least `NARROWEST`; 80 without a terminal."""
    return max(NARROWEST, shutil.get_terminal_size().columns)


def _rows(columns: Sequence[Column], widths: Sequence[int]) -> Iterator[str]:
    titles = [tuple(column.title for column in columns)] if any(column.title for column in columns) else []
    for row in [*titles, *zip(*(column.cells for column in columns), strict=True)]:
        folded = [_fold(cell, width) for cell, width in zip(row, widths, strict=True)]
        for line in zip_longest(*folded, fillvalue=""):
            yield GAP.join(map(_pad, line, widths, (column.align for column in columns)))


def _pad(text: str, width: int, align: str) -> str:
    blanks = " " * (width - _length(text))
    return blanks + text if align == "right" else text + blanks


def _paragraphs(columns: Sequence[Column], room: int) -> Iterator[str]:
    """Each row's first text as a line, and its other cells under it with their titles."""
    first = next((place for place, column in enumerate(columns) if column.align == "left"), 0)
    before = [(max(map(_length, column.cells)), column.align) for column in columns[:first]]
    for row in zip(*(column.cells for column in columns), strict=True):
        name = row[first]
        start = "".join(_pad(cell, *shape) + GAP for cell, shape in zip(row[:first], before, strict=True))
        yield from (
            (" " * len(start) if number else start) + line
            for number, line in enumerate(_fold(name, room - len(start)))
        )
        others = zip(columns[first + 1 :], row[first + 1 :], strict=True)
        told = "; ".join(f"{column.title} {cell}".strip() for column, cell in others if cell)
        indent = " " * (len(start) or len(GAP))
        yield from (indent + line for line in _fold(told, room - len(indent)))


def _choose_widths(columns: Sequence[Column], room: int) -> list[int] | None:
    """The columns' widths, none less than its longest word; None where the table does not fit."""
    texts = [[column.title, *column.cells] for column in columns]
    most = [max(map(_length, each)) for each in texts]
    least = [
        widest
        if column.is_whole or column.align == "right"
        else max(_length(word) for text in each for word in _words(text))
        for column, each, widest in zip(columns, texts, most, strict=True)
    ]
    widths, spare = list(least), room - sum(least) - len(GAP) * (len(columns) - 1)
    if spare < 0:
        return None
    # Who needs least is served first, so that one long column does not fold the short ones.
    needs = sorted(range(len(columns)), key=lambda place: most[place] - least[place])
    for served, place in enumerate(needs):
        more = min(most[place] - least[place], spare // (len(needs) - served))
        widths[place] += more
        spare -= more
    cells = ((text, width) for each, width in zip(texts, widths, strict=True) for text in each)
    return widths if all(len(_fold(*cell)) <= MOST_LINES for cell in cells) else None


def _fold(text: str, first: int, rest: int | None = None) -> list[str]:
    """Lines of at most ``first`` columns, and of ``rest`` after the first line."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, first if rest is None else rest):
        width = rest if rest is not None and lines else first
        if line and _length((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line, width = "", first if rest is None else rest
        line += piece
        if _length(line.rstrip()) > width:  # one word, longer than a line
            from rich.cells import chop_cells

            *full, line = chop_cells(line, width)
            lines += full
    return [*lines, line.rstrip()] if line else lines


def _pieces(text: str, width: int) -> Iterator[str]:
    """The parts of a text that stay whole, with the blanks behind them."""
    for piece in _PIECE.findall(text):
        yield from [piece] if _length(piece.rstrip()) <= width else _FOLDER.findall(piece)


def _words(text: str) -> list[str]:
    return [piece.rstrip() for piece in _PIECE.findall(text)] or [""]


def _length(text: str) -> int:
    """Columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # most lines do without its 20 ms

    return cell_len(text)
