"""The result of a check: problems, each one sentence with its fix, and what was not checked."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]
# entry: an entry of the catalogue; sight: where a camera looked; vector: the content of a picture;
# duplicate: one thing twice; name: names that prompts cannot separate; gap: a missing value or file.
Kind = Literal["entry", "sight", "vector", "duplicate", "name", "gap"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or may be.

    Attributes:
        kind: what was checked.
        severity: an error is certainly wrong; a warning should be looked at.
        subject: the photo, peak or file.
        sentence: names the thing, the evidence and the fix.
        evidence: the same for programs: metres, degrees, cosines.
    """

    kind: Kind
    severity: Severity
    subject: str
    sentence: str
    evidence: Mapping[str, Any]


def error(kind: Kind, subject: str, sentence: str, **evidence: Any) -> Problem:
    """Return a problem that is certainly wrong."""
    return Problem(kind, "error", subject, sentence, evidence)


def warning(kind: Kind, subject: str, sentence: str, **evidence: Any) -> Problem:
    """Return a problem that a person should look at."""
    return Problem(kind, "warning", subject, sentence, evidence)


@dataclass(frozen=True)
class NotChecked:
    """Something that no check has looked at, and why."""

    what: str
    why: str


@dataclass
class CheckReport:
    """All results of the checks.

    Attributes:
        catalogue: the file, or the index.
        peaks: how many entries were checked.
        photos: how many reference photos were read.
        problems: as the checks found them.
        not_checked: what was left out.
    """

    catalogue: str
    peaks: int = 0
    photos: int = 0
    problems: list[Problem] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)

    def count(self, severity: Severity) -> int:
        """How many problems are of a severity."""
        return sum(problem.severity == severity for problem in self.problems)
