"""Concepts in the cluster, by what people call them (see `loader.peaks.name_lookup`)."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from loader.elastic.indices import CONCEPTS
from loader.peaks.concept_catalogue import Concept
from loader.peaks.name_lookup import NameIndex


def read_concept(hit: dict[str, Any]) -> Concept:
    """A concept from a search hit with ``fields``."""
    fields = hit.get("fields", {})
    return Concept(next(iter(fields.get("id", [])), hit["_id"]), tuple(fields.get("names", ())))


CONCEPT_NAMES = NameIndex(CONCEPTS, "concept", "peaks load-concepts FILE", ("id", "names"), read_concept)


def find_concept(client: Elasticsearch, name: str) -> Concept:
    """The one concept with this id or name; PeaksError with the closest names when there is none."""
    return CONCEPT_NAMES.find(client, name)


def read_concepts(client: Elasticsearch, ids: Iterable[str]) -> dict[str, Concept]:
    """The concepts with these ids; an id that is not in the index, or an index that is gone, is left out."""
    try:
        return CONCEPT_NAMES.read_ids(client, ids)
    except NotFoundError:
        return {}
