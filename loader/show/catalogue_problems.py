"""What `peaks catalog check` prints: problems by kind, errors first, what was left out, and the counts."""
from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from loader.peaks.checks.problems import Kind, Problem, Report
from loader.text import clean_text

TITLES: dict[Kind, str] = {
    "entry": "Entries of the catalogue",
    "sight": "Reference photos by where the camera looked",
    "vector": "Reference photos by what they show",
    "duplicate": "Twice the same",
    "name": "Names that words cannot tell apart",
    "gap": "Missing",
}


def show_problems(report: Report, width: int) -> str:
    """Return a report as lines of text of at most ``width`` columns."""
    blocks = [*_groups(report, width), *_left_out(report, width), _closing(report)]
    return "\n\n".join(blocks)


def describe_problems(report: Report) -> dict[str, Any]:
    """Return a report for `--json`."""
    counts = {"errors": report.count("error"), "warnings": report.count("warning")}
    return {**asdict(report), "problems": [asdict(problem) for problem in _sorted(report)], **counts}


def _sorted(report: Report) -> list[Problem]:
    """Kinds with errors first, in each kind errors first, else as they were found."""
    order = list(TITLES)
    with_errors = {problem.kind for problem in report.problems if problem.severity == "error"}
    return sorted(
        report.problems,
        key=lambda one: (one.kind not in with_errors, order.index(one.kind), one.severity != "error"),
    )


def _groups(report: Report, width: int) -> Iterator[str]:
    lines: dict[Kind, list[str]] = {}
    for problem in _sorted(report):
        text = f"  {problem.severity:<8} {problem.sentence}"
        lines.setdefault(problem.kind, [TITLES[problem.kind]]).append(_wrap(text, width, 11))
    yield from ("\n".join(group) for group in lines.values())


def _left_out(report: Report, width: int) -> Iterator[str]:
    if report.not_checked:
        lines = (f"Not checked: {left_out.what}, {left_out.why}." for left_out in report.not_checked)
        yield "\n".join(_wrap(line, width, 2) for line in lines)


def _closing(report: Report) -> str:
    checked = f"{_count(report.peaks, 'peak')}, {_count(report.photos, 'reference photo')}"
    if not report.problems:
        return f"{checked}: nothing is wrong"
    errors, warnings = report.count("error"), report.count("warning")
    return f"{checked}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"


def _wrap(text: str, width: int, indent: int) -> str:
    return textwrap.fill(
        clean_text(text), max(width, 40), subsequent_indent=" " * indent, break_long_words=False,
        break_on_hyphens=False,
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
