"""The map "Photos and peaks": its layers, their order and zooms, and the fields that they are drawn from."""
from __future__ import annotations

import json
import re

import pytest

from loader.elastic.kibana_sources import SOURCES, pack_objects
from tests.kibana.matching import mismatches
from tests.kibana.own_objects import (
    DASHBOARD,
    ELASTICSEARCH_LAYERS,
    LAYERS,
    MAP,
    OBJECTS,
    Layer,
    attributes,
    is_plain,
)
from tests.kibana.shapes import LAYER

each_layer = pytest.mark.parametrize("layer", ELASTICSEARCH_LAYERS, ids=lambda layer: str(layer.id))


def test_layers_from_the_lowest_to_the_highest_at_their_zooms() -> None:
    assert list(LAYERS) == [
        "basemap", "heat", "sight-lines", "photo-clusters", "photos", "photo-bearings", "peaks",
    ]
    sources = [layer.source["id"] for layer in ELASTICSEARCH_LAYERS]
    assert len(set(sources)) == len(sources)
    zooms = {name: (layer.body["minZoom"], layer.body["maxZoom"]) for name, layer in LAYERS.items()}
    (start, far), (middle, near), (close, end) = (
        zooms[name] for name in ("heat", "photo-clusters", "photos"))
    assert (start, far, near, end) == (0, middle, close, 24), "photos are shown at every zoom"
    assert zooms["photo-bearings"][0] == close


def test_only_the_basemap_needs_the_internet() -> None:
    """What cannot be reached costs its own layer: nothing else comes from outside of Elasticsearch."""
    outside = [layer.id for layer in LAYERS.values() if layer.source["type"] not in (
        "ES_SEARCH", "ES_GEO_GRID", "ESQL")]
    assert outside == ["basemap"]
    assert b"http" not in pack_objects(list(OBJECTS.values()))


def test_another_basemap_can_take_its_place() -> None:
    """The layer that docs/kibana.md gives, and its other source."""
    guide = (SOURCES.parent / "docs" / "kibana.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    (tilemap,) = re.findall(r'`({"type": "KIBANA_TILEMAP"})`', guide)
    layer = json.loads(written)
    assert layer["id"] == "basemap"
    for source in (layer["sourceDescriptor"], json.loads(tilemap)):
        assert list(mismatches({**layer, "sourceDescriptor": source}, LAYER)) == []


def test_map_opens_on_the_everest_trail_and_so_does_its_panel() -> None:
    state, board = attributes(MAP)["mapStateJSON"], attributes(DASHBOARD)
    assert (state["center"], state["zoom"]) == ({"lat": 27.9, "lon": 86.8}, 10)
    assert state["settings"]["initialLocation"] == "LAST_SAVED_LOCATION"
    (panel,) = (panel for panel in board["panelsJSON"] if panel["type"] == "map")
    assert panel["embeddableConfig"]["mapCenter"] == {**state["center"], "zoom": state["zoom"]}
    assert {"from": board["timeFrom"], "to": board["timeTo"]} == state["timeFilters"]
    named = {*panel["embeddableConfig"]["hiddenLayers"], *attributes(MAP)["uiStateJSON"]["openTOCDetails"]}
    assert named <= set(LAYERS)


# What a style property needs of the field that decides it; None of a label.
STYLE_TAKES = {"iconOrientation": "number", "iconSize": "number", "labelText": None}


@each_layer
def test_fields_of_a_layer_exist_and_fit(layer: Layer) -> None:
    source, view = layer.source, layer.view
    geo = view.fields[source["geoField"]]
    assert geo.type == "geo_point" and is_plain(geo)
    assert "sortField" not in source or is_plain(view.shown[source["sortField"]])
    # A grid's documents are buckets, with one field for each metric (maps/common/get_agg_key.ts).
    kinds = {"doc_count": "number"} if "metrics" in source else {
        name: field.kind for name, field in view.shown.items() if is_plain(field)}
    for style, name in layer.dynamic_fields():
        assert STYLE_TAKES[style] in (None, kinds[name]), (style, name)
    for name in source.get("tooltipProperties", []):
        assert not view.shown[name].nested, name
    for name in re.findall(r"([\w.]+)\s*:", layer.body.get("query", {}).get("query", "")):
        assert view.fields[name].searchable and not view.fields[name].nested


@each_layer
def test_tooltips_offer_filters_on_what_can_be_searched_only(layer: Layer) -> None:
    """A thumbnail is a picture to look at."""
    assert all(field.searchable for field in layer.filters_of_tooltip())


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
    assert layer.style["icon"]["options"]["value"] == "arrow-es"  # points north at 0 degrees
    assert layer.body["disableTooltips"] is True, "one tooltip a photo, that of its dot"


@each_layer
def test_filters_of_photos_do_not_hide_the_peaks(layer: Layer) -> None:
    """Filters of the page go to every layer that lets them, and peaks have no field of a photo."""
    keys = (("narrowByGlobalSearch", "narrowByGlobalTime") if layer.source["type"] == "ESQL"
            else ("applyGlobalQuery", "applyGlobalTime"))
    assert {layer.source[key] for key in keys} == {layer.view.index == "photos"}


def test_sight_lines_are_one_column_of_shapes_up_to_a_limit() -> None:
    """Maps draws the only geometry column, and says that lines are missing when there are LIMIT rows."""
    layer = LAYERS["sight-lines"]
    (column,) = layer.source["columns"]
    assert column["type"] == "geo_shape"
    assert layer.source["esql"].endswith(f"| KEEP {column['name']}\n| LIMIT 10000")
    assert layer.source["dateField"] == layer.view.time_field
