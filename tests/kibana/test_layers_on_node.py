"""The request behind each layer and panel, as Kibana builds it, on a real node over a drawn trek."""
from __future__ import annotations

import base64
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from statistics import fmean
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from PIL import Image

from tests.conftest import DRAWN
from tests.kibana.conftest import DrawnTrek
from tests.kibana.kibana_requests import (
    Extent,
    Page,
    Request,
    documents_request,
    esql_request,
    gallery_request,
    grid_request,
    lens_request,
    tooltip_filter,
    tooltip_request,
)
from tests.kibana.own_objects import (
    DATA_VIEWS,
    ELASTICSEARCH_LAYERS,
    LAYERS,
    LENSES,
    Layer,
    open_data_view,
    open_lens,
)
from tests.session_node import require_esql

pytestmark = pytest.mark.cluster

JSON = {"accept": "application/json", "content-type": "application/json"}
KHUMBU = Extent(west=86.4, south=27.5, east=87.3, north=28.3)
DAY = timedelta(days=1)
Photo = Mapping[str, Any]
Ask = Callable[[str, Request], Any]

# Choices of a person, each leaving fewer photos than the page that opens.
CHOICES: dict[str, Callable[[Page], Page]] = {
    "everything": lambda page: page,
    "the first days": lambda page: replace(page, end=page.start + 4 * DAY),
    "two peaks": lambda page: replace(page, ticked=("Ama Dablam", "Pumori")),
    "the western half": lambda page: replace(page, extent=replace(KHUMBU, east=86.83)),
    "no photo": lambda page: replace(page, start=page.end, end=page.end + DAY),
}


@pytest.fixture(scope="module")
def photos(trek: DrawnTrek, client: Elasticsearch) -> list[Photo]:
    """Every photo's document, all that is stored but the vector."""
    hits = client.search(index="photos", size=DRAWN, source_excludes=["clip_image"])["hits"]["hits"]
    return [{**hit["_source"], "_id": hit["_id"]} for hit in hits]


@pytest.fixture(scope="module")
def page(photos: list[Photo]) -> Page:
    """The days of the trek, and a map that shows all of it."""
    moments = [instant(photo).astimezone(timezone.utc) for photo in dated(photos)]
    return Page(KHUMBU, 10.0, min(moments) - DAY, max(moments) + DAY)


@pytest.fixture
def ask(client: Elasticsearch, trek: DrawnTrek) -> Ask:
    """Asks an API of Elasticsearch."""

    def ask(path: str, body: Request) -> Any:
        if path.startswith("/_query"):
            require_esql(client)
        return client.perform_request("POST", path, headers=JSON, body=body).body

    return ask


def instant(photo: Photo) -> datetime:
    return datetime.fromisoformat(photo["shot_time"])


def place(photo: Photo) -> tuple[float, float]:
    return photo["gps"]["lon"], photo["gps"]["lat"]


def dated(photos: list[Photo]) -> list[Photo]:
    """Photos that the page's time range lets through: those whose instant is known."""
    return [photo for photo in photos if "shot_time" in photo]


def in_view(photos: list[Photo], page: Page) -> list[Photo]:
    """Photos that a layer should show."""
    return [
        photo for photo in dated(photos)
        if "gps" in photo and page.extent.holds(*place(photo)) and page.start <= instant(photo) <= page.end
        and (not page.ticked or set(page.ticked) & set(photo["predicted_peak_labels"]))
    ]


def test_trek_has_what_the_tests_need(trek: DrawnTrek, photos: list[Photo], page: Page) -> None:
    by_path = {photo["path"]: photo for photo in photos}
    assert len(photos) == DRAWN and len(dated(photos)) == DRAWN - 1
    assert len(in_view(photos, page)) == DRAWN - 2
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


# Layers of photos: what a layer draws, held against what it should draw of the photos in view


def drawn_by(ask: Ask, layer: Layer, page: Page) -> Any:
    """What Kibana draws of the layer's answer: documents, lines, or dots with their counts."""
    kind = layer.source["type"]
    if kind == "ES_SEARCH":
        hits = ask("/photos/_search", documents_request(layer, page))["hits"]["hits"]
        marks = ((hit["_id"], hit["fields"]) for hit in hits)
        return sorted((name, *rounded(*reported["gps"][0]["coordinates"], *reported.get("bearing_true", [])))
                      for name, reported in marks)
    if kind == "ESQL":
        answer = ask("/_query?drop_null_columns", esql_request(layer, page))
        assert answer["is_partial"] is False and answer["all_columns"] == layer.source["columns"]
        return sorted(read_line(shape) for (shape,) in answer["values"])
    assert kind == "ES_GEO_GRID"
    buckets = ask("/photos/_search", grid_request(layer, page))["aggregations"]["gridSplit"]["buckets"]
    return [sum(bucket["doc_count"] for bucket in buckets)]


