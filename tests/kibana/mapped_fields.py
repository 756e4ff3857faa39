"""The fields of our indices as Kibana's data views see them: from the mappings, without a cluster."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from loader.elastic.assets import read_assets, template_mappings

# Kibana's type of a field by Elasticsearch's. Source: elastic/kibana,
# src/platform/packages/shared/kbn-field-types/src/kbn_field_types_factory.ts.
_KINDS = {
    "keyword": "string", "text": "string", "integer": "number", "long": "number", "float": "number",
    "date": "date", "boolean": "boolean", "geo_point": "geo_point", "dense_vector": "unknown",
}
_NEVER_AGGREGATABLE = frozenset(("text", "dense_vector"))


@dataclass(frozen=True)
class MappedField:
    """A field with a type of its own; objects are not fields.

    Attributes:
        type: Elasticsearch's.
        kind: Kibana's.
        aggregatable: whether it has doc values, for aggregations and sorts.
        searchable: whether it is indexed.
        nested: the nested object that it stands in, if any.
    """

    name: str
    type: str
    kind: str
    aggregatable: bool
    searchable: bool
    nested: str | None = None


def is_plain(field: MappedField) -> bool:
    """Whether a field has doc values of its document, for a sort, an aggregation or a style."""
    return field.aggregatable and not field.nested


@cache
def mapped_fields(alias: str) -> Mapping[str, MappedField]:
    """Return the fields of the index behind an alias by their names."""
    mappings = template_mappings(read_assets(), alias)
    return {field.name: field for field in _walk(mappings["properties"], "", None)}


def _walk(properties: Mapping[str, Any], path: str, nested: str | None) -> Iterator[MappedField]:
    for name, mapping in properties.items():
        whole = path + name
        if "properties" in mapping:
            inside = whole if mapping.get("type") == "nested" else nested
            yield from _walk(mapping["properties"], f"{whole}.", inside)
        else:
            yield _field(whole, mapping, nested)
            yield from _walk(mapping.get("fields", {}), f"{whole}.", nested)


def _field(name: str, mapping: Mapping[str, Any], nested: str | None) -> MappedField:
    type_ = mapping["type"]
    doc_values = type_ not in _NEVER_AGGREGATABLE and mapping.get("doc_values", True)
    return MappedField(name, type_, _KINDS[type_], doc_values, mapping.get("index", True), nested)
