"""Every saved object: as Kibana's sources say it must be, and about fields that our indices have.

No Kibana runs here. The schemas under `schemas/` were written from Kibana's source and name its files; what
a schema cannot say, that references, layers, fields and panels fit one another, is tested below.
"""
from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from loader.elastic.kibana_sources import SOURCES, SavedObject, pack_objects, read_objects
from loader.files.photo import make_thumbnail
from tests.kibana.mapped_fields import MappedField
from tests.kibana.own_objects import (
    DASHBOARD,
    DATA_VIEWS,
    ELASTICSEARCH_LAYERS,
    GALLERY,
    LAYERS,
    LENSES,
    MAP,
    OBJECTS,
    Layer,
    Panel,
    attributes,
    controls,
    data_view,
    open_data_view,
    open_lens,
    references,
)

SCHEMAS = Path(__file__).parent / "schemas"
FILES = sorted(SOURCES.rglob("*.json"))
each_object = pytest.mark.parametrize("one", OBJECTS.values(), ids=lambda one: str(one.id))
each_layer = pytest.mark.parametrize("layer", ELASTICSEARCH_LAYERS, ids=lambda layer: str(layer.id))
each_lens = pytest.mark.parametrize("one", LENSES.values(), ids=lambda one: str(one.id))
each_view = pytest.mark.parametrize("one", DATA_VIEWS.values(), ids=lambda one: str(one.id))

# What 8.19 and 9.x both take; a newer one 8.19 refuses.
HIGHEST = {
    "index-pattern": "8.0.0", "map": "8.4.0", "search": "10.5.0", "dashboard": "10.3.0", "lens": "8.9.0",
}