def rounded(*numbers: float) -> tuple[float, ...]:
    """Degrees to ten metres."""
    return tuple(round(number, 4) for number in numbers)


def read_line(shape: str) -> tuple[float, ...]:
    """LINESTRING (86.7 27.9, 86.9 27.9)."""
    assert shape.startswith("LINESTRING")
    return rounded(*map(float, shape.partition("(")[2].rstrip(")").replace(",", " ").split()))


def should_draw(layer: Layer, page: Page, photos: list[Photo]) -> Any:
    """The same, from the photos' documents."""
    if layer.id == "sight-lines":  # one to each peak in frame: the camera is in view, the summit need not be
        return sorted(
            rounded(*place(photo), end["lon"], end["lat"])
            for photo in photos for end in photo.get("peaks_in_frame", [])
        )
    if layer.id == "photo-bearings":
        return sorted(
            (one["_id"], *rounded(*place(one), one["bearing_true"]))
            for one in photos if "bearing_true" in one)
    if layer.id == "photos":
        return sorted((photo["_id"], *rounded(*place(photo))) for photo in photos)
    assert layer.id in ("heat", "photo-clusters")
    return [len(photos)]


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("layer", [layer for layer in ELASTICSEARCH_LAYERS if layer.id != "peaks"],
                         ids=lambda layer: str(layer.id))
def test_layer_draws_the_photos_in_view(
    layer: Layer, choice: str, ask: Ask, page: Page, photos: list[Photo]
) -> None:
    chosen = CHOICES[choice](page)
    expected = should_draw(layer, chosen, in_view(photos, chosen))
    assert drawn_by(ask, layer, chosen) == expected
    whole = should_draw(layer, page, in_view(photos, page))
    assert (expected in ([], [0])) == (choice == "no photo")
    assert (expected != whole) == (choice != "everything"), "a choice that leaves all would prove nothing"


def test_several_sight_lines_begin_at_one_photo(ask: Ask, page: Page, photos: list[Photo]) -> None:
    """A point-to-point layer would draw one of them."""
    cameras = [photo for photo in in_view(photos, page) if photo.get("peaks_in_frame")]
    assert len(drawn_by(ask, LAYERS["sight-lines"], page)) > len(cameras) > 10


def test_tooltip_of_a_photo(ask: Ask, page: Page, photos: list[Photo]) -> None:
    layer = LAYERS["photos"]
    hit = ask("/photos/_search", documents_request(layer, page))["hits"]["hits"][0]
    (reported,) = ask("/photos/_search", tooltip_request(layer, hit))["hits"]["hits"]
    photo = next(photo for photo in photos if photo["_id"] == hit["_id"])
    known = {name for name in layer.source["tooltipProperties"] if photo.get(name) not in (None, [])}
    assert reported["fields"].keys() == known
    for name in known - {"shot_time_local"}:
        stored = photo[name] if isinstance(photo[name], list) else [photo[name]]
        assert reported["fields"][name] == (pytest.approx(stored) if isinstance(stored[0], float) else stored)
    assert reported["fields"]["shot_time_local"] == [f"{photo['shot_time_local']}.000Z"]
    with Image.open(io.BytesIO(base64.b64decode(reported["fields"]["thumbnail"][0]))) as thumbnail:
        assert thumbnail.format == "JPEG" and max(thumbnail.size) == 256


def test_every_filter_that_a_tooltip_offers_finds_its_photo(ask: Ask, page: Page) -> None:
    layer = LAYERS["photos"]
    hit = ask("/photos/_search", documents_request(layer, page))["hits"]["hits"][0]
    (reported,) = ask("/photos/_search", tooltip_request(layer, hit))["hits"]["hits"]
    offered = {field.name for field in layer.filters_of_tooltip()} & reported["fields"].keys()
    assert {"path", "shot_time_local", "altitude", "predicted_peak_labels"} <= offered
    for name in offered:
        query = tooltip_filter(name, reported["fields"][name])
        found = ask("/photos/_search", {"size": DRAWN, "query": query})["hits"]["hits"]
        assert hit["_id"] in {one["_id"] for one in found}, name


