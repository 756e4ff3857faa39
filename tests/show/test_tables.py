"""Tables for a terminal."""
from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from rich.cells import cell_len

from loader.show.tables import Column, fold_line, format_table
from tests.conftest import REPOSITORY

WIDEST = """
from loader.show.tables import Column, format_table
print(max(map(len, format_table([Column("", ["m " * 500])]).splitlines())) + 1)
"""
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
    cells = "".join(cell for column in PHOTOS for cell in column.cells)
    assert not Counter(f"peakscosine{cells}".replace(" ", "")) - Counter("".join(lines))


def test_the_output_has_80_columns_where_it_is_no_terminal_or_as_many_as_a_person_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS")
    assert run(["-c", WIDEST]) == "80"
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["-c", WIDEST]) == "200"
    monkeypatch.setenv("COLUMNS", "1")
    assert run(["-c", WIDEST]) == "20"


def run(words: list[str]) -> str:
    return subprocess.run(
        [sys.executable, *words], stdout=subprocess.PIPE, text=True, check=True, cwd=REPOSITORY
    ).stdout.strip()


PATH = "/media/ana/2023 Khumbu trek/day 03 Namche to Tengboche/IMG_1512.HEIC"
ANSWER = [
    Column("#", ["1", "12"], "right"),
    Column("photo", [PATH, "scans/prière.tif"], is_whole=True),
    Column("taken", ["2023-10-05 06:12 +05:45", "1998-05-01 03:00 UTC"]),
    Column("cosine", ["0.144", "-0.031"], "right"),
    Column("probability", ["37 %", "<0.1 %"], "right"),
    Column("peaks", ["Ama Dablam 93 % (both), Taboche 31 % (sight)", "Kangtega 7.1 km"]),
    Column("concepts", ["prayer flags, suspension bridge", ""]),
]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 120])
@pytest.mark.parametrize("columns", [ANSWER, ANSWER[:-2]])
def test_no_word_is_broken_and_no_number_loses_its_unit(columns: list[Column], width: int) -> None:
    lines = format_table(columns, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    whole = {word for column in columns for cell in column.cells for word in cell.split()}
    shown = {word.rstrip(";") for line in lines for word in line.split()}
    assert whole <= shown
    joined = "\n".join(lines)
    for number in ("37 %", "<0.1 %", *(["93 %", "31 %", "7.1 km"] if columns is ANSWER else [])):
        assert number in joined


def test_a_table_that_cannot_be_read_so_narrow_is_a_paragraph_a_row() -> None:
    assert format_table(ANSWER, 60).splitlines()[-3:] == [
        "12  scans/prière.tif",
        "    taken 1998-05-01 03:00 UTC; cosine -0.031; probability",
        "    <0.1 %; peaks Kangtega 7.1 km",
    ]


def test_a_path_that_is_to_be_copied_is_one_line_where_it_fits() -> None:
    for width in (80, 120, 160, 200):
        assert PATH in format_table(ANSWER, width)
    lines = format_table([Column("", ["/folder/" * 10 + "IMG_1512.HEIC"], is_whole=True)], 30).splitlines()
    assert all(line.strip().endswith(("/", "HEIC")) for line in lines) and lines[-1].endswith("IMG_1512.HEIC")


def test_a_line_folds_under_itself() -> None:
    line = "  from 46.0000, 7.6000, 2,000 m, looking 90° (E)\x1b from true north"
    assert fold_line(line, 34).splitlines() == [
        "  from 46.0000, 7.6000, 2,000 m,", "    looking 90° (E)� from true", "    north"
    ]
    assert fold_line("", 34) == ""


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
