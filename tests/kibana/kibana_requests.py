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

from tests.kibana.mapped_fields import MappedField
from tests.kibana.own_objects import GALLERY, DataView, Layer, Panel, attributes, data_view

MAX_RESULT_WINDOW = 10_000
MAX_BUCKETS = 65_535
MAX_BARS = 1_000  # histogram:maxBars; beyond it Kibana takes a longer interval

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


@dataclass(frozen=True)
class Page:
    """What a person has chosen: the map's view, the time range, filters."""

    extent: Extent
    zoom: float
    start: datetime
    end: datetime
    filters: tuple[Request, ...] = ()

    @property
    def times(self) -> Request:
        """The time range as Kibana writes it (data/common/query/timefilter/get_time.ts)."""
        return {
            "format": "strict_date_optional_time",
            "gte": self.start.isoformat(timespec="milliseconds"),
            "lte": self.end.isoformat(timespec="milliseconds"),
        }


def all_of(clauses: Iterable[Request]) -> Request:
    """A query of filters, as buildEsQuery gives it (kbn-es-query/src/es_query/build_es_query.ts)."""
    return {"bool": {"must": [], "filter": list(clauses), "should": [], "must_not": []}}


def time_filters(view: DataView, page: Page) -> list[Request]:
    """The time range on a data view's time field."""
    return [{"range": {view.time_field: page.times}}] if view.time_field else []


def is_one_of(field: str, values: Iterable[str]) -> Request:
    """The filter of ticked values (kbn-es-query/src/filters/build_filters/phrases_filter.ts)."""
    phrases = [{"match_phrase": {field: value}} for value in values]
    return {"bool": {"minimum_should_match": 1, "should": phrases}}


# Layers


def layer_filters(layer: Layer, page: Page, extent: Extent) -> list[Request]:
    """What narrows a layer's documents: maps/sources/es_source/es_source.ts, makeSearchSource."""
    source, geo = layer.source, layer.source.get("geoField") or layer.source["destGeoField"]
    clauses = list(page.filters) if source.get("applyGlobalQuery", source.get("narrowByGlobalSearch")) else []
    clauses.append(extent_filter(geo, extent))
    if source.get("applyGlobalTime", source.get("narrowByGlobalTime")):
        clauses += time_filters(layer.view, page)
    return clauses + kuery_clauses(layer.body.get("query", {}).get("query", ""))


def extent_filter(field: str, extent: Extent) -> Request:
    """maps/common/elasticsearch_util/spatial_filter_utils.ts, createExtentFilter."""
    return {"bool": {"must": [{"exists": {"field": field}}, {"geo_bounding_box": {field: extent.box}}]}}


def kuery_clauses(query: str) -> list[Request]:
    """The one form of KQL that our layers use, ``field : *``."""
    if not query:
        return []
    found = re.fullmatch(r"([\w.]+) : \*", query)
    assert found, query
    return [{"bool": {"should": [{"exists": {"field": found[1]}}], "minimum_should_match": 1}}]


def documents_request(layer: Layer, page: Page) -> Request:
    """maps/sources/es_search_source/es_search_source.tsx, _getSearchHits."""
    source, view = layer.source, layer.view
    styled = {name for _, name in layer.dynamic_fields()}
    sort = {"sort": [{source["sortField"]: {"order": source["sortOrder"]}}]} if "sortField" in source else {}
    return {
        "size": MAX_RESULT_WINDOW,
        "track_total_hits": MAX_RESULT_WINDOW + 1,
        "docvalue_fields": [doc_value(view.fields[name]) for name in sorted(styled)],
        "fields": [source["geoField"]],
        "stored_fields": ["*"],
        "runtime_mappings": {},
        "_source": False,
        "query": all_of(layer_filters(layer, page, page.extent)),
        **sort,
    }


def doc_value(field: MappedField) -> str | Request:
    """maps/sources/es_search_source/util/get_docvalue_source_fields.ts."""
    assert field.aggregatable
    return {"field": field.name, "format": "epoch_millis"} if field.kind == "date" else field.name


def count_request(layer: Layer, page: Page) -> Request:
    """Whether a layer with CLUSTERS can draw each document: es_search_source.tsx, canLoadAllDocuments."""
    assert layer.source["scalingType"] == "CLUSTERS"
    query = all_of(layer_filters(layer, page, page.extent))
    return {"size": 0, "track_total_hits": MAX_RESULT_WINDOW + 1, "query": query}


def tooltip_request(layer: Layer, hit: Mapping[str, Any]) -> Request:
    """es_search_source.tsx, _loadTooltipProperties."""
    view, names = layer.view, layer.source["tooltipProperties"]
    this = ({"match_phrase": {key: hit[key]}} for key in ("_id", "_index"))
    dated = {"format": "strict_date_optional_time"}
    return {
        "size": 1,
        "track_total_hits": False,
        "fields": [{"field": n, **dated} if view.fields[n].kind == "date" else n for n in names],
        "_source": False,
        "query": all_of({"bool": {"should": [one], "minimum_should_match": 1}} for one in this),
    }


