"""What a check says at its end: findings by kind with errors first, what was left out, and the counts."""
from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from loader.peaks.checks.findings import Finding, Kind, Report

TITLES: dict[Kind, str] = {
    "entry": "Entries of the catalogue",
    "sight": "Reference photos by where the camera looked",
    "vector": "Reference photos by what they show",
    "duplicate": "Twice the same",
    "name": "Names that words cannot tell apart",
    "gap": "Missing",
}


def show_report(report: Report, width: int | None = None) -> str:
    """Return a report as lines of text.

    Args:
        report: of a check.
        width: columns of the terminal; None (no terminal) leaves every sentence on one line.
    """
    blocks = [*_groups(report, width), *_left_out(report, width), _closing(report)]
    return "\n\n".join(blocks)


def describe_report(report: Report) -> dict[str, Any]:
    """Return a report for `--json`."""
    return {
        "catalogue": report.catalogue,
        "peaks": report.peaks,
        "reference_photos": report.photos,
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "findings": [asdict(finding) for finding in _sorted(report.findings)],
        "not_checked": [asdict(left_out) for left_out in report.not_checked],
        "nearest_names": [asdict(pair) for pair in report.nearest_names],
    }


def _sorted(findings: list[Finding]) -> list[Finding]:
    """Kinds with errors first, in each kind errors first, else as they were found."""
    order = list(TITLES)
    with_errors = {finding.kind for finding in findings if finding.severity == "error"}
    return sorted(
        findings,
        key=lambda one: (one.kind not in with_errors, order.index(one.kind), one.severity != "error"),
    )


def _groups(report: Report, width: int | None) -> Iterator[str]:
    lines: dict[Kind, list[str]] = {}
    for finding in _sorted(report.findings):
        text = f"  {finding.severity:<8} {finding.sentence}"
        lines.setdefault(finding.kind, [TITLES[finding.kind]]).append(_wrap(text, width, 11))
    yield from ("\n".join(group) for group in lines.values())


def _left_out(report: Report, width: int | None) -> Iterator[str]:
    if report.not_checked:
        lines = (f"Not checked: {left_out.what}, {left_out.why}." for left_out in report.not_checked)
        yield "\n".join(_wrap(line, width, 2) for line in lines)


def _closing(report: Report) -> str:
    checked = f"{_count(report.peaks, 'peak')}, {_count(report.photos, 'reference photo')}"
    if not report.findings:
        return f"{checked}: nothing is wrong"
    errors, warnings = report.count("error"), report.count("warning")
    return f"{checked}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"


def _wrap(text: str, width: int | None, indent: int) -> str:
    if width is None:
        return text
    return textwrap.fill(
        text, max(width, 40), subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
