"""The output of `peaks catalog check`: problems by kind, errors first; what was not checked; counts."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

from loader.peaks.checks.problems import CheckReport, Kind, Problem
from loader.show.tables import Column, format_table
from loader.text import format_count

TITLES: dict[Kind, str] = {
    "entry": "Entries of the catalogue",
    "sight": "Reference photos by where the camera looked",
    "vector": "Reference photos by what they show",
    "duplicate": "Twice the same",
    "name": "Names that words cannot tell apart",
    "gap": "Missing",
}


def show_problems(report: CheckReport, width: int | None = None) -> str:
    """Return a report as lines of text; see `format_table` for the width."""
    return "\n\n".join([*_groups(report, width), *_left_out(report, width), _closing(report)])


def describe_problems(report: CheckReport) -> dict[str, Any]:
    """Return a report for `--json`."""
    counts = {"errors": report.count("error"), "warnings": report.count("warning")}
    return {**asdict(report), "problems": [asdict(problem) for problem in _sorted(report)], **counts}


def _sorted(report: CheckReport) -> list[Problem]:
    """Sort kinds with errors first, and errors first within a kind; keep the order otherwise."""
    order = list(TITLES)
    with_errors = {problem.kind for problem in report.problems if problem.severity == "error"}
    return sorted(
        report.problems,
        key=lambda one: (one.kind not in with_errors, order.index(one.kind), one.severity != "error"),
    )


def _groups(report: CheckReport, width: int | None) -> Iterator[str]:
    for kind, group in groupby(_sorted(report), lambda problem: problem.kind):
        problems = list(group)
        columns = [
            Column("", [problem.severity for problem in problems]),
            Column("", [problem.sentence for problem in problems]),
        ]
        yield f"{TITLES[kind]}\n{format_table(columns, width, indent=2)}"


def _left_out(report: CheckReport, width: int | None) -> Iterator[str]:
    if report.not_checked:
        lines = [f"Not checked: {left_out.what}, {left_out.why}." for left_out in report.not_checked]
        yield format_table([Column("", lines)], width)


def _closing(report: CheckReport) -> str:
    checked = f"{format_count(report.peaks, 'peak')}, {format_count(report.photos, 'reference photo')}"
    if not report.problems:
        return f"{checked}: nothing is wrong"
    errors, warnings = report.count("error"), report.count("warning")
    return f"{checked}: {format_count(errors, 'error')}, {format_count(warnings, 'warning')}"