# Files, ids, versions


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_file_is_pretty_and_named_as_its_object(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    one = json.loads(text)
    assert text == json.dumps(one, indent=2, ensure_ascii=False) + "\n"
    slug = file.stem.replace("_", "-")
    assert one["id"] == f"peaks-{slug.removeprefix('peaks-')}"
    assert one["type"] == file.parent.name


def test_every_file_is_packed_once_under_an_id_of_its_own() -> None:
    packed = [json.loads(line) for line in pack_objects(read_objects()).decode().splitlines()]
    assert len(packed) == len(FILES) == len({one["id"] for one in packed}) == len(OBJECTS)
    assert all(one["id"].startswith("peaks-") for one in packed)


@each_object
def test_versions_are_those_that_both_kibanas_take(one: SavedObject) -> None:
    def order(version: str) -> list[int]:
        return [int(part) for part in version.split(".")]

    assert order(one.body["typeMigrationVersion"]) <= order(HIGHEST[one.type])
    assert one.body["coreMigrationVersion"] == "8.8.0"


# Schemas


@pytest.mark.parametrize("file", sorted(SCHEMAS.glob("*.json")), ids=lambda file: file.stem)
def test_schema_is_one_and_says_what_it_was_written_from(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    assert text == json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    assert "elastic/kibana" in schema["$comment"]
    assert file.stem in {one.type for one in OBJECTS.values()}


def schema_of(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8")))


@each_object
def test_attributes_follow_kibanas_schema(one: SavedObject) -> None:
    errors = schema_of(one.type).iter_errors(attributes(one))
    assert not [f"{error.json_path}: {error.message}" for error in errors]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("peaks-photos-and-peaks", "layerListJSON.0.type", "VECTOR_TILE"),
        ("peaks-photos-and-peaks", "layerListJSON.6.style.properties.icon.options.value", "yeti"),
        ("peaks-photos-and-peaks", "layerListJSON.4.sourceDescriptor.scalingType", "NONE"),
        ("peaks-photos-and-peaks", "layerListJSON.1.style.colorRampName", "viridis"),
        ("peaks-photos-and-peaks", "mapStateJSON.zoom", 25),
        ("peaks-photos", "fieldFormatMap.altitude.params.suffix", " m"),
        ("peaks-gallery", "rowHeight", 21),
        ("peaks-photos-a-day", "state.visualization.layers.0.seriesType", "bars"),
        ("peaks-most-photographed", "state.visualization.columns.0.oneClick", True),
        ("peaks-trek", "controlGroupInput.panelsJSON.time.type", "timeSliderControl"),
    ],
)
def test_schemas_refuse_what_kibana_does_not_know(name: str, path: str, value: Any) -> None:
    spoiled = json.loads(json.dumps(attributes(OBJECTS[name])))
    *above, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    parent = spoiled
    for step in above:
        parent = parent[step]
    parent[last] = value
    assert not schema_of(OBJECTS[name].type).is_valid(spoiled)


# References: all that are used are there, all that are there are used


def used_references(one: SavedObject) -> Iterator[tuple[str, str]]:
    """Yield name and type of each reference that an object's attributes use, by Kibana's conventions."""
    body = attributes(one)
    if one.type == "search":
        yield body["kibanaSavedObjectMeta"]["searchSourceJSON"]["indexRefName"], "index-pattern"
    elif one.type == "map":
        for place, layer in enumerate(body["layerListJSON"]):
            name = layer["sourceDescriptor"].get("indexPatternRefName")
            if name is not None:
                assert name == f"layer_{place}_source_index_pattern"
                yield name, "index-pattern"
    elif one.type == "lens":
        for layer_id in body["state"]["datasourceStates"]["formBased"]["layers"]:
            yield f"indexpattern-datasource-layer-{layer_id}", "index-pattern"
    elif one.type == "dashboard":
        yield from used_by_dashboard(body)


def used_by_dashboard(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for panel in body["panelsJSON"]:
        assert panel["panelRefName"] == f"panel_{panel['panelIndex']}"
        yield f"{panel['panelIndex']}:{panel['panelRefName']}", panel["type"]
    suffixes = {"optionsListControl": "optionsListDataView", "rangeSliderControl": "rangeSliderDataView"}
    for name, control in body["controlGroupInput"]["panelsJSON"].items():
        if control["type"] in suffixes:
            yield f"controlGroup_{name}:{suffixes[control['type']]}", "index-pattern"


@each_object
def test_references_are_complete_and_used(one: SavedObject) -> None:
    used = list(used_references(one))
    assert len(used) == len(set(used))
    assert {name: kind for name, (kind, _) in references(one).items()} == dict(used)
    assert len(references(one)) == len(one.body["references"])
    for kind, target in references(one).values():
        assert OBJECTS[target].type == kind


def test_nothing_but_the_concepts_is_left_over() -> None:
    """Every object is on the dashboard, directly or not; concepts stand by themselves, for Discover."""
    seen, waiting = set[str](), ["peaks-trek"]
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting += [target for _, target in references(OBJECTS[name]).values() if target not in seen]
    assert set(OBJECTS) - seen == {"peaks-concepts"}


# Data views


@each_view
def test_data_view_speaks_of_fields_that_there_are(one: SavedObject) -> None:
    view, body = open_data_view(one.id), attributes(one)
    named = {*body.get("fieldFormatMap", {}), *body["fieldAttrs"], *view.hidden}
    assert named <= set(view.fields)
    if view.time_field is not None:
        assert view.fields[view.time_field].kind == "date"


@each_view
def test_every_field_that_a_person_meets_has_a_name_for_people(one: SavedObject) -> None:
    view, body = open_data_view(one.id), attributes(one)
    labels = {name: entry["customLabel"] for name, entry in body["fieldAttrs"].items()}
    assert set(labels) == set(view.shown)
    assert len(set(labels.values())) == len(labels)
    assert all(label[0].isupper() and "_" not in label for label in labels.values())


@each_view
def test_vectors_are_hidden_and_nothing_else(one: SavedObject) -> None:
    """A hidden field is not fetched, not even for a tooltip or a column that names it."""
    view = open_data_view(one.id)
    assert view.hidden == {name for name, field in view.fields.items() if field.type == "dense_vector"}


# Kibana's field types that each format is for; elastic/kibana, field_formats/common/converters (fieldType).
FORMATS_TAKE = {
    "number": {"number"}, "percent": {"number"}, "bytes": {"number"}, "date": {"date"},
    "url": {"number", "boolean", "date", "string"}, "static_lookup": {"string", "number", "boolean"},
    "string": {"number", "boolean", "date", "geo_point", "string"},
}
# @elastic/numeral prints nothing else: `0,0 [m]` gives 6,812 without the m, so units stand in the labels.
NUMERAL = re.compile(r"0(,0)?(\.0+)?( ?%| b)?")


@each_view
def test_formats_fit_their_fields(one: SavedObject) -> None:
    view = open_data_view(one.id)
    for name, written in attributes(one).get("fieldFormatMap", {}).items():
        assert view.fields[name].kind in FORMATS_TAKE[written["id"]], name
        if written["id"] in ("number", "percent", "bytes"):
            assert NUMERAL.fullmatch(written["params"]["pattern"]), name


def test_units_stand_in_the_names_of_fields() -> None:
    """Every number of the photos has a format, and says its unit unless it has none."""
    view, body = open_data_view("peaks-photos"), attributes(DATA_VIEWS["peaks-photos"])
    for field in view.shown.values():
        if field.kind == "number":
            written, label = body["fieldFormatMap"][field.name], body["fieldAttrs"][field.name]["customLabel"]
            without_unit = written["id"] in ("percent", "bytes") or field.name.endswith("cosine")
            assert without_unit or re.search(r"\((m|mm|°|px)\)$", label), field.name
            assert (written["id"] == "percent") == field.name.endswith("probability")


def test_lookups_know_every_value() -> None:
    formats = attributes(DATA_VIEWS["peaks-photos"])["fieldFormatMap"]

    def keys(name: str) -> set[str]:
        return {entry["key"] for entry in formats[name]["params"]["lookupEntries"]}

    assert keys("has_gps") == {"true", "false"}
    assert keys("predicted_peaks_evidence") == keys("predictions.evidence") == {"visual", "sight", "both"}


def test_thumbnail_becomes_a_picture() -> None:
    """Kibana puts the field into the URL as it is with rawValue; with value it would be URI-encoded."""
    written = attributes(DATA_VIEWS["peaks-photos"])["fieldFormatMap"]["thumbnail"]
    stored = make_thumbnail(Image.new("RGB", (400, 300), "teal"))
    template = written["params"]["urlTemplate"]
    assert re.findall(r"{{(.+?)}}", template) == ["rawValue"]
    url = template.replace("{{rawValue}}", stored)
    head, _, content = url.partition(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(content, validate=True))) as picture:
        assert picture.format == "JPEG" and picture.size == (256, 192)
    assert "{{" not in written["params"]["labelTemplate"]  # else the alternative text repeats the picture
    assert "thumbnail" in open_data_view("peaks-photos").shown


# The map


# Layer type to the sources, and for these to what else must hold. KIBANA.md's tables; elastic/kibana,
# maps/public/classes/layers and sources (es_geo_grid_source/is_mvt.ts for the last two of ES_GEO_GRID).
def belongs(layer: Layer) -> bool:
    kind, source = layer.body["type"], layer.source
    if kind == "EMS_VECTOR_TILE":
        return bool(source["type"] == "EMS_TMS")
    if kind == "HEATMAP":
        return bool(source["type"] == "ES_GEO_GRID" and source["requestType"] == "heatmap")
    if kind == "BLENDED_VECTOR":
        return bool(source["type"] == "ES_SEARCH" and source["scalingType"] == "CLUSTERS")
    if kind == "GEOJSON_VECTOR":
        return {
            "ES_SEARCH": source.get("scalingType") in ("LIMIT", "TOP_HITS"),
            "ES_GEO_GRID": source.get("requestType") in ("point", "grid")
            and source.get("resolution") != "SUPER_FINE",
            "ES_PEW_PEW": True,
            "ESQL": True,
        }.get(source["type"], False)
    return False


@pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: str(layer.id))
def test_layer_and_source_belong_together(layer: Layer) -> None:
    assert belongs(layer)
    assert layer.body["minZoom"] < layer.body["maxZoom"]


