"""The request behind each layer, panel and control, as Kibana builds it, on a real node over a drawn trek."""
from __future__ import annotations

import base64
import io
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta, timezone
from statistics import fmean
from typing import Any

import mapbox_vector_tile
import pytest
from elasticsearch import Elasticsearch
from PIL import Image

from tests.kibana.drawn_trek import COUNT, DrawnTrek
from tests.kibana.kibana_requests import (
    GRID_LEVELS,
    TILE_EXTENT,
    Extent,
    Page,
    Request,
    blended_grid_request,
    bounds_request,
    count_request,
    documents_request,
    esql_request,
    gallery_request,
    grid_precision,
    grid_request,
    heat_tile_request,
    is_one_of,
    lens_request,
    options_request,
    range_request,
    style_range_request,
    tile_box,
    tile_of,
    tooltip_request,
)
from tests.kibana.own_objects import (
    DASHBOARD,
    DATA_VIEWS,
    ELASTICSEARCH_LAYERS,
    LAYERS,
    OBJECTS,
    attributes,
    controls,
    data_view,
    open_data_view,
    open_lens,
)

pytestmark = pytest.mark.cluster

JSON = {"accept": "application/json", "content-type": "application/json"}
KHUMBU = Extent(west=86.4, south=27.5, east=87.3, north=28.3)
Photo = Mapping[str, Any]
Search = Callable[[str, Request], Any]


@pytest.fixture(scope="module")
def photos(trek: DrawnTrek, client: Elasticsearch) -> list[Photo]:
    """Every photo's document, all that is stored but the vector."""
    hits = client.search(index="photos", size=COUNT, source_excludes=["clip_image"])["hits"]["hits"]
    return [{**hit["_source"], "_id": hit["_id"]} for hit in hits]


@pytest.fixture(scope="module")
def page(photos: list[Photo]) -> Page:
    """The days of the trek, and a map that shows all of it."""
    moments = [instant(photo) for photo in photos if "shot_time" in photo]
    day = timedelta(days=1)
    start, end = (moment.astimezone(timezone.utc) for moment in (min(moments) - day, max(moments) + day))
    return Page(KHUMBU, 10.0, start, end)


@pytest.fixture
def search(client: Elasticsearch, trek: DrawnTrek) -> Search:
    """Asks an index."""

    def ask(index: str, body: Request) -> Any:
        return client.perform_request("POST", f"/{index}/_search", headers=JSON, body=body).body

    return ask


def instant(photo: Photo) -> datetime:
    return datetime.fromisoformat(photo["shot_time"])


def place(photo: Photo) -> tuple[float, float]:
    return photo["gps"]["lon"], photo["gps"]["lat"]


def dated(photos: list[Photo]) -> list[Photo]:
    """Photos that the page's time range lets through: those whose instant is known."""
    return [photo for photo in photos if "shot_time" in photo]


def on_map(photos: list[Photo]) -> list[Photo]:
    return [photo for photo in dated(photos) if "gps" in photo]


def day(number: int) -> timedelta:
    return timedelta(days=number)


