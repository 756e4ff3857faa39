"""The attributes that our saved objects use, as Kibana's source declares them: keys, types and values.

A key that is not here Kibana may refuse (a search's schema, the strict mappings of maps and dashboards) or
ignore in silence (a layer's style). Written from elastic/kibana at 8.19 and 9.x:
data_views/common/types.ts, field_formats/common/converters; saved_search/server/saved_objects
(schema_legacy.ts); maps/common (constants.ts, descriptor_types), maps/server/content_management/schema/v1;
lens/public (datasources/form_based/operations, visualizations/xy/types.ts, visualizations/datatable);
dashboard/server/content_management, controls/common. `matching` says what a shape is.
"""
from __future__ import annotations

import re
from typing import Any

from tests.kibana.matching import ANY

TEXT, NAME = re.compile(r"(?s).+"), re.compile(r"[a-z][a-z-]*")
COLOUR = re.compile(r"#[0-9A-F]{6}")
MOMENT = re.compile(r"(now|\d{4}-).*")
NUMBER = (int, float)
ZOOM = range(25)
NOTHING: list[Any] = [set()]  # an empty list: a filter, for one, needs a reference of its own
QUERY = {"query": str, "language": {"kuery", "lucene"}}
TIMES = {"from": MOMENT, "to": MOMENT}

_PATTERN = {"pattern": TEXT}
INDEX_PATTERN = {
    "title": re.compile(r"[^\s\\/?\"<>|]+"),
    "name": TEXT,
    "timeFieldName?": TEXT,
    "fieldFormatMap?": {ANY: (
        {"id": {"number", "percent", "bytes", "date"}, "params": _PATTERN},
        {"id": {"string"}},
        {"id": {"static_lookup"}, "params": {"lookupEntries": [{"key": TEXT, "value": TEXT}]}},
        {"id": {"url"}, "params": {
            "type": {"a", "img", "audio"}, "urlTemplate": TEXT, "labelTemplate": TEXT,
            "width": re.compile(r"\d+"), "height": re.compile(r"\d+"),
        }},
    )},
    "fieldAttrs": {ANY: {"customLabel": TEXT}},
    "sourceFilters": [{"value": TEXT}],
}

SEARCH = {
    "title": TEXT,
    "description": TEXT,
    "columns": [TEXT],
    "sort": [[TEXT]],
    "grid": {"columns": {ANY: {"width": range(1, 2000)}}},
    "rowHeight": range(-1, 21),
    "headerRowHeight": range(-1, 6),
    "rowsPerPage": {10, 25, 50, 100, 250, 500},
    "sampleSize": range(10, 10_001),
    "hideChart": bool,
    "isTextBasedQuery": {False},
    "viewMode": {"documents", "aggregated"},
    "timeRestore": bool,
    "kibanaSavedObjectMeta": {"searchSourceJSON": {
        "query": QUERY, "filter": NOTHING, "indexRefName": {"kibanaSavedObjectMeta.searchSourceJSON.index"},
    }},
}


# Maps


def _static(**options: Any) -> dict[str, Any]:
    return {"type": {"STATIC"}, "options": options}


def _dynamic(**options: Any) -> dict[str, Any]:
    return {"type": {"DYNAMIC"}, "options": {"field": {"name": TEXT, "origin": {"source"}}, **options}}


_FROM_DATA = {"isEnabled": bool, "sigma": NUMBER}
_SIZE = (_static(size=NUMBER), _dynamic(fieldMetaOptions=_FROM_DATA, minSize=NUMBER, maxSize=NUMBER))
_COLOUR = _static(color=COLOUR)
_VECTOR_STYLE = {"type": {"VECTOR"}, "isTimeAware": bool, "properties": {
    "fillColor?": _COLOUR,
    "lineColor?": _COLOUR,
    "lineWidth?": _SIZE,
    "symbolizeAs?": {"options": {"value": {"circle", "icon"}}},
    "icon?": _static(value={"arrow-es", "triangle", "mountain", "marker"}),  # of the 180 of @elastic/maki 6.3
    "iconSize?": _SIZE,
    "iconOrientation?": (_static(orientation=NUMBER), _dynamic(fieldMetaOptions=_FROM_DATA)),
    "labelText?": _dynamic(),
    "labelColor?": _COLOUR,
    "labelSize?": _SIZE,
    "labelBorderColor?": _COLOUR,
    "labelBorderSize?": {"options": {"size": {"NONE", "SMALL", "MEDIUM", "LARGE"}}},
    "labelPosition?": {"options": {"position": {"TOP", "CENTER", "BOTTOM"}}},
    "labelZoomRange?": {"options": {"useLayerZoomRange": bool, "minZoom": ZOOM, "maxZoom": ZOOM}},
}}
_ES_SOURCE = {
    "id": NAME, "indexPatternRefName": TEXT, "geoField": TEXT,
    "applyGlobalQuery": bool, "applyGlobalTime": bool, "applyForceRefresh": bool,
}
_SORTED = {"sortField?": TEXT, "sortOrder?": {"asc", "desc"}}


