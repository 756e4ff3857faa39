"""Tables for a terminal."""
from __future__ import annotations

import pytest
from rich.cells import cell_len

from loader.show.tables import Column, format_table

PHOTOS = [
    Column("photo", ["昆布" * 30, "khumbu/" + "a" * 80, ""]),
    Column("peaks", ["Ama Dablam, " * 9, "", "Taboche"]),
    Column("cosine", ["0.123", "0.1", ""], "right"),
    Column("concepts", ["", "", ""]),
]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_table_folds_and_loses_nothing(width: int) -> None:
    lines = format_table(PHOTOS, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    shown = sorted("".join(lines).replace(" ", ""))
    assert shown == sorted("photopeakscosine" + "".join(
        cell for column in PHOTOS for cell in column.cells).replace(" ", ""))


def test_a_row_is_one_line_where_the_output_is_no_terminal() -> None:
    assert len(format_table(PHOTOS).splitlines()) == 4


def test_columns_line_up_in_every_script() -> None:
    names = ["Ama Dablam", "सगरमाथा", "珠穆朗玛峰", "Yu\u0308l", "チョモランマ"]
    rows = format_table([Column("peak", names), Column("m", list("12345"), "right")]).splitlines()
    assert {cell_len(row) for row in rows} == {cell_len(rows[0])}


def test_without_titles_there_is_no_line_of_titles() -> None:
    table = format_table([Column("", ["new", "moved"]), Column("", ["12", "3"], "right")], indent=2)
    assert table == "  new    12\n  moved   3"


def test_neither_markup_nor_the_terminal_is_commanded() -> None:
    assert format_table([Column("", ["[red]a[/red] :smile: \x1b[2J\u202eb\n"])]) == (
        "[red]a[/red] :smile: �[2J�b�"
    )
