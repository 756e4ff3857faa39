"""Every saved object: as Kibana's sources say it must be, and about fields that our indices have.

No Kibana runs here. `shapes` was written from Kibana's source; what a shape cannot say, that references,
layers, fields and panels fit one another, is tested below.
"""
from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loader.elastic.kibana_sources import SOURCES, SavedObject
from loader.files.photo import make_thumbnail
from tests.kibana.matching import mismatches
from tests.kibana.own_objects import (
    DASHBOARD,
    DATA_VIEWS,
    GALLERY,
    LENSES,
    OBJECTS,
    attributes,
    controls,
    data_view,
    is_plain,
    open_data_view,
    open_lens,
    references,
)
from tests.kibana.shapes import SHAPES

FILES = sorted(SOURCES.rglob("*.json"))
each_object = pytest.mark.parametrize("one", OBJECTS.values(), ids=lambda one: str(one.id))
each_lens = pytest.mark.parametrize("one", LENSES.values(), ids=lambda one: str(one.id))
each_view = pytest.mark.parametrize("one", DATA_VIEWS.values(), ids=lambda one: str(one.id))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_file_is_pretty_and_named_as_its_object(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    one = json.loads(text)
    assert text == json.dumps(one, indent=2, ensure_ascii=False) + "\n"
    assert one["id"] == f"peaks-{file.stem.replace('_', '-').removeprefix('peaks-')}"


@each_object
def test_attributes_have_kibanas_shape(one: SavedObject) -> None:
    assert list(mismatches(attributes(one), SHAPES[one.type])) == []


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("peaks-photos-and-peaks", "layerListJSON.0.type", "VECTOR_TILE"),
        ("peaks-photos-and-peaks", "layerListJSON.6.style.properties.icon.options.value", "yeti"),
        ("peaks-photos-and-peaks", "layerListJSON.4.sourceDescriptor.scalingType", "LIMIT"),
        ("peaks-photos", "fieldFormatMap.altitude.params.suffix", " m"),
        ("peaks-gallery", "colour", "red"),
        ("peaks-most-photographed", "state.visualization.columns.0.oneClick", True),
        ("peaks-trek", "controlGroupInput.panelsJSON.time.type", "timeSliderControl"),
        ("peaks-trek", "kibanaSavedObjectMeta.searchSourceJSON.filter", [{}]),
    ],
)
def test_shapes_refuse_what_kibana_does_not_know(name: str, path: str, value: Any) -> None:
    spoiled = deepcopy(attributes(OBJECTS[name]))
    *above, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    parent: Any = spoiled
    for step in above:
        parent = parent[step]
    parent[last] = value
    assert list(mismatches(spoiled, SHAPES[OBJECTS[name].type]))


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
        for panel in body["panelsJSON"]:
            assert panel["panelRefName"] == f"panel_{panel['panelIndex']}"
            yield f"{panel['panelIndex']}:{panel['panelRefName']}", panel["type"]
        for name, control in controls().items():
            if control["type"] != "timeSlider":
                kind = control["type"].removesuffix("Control")
                yield f"controlGroup_{name}:{kind}DataView", "index-pattern"


@each_object
def test_references_are_complete_and_used(one: SavedObject) -> None:
    used = list(used_references(one))
    assert len(used) == len(set(used)) == len(one.body["references"])
    assert {name: kind for name, (kind, _) in references(one).items()} == dict(used)
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

# Kibana's field types that each format is for; elastic/kibana, field_formats/common/converters (fieldType).
FORMATS_TAKE = {
    "number": {"number"}, "percent": {"number"}, "bytes": {"number"}, "date": {"date"},
    "url": {"number", "boolean", "date", "string", "unknown"},
    "static_lookup": {"string", "number", "boolean"},
    "string": {"number", "boolean", "date", "geo_point", "string"},
}
# @elastic/numeral prints nothing else: `0,0 [m]` gives 6,812 without the m, so units stand in the labels.
NUMERAL = re.compile(r"0(,0)?(\.0+)?( ?%| b)?")