def _documents(scaling: str) -> dict[str, Any]:
    return {**_ES_SOURCE, **_SORTED, "type": {"ES_SEARCH"}, "scalingType": {scaling},
            "filterByMapBounds": bool, "tooltipProperties": [TEXT]}


def _grid(requested: str, *resolutions: str) -> dict[str, Any]:
    return {**_ES_SOURCE, "type": {"ES_GEO_GRID"}, "requestType": {requested}, "resolution": set(resolutions),
            "metrics": [{"type": {"count"}, "label?": TEXT}]}


_ESQL = {
    "type": {"ESQL"}, "id": NAME, "esql": TEXT, "columns": [{"name": TEXT, "type": {"geo_shape"}}],
    "dataViewId": TEXT, "dateField": TEXT, "geoField": TEXT, "applyForceRefresh": bool,
    "narrowByGlobalSearch": bool, "narrowByGlobalTime": bool, "narrowByMapBounds": bool,
}


def _layer(kind: str, source: Any, **more: Any) -> dict[str, Any]:
    """A layer with the sources that its type can draw."""
    return {
        "type": {kind}, "id": NAME, "label": TEXT, "visible": bool, "alpha": NUMBER, "minZoom": ZOOM,
        "maxZoom": ZOOM, "includeInFitToBounds": bool, "query?": QUERY, "sourceDescriptor": source, **more,
    }


_VECTOR = {"style": _VECTOR_STYLE, "disableTooltips?": bool}
LAYER = (
    _layer("EMS_VECTOR_TILE",
           {"type": {"EMS_TMS"}, "isAutoSelect": bool, "lightModeDefault": {"road_map_desaturated"}},
           style={"type": {"EMS_VECTOR_TILE"}, "color": str}, areLabelsOnTop=bool, locale=TEXT),
    _layer("RASTER_TILE", ({"type": {"EMS_XYZ"}, "urlTemplate": TEXT}, {"type": {"KIBANA_TILEMAP"}})),
    _layer("HEATMAP", _grid("heatmap", "COARSE", "FINE", "MOST_FINE", "SUPER_FINE"), style={
        "type": {"HEATMAP"},
        "colorRampName": {"Blues", "Greens", "Greys", "Reds", "Yellow to Red", "theclassic"},
    }),
    _layer("BLENDED_VECTOR", _documents("CLUSTERS"), **_VECTOR),
    # A point grid of the finest resolution is a layer of vector tiles: es_geo_grid_source/is_mvt.ts.
    _layer("GEOJSON_VECTOR", (_documents("LIMIT"), _grid("point", "COARSE", "FINE", "MOST_FINE"), _ESQL),
           **_VECTOR),
)
MAP = {
    "title": TEXT,
    "description": TEXT,
    "layerListJSON": [LAYER],
    "mapStateJSON": {
        "zoom": ZOOM,
        "center": {"lat": NUMBER, "lon": NUMBER},
        "timeFilters": TIMES,
        "refreshConfig": {"isPaused": bool, "interval": int},
        "query": QUERY,
        "filters": NOTHING,
        "settings": {
            "autoFitToDataBounds": bool, "backgroundColor": COLOUR, "showScaleControl": bool,
            "showSpatialFilters": bool, "showTimesliderToggleButton": bool,
            "initialLocation": {"LAST_SAVED_LOCATION", "FIXED_LOCATION", "AUTO_FIT_TO_BOUNDS"},
        },
    },
    "uiStateJSON": {"isLayerTOCOpen": bool, "openTOCDetails": [TEXT]},
}


# Charts


def _column(operation: set[str], data: set[str], scale: str, params: Any) -> dict[str, Any]:
    return {
        "operationType": operation, "dataType": data, "scale": {scale}, "isBucketed": {scale != "ratio"},
        "sourceField": {"___records___"} if operation == {"count"} else TEXT,
        "label": TEXT, "customLabel": {True}, "params": params,
    }


