"""The project's saved objects, read from kibana/, their parts, and our indices' fields."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from loader.elastic.assets import read_assets, template_mappings
from loader.elastic.kibana_sources import SavedObject, read_objects

OBJECTS = {one.id: one for one in read_objects()}
DATA_VIEWS = {one.id: one for one in OBJECTS.values() if one.type == "index-pattern"}
LENSES = {one.id: one for one in OBJECTS.values() if one.type == "lens"}
MAP = OBJECTS["peaks-photos-and-peaks"]
GALLERY = OBJECTS["peaks-gallery"]
DASHBOARD = OBJECTS["peaks-trek"]


def attributes(one: SavedObject) -> dict[str, Any]:
    """An object's attributes, JSON where Kibana keeps strings."""
    found: dict[str, Any] = one.body["attributes"]
    return found


def references(one: SavedObject) -> dict[str, tuple[str, str]]:
    """Type and id of what an object refers to, by the reference's name."""
    return {ref["name"]: (ref["type"], ref["id"]) for ref in one.body["references"]}


# Fields of our indices as data views see them, from the mappings, without a cluster

# Kibana's type of a field by Elasticsearch's. Source: elastic/kibana,
# src/platform/packages/shared/kbn-field-types/src/kbn_field_types_factory.ts.
_KINDS = {
    "keyword": "string", "text": "string", "integer": "number", "long": "number", "float": "number",
    "date": "date", "boolean": "boolean", "geo_point": "geo_point", "dense_vector": "unknown",
    "binary": "unknown",
}
_NEVER_AGGREGATABLE = frozenset(("text", "dense_vector", "binary"))


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
    searchable = mapping.get("index", type_ != "binary")
    return MappedField(name, type_, _KINDS[type_], doc_values, searchable, nested)


# Parts of the objects


@dataclass(frozen=True)
class DataView:
    """A data view with the fields of its index.

    Attributes:
        index: alias of the index.
        time_field: that the time range filters by, if any.
        hidden: fields that Kibana does not fetch, whoever asks for them.
    """

    id: str
    index: str
    time_field: str | None
    hidden: frozenset[str]

    @property
    def fields(self) -> Mapping[str, MappedField]:
        """All fields, hidden ones included."""
        return mapped_fields(self.index)

    @property
    def shown(self) -> Mapping[str, MappedField]:
        """Fields that Kibana fetches."""
        return {name: field for name, field in self.fields.items() if name not in self.hidden}


def data_view(one: SavedObject, reference: str) -> DataView:
    """The data view that an object names by a reference."""
    return open_data_view(references(one)[reference][1])


def open_data_view(name: str) -> DataView:
    """A data view by its id."""
    view = attributes(DATA_VIEWS[name])
    hidden = frozenset(entry["value"] for entry in view.get("sourceFilters", []))
    return DataView(name, view["title"], view.get("timeFieldName"), hidden)


@dataclass(frozen=True)
class Layer:
    """A layer of the map with its place, which its reference's name holds."""

    place: int
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.body["id"])

    @property
    def source(self) -> dict[str, Any]:
        """Where its features come from."""
        found: dict[str, Any] = self.body["sourceDescriptor"]
        return found

    @property
    def style(self) -> dict[str, Any]:
        """Style properties of a vector layer by their names."""
        found: dict[str, Any] = self.body["style"].get("properties", {})
        return found

    @property
    def view(self) -> DataView:
        """Its data view; KeyError for a basemap."""
        if self.source["type"] == "ESQL":
            return open_data_view(self.source["dataViewId"])
        return data_view(MAP, self.source["indexPatternRefName"])

    def filters_of_tooltip(self) -> list[MappedField]:
        """Fields that a tooltip offers a filter on: maps/classes/tooltips/es_tooltip_property.tsx."""
        if not self.source.get("applyGlobalQuery"):
            return []
        fields = (self.view.fields[name] for name in self.source.get("tooltipProperties", []))
        return [field for field in fields if field.kind in ("string", "date", "ip", "number")]

    def dynamic_fields(self) -> Iterator[tuple[str, str]]:
        """Yield style properties that a field decides, and the field."""
        for name, style in self.style.items():
            if style.get("type") == "DYNAMIC":
                yield name, style["options"]["field"]["name"]


LAYERS = {
    layer.id: layer
    for layer in (Layer(place, body) for place, body in enumerate(attributes(MAP)["layerListJSON"]))
}
ELASTICSEARCH_LAYERS = [layer for layer in LAYERS.values() if layer.id != "basemap"]


@dataclass(frozen=True)
class Panel:
    """A Lens visualization of one layer.

    Attributes:
        layer_id: of its layer.
        columns: by their ids, in their order.
        visualization: how they are drawn.
    """

    layer_id: str
    view: DataView
    columns: dict[str, dict[str, Any]]
    visualization: dict[str, Any]


def open_lens(one: SavedObject) -> Panel:
    """Unpack a Lens visualization; it has one layer."""
    state = attributes(one)["state"]
    ((layer_id, layer),) = state["datasourceStates"]["formBased"]["layers"].items()
    columns = {name: layer["columns"][name] for name in layer["columnOrder"]}
    view = data_view(one, f"indexpattern-datasource-layer-{layer_id}")
    return Panel(layer_id, view, columns, state["visualization"])


def controls() -> dict[str, dict[str, Any]]:
    """The dashboard's controls by their ids."""
    found: dict[str, dict[str, Any]] = attributes(DASHBOARD)["controlGroupInput"]["panelsJSON"]
    return found
