"""Tables for a terminal: columns that line up in every script, cells that fold where the terminal ends."""
from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Literal

from loader.text import clean_text

GAP = 2  # blanks between two columns
UNLIMITED = 100_000


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        cells: one text a row; control characters are removed, and rich's markup is printed as it is.
        align: the side of the text.
    """

    title: str
    cells: Sequence[str]
    align: Literal["left", "right"] = "left"


def format_table(columns: Sequence[Column], width: int | None = None, indent: int = 0) -> str:
    """Rows under a line of titles; an empty column is left out, and so are titles when none has any.

    A table that is too wide folds the cells of its widest columns; nothing is cut off.

    Args:
        columns: all with the same number of cells.
        width: terminal columns to keep to; None takes `terminal_width`.
        indent: blanks before every line.
    """
    # rich takes 80 ms to import: only when something is printed
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    shown = [column for column in columns if any(column.cells)]
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0),
                  show_header=any(column.title for column in shown))
    for column in shown:
        table.add_column(Text(column.title), justify=column.align, overflow="fold")
    for row in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*(Text(clean_text(cell)) for cell in row))
    stream = StringIO()
    console = Console(file=stream, width=width or terminal_width(), color_system=None)
    console.print(Padding(table, (0, 0, 0, indent), expand=False))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def terminal_width() -> int:
    """Columns of the terminal, or no limit where the output is no terminal: a program reads whole lines."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNLIMITED
