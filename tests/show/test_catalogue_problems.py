"""The report at the end, for a person and for a program."""
from __future__ import annotations

import json

from loader.peaks.checks.problems import CheckReport, NotChecked, Problem
from loader.show.catalogue_problems import describe_problems, show_problems

REPORT = CheckReport(
    "peaks.yaml",
    25,
    8,
    [
        Problem("gap", "warning", "b", "B has no elev_m: add it.", {}),
        Problem("sight", "warning", "a/2.jpg", "a/2.jpg looks a little aside: look at it.", {}),
        Problem("sight", "error", "a/1.jpg", "a/1.jpg looks away: remove it.", {"offset": -127.0}),
        Problem("vector", "warning", "a/1.jpg", "a/1.jpg is nearer to B: look at it.", {}),
    ],
    [NotChecked("vectors of the reference photos", "no --checkpoint")],
)


def test_a_report_has_kinds_with_errors_first_and_counts_last() -> None:
    assert show_problems(REPORT, 80) == (
        "Reference photos by where the camera looked\n"
        "  error    a/1.jpg looks away: remove it.\n"
        "  warning  a/2.jpg looks a little aside: look at it.\n"
        "\n"
        "Reference photos by what they show\n"
        "  warning  a/1.jpg is nearer to B: look at it.\n"
        "\n"
        "Missing\n"
        "  warning  B has no elev_m: add it.\n"
        "\n"
        "Not checked: vectors of the reference photos, no --checkpoint.\n"
        "\n"
        "25 peaks, 8 reference photos: 1 error, 3 warnings"
    )


def test_lines_are_wrapped_for_a_terminal_under_their_sentence() -> None:
    lines = show_problems(REPORT, 44).splitlines()
    assert max(map(len, lines[1:-1])) <= 44
    assert "  warning  a/2.jpg looks a little aside:" in lines
    assert "           look at it." in lines


def test_nothing_wrong_is_one_line() -> None:
    shown = show_problems(CheckReport("peaks.yaml", 1, 0), 80)
    assert shown == "1 peak, 0 reference photos: nothing is wrong"


def test_the_report_is_json() -> None:
    document = json.loads(json.dumps(describe_problems(REPORT)))
    assert (document["errors"], document["warnings"], document["photos"]) == (1, 3, 8)
    assert document["problems"][0] == {
        "kind": "sight",
        "severity": "error",
        "subject": "a/1.jpg",
        "sentence": "a/1.jpg looks away: remove it.",
        "evidence": {"offset": -127.0},
    }
    assert document["not_checked"][0]["why"] == "no --checkpoint"