@each_view
def test_data_view_names_and_formats_every_field_and_hides_vectors(one: SavedObject) -> None:
    """A hidden field is not fetched, not even for a tooltip or a column that names it."""
    view, body = open_data_view(one.id), attributes(one)
    assert view.hidden == {name for name, field in view.fields.items() if field.type == "dense_vector"}
    assert view.time_field is None or view.fields[view.time_field].kind == "date"
    labels = {name: entry["customLabel"] for name, entry in body["fieldAttrs"].items()}
    assert set(labels) == set(view.shown)
    assert len(set(labels.values())) == len(labels)
    assert all(label[0].isupper() and "_" not in label for label in labels.values())
    for name, written in body.get("fieldFormatMap", {}).items():
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
    evidence = {"visual", "sight", "both", "person"}
    for name, values in (("has_gps", {"true", "false"}), ("predicted_peaks_evidence", evidence),
                         ("predictions.evidence", evidence)):
        assert {entry["key"] for entry in formats[name]["params"]["lookupEntries"]} == values


def test_thumbnail_becomes_a_picture() -> None:
    """Kibana puts the field into the URL as it is with rawValue; with value it would be URI-encoded."""
    written = attributes(DATA_VIEWS["peaks-photos"])["fieldFormatMap"]["thumbnail"]
    stored = make_thumbnail(Image.new("RGB", (400, 300), "teal"))
    head, _, content = written["params"]["urlTemplate"].replace("{{rawValue}}", stored).partition(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(content, validate=True))) as picture:
        assert picture.format == "JPEG" and picture.size == (256, 192)
    assert "{{" not in written["params"]["labelTemplate"]  # else the alternative text repeats the picture


# Gallery, charts, dashboard


def test_columns_of_the_gallery_are_fields_that_kibana_fetches() -> None:
    body = attributes(GALLERY)
    view = data_view(GALLERY, "kibanaSavedObjectMeta.searchSourceJSON.index")
    assert all(not view.shown[name].nested for name in body["columns"])
    assert set(body["grid"]["columns"]) <= {*body["columns"], view.time_field}
    assert all(is_plain(view.shown[name]) and order in ("asc", "desc") for name, order in body["sort"])
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
        assert is_plain(field) and field.kind in OPERATION_TAKES[column["operationType"]]
        assert column["dataType"] == field.kind
        if column["params"].get("ignoreTimeRange"):  # then it cannot find an interval by itself
            assert field.name != panel.view.time_field and column["params"]["interval"] != "auto"
        if "orderBy" in column["params"]:
            assert not panel.columns[column["params"]["orderBy"]["columnId"]]["isBucketed"]
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
        assert {entry["forAccessor"] for entry in layer["yConfig"]} <= set(layer["accessors"])
        # Only lines may leave out zero.
        assert layer["seriesType"] == "line" or "yLeftExtent" not in drawn


def test_grid_is_48_columns_wide_without_gaps_or_overlaps() -> None:
    covered: dict[tuple[int, int], str] = {}
    for panel in attributes(DASHBOARD)["panelsJSON"]:
        grid = panel["gridData"]
        assert grid["i"] == panel["panelIndex"]
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                assert covered.setdefault((x, y), grid["i"]) == grid["i"]
    bottom = max(y for _, y in covered)
    assert set(covered) == {(x, y) for x in range(48) for y in range(bottom + 1)}


# Fields that a control takes; elastic/kibana, controls/public/controls/data_controls, isFieldCompatible.
CONTROL_TAKES = {
    "optionsListControl": {"string", "boolean", "date", "number"}, "rangeSliderControl": {"number"},
}


def test_controls_stand_on_fields_that_they_support() -> None:
    assert sorted(control["order"] for control in controls().values()) == list(range(len(controls())))
    for name, control in controls().items():
        assert control["explicitInput"]["id"] == name
        if control["type"] != "timeSlider":
            kind = control["type"].removesuffix("Control")
            view = data_view(DASHBOARD, f"controlGroup_{name}:{kind}DataView")
            field = view.shown[control["explicitInput"]["fieldName"]]
            assert is_plain(field) and field.kind in CONTROL_TAKES[control["type"]]