def style_range_request(layer: Layer, page: Page) -> Request:
    """Least and greatest value of each field that decides a style: es_source.ts, loadStylePropsMeta."""
    fields = [
        style["options"]["field"]["name"] for style in layer.style.values()
        if style["options"].get("fieldMetaOptions", {}).get("isEnabled")
    ]
    times = time_filters(layer.view, page) if layer.body["style"]["isTimeAware"] else []
    clauses = times + kuery_clauses(layer.body.get("query", {}).get("query", ""))
    aggregations = {f"{name}_range": {"extended_stats": {"field": name}} for name in fields}
    return {"size": 0, "aggs": aggregations, "query": all_of(clauses)}


# Levels of the tile grid beyond the map's zoom: maps/sources/es_geo_grid_source/es_geo_grid_source.tsx.
GRID_LEVELS = {"COARSE": 2, "FINE": 3, "MOST_FINE": 4, "SUPER_FINE": 8}
TILE_EXTENT = 4096  # the coordinates to a side of a vector tile: maps/common/mvt_request_body.ts


def grid_request(layer: Layer, page: Page) -> Request:
    """Clusters by the tiles of a grid: es_geo_grid_source.tsx, _nonCompositeAggRequest."""
    geo, precision = layer.source["geoField"], grid_precision(layer.source["resolution"], page.zoom)
    extent = to_tile_boundaries(page.extent, precision)
    assert [metric["type"] for metric in layer.source["metrics"]] == ["count"]  # no sub-aggregations
    return {
        "size": 0,
        "track_total_hits": False,
        "query": all_of(layer_filters(layer, page, extent)),
        "aggs": {"gridSplit": grid(geo, precision, page.extent)},
    }


def blended_grid_request(layer: Layer, page: Page) -> Request:
    """The clusters of a layer that has too many documents: blended_vector_layer.ts, getClusterSource."""
    source = {**layer.source, "resolution": "COARSE", "metrics": [{"type": "count"}]}
    assert not list(layer.dynamic_fields())  # each would become a metric of the clusters
    return grid_request(Layer(layer.place, {**layer.body, "sourceDescriptor": source}), page)


def grid(geo: str, precision: int, extent: Extent) -> Request:
    """geotile_grid with the mean place of each tile's documents."""
    return {
        "geotile_grid": {
            "bounds": extent.box, "field": geo, "precision": precision, "size": MAX_BUCKETS,
            "shard_size": MAX_BUCKETS,
        },
        "aggs": {"gridCentroid": {"geo_centroid": {"field": geo}}},
    }


def grid_precision(resolution: str, zoom: float) -> int:
    """es_geo_grid_source.tsx, getGeoGridPrecision."""
    return min(math.ceil(zoom) + GRID_LEVELS[resolution], 29)


def to_tile_boundaries(extent: Extent, zoom: int) -> Extent:
    """maps/util/geo_tile_utils.ts, expandToTileBoundaries."""
    left, top = tile_of(extent.west, extent.north, zoom)
    right, bottom = tile_of(extent.east, extent.south, zoom)
    north_west, south_east = tile_box(left, top, zoom), tile_box(right, bottom, zoom)
    return Extent(north_west.west, south_east.south, south_east.east, north_west.north)


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Column and row of a place's tile (Web Mercator)."""
    count, radians = 2**zoom, math.radians(lat)
    row = (1 - math.asinh(math.tan(radians)) / math.pi) / 2 * count
    return math.floor((lon + 180) / 360 * count), math.floor(row)


def tile_box(column: int, row: int, zoom: int) -> Extent:
    """The degrees that a tile covers."""
    count = 2**zoom
    west, east = column / count * 360 - 180, (column + 1) / count * 360 - 180

    def latitude(edge: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi - 2 * math.pi * edge / count)))

    return Extent(west, latitude(row + 1), east, latitude(row))


def heat_tile_request(layer: Layer, page: Page, column: int, row: int) -> tuple[str, Request]:
    """A tile of a heat map: heatmap_layer.ts; es_geo_grid_source.tsx, getTileUrl; mvt_request_body.ts.

    Returns:
        Path and body for Elasticsearch's vector tile search API.
    """
    geo, source = layer.source["geoField"], layer.source
    assert [metric["type"] for metric in source["metrics"]] == ["count"]  # no sub-aggregations
    return f"/{layer.view.index}/_mvt/{geo}/{int(page.zoom)}/{column}/{row}", {
        "buffer": 0,
        "size": 0,
        "grid_precision": GRID_LEVELS[source["resolution"]],
        "exact_bounds": False,
        "extent": TILE_EXTENT,
        "query": all_of([*page.filters, *time_filters(layer.view, page), {"exists": {"field": geo}}]),
        "grid_agg": "geotile",
        "grid_type": "centroid",
        "aggs": {},
        "runtime_mappings": {},
        "with_labels": False,
    }