def test_peaks_stay_with_their_names_and_heights_whatever_is_ticked(
    ask: Ask, client: Elasticsearch, page: Page
) -> None:
    layer = LAYERS["peaks"]
    stored = {hit["_id"]: hit["_source"] for hit in client.search(
        index="peaks_catalog", size=100, source_excludes=["text_embed"])["hits"]["hits"]}
    chosen = CHOICES["two peaks"](page)
    hits = ask("/peaks_catalog/_search", documents_request(layer, chosen))["hits"]["hits"]
    assert {hit["_id"] for hit in hits} == stored.keys() and len(hits) == 12
    for hit in hits:
        peak = stored[hit["_id"]]
        assert hit["fields"]["elev_m"] == [peak["elev_m"]]
        (label,) = hit["fields"]["label"]
        assert label.startswith(peak["names"][0]) and f"{peak['elev_m']} m" in label.replace(",", "")
        assert hit["fields"]["latlon"][0]["coordinates"] == pytest.approx(
            [peak["latlon"]["lon"], peak["latlon"]["lat"]], abs=1e-6)
    heights = [hit["fields"]["elev_m"][0] for hit in hits]
    assert heights == sorted(heights, reverse=True)
    (reported,) = ask("/peaks_catalog/_search", tooltip_request(layer, hits[0]))["hits"]["hits"]
    assert reported["fields"]["names"] == stored[hits[0]["_id"]]["names"]


# Panels


def test_gallery_shows_thumbnails_newest_first(ask: Ask, page: Page, photos: list[Photo]) -> None:
    hits = ask("/photos/_search", gallery_request(page))["hits"]["hits"]
    newest = sorted(dated(photos), key=instant, reverse=True)
    assert [hit["_id"] for hit in hits] == [photo["_id"] for photo in newest]
    for hit, photo in zip(hits, newest, strict=True):
        assert hit["fields"]["thumbnail"] == [photo["thumbnail"]]
        assert hit["fields"].get("predicted_peak_labels", []) == photo["predicted_peak_labels"]
        assert "clip_image" not in hit["fields"]


def read_moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def buckets_of(ask: Ask, lens: str, page: Page) -> list[Any]:
    answer = ask("/photos/_search", lens_request(open_lens(LENSES[lens]), page))
    found: list[Any] = answer["aggregations"]["0"]["buckets"]
    return found


def test_photos_a_day(ask: Ask, page: Page, photos: list[Photo]) -> None:
    days = Counter(instant(photo).astimezone(timezone.utc).date() for photo in dated(photos))
    buckets = buckets_of(ask, "peaks-photos-a-day", page)
    drawn = {read_moment(one["key"]).date(): one["doc_count"] for one in buckets}
    assert {moment: count for moment, count in drawn.items() if count} == days
    assert len(drawn) == (max(days) - min(days)).days + 1  # a day without photos is a gap, not left out


def test_peaks_most_photographed(ask: Ask, page: Page, photos: list[Photo]) -> None:
    buckets = buckets_of(ask, "peaks-most-photographed", page)
    shown = Counter(label for photo in dated(photos) for label in photo["predicted_peak_labels"])
    assert {bucket["key"]: bucket["doc_count"] for bucket in buckets} == shown
    counts = [bucket["doc_count"] for bucket in buckets]
    assert counts == sorted(counts, reverse=True)


def test_altitude_along_the_trail(ask: Ask, page: Page, photos: list[Photo]) -> None:
    """By the hour of the camera's clock; not bound to the page's range, so no empty hours."""
    buckets = buckets_of(ask, "peaks-altitude-along-the-trail", page)
    hours: dict[str, list[float]] = defaultdict(list)
    for photo in dated(photos):
        if "altitude" in photo:
            hours[photo["shot_time_local"][:13]].append(photo["altitude"])
    drawn = {
        read_moment(bucket["key"]).isoformat()[:13]: bucket["1"]["value"]
        for bucket in buckets if bucket["1"]["value"] is not None
    }
    assert drawn == pytest.approx({hour: fmean(altitudes) for hour, altitudes in hours.items()}, abs=0.01)
    assert all(bucket["doc_count"] for bucket in buckets)
