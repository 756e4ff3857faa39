"""The rule in force: the one that `peaks calibrate` measured on the index of photos, or the one that ships.

A measurement stands in ``_meta.calibration`` of the photos' mapping, with the text model that made the
prototypes; with prototypes of another model it is not used.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from elasticsearch import Elasticsearch

from loader.elastic.indices import PEAKS, PHOTOS, require_index
from loader.elastic.models import index_model, read_index_model
from loader.errors import PeaksError

if TYPE_CHECKING:
    from loader.peaks.identification.rule import Rule

KEY = "calibration"


@dataclass(frozen=True)
class RuleInForce:
    """The rule in force and the cut-off of searches by words.

    Attributes:
        rule: that names peaks and concepts.
        min_similarity: cosine below which a photo does not match words; None when it was not measured.
        origin: the data that it was measured on, for people and the report; empty for the rule that ships.
    """

    rule: Rule
    min_similarity: float | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)


def read_rule_in_force(client: Elasticsearch) -> RuleInForce:
    """Read what was measured on the index of photos; the rule that ships when nothing was.

    Raises:
        PeaksError: an index does not exist, or somebody wrote something else there.
    """
    from loader.peaks.identification.rule import default_rule, read_rule  # SciPy: not for `peaks search`

    measured = _read(client)
    if measured is None:
        return RuleInForce(default_rule())
    try:
        return RuleInForce(read_rule(measured["rule"]), measured.get("min_similarity"), measured["origin"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(repr(error)) from error


def write_rule_in_force(client: Elasticsearch, in_force: RuleInForce) -> None:
    """Keep a measurement with the index of photos, in place of an earlier one."""
    measured = {
        "rule": in_force.rule.as_dict(),
        "min_similarity": in_force.min_similarity,
        "origin": dict(in_force.origin),
        "text_model": read_index_model(client, PEAKS).model_fingerprint,
    }
    client.indices.put_mapping(index=PHOTOS, meta={**_read_meta(client), KEY: measured})


def reset_rule_in_force(client: Elasticsearch) -> None:
    """Return to the rule that ships."""
    meta = {name: value for name, value in _read_meta(client).items() if name != KEY}
    client.indices.put_mapping(index=PHOTOS, meta=meta)


def read_cut_off(client: Elasticsearch) -> float | None:
    """Return the cosine below which a photo does not match words; None when it was not measured.

    Raises:
        PeaksError: an index does not exist, or somebody wrote something else there.
    """
    cosine = (_read(client) or {}).get("min_similarity")
    if cosine is None or (isinstance(cosine, int | float) and -1 <= cosine <= 1):
        return cosine
    raise _damaged(f"min_similarity is {cosine!r}")


def _read(client: Elasticsearch) -> Mapping[str, Any] | None:
    measured = _read_meta(client).get(KEY)
    fingerprint = read_index_model(client, PEAKS).model_fingerprint
    fits = isinstance(measured, Mapping) and measured.get("text_model") == fingerprint
    return measured if fits else None


def _damaged(what: str) -> PeaksError:
    return PeaksError(
        f"_meta.{KEY} of [{PHOTOS}] is not what `peaks calibrate` writes ({what}): calibrate again."
    )


def _read_meta(client: Elasticsearch) -> dict[str, Any]:
    index = require_index(client, PHOTOS)
    index_model(index.name, index.mappings)  # refuses an index that `peaks apply` did not make
    return dict(index.mappings.get("_meta") or {})