def esql_request(layer: Layer, page: Page) -> tuple[str, Request]:
    """maps/sources/esql_source/esql_source.tsx, getGeoJsonWithMeta; data/server/search/strategies.

    Returns:
        Path and body for Elasticsearch's ES|QL API.
    """
    return "/_query?drop_null_columns", {
        "query": layer.source["esql"],
        "filter": all_of(layer_filters(layer, page, page.extent)),
    }


def bounds_request(layer: Layer, page: Page) -> Request:
    """Fit to data: es_source.ts, getBoundsForFilters."""
    return {
        "size": 0, "track_total_hits": False, "query": all_of(time_filters(layer.view, page)),
        "aggs": {"fitToBounds": {"geo_bounds": {"field": layer.source["geoField"]}}},
    }


# Panels and controls


def gallery_request(page: Page) -> Request:
    """Discover's grid: all fields but the hidden ones (data/common/search/search_source/search_source.ts)."""
    body = attributes(GALLERY)
    view = data_view(GALLERY, body["kibanaSavedObjectMeta"]["searchSourceJSON"]["indexRefName"])
    dated = {"format": "strict_date_optional_time"}
    return {
        "size": body["sampleSize"],
        "sort": [{name: {"order": order, "unmapped_type": "boolean"}} for name, order in body["sort"]],
        "version": True,
        "fields": [
            {"field": field.name, **dated} if field.kind == "date" else {"field": field.name}
            for field in view.shown.values()
        ],
        "stored_fields": ["*"],
        "runtime_mappings": {},
        "_source": False,
        "query": all_of([*page.filters, *time_filters(view, page)]),
    }


def lens_request(panel: Panel, page: Page) -> Request:
    """A chart's aggregations: lens/public/datasources/form_based/to_expression.ts, then esaggs."""
    inner: Request = {}
    for place, (name, column) in reversed(list(enumerate(panel.columns.items()))):
        made = _aggregation(panel, name, column, page)
        if column["isBucketed"]:
            inner = {str(place): {**made, **({"aggs": inner} if inner else {})}}
        elif made:
            inner[str(place)] = made
    return {"size": 0, "aggs": inner, "query": all_of([*page.filters, *time_filters(panel.view, page)])}


def _aggregation(panel: Panel, name: str, column: Mapping[str, Any], page: Page) -> Request:
    kind = column["operationType"]
    if kind == "count":
        return {}  # each bucket has one
    if kind == "average":
        return {"avg": {"field": column["sourceField"]}}
    if kind == "date_histogram":
        return {"date_histogram": _date_histogram(panel, column, page)}
    assert kind == "terms" and column["params"]["orderBy"]["type"] == "column"
    ordered_by = panel.columns[column["params"]["orderBy"]["columnId"]]
    assert ordered_by["operationType"] == "count"
    return {"terms": {
        "field": column["sourceField"], "size": column["params"]["size"], "shard_size": 1000,
        "order": {"_count": column["params"]["orderDirection"]},
    }}


def _date_histogram(panel: Panel, column: Mapping[str, Any], page: Page) -> Request:
    """data/common/search/aggs/buckets/date_histogram.ts; one of a unit is a calendar interval."""
    params = column["params"]
    body: Request = {
        "field": column["sourceField"], "calendar_interval": params["interval"], "time_zone": "UTC",
        "min_doc_count": 0 if params["includeEmptyRows"] else 1,
    }
    if column["sourceField"] == panel.view.time_field:
        assert params["interval"] == "1d" and (page.end - page.start).days <= MAX_BARS
        if params["includeEmptyRows"]:
            first, last = (int(moment.timestamp() * 1000) for moment in (page.start, page.end))
            body["extended_bounds"] = {"min": first, "max": last}
    return body


def options_request(view: DataView, control: Mapping[str, Any], page: Page) -> Request:
    """What a list of options offers: controls/server/options_list/suggestion_queries."""
    field, sort = control["explicitInput"]["fieldName"], control["explicitInput"]["sort"]
    return {
        "size": 0,
        "query": all_of([*page.filters, *time_filters(view, page)]),
        "aggs": {
            "suggestions": {"terms": {
                "size": 10, "field": field, "shard_size": 10, "order": {sort["by"]: sort["direction"]},
            }},
            "unique_terms": {"cardinality": {"field": field}},
        },
    }


def range_request(view: DataView, control: Mapping[str, Any], page: Page) -> Request:
    """The ends of a range slider: controls/public/controls/data_controls/range_slider/min_max.ts."""
    field = control["explicitInput"]["fieldName"]
    return {
        "size": 0, "track_total_hits": True, "query": all_of([*page.filters, *time_filters(view, page)]),
        "aggs": {"maxAgg": {"max": {"field": field}}, "minAgg": {"min": {"field": field}}},
    }