def utc(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def test_trek_has_what_the_tests_need(trek: DrawnTrek, photos: list[Photo]) -> None:
    by_path = {photo["path"]: photo for photo in photos}
    assert len(photos) == COUNT and len(dated(photos)) == COUNT - 1 and len(on_map(photos)) == COUNT - 2
    assert by_path[trek.without_position]["has_gps"] is False and "gps" not in by_path[trek.without_position]
    assert "bearing_true" not in by_path[trek.without_bearing]
    assert "shot_time" not in by_path[trek.without_offset] and by_path[trek.without_offset]["shot_time_local"]


@pytest.mark.parametrize("name", DATA_VIEWS)
def test_fields_are_such_as_the_node_says(name: str, client: Elasticsearch, trek: DrawnTrek) -> None:
    """What test_objects.py takes from the mappings, field capabilities confirm."""
    view = open_data_view(name)
    capable = client.field_caps(index=view.index, fields="*")["fields"]
    for field in view.fields.values():
        ((type_, found),) = capable[field.name].items()
        assert (type_, found["searchable"], found["aggregatable"]) == (
            field.type, field.searchable, field.aggregatable), field.name
    own = {name for name, kinds in capable.items() if not next(iter(kinds.values()))["metadata_field"]}
    objects = {name for name, kinds in capable.items() if kinds.keys() & {"nested", "object"}}
    assert own - objects == set(view.fields)


# Photos


def test_far_away_photos_are_counted_where_they_are(search: Search, page: Page, photos: list[Photo]) -> None:
    layer = LAYERS["photo-clusters"]
    answer = search("photos", grid_request(layer, page))
    assert_clusters(answer, on_map(photos), grid_precision("FINE", page.zoom))


def assert_clusters(answer: Any, photos: list[Photo], precision: int) -> None:
    """One dot a tile: its key, how many photos, their mean place within the tile."""
    tiles: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        column, row = tile_of(*place(photo), precision)
        tiles[f"{precision}/{column}/{row}"].append(photo)
    buckets = {bucket["key"]: bucket for bucket in answer["aggregations"]["gridSplit"]["buckets"]}
    assert {key: bucket["doc_count"] for key, bucket in buckets.items()} == {
        key: len(inside) for key, inside in tiles.items()}
    assert sum(bucket["doc_count"] for bucket in buckets.values()) == len(photos)
    for key, inside in tiles.items():
        centre = buckets[key]["gridCentroid"]["location"]
        assert (centre["lon"], centre["lat"]) == pytest.approx(
            (fmean(place(one)[0] for one in inside), fmean(place(one)[1] for one in inside)), abs=1e-5)


def test_near_photos_are_dots_each(search: Search, page: Page, photos: list[Photo]) -> None:
    layer, near = LAYERS["photos"], replace(page, zoom=13.0)
    counted = search("photos", count_request(layer, near))["hits"]["total"]
    assert counted == {"value": len(on_map(photos)), "relation": "eq"}  # few enough to be drawn one by one
    hits = search("photos", documents_request(layer, near))["hits"]["hits"]
    drawn = {hit["_id"]: hit["fields"]["gps"][0]["coordinates"] for hit in hits}
    assert drawn.keys() == {photo["_id"] for photo in on_map(photos)}
    for photo in on_map(photos):
        assert drawn[photo["_id"]] == pytest.approx(place(photo), abs=1e-6)


def test_too_many_photos_become_clusters(search: Search, page: Page, photos: list[Photo]) -> None:
    """What the layer of the dots does beyond 10,000 photos in view."""
    answer = search("photos", blended_grid_request(LAYERS["photos"], page))
    assert_clusters(answer, on_map(photos), grid_precision("COARSE", page.zoom))


def test_only_what_the_map_shows_is_asked_for(search: Search, page: Page, photos: list[Photo]) -> None:
    lon, lat = place(on_map(photos)[0])
    around = Extent(lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02)
    hits = search("photos", documents_request(LAYERS["photos"], replace(page, extent=around)))["hits"]["hits"]
    inside = {photo["_id"] for photo in on_map(photos)
              if abs(place(photo)[0] - lon) <= 0.02 and abs(place(photo)[1] - lat) <= 0.02}
    assert {hit["_id"] for hit in hits} == inside and 0 < len(inside) < len(on_map(photos))


def test_arrows_turn_to_where_the_camera_looked(
    search: Search, page: Page, photos: list[Photo], trek: DrawnTrek
) -> None:
    layer = LAYERS["photo-bearings"]
    hits = search("photos", documents_request(layer, page))["hits"]["hits"]
    looking = {photo["_id"]: photo for photo in on_map(photos) if "bearing_true" in photo}
    assert {hit["_id"] for hit in hits} == looking.keys()
    assert trek.without_bearing not in {photo["path"] for photo in looking.values()}
    for hit in hits:
        assert hit["fields"]["bearing_true"] == pytest.approx([looking[hit["_id"]]["bearing_true"]], abs=1e-4)
    times = [hit["sort"][0] for hit in hits]
    assert times == sorted(times, reverse=True)
    found = search("photos", style_range_request(layer, page))["aggregations"]["bearing_true_range"]
    # isTimeAware: the range of the page's time, wherever on the map
    assert found["count"] == len(looking)


def test_tooltip_of_a_photo(search: Search, page: Page, photos: list[Photo]) -> None:
    layer = LAYERS["photos"]
    hit = search("photos", documents_request(layer, page))["hits"]["hits"][0]
    (told,) = search("photos", tooltip_request(layer, hit))["hits"]["hits"]
    photo = next(photo for photo in photos if photo["_id"] == hit["_id"])
    known = {name for name in layer.source["tooltipProperties"] if photo.get(name) not in (None, [])}
    assert told["fields"].keys() == known
    for name in known - {"shot_time_local"}:
        stored = photo[name] if isinstance(photo[name], list) else [photo[name]]
        assert told["fields"][name] == (pytest.approx(stored) if isinstance(stored[0], float) else stored)
    assert told["fields"]["shot_time_local"] == [f"{photo['shot_time_local']}.000Z"]
    with Image.open(io.BytesIO(base64.b64decode(told["fields"]["thumbnail"][0]))) as thumbnail:
        assert thumbnail.format == "JPEG" and max(thumbnail.size) == 256


def test_fit_to_data_goes_to_the_photos(search: Search, page: Page, photos: list[Photo]) -> None:
    fitted = {layer.id for layer in ELASTICSEARCH_LAYERS if layer.body["includeInFitToBounds"]}
    assert fitted == {"heat", "photo-clusters", "photos", "photo-bearings"}
    answer = search("photos", bounds_request(LAYERS["photos"], page))["aggregations"]["fitToBounds"]["bounds"]
    places = [place(photo) for photo in on_map(photos)]
    corners = [answer["top_left"]["lon"], answer["bottom_right"]["lat"],
               answer["bottom_right"]["lon"], answer["top_left"]["lat"]]
    lons, lats = zip(*places, strict=True)
    assert corners == pytest.approx([min(lons), min(lats), max(lons), max(lats)], abs=1e-6)


# Time and filters


def test_time_slider_narrows_every_layer_of_photos(search: Search, page: Page, photos: list[Photo]) -> None:
    early = replace(page, end=page.start + day(4))
    within = {photo["_id"] for photo in on_map(photos) if instant(photo) <= early.end}
    assert 0 < len(within) < len(on_map(photos))
    hits = search("photos", documents_request(LAYERS["photos"], early))["hits"]["hits"]
    assert {hit["_id"] for hit in hits} == within
    grid = search("photos", grid_request(LAYERS["photo-clusters"], early))["aggregations"]["gridSplit"]
    assert sum(bucket["doc_count"] for bucket in grid["buckets"]) == len(within)


def test_ticking_peaks_leaves_their_photos_and_all_peaks(
    search: Search, page: Page, photos: list[Photo]
) -> None:
    ticked = ["Ama Dablam", "Pumori"]
    chosen = replace(page, filters=(is_one_of("predicted_peak_labels", ticked),))
    theirs = {photo["_id"] for photo in on_map(photos) if set(ticked) & set(photo["predicted_peak_labels"])}
    assert theirs
    hits = search("photos", documents_request(LAYERS["photos"], chosen))["hits"]["hits"]
    assert {hit["_id"] for hit in hits} == theirs
    peaks = search("peaks_catalog", documents_request(LAYERS["peaks"], chosen))["hits"]["hits"]
    assert len(peaks) == 12


# Heat map


MAPBOX = {"accept": "application/vnd.mapbox-vector-tile", "content-type": "application/json"}


@dataclass(frozen=True)
class HeatTile:
    """A tile of the heat map, and the photos that it should count."""

    column: int
    row: int
    zoom: int
    photos: list[Photo]

    def cells(self) -> dict[str, list[Photo]]:
        """The photos of each cell of the tile's grid, by the cell's key."""
        zoom = self.zoom + GRID_LEVELS[LAYERS["heat"].source["resolution"]]
        cells: dict[str, list[Photo]] = defaultdict(list)
        for photo in self.photos:
            column, row = tile_of(*place(photo), zoom)
            cells[f"{zoom}/{column}/{row}"].append(photo)
        return cells

    def mean_place(self, photos: list[Photo]) -> tuple[int, int]:
        """In the tile's coordinates, from its north-western corner: they are the tiles of deeper levels."""
        lons, lats = zip(*map(place, photos), strict=True)
        levels = int(math.log2(TILE_EXTENT))
        column, row = tile_of(fmean(lons), fmean(lats), self.zoom + levels)
        return column - self.column * TILE_EXTENT, row - self.row * TILE_EXTENT


def heat_tiles(zoom: int, photos: list[Photo]) -> list[HeatTile]:
    """The tiles that the map shows."""
    left, top = tile_of(KHUMBU.west, KHUMBU.north, zoom)
    right, bottom = tile_of(KHUMBU.east, KHUMBU.south, zoom)
    tiles: dict[tuple[int, int], list[Photo]] = {
        (column, row): [] for column in range(left, right + 1) for row in range(top, bottom + 1)}
    for photo in photos:
        tiles[tile_of(*place(photo), zoom)].append(photo)
    return [HeatTile(column, row, zoom, inside) for (column, row), inside in tiles.items()]


def assert_heat(client: Elasticsearch, page: Page, photos: list[Photo]) -> None:
    """Every tile in view counts these photos, in the cells and at the places where they are."""
    for tile in heat_tiles(int(page.zoom), photos):
        path, body = heat_tile_request(LAYERS["heat"], page, tile.column, tile.row)
        answer = client.perform_request("POST", path, headers=MAPBOX, body=body)
        assert answer.meta.headers["content-type"] == MAPBOX["accept"]
        assert_heat_tile(mapbox_vector_tile.decode(answer.body, default_options={"y_coord_down": True}), tile)


def assert_heat_tile(decoded: Any, tile: HeatTile) -> None:
    cells, features = tile.cells(), decoded.get("aggs", {"features": []})["features"]
    assert {feature["properties"]["_key"]: feature["properties"]["_count"] for feature in features} == {
        key: len(inside) for key, inside in cells.items()}
    for feature in features:
        assert feature["geometry"]["type"] == "Point"
        mean = tile.mean_place(cells[feature["properties"]["_key"]])
        assert feature["geometry"]["coordinates"] == pytest.approx(mean, abs=1)
    (meta,) = decoded["meta"]["features"]
    assert meta["properties"]["hits.total.value"] == len(tile.photos)
    # The hottest colour is for this: heatmap_layer.ts, syncLayerWithMB, over all tiles in view.
    hottest = max(map(len, cells.values()), default=None)
    assert meta["properties"].get("aggregations._count.max") == hottest
    assert decoded.keys() == ({"aggs", "meta"} if cells else {"meta"})


@pytest.mark.parametrize("zoom", [0, 5, 8, 9])
def test_heat_as_vector_tiles(
    zoom: int, client: Elasticsearch, page: Page, photos: list[Photo]
) -> None:
    assert_heat(client, replace(page, zoom=float(zoom)), on_map(photos))


def test_heat_follows_the_time_slider(client: Elasticsearch, page: Page, photos: list[Photo]) -> None:
    early = replace(page, zoom=8.0, end=page.start + day(4))
    within = [photo for photo in on_map(photos) if instant(photo) <= early.end]
    assert 0 < len(within) < len(on_map(photos))
    assert_heat(client, early, within)


def test_heat_follows_the_ticked_peaks(client: Elasticsearch, page: Page, photos: list[Photo]) -> None:
    ticked = ["Ama Dablam", "Pumori"]
    chosen = replace(page, zoom=8.0, filters=(is_one_of("predicted_peak_labels", ticked),))
    theirs = [photo for photo in on_map(photos) if set(ticked) & set(photo["predicted_peak_labels"])]
    assert 0 < len(theirs) < len(on_map(photos))
    assert_heat(client, chosen, theirs)


# Peaks


def test_peaks_are_triangles_with_their_names_and_heights(
    search: Search, client: Elasticsearch, page: Page
) -> None:
    layer = LAYERS["peaks"]
    stored = {hit["_id"]: hit["_source"] for hit in client.search(
        index="peaks_catalog", size=100, source_excludes=["text_embed"])["hits"]["hits"]}
    hits = search("peaks_catalog", documents_request(layer, page))["hits"]["hits"]
    assert {hit["_id"] for hit in hits} == stored.keys() and len(hits) == 12
    for hit in hits:
        peak = stored[hit["_id"]]
        assert hit["fields"]["elev_m"] == [peak["elev_m"]]
        (label,) = hit["fields"]["label"]
        assert label == peak["label"] and label.startswith(peak["names"][0])
        assert f"{peak['elev_m']} m" in label.replace(",", "")
        assert hit["fields"]["latlon"][0]["coordinates"] == pytest.approx(
            [peak["latlon"]["lon"], peak["latlon"]["lat"]], abs=1e-6)
    heights = [hit["fields"]["elev_m"][0] for hit in hits]
    assert heights == sorted(heights, reverse=True)
    sizes = search("peaks_catalog", style_range_request(layer, page))["aggregations"]["elev_m_range"]
    assert (sizes["min"], sizes["max"]) == (min(heights), max(heights))
    (told,) = search("peaks_catalog", tooltip_request(layer, hits[0]))["hits"]["hits"]
    assert told["fields"]["names"] == stored[hits[0]["_id"]]["names"]


# Sight lines


@dataclass(frozen=True, order=True)
class Line:
    """From a camera to a summit, degrees."""

    camera: tuple[float, float]
    summit: tuple[float, float]


def expected_lines(photos: list[Photo]) -> list[Line]:
    """One line for each peak in frame of each photo on the map."""
    return sorted(
        Line(rounded(place(photo)), rounded((end["lon"], end["lat"])))
        for photo in on_map(photos)
        for end in photo.get("peaks_in_frame", [])
    )


def rounded(point: tuple[float, float]) -> tuple[float, float]:
    return round(point[0], 4), round(point[1], 4)


def draw_sight_lines(client: Elasticsearch, page: Page) -> list[Line]:
    """The layer's lines, as Kibana gets them for a page."""
    layer = LAYERS["sight-lines"]
    target, body = esql_request(layer, page)
    answer = client.perform_request("POST", target, headers=JSON, body=body).body
    assert answer["is_partial"] is False and answer["all_columns"] == layer.source["columns"]
    # Columns without a value are dropped: where there is no line, there is no column to draw.
    assert answer["columns"] == (layer.source["columns"] if answer["values"] else [])
    return sorted(read_line(shape) for (shape,) in answer["values"])


def test_sight_lines_in_esql(client: Elasticsearch, page: Page, photos: list[Photo], trek: DrawnTrek) -> None:
    """One line to each peak in frame, from every photo that has a position and peaks before it."""
    lines = draw_sight_lines(client, page)
    cameras = [photo for photo in on_map(photos) if photo.get("peaks_in_frame")]
    assert lines == expected_lines(photos)
    # Several peaks a photo: a point-to-point layer would draw one of them.
    assert len(lines) > len(cameras) > 10


def test_sight_lines_follow_the_ticked_peaks(client: Elasticsearch, page: Page, photos: list[Photo]) -> None:
    """The photos that show them keep their lines, to other peaks too."""
    ticked = ["Ama Dablam", "Pumori"]
    chosen = replace(page, filters=(is_one_of("predicted_peak_labels", ticked),))
    theirs = [photo for photo in photos if set(ticked) & set(photo["predicted_peak_labels"])]
    lines = draw_sight_lines(client, chosen)
    assert lines == expected_lines(theirs)
    assert 0 < len(lines) < len(expected_lines(photos))


def test_sight_lines_follow_the_time_slider(client: Elasticsearch, page: Page, photos: list[Photo]) -> None:
    early = replace(page, end=page.start + day(4))
    within = [photo for photo in dated(photos) if instant(photo) <= early.end]
    lines = draw_sight_lines(client, early)
    assert lines == expected_lines(within)
    assert 0 < len(lines) < len(expected_lines(photos))


def test_sight_lines_begin_where_the_map_shows(
    client: Elasticsearch, page: Page, photos: list[Photo]
) -> None:
    """Cameras are in view, summits need not be."""
    middle = (KHUMBU.west + KHUMBU.east) / 2
    western = replace(page, extent=replace(KHUMBU, east=middle))
    there = [photo for photo in on_map(photos) if place(photo)[0] <= middle]
    lines = draw_sight_lines(client, western)
    assert lines == expected_lines(there)
    assert 0 < len(lines) < len(expected_lines(photos))
    assert any(line.summit[0] > middle for line in lines)


def test_no_sight_lines_where_no_photo_is(client: Elasticsearch, page: Page, photos: list[Photo]) -> None:
    later = replace(page, start=page.end, end=page.end + day(1))
    assert not [photo for photo in dated(photos) if instant(photo) > page.end]
    assert draw_sight_lines(client, later) == []


def read_line(shape: str) -> Line:
    """LINESTRING (86.7 27.9, 86.9 27.9)."""
    assert shape.startswith("LINESTRING")
    ends = [tuple(map(float, end.split())) for end in shape.partition("(")[2].rstrip(")").split(",")]
    camera, summit = (rounded((lon, lat)) for lon, lat in ends)
    return Line(camera, summit)


# Panels


def test_gallery_shows_thumbnails_newest_first(search: Search, page: Page, photos: list[Photo]) -> None:
    hits = search("photos", gallery_request(page))["hits"]["hits"]
    newest = sorted(dated(photos), key=instant, reverse=True)
    assert [hit["_id"] for hit in hits] == [photo["_id"] for photo in newest]
    for hit, photo in zip(hits, newest, strict=True):
        assert hit["fields"]["thumbnail"] == [photo["thumbnail"]]
        assert hit["fields"].get("predicted_peak_labels", []) == photo["predicted_peak_labels"]
        assert "clip_image" not in hit["fields"]
        assert len(hit["fields"].get("predictions", [])) == len(photo["predictions"])


def test_photos_a_day(search: Search, page: Page, photos: list[Photo]) -> None:
    panel = open_lens(OBJECTS["peaks-photos-a-day"])
    buckets = search("photos", lens_request(panel, page))["aggregations"]["0"]["buckets"]
    days = Counter(instant(photo).astimezone(timezone.utc).date() for photo in dated(photos))
    drawn = {utc(bucket["key"]).date(): bucket["doc_count"] for bucket in buckets}
    assert {moment: count for moment, count in drawn.items() if count} == days
    first, last = page.start.date(), page.end.date()
    every = [first + day(number) for number in range((last - first).days + 1)]
    assert list(drawn) == every and 0 in drawn.values()  # a day without photos is a gap, not left out


def test_peaks_most_photographed(search: Search, page: Page, photos: list[Photo]) -> None:
    panel = open_lens(OBJECTS["peaks-most-photographed"])
    buckets = search("photos", lens_request(panel, page))["aggregations"]["0"]["buckets"]
    shown = Counter(label for photo in dated(photos) for label in photo["predicted_peak_labels"])
    assert {bucket["key"]: bucket["doc_count"] for bucket in buckets} == shown
    counts = [bucket["doc_count"] for bucket in buckets]
    assert counts == sorted(counts, reverse=True)


def test_altitude_along_the_trail(search: Search, page: Page, photos: list[Photo]) -> None:
    """By the hour of the camera's clock; not bound to the page's range, so no empty hours."""
    panel = open_lens(OBJECTS["peaks-altitude-along-the-trail"])
    buckets = search("photos", lens_request(panel, page))["aggregations"]["0"]["buckets"]
    hours: dict[str, list[float]] = defaultdict(list)
    for photo in dated(photos):
        if "altitude" in photo:
            hours[photo["shot_time_local"][:13]].append(photo["altitude"])
    drawn = {
        utc(bucket["key"]).isoformat()[:13]: bucket["1"]["value"]
        for bucket in buckets if bucket["1"]["value"] is not None
    }
    assert drawn == pytest.approx({hour: fmean(altitudes) for hour, altitudes in hours.items()}, abs=0.01)
    assert all(bucket["doc_count"] for bucket in buckets)


# Controls


@pytest.mark.parametrize(
    ("name", "field"),
    [("peaks", "predicted_peak_labels"), ("concepts", "predicted_concept_labels"), ("position", "has_gps")],
)
def test_options_to_tick(search: Search, page: Page, photos: list[Photo], name: str, field: str) -> None:
    view = data_view(DASHBOARD, f"controlGroup_{name}:optionsListDataView")
    found = search(view.index, options_request(view, controls()[name], page))["aggregations"]
    shown = Counter(
        str(value).lower() if isinstance(value, bool) else value
        for photo in dated(photos)
        for value in (photo[field] if isinstance(photo[field], list) else [photo[field]])
    )
    suggested = found["suggestions"]["buckets"]
    offered = {one.get("key_as_string", one["key"]): one["doc_count"] for one in suggested}
    assert found["unique_terms"]["value"] == len(shown)
    assert len(offered) == min(10, len(shown)) and offered.items() <= shown.items()
    assert sorted(offered.values(), reverse=True) == [count for _, count in shown.most_common(10)]


def test_range_of_altitudes(search: Search, page: Page, photos: list[Photo]) -> None:
    view = data_view(DASHBOARD, "controlGroup_altitude:rangeSliderDataView")
    found = search(view.index, range_request(view, controls()["altitude"], page))["aggregations"]
    altitudes = [photo["altitude"] for photo in dated(photos) if "altitude" in photo]
    ends = (found["minAgg"]["value"], found["maxAgg"]["value"])
    assert ends == pytest.approx((min(altitudes), max(altitudes)))


def test_every_layer_and_chart_is_asked_above() -> None:
    """A layer that is added needs a test here."""
    assert [layer.id for layer in ELASTICSEARCH_LAYERS] == [
        "heat", "sight-lines", "photo-clusters", "photos", "photo-bearings", "peaks",
    ]
    assert {panel["panelIndex"] for panel in attributes(DASHBOARD)["panelsJSON"]} == {
        "rail", "map", "gallery", "days", "altitude",
    }


def test_tiles_are_web_mercators() -> None:
    assert tile_of(86.8, 27.9, 10) == (758, 429)
    assert astuple(tile_box(0, 0, 0)) == pytest.approx((-180, -85.0511, 180, 85.0511), abs=1e-4)
