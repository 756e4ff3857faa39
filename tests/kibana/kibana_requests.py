"""The Elasticsearch requests that Kibana makes for our objects, built from the objects' own JSON.

Written after Kibana's source, whose files each function names (paths under elastic/kibana; maps stands for
x-pack/platform/plugins/shared/maps/public/classes, data for src/platform/plugins/shared/data). What does not
change the answer, such as execution contexts and search sessions, is left out.
"""
from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.kibana.own_objects import GALLERY, DataView, Layer, Panel, attributes, data_view

MAX_RESULT_WINDOW = 10_000
MAX_BUCKETS = 65_535

# Levels of the tile grid beyond the map's zoom: maps/sources/es_geo_grid_source/es_geo_grid_source.tsx.
GRID_LEVELS = {"COARSE": 2, "FINE": 3, "MOST_FINE": 4, "SUPER_FINE": 8}

Request = dict[str, Any]


@dataclass(frozen=True)
class Extent:
    """What a map shows, degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def box(self) -> Request:
        """As geo_bounding_box and geotile_grid take it (maps/common/elasticsearch_util, makeESBbox)."""
        return {"top_left": [self.west, self.north], "bottom_right": [self.east, self.south]}

    def holds(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north


@dataclass(frozen=True)
class Page:
    """What a person has chosen: the map's view, the time range, the peaks that are ticked."""

    extent: Extent
    zoom: float
    start: datetime
    end: datetime
    ticked: tuple[str, ...] = ()

    def filters(self) -> list[Request]:
        """Ticked values (kbn-es-query/src/filters/build_filters/phrases_filter.ts)."""
        phrases = [{"match_phrase": {"predicted_peak_labels": label}} for label in self.ticked]
        return [{"bool": {"minimum_should_match": 1, "should": phrases}}] if phrases else []

    def times(self, view: DataView) -> list[Request]:
        """The time range on a view's time field (data/common/query/timefilter/get_time.ts)."""
        bounds = {
            "format": "strict_date_optional_time",
            "gte": self.start.isoformat(timespec="milliseconds"),
            "lte": self.end.isoformat(timespec="milliseconds"),
        }
        return [{"range": {view.time_field: bounds}}] if view.time_field else []

    def query(self, view: DataView) -> Request:
        """What a panel searches."""
        return all_of([*self.filters(), *self.times(view)])


def all_of(clauses: Iterable[Request]) -> Request:
    """A query of filters, as buildEsQuery gives it (kbn-es-query/src/es_query/build_es_query.ts)."""
    return {"bool": {"must": [], "filter": list(clauses), "should": [], "must_not": []}}


# Layers


def layer_query(layer: Layer, page: Page) -> Request:
    """What narrows a layer's documents: maps/sources/es_source/es_source.ts, makeSearchSource."""
    source, geo = layer.source, layer.source["geoField"]
    exists = {"exists": {"field": geo}}
    clauses: list[Request] = [{"bool": {"must": [exists, {"geo_bounding_box": {geo: page.extent.box}}]}}]
    if source.get("applyGlobalQuery", source.get("narrowByGlobalSearch")):
        clauses += page.filters()
    if source.get("applyGlobalTime", source.get("narrowByGlobalTime")):
        clauses += page.times(layer.view)
    # `field : *` is the one form of KQL that our layers use.
    for field in re.findall(r"^([\w.]+) : \*$", layer.body.get("query", {}).get("query", "")):
        clauses.append({"bool": {"should": [{"exists": {"field": field}}], "minimum_should_match": 1}})
    return all_of(clauses)


def documents_request(layer: Layer, page: Page) -> Request:
    """maps/sources/es_search_source/es_search_source.tsx, _getSearchHits."""
    source = layer.source
    sort: list[Any] = ["_doc"]
    if "sortField" in source:
        sort = [{source["sortField"]: {"order": source["sortOrder"]}}]
    return {
        "size": MAX_RESULT_WINDOW,
        "docvalue_fields": sorted({name for _, name in layer.dynamic_fields()}),
        "fields": [source["geoField"]],
        "_source": False,
        "query": layer_query(layer, page),
        "sort": sort,
    }