_MEASURED = {
    "emptyAsNull": bool,
    "format": {"id": {"number", "percent", "bytes"}, "params": {"decimals": range(16), "suffix?": str}},
}
_COLUMNS = (
    _column({"date_histogram"}, {"date"}, "interval", {
        "interval": re.compile(r"auto|\d+(ms|s|m|h|d)|1[wMqy]"), "includeEmptyRows": bool,
        "dropPartials": bool, "ignoreTimeRange?": bool,
    }),
    _column({"terms"}, {"string", "number", "boolean"}, "ordinal", {
        "size": range(1, 10_001), "orderBy": {"type": {"column"}, "columnId": TEXT},
        "orderDirection": {"asc", "desc"}, "otherBucket": bool, "missingBucket": bool,
        "parentFormat": {"id": {"terms"}}, "include": [TEXT], "exclude": [TEXT], "includeIsRegex": bool,
        "excludeIsRegex": bool,
    }),
    _column({"count"}, {"number"}, "ratio", _MEASURED),
    _column({"average", "min", "max"}, {"number"}, "ratio", _MEASURED),
)
_AXES, _SERIES = {"x": bool, "yLeft": bool, "yRight": bool}, {"bar", "bar_stacked", "line", "area"}
_XY = {
    "legend": {"isVisible": bool, "position": {"top", "left", "right", "bottom"}},
    "valueLabels": {"hide", "show"},
    "preferredSeriesType": _SERIES,
    "fittingFunction": {"None", "Zero", "Linear", "Carry"},
    "axisTitlesVisibilitySettings": _AXES,
    "tickLabelsVisibilitySettings": _AXES,
    "gridlinesVisibilitySettings": _AXES,
    "labelsOrientation": dict.fromkeys(_AXES, NUMBER),
    "yLeftExtent?": {"mode": {"full", "dataBounds"}},
    "layers": [{
        "layerId": TEXT, "layerType": {"data"}, "seriesType": _SERIES, "position": {"top"},
        "showGridlines": bool, "xAccessor": TEXT, "accessors": [TEXT],
        "yConfig": [{"forAccessor": TEXT, "color": COLOUR}],
    }],
}
_TABLE = {
    "layerId": TEXT,
    "layerType": {"data"},
    "columns": [{"columnId": TEXT, "oneClickFilter?": bool, "alignment?": {"left", "right", "center"},
                 "width?": range(1, 1000)}],
    "paging": {"enabled": bool, "size": int},
    "rowHeight": {"auto", "custom"},
    "rowHeightLines": int,
}


def _lens(kind: str, visualization: Any) -> dict[str, Any]:
    layer = {"columns": {ANY: _COLUMNS}, "columnOrder": [TEXT], "incompleteColumns": {}, "sampling": {1}}
    return {"title": TEXT, "description": TEXT, "visualizationType": {kind}, "state": {
        "datasourceStates": {"formBased": {"layers": {ANY: layer}}}, "visualization": visualization,
        "query": QUERY, "filters": NOTHING, "internalReferences": NOTHING, "adHocDataViews": {},
    }}


LENS = (_lens("lnsXY", _XY), _lens("lnsDatatable", _TABLE))


# The dashboard


def _panel(kind: str, **config: Any) -> dict[str, Any]:
    return {
        "type": {kind}, "panelIndex": NAME, "panelRefName": re.compile(r"panel_[a-z-]+"),
        "gridData": {"x": range(48), "y": range(1000), "w": range(1, 49), "h": range(1, 100), "i": NAME},
        "embeddableConfig": {"enhancements": {}, **config},
    }


def _control(kind: str, **chosen: Any) -> dict[str, Any]:
    return {"type": {kind}, "order": range(20), "width": {"small", "medium", "large"}, "grow": bool,
            "explicitInput": {"id": NAME, **chosen}}


DASHBOARD = {
    "title": TEXT,
    "description": TEXT,
    "panelsJSON": [(
        _panel("lens"),
        _panel("search"),
        _panel("map", mapCenter={"lat": NUMBER, "lon": NUMBER, "zoom": ZOOM}, hiddenLayers=[TEXT],
               isLayerTOCOpen=bool, openTOCDetails=[TEXT], filterByMapExtent=bool),
    )],
    "optionsJSON": dict.fromkeys(
        ("useMargins", "syncColors", "syncCursor", "syncTooltips", "hidePanelTitles"), bool),
    "timeRestore": {True},
    "timeFrom": MOMENT,
    "timeTo": MOMENT,
    "refreshInterval": {"pause": bool, "value": int},
    "kibanaSavedObjectMeta": {"searchSourceJSON": {"query": QUERY, "filter": NOTHING}},
    "controlGroupInput": {
        "controlStyle": {"oneLine", "twoLine"},
        "chainingSystem": {"HIERARCHICAL", "NONE"},
        "showApplySelections": bool,
        "ignoreParentSettingsJSON": dict.fromkeys(
            ("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations"), bool),
        "panelsJSON": {ANY: (
            _control("optionsListControl", fieldName=TEXT, title=TEXT, singleSelect=bool,
                     searchTechnique={"prefix", "wildcard", "exact"}, selectedOptions=[TEXT],
                     sort={"by": {"_count", "_key"}, "direction": {"asc", "desc"}}),
            _control("rangeSliderControl", fieldName=TEXT, title=TEXT, step=NUMBER),
            _control("timeSlider"),
        )},
    },
}

SHAPES = {"index-pattern": INDEX_PATTERN, "search": SEARCH, "map": MAP, "lens": LENS, "dashboard": DASHBOARD}