def test_layers_and_sources_have_ids_of_their_own() -> None:
    bodies = attributes(MAP)["layerListJSON"]
    ids = [layer["id"] for layer in bodies]
    ids += [layer["sourceDescriptor"]["id"] for layer in bodies if "id" in layer["sourceDescriptor"]]
    assert len(ids) == len(set(ids))
    assert set(attributes(MAP)["uiStateJSON"]["openTOCDetails"]) <= set(LAYERS)


def test_layers_from_the_lowest_to_the_highest() -> None:
    assert list(LAYERS) == [
        "basemap", "heat", "sight-lines", "photo-clusters", "photos", "photo-bearings", "peaks",
    ]


def test_only_the_basemap_needs_the_internet() -> None:
    """What cannot be reached costs its own layer: nothing else comes from outside of Elasticsearch."""
    outside = {layer.id for layer in LAYERS.values() if layer.source["type"] not in (
        "ES_SEARCH", "ES_GEO_GRID", "ES_PEW_PEW", "ESQL")}
    assert outside == {"basemap"} and LAYERS["basemap"].place == 0
    assert b"http" not in pack_objects(list(OBJECTS.values()))


def test_another_basemap_can_take_its_place() -> None:
    """The layer that docs/kibana.md gives, and its other source."""
    guide = (SOURCES.parent / "docs" / "kibana.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    (tilemap,) = re.findall(r'`({"type": "KIBANA_TILEMAP"})`', guide)
    layer = json.loads(written)
    assert layer["id"] == "basemap"
    for source in (layer["sourceDescriptor"], json.loads(tilemap)):
        first = {**layer, "sourceDescriptor": source}
        other = {**attributes(MAP), "layerListJSON": [first, *attributes(MAP)["layerListJSON"][1:]]}
        assert schema_of("map").is_valid(other)


def test_photos_are_shown_at_every_zoom() -> None:
    far, middle, near = (LAYERS[name].body for name in ("heat", "photo-clusters", "photos"))
    assert (far["minZoom"], near["maxZoom"]) == (0, 24)
    assert (far["maxZoom"], middle["maxZoom"]) == (middle["minZoom"], near["minZoom"])
    assert LAYERS["photo-bearings"].body["minZoom"] == near["minZoom"]


def test_map_opens_on_the_everest_trail() -> None:
    state = attributes(MAP)["mapStateJSON"]
    assert (state["center"], state["zoom"]) == ({"lat": 27.9, "lon": 86.8}, 10)
    assert state["settings"]["initialLocation"] == "LAST_SAVED_LOCATION"
    assert state["settings"]["showTimesliderToggleButton"] is True
    (panel,) = (panel for panel in attributes(DASHBOARD)["panelsJSON"] if panel["type"] == "map")
    assert panel["embeddableConfig"]["mapCenter"] == {**state["center"], "zoom": state["zoom"]}
    assert set(panel["embeddableConfig"]["hiddenLayers"]) <= set(LAYERS)
    at_start = [layer.id for layer in LAYERS.values()
                if layer.body["minZoom"] <= state["zoom"] <= layer.body["maxZoom"]]
    assert at_start == ["basemap", "sight-lines", "photo-clusters", "peaks"]


def test_peaks_are_red_triangles_and_photos_green() -> None:
    peaks, photos, arrows = (LAYERS[name].style for name in ("peaks", "photos", "photo-bearings"))
    assert peaks["icon"]["options"]["value"] == "triangle"
    assert peaks["fillColor"]["options"]["color"] == "#BD271E"
    assert peaks["iconSize"]["options"]["field"]["name"] == "elev_m"
    assert peaks["labelText"]["options"]["field"]["name"] == "label"
    assert photos["fillColor"] == LAYERS["photo-clusters"].style["fillColor"]
    assert photos["fillColor"]["options"]["color"] == "#209280"
    assert photos["symbolizeAs"]["options"]["value"] == "circle"
    assert arrows["icon"]["options"]["value"] == "arrow-es"  # points north at 0 degrees
    assert arrows["iconOrientation"]["options"]["field"]["name"] == "bearing_true"


@each_layer
def test_icons_turn_only_where_there_are_icons(layer: Layer) -> None:
    symbol = layer.style.get("symbolizeAs", {"options": {"value": "circle"}})["options"]["value"]
    assert (symbol == "icon") == ("icon" in layer.style)
    assert symbol == "icon" or "iconOrientation" not in layer.style


def test_arrows_are_drawn_only_for_photos_that_tell_their_bearing() -> None:
    """A missing orientation is 0: an arrow to the north that no camera took."""
    layer = LAYERS["photo-bearings"]
    (turned,) = (field for name, field in layer.dynamic_fields() if name == "iconOrientation")
    assert layer.body["query"] == {"query": f"{turned} : *", "language": "kuery"}


def test_filters_of_photos_do_not_hide_the_peaks() -> None:
    """Filters of the page go to every layer that lets them, and peaks have no field of a photo."""
    for layer in ELASTICSEARCH_LAYERS:
        source, photos = layer.source, layer.view.index == "photos"
        if source["type"] == "ESQL":
            assert source["narrowByGlobalSearch"] and source["narrowByGlobalTime"] and photos
        else:
            assert source["applyGlobalQuery"] is source["applyGlobalTime"] is photos


# What a style property needs of the field that decides it; "any" of a label.
STYLE_TAKES = {
    "iconOrientation": "number", "iconSize": "number", "labelSize": "number", "lineWidth": "number",
    "labelText": "any",
}


def of_metrics(layer: Layer) -> dict[str, str]:
    """Fields of an aggregation's buckets by Kibana's names, with their types (maps/common/get_agg_key.ts)."""
    metrics = layer.source.get("metrics", [])
    names = ["doc_count" if one["type"] == "count" else f"{one['type']}_of_{one['field']}" for one in metrics]
    return dict.fromkeys(names, "number")


@each_layer
def test_fields_of_a_layer_exist_and_fit(layer: Layer) -> None:
    source, view = layer.source, layer.view
    for key in ("geoField", "sourceGeoField", "destGeoField"):
        if key in source:
            assert_geo(view.fields[source[key]])
    for metric in source.get("metrics", []):
        assert "field" not in metric or view.shown[metric["field"]].aggregatable
    if "sortField" in source:
        assert view.shown[source["sortField"]].aggregatable and not view.shown[source["sortField"]].nested
    kinds = of_metrics(layer) or {
        name: field.kind for name, field in view.shown.items() if field.aggregatable and not field.nested
    }
    for style, name in layer.dynamic_fields():
        assert STYLE_TAKES[style] in ("any", kinds[name]), (style, name)
    for name in kuery_fields(layer.body.get("query", {}).get("query", "")):
        assert view.fields[name].searchable and not view.fields[name].nested


def assert_geo(field: MappedField) -> None:
    assert field.type == "geo_point" and field.aggregatable and not field.nested


def kuery_fields(query: str) -> list[str]:
    return re.findall(r"([\w.]+)\s*:", query)


@pytest.mark.parametrize("name", ["photos", "peaks"])
def test_tooltips_show_fields_that_kibana_fetches(name: str) -> None:
    layer = LAYERS[name]
    for field in layer.source["tooltipProperties"]:
        assert not layer.view.shown[field].nested, field
    assert not layer.body.get("disableTooltips", False)


def test_a_photos_tooltip_tells_what_a_person_asks() -> None:
    told = LAYERS["photos"].source["tooltipProperties"]
    wanted = {"thumbnail", "shot_time_local", "predicted_peak_labels", "altitude", "bearing_true"}
    assert told[0] == "thumbnail" and wanted <= set(told)
    # One tooltip a photo: the arrow above a dot has none of its own.
    assert LAYERS["photo-bearings"].body["disableTooltips"] is True


# ES|QL of the sight lines


ESQL_COMMANDS = {"FROM", "WHERE", "KEEP", "MV_EXPAND", "EVAL", "LIMIT"}
ESQL_FUNCTIONS = {"TO_GEOSHAPE", "TO_STRING", "CONCAT", "ST_X", "ST_Y"}  # all in 8.14 and later
ESQL_WORDS = {"AND", "IS", "NOT", "NULL"}


def test_sight_lines_are_read_from_fields_that_exist() -> None:
    layer = LAYERS["sight-lines"]
    first, *steps = layer.source["esql"].split("\n| ")
    bare = re.sub(r'"[^"]*"', "", " | ".join([first, *steps]))
    assert first == f"FROM {layer.view.index}"
    assert {step.split()[0] for step in (first, *steps)} == ESQL_COMMANDS
    assert set(re.findall(r"\b([A-Z_]+)\(", bare)) == ESQL_FUNCTIONS
    assert set(re.findall(r"\b[A-Z_]+\b", bare)) == ESQL_COMMANDS | ESQL_FUNCTIONS | ESQL_WORDS
    (drawn,) = layer.source["columns"]
    names = set(re.findall(r"\b[a-z][a-z_]*\b", bare)) - {layer.view.index, drawn["name"]}
    assert names == {"gps", "peaks_in_frame"}
    for name in names:
        assert_geo(layer.view.fields[name])


def test_sight_lines_are_one_column_of_shapes_up_to_a_limit() -> None:
    """Maps draws the only geometry column, and says that lines are missing when there are LIMIT rows."""
    source = LAYERS["sight-lines"].source
    *_, eval_step, keep, limit = source["esql"].split("\n| ")
    assert eval_step.startswith(f"EVAL {source['columns'][0]['name']} = TO_GEOSHAPE(")
    assert (keep, limit) == (f"KEEP {source['columns'][0]['name']}", "LIMIT 10000")
    assert source["columns"][0]["type"] == "geo_shape"
    view = LAYERS["sight-lines"].view
    assert view.fields[source["dateField"]].kind == "date" and source["dateField"] == view.time_field
    assert_geo(view.fields[source["geoField"]])


# Gallery, charts, dashboard


def test_columns_of_the_gallery_are_fields_that_kibana_fetches() -> None:
    body = attributes(GALLERY)
    view = data_view(GALLERY, "kibanaSavedObjectMeta.searchSourceJSON.index")
    assert all(not view.shown[name].nested for name in body["columns"])
    assert set(body["grid"]["columns"]) <= {*body["columns"], view.time_field}
    for name, _ in body["sort"]:
        assert view.shown[name].aggregatable and not view.shown[name].nested
    assert body["columns"][0] == "thumbnail"
    height = int(attributes(DATA_VIEWS[view.id])["fieldFormatMap"]["thumbnail"]["params"]["height"])
    assert height <= body["rowHeight"] * 18  # pixels of a line, at the least


# Fields that an operation takes; elastic/kibana, lens/public/datasources/form_based/operations/definitions.
OPERATION_TAKES = {
    "date_histogram": {"date"}, "terms": {"string", "number", "boolean"}, "average": {"number"},
}


@each_lens
def test_columns_of_a_chart_fit_their_fields(one: SavedObject) -> None:
    panel = open_lens(one)
    for column in panel.columns.values():
        if column["operationType"] == "count":
            continue
        field = panel.view.shown[column["sourceField"]]
        assert field.kind in OPERATION_TAKES[column["operationType"]]
        assert field.aggregatable and not field.nested
        assert column["dataType"] == field.kind
    buckets = [column["isBucketed"] for column in panel.columns.values()]
    assert buckets == sorted(buckets, reverse=True)  # buckets first, then what is measured in them


@each_lens
def test_charts_draw_their_columns(one: SavedObject) -> None:
    panel = open_lens(one)
    state = attributes(one)["state"]["datasourceStates"]["formBased"]["layers"][panel.layer_id]
    assert set(state["columns"]) == set(state["columnOrder"])
    drawn = panel.visualization
    if attributes(one)["visualizationType"] == "lnsDatatable":
        assert drawn["layerId"] == panel.layer_id
        assert [column["columnId"] for column in drawn["columns"]] == list(panel.columns)
    else:
        (layer,) = drawn["layers"]
        assert layer["layerId"] == panel.layer_id and layer["seriesType"] == drawn["preferredSeriesType"]
        assert [layer["xAccessor"], *layer["accessors"]] == list(panel.columns)
        assert panel.columns[layer["xAccessor"]]["isBucketed"]
        assert {entry["forAccessor"] for entry in layer["yConfig"]} <= set(layer["accessors"])
    assert_orders_exist(panel)


def assert_orders_exist(panel: Panel) -> None:
    for column in panel.columns.values():
        order = column["params"].get("orderBy", {})
        if order.get("type") == "column":
            assert not panel.columns[order["columnId"]]["isBucketed"]


@each_lens
def test_intervals_are_such_as_lens_takes(one: SavedObject) -> None:
    """A chart that is not bound to the page's time range cannot find an interval by itself."""
    panel = open_lens(one)
    for column in panel.columns.values():
        params = column["params"]
        if params.get("ignoreTimeRange"):
            assert column["sourceField"] != panel.view.time_field and params["interval"] != "auto"
            assert not params["dropPartials"]


def test_only_lines_may_leave_out_zero() -> None:
    for one in LENSES.values():
        drawn = open_lens(one).visualization
        if drawn.get("yLeftExtent", {}).get("mode") == "dataBounds":
            assert drawn["preferredSeriesType"] == "line"


def test_grid_is_48_columns_wide_without_gaps_or_overlaps() -> None:
    covered: dict[tuple[int, int], str] = {}
    panels = attributes(DASHBOARD)["panelsJSON"]
    for panel in panels:
        grid = panel["gridData"]
        assert grid["i"] == panel["panelIndex"]
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                assert covered.setdefault((x, y), grid["i"]) == grid["i"]
    bottom = max(panel["gridData"]["y"] + panel["gridData"]["h"] for panel in panels)
    assert set(covered) == {(x, y) for x in range(48) for y in range(bottom)}


def test_panels_lie_as_in_a_photo_app() -> None:
    """A rail of peaks to tick on the left, the map in the middle, thumbnails on the right, time below."""
    panels = {panel["panelIndex"]: panel for panel in attributes(DASHBOARD)["panelsJSON"]}
    top = [panel for panel in panels.values() if panel["gridData"]["y"] == 0]
    left, middle, right = sorted(top, key=lambda panel: panel["gridData"]["x"])
    assert (left["panelIndex"], middle["type"], right["type"]) == ("rail", "map", "search")
    rail = open_lens(OBJECTS["peaks-most-photographed"]).visualization["columns"]
    assert references(DASHBOARD)["rail:panel_rail"] == ("lens", "peaks-most-photographed")
    assert rail[0]["oneClickFilter"] is True


# Fields that a control takes; elastic/kibana, controls/public/controls/data_controls, isFieldCompatible.
CONTROL_TAKES = {
    "optionsListControl": {"string", "boolean", "date", "number"}, "rangeSliderControl": {"number"},
}


def test_controls_stand_on_fields_that_they_support() -> None:
    for name, control in controls().items():
        assert control["explicitInput"]["id"] == name
        if control["type"] == "timeSlider":
            assert "fieldName" not in control["explicitInput"]
            continue
        suffix = "optionsList" if control["type"] == "optionsListControl" else "rangeSlider"
        view = data_view(DASHBOARD, f"controlGroup_{name}:{suffix}DataView")
        field = view.shown[control["explicitInput"]["fieldName"]]
        assert field.aggregatable and not field.nested and field.kind in CONTROL_TAKES[control["type"]]


def test_controls_are_those_that_were_promised() -> None:
    ordered = sorted(controls().values(), key=lambda control: control["order"])
    assert [control["order"] for control in ordered] == list(range(len(ordered)))
    assert [(control["type"], control["explicitInput"].get("fieldName")) for control in ordered] == [
        ("optionsListControl", "predicted_peak_labels"),
        ("optionsListControl", "predicted_concept_labels"),
        ("optionsListControl", "has_gps"),
        ("rangeSliderControl", "altitude"),
        ("timeSlider", None),
    ]


def test_time_range_of_the_page_is_that_of_the_map() -> None:
    body, state = attributes(DASHBOARD), attributes(MAP)["mapStateJSON"]
    assert {"from": body["timeFrom"], "to": body["timeTo"]} == state["timeFilters"]