def tooltip_request(layer: Layer, hit: Mapping[str, Any]) -> Request:
    """es_search_source.tsx, _loadTooltipProperties."""
    fields = [layer.view.fields[name] for name in layer.source["tooltipProperties"]]
    this = ({"match_phrase": {key: hit[key]}} for key in ("_id", "_index"))
    return {
        "size": 1,
        "fields": [with_format(field.name, field.kind) for field in fields],
        "_source": False,
        "query": all_of({"bool": {"should": [one], "minimum_should_match": 1}} for one in this),
    }


def tooltip_filter(name: str, values: Iterable[Any]) -> Request:
    """The button beside a value: maps/tooltips/es_tooltip_property.tsx, getESFilters, one filter a value."""
    return all_of({"match_phrase": {name: value}} for value in values)


def with_format(name: str, kind: str) -> str | Request:
    """A field as Kibana asks for it (data/common/search/search_source/search_source.ts)."""
    return {"field": name, "format": "strict_date_optional_time"} if kind == "date" else name


def grid_request(layer: Layer, page: Page) -> Request:
    """Counts in the tiles of a grid: es_geo_grid_source.tsx, _nonCompositeAggRequest.

    A heat map asks for the same counts as vector tiles (heatmap_layer.ts), which are searches of this kind.
    """
    geo = layer.source["geoField"]
    assert [metric["type"] for metric in layer.source["metrics"]] == ["count"]  # no sub-aggregations
    precision = min(math.ceil(page.zoom) + GRID_LEVELS[layer.source["resolution"]], 29)
    grid = {"bounds": page.extent.box, "field": geo, "precision": precision, "size": MAX_BUCKETS}
    centroid = {"gridCentroid": {"geo_centroid": {"field": geo}}}
    return {
        "size": 0,
        "query": layer_query(layer, page),
        "aggs": {"gridSplit": {"geotile_grid": grid, "aggs": centroid}},
    }


def esql_request(layer: Layer, page: Page) -> Request:
    """maps/sources/esql_source/esql_source.tsx, getGeoJsonWithMeta; data/server/search/strategies."""
    return {"query": layer.source["esql"], "filter": layer_query(layer, page)}


# Panels


def gallery_request(page: Page) -> Request:
    """Discover's grid: all fields but the hidden ones (data/common/search/search_source/search_source.ts)."""
    body = attributes(GALLERY)
    view = data_view(GALLERY, body["kibanaSavedObjectMeta"]["searchSourceJSON"]["indexRefName"])
    return {
        "size": body["sampleSize"],
        "sort": [{name: {"order": order, "unmapped_type": "boolean"}} for name, order in body["sort"]],
        "fields": [with_format(field.name, field.kind) for field in view.shown.values()],
        "_source": False,
        "query": page.query(view),
    }


def lens_request(panel: Panel, page: Page) -> Request:
    """A chart's aggregations: lens/public/datasources/form_based/to_expression.ts, then esaggs."""
    inner: Request = {}
    for place, column in reversed(list(enumerate(panel.columns.values()))):
        made = _aggregation(panel, column)
        if column["isBucketed"]:
            inner = {str(place): {**made, **({"aggs": inner} if inner else {})}}
        elif made:
            inner[str(place)] = made
    return {"size": 0, "aggs": inner, "query": page.query(panel.view)}


def _aggregation(panel: Panel, column: Mapping[str, Any]) -> Request:
    kind, field, params = column["operationType"], column["sourceField"], column["params"]
    if kind == "count":
        return {}  # each bucket has one
    if kind == "average":
        return {"avg": {"field": field}}
    if kind == "date_histogram":
        # data/common/search/aggs/buckets/date_histogram.ts; one of a unit is a calendar interval
        return {"date_histogram": {
            "field": field, "calendar_interval": params["interval"], "time_zone": "UTC",
            "min_doc_count": 0 if params["includeEmptyRows"] else 1,
        }}
    assert kind == "terms" and panel.columns[params["orderBy"]["columnId"]]["operationType"] == "count"
    return {"terms": {"field": field, "size": params["size"], "order": {"_count": params["orderDirection"]}}}
