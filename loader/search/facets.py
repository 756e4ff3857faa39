"""Counts beside an answer: how many photos show which peak or concept, of which library, day and place.

The counts of a facet are those under all other filters, so that a person sees what one more or another choice
would give.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elastic_transport import ObjectApiResponse
from elasticsearch import Elasticsearch

from loader.elastic.assets import read_schema
from loader.elastic.indices import PHOTOS
from loader.errors import PeaksError
from loader.search.filters import Filters
from loader.search.template_call import check_parameters

TEMPLATE = "photos-facets"
ALTITUDES = 500  # metres, the histogram's interval in the template
MOST_DAYS = 31  # more are counted as months, and more months as years
# The parameters that filter by a facet, which its own counts leave out.
OWN_PARAMETERS = {
    "predicted_peaks": ("predicted_peaks",),
    "peaks_in_frame": ("peaks_in_frame",),
    "predicted_concepts": ("predicted_concepts",),
    "libraries": ("libraries",),
    "days": ("shot_from", "shot_to"),
    "altitudes": ("altitude_from", "altitude_to"),
    "position": ("without_position", "box_top", "box_left", "box_bottom", "box_right", "area"),
}


@dataclass(frozen=True)
class Facets:
    """Counts of photos.

    Attributes:
        total: photos that pass all filters.
        counts: of each facet of `OWN_PARAMETERS`, its values and their photos as Elasticsearch orders them,
            most first, days in time and altitudes from below: ids, names, days as ``2023-10-05`` by the
            photos' own clocks (UTC for a photo that has only its instant), the lower ends of ranges of
            `ALTITUDES` metres, and "with" or "without".
    """

    total: int
    counts: Mapping[str, Mapping[Any, int]]


def read_facets(client: Elasticsearch, filters: Filters) -> Facets:
    """Count photos, once and once more for each facet that is filtered by.

    Args:
        client: of the cluster.
        filters: on photos; what only searches know (a size, a cut-off) changes no count.
    """
    known = read_schema(TEMPLATE)["properties"].keys()
    parameters = {name: value for name, value in filters.parameters.items() if name in known}
    check_parameters(TEMPLATE, parameters)
    narrowed = [facet for facet, own in OWN_PARAMETERS.items() if parameters.keys() & own]
    everything = _ask(client, parameters)
    others = {facet: _ask(client, _leave_out(parameters, OWN_PARAMETERS[facet])) for facet in narrowed}
    return Facets(
        total=everything["hits"]["total"]["value"],
        counts={
            facet: _read_counts(others.get(facet, everything)["aggregations"], facet)
            for facet in OWN_PARAMETERS
        },
    )


def group_days(counts: Mapping[str, int], chosen: str) -> dict[str, int]:
    """Count by days; by months or years where there are many, and inside of the ``chosen`` one by its parts.

    Args:
        counts: photos of days such as ``2023-10-05``.
        chosen: a year, month or day, which has a count of its own; "" for none.
    """
    if len(counts) > MOST_DAYS:
        counts = {day: photos for day, photos in counts.items() if day.startswith(chosen[:7])}
    for length in (10, 7, 4):  # of 2023-10-05
        groups = Counter[str]()
        for day, photos in counts.items():
            groups[day[:length]] += photos
        if len(groups) <= MOST_DAYS:
            break
    if not chosen or chosen in groups:
        return groups
    return {chosen: sum(photos for day, photos in counts.items() if day.startswith(chosen)), **groups}


def _leave_out(parameters: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in names}


def _ask(client: Elasticsearch, parameters: Mapping[str, Any]) -> ObjectApiResponse[Any]:
    found = client.search_template(index=PHOTOS, id=TEMPLATE, params=parameters)
    if not {*OWN_PARAMETERS, "without_clock"} <= found["aggregations"].keys():
        raise PeaksError(f"The stored template {TEMPLATE} is of an earlier version: run `peaks apply`.")
    return found


def _read_counts(found: Mapping[str, Any], facet: str) -> dict[Any, int]:
    counts = {_key(bucket): bucket["doc_count"] for bucket in found[facet]["buckets"]}
    if facet != "days":
        return counts
    for bucket in found["without_clock"]["days"]["buckets"]:
        counts[_key(bucket)] = counts.get(_key(bucket), 0) + bucket["doc_count"]
    return dict(sorted(counts.items()))


def _key(bucket: Mapping[str, Any]) -> Any:
    return bucket.get("key_as_string", bucket["key"])
