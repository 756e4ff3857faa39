"""The rule in force: what `peaks calibrate` measured on the photos, or the one that ships."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import Elasticsearch

from loader.errors import PeaksError
from loader.peaks.identification.measured import damaged, read_measured, write_measured
from loader.peaks.identification.rule import Rule, default_rule, read_rule


@dataclass(frozen=True)
class Calibrated:
    """The rule in force and the cut-off of searches by words.

    Attributes:
        rule: that names peaks and concepts.
        min_similarity: cosine below which a photo does not match words, or None where nobody measured.
        origin: what it was measured on, for people and for the report; empty for the rule that ships.
    """

    rule: Rule
    min_similarity: float | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_measured(self) -> bool:
        """Whether `peaks calibrate` made it on this index."""
        return bool(self.origin)


def read_calibrated(client: Elasticsearch) -> Calibrated:
    """Read what was measured on the index of photos; the rule that ships when nothing was.

    Raises:
        PeaksError: the index does not exist, or somebody wrote something else there.
    """
    measured = read_measured(client)
    if measured is None:
        return Calibrated(default_rule())
    try:
        return Calibrated(read_rule(measured["rule"]), measured.get("min_similarity"), measured["origin"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PeaksError(damaged(repr(error))) from error


def write_calibrated(client: Elasticsearch, calibrated: Calibrated) -> None:
    """Keep a measurement with the index of photos, in place of an earlier one."""
    measured = {
        "rule": calibrated.rule.as_dict(),
        "min_similarity": calibrated.min_similarity,
        "origin": dict(calibrated.origin),
    }
    write_measured(client, measured)


def forget_calibrated(client: Elasticsearch) -> None:
    """Return to the rule that ships."""
    write_measured(client, None)
