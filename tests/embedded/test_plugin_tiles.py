"""Vector tiles on the node: the example of Elasticsearch's documentation, grids, bounds and refusals."""
from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import mapbox_vector_tile
import pytest

from tests.embedded.plugin_node import Api

pytestmark = pytest.mark.cluster

INDEX = "plugin-museums"
AMSTERDAM = f"/{INDEX}/_mvt/location/13/4207/2692"
MUSEUMS = [
    ("POINT (4.912350 52.374081)", 1750, True),
    ("POINT (4.901618 52.369219)", 1500, False),
    ("POINT (4.914722 52.371667)", 1650, True),
    ("POINT (4.914722 52.371667)", 0, True),
]
Tile = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def api(node: Any) -> Iterator[Api]:
    """The node with the museums of Amsterdam, documents 1 to 4 of the documentation's example."""
    api = Api(node.url)
    api.call("DELETE", f"/{INDEX}")
    kinds = {"location": "geo_point", "price": "long", "included": "boolean"}
    mappings = {"properties": {name: {"type": kind} for name, kind in kinds.items()}}
    api.ok("PUT", f"/{INDEX}", {"mappings": mappings})
    for number, (location, price, included) in enumerate(MUSEUMS, start=1):
        body = {"location": location, "price": price, "included": included}
        api.ok("PUT", f"/{INDEX}/_doc/{number}?refresh=true", body)
    yield api
    api.call("DELETE", f"/{INDEX}")


@pytest.fixture
def tile(node: Any, api: Api) -> Tile:
    """Asks for a tile and decodes it; y grows to the north, as in the documentation."""

    def ask(path: str = AMSTERDAM, **body: object) -> dict[str, Any]:
        request = urllib.request.Request(
            node.url + path,
            method="GET",
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
            decoded: dict[str, Any] = mapbox_vector_tile.decode(answer.read())
        return decoded

    return ask


def only(layer: dict[str, Any]) -> tuple[set[tuple[int, int]], dict[str, Any]]:
    """The corners and the tags of a layer's one feature."""
    (feature,) = layer["features"]
    ((*corners, last),) = feature["geometry"]["coordinates"]
    assert (feature["geometry"]["type"], last) == ("Polygon", corners[0])
    return {tuple(corner) for corner in corners}, feature["properties"]


def box(west: int, south: int, east: int, north: int) -> set[tuple[int, int]]:
    return {(west, south), (west, north), (east, south), (east, north)}


def statistics(name: str, value: float) -> dict[str, float]:
    """Of one cell."""
    named = f"aggregations.{name}"
    return {f"{named}.count": 1, **{f"{named}.{one}": value for one in ("min", "max", "avg", "sum")}}


def test_answers_as_the_documentation_does(tile: Tile) -> None:
    """The example's answer but for its hits; the cell's key is younger than the page."""
    prices = {f"{kind}_price": {kind: {"field": "price"}} for kind in ("min", "max", "avg")}
    included = {"term": {"included": True}}
    answer = tile(size=0, grid_agg="geotile", grid_precision=2, fields=["price"], query=included, aggs=prices)
    assert answer.keys() == {"aggs", "meta"}
    assert {(layer["extent"], layer["version"]) for layer in answer.values()} == {(4096, 2)}
    corners, tags = only(answer["aggs"])
    assert corners == box(3072, 3072, 4096, 4096)
    mean = 1133.3333333333333
    assert tags == {"_key": "15/16831/10768", "_count": 3, "max_price.value": 1750.0, "min_price.value": 0.0,
                    "avg_price.value": mean}
    corners, tags = only(answer["meta"])
    assert corners == box(0, 0, 4096, 4096)
    assert tags.pop("took") >= 0
    assert tags == {
        "timed_out": False, "hits.total.relation": "eq", "hits.total.value": 3, "_shards.failed": 0,
        "_shards.skipped": 0, "_shards.successful": 1, "_shards.total": 1, **statistics("_count", 3.0),
        **statistics("min_price", 0.0), **statistics("max_price", 1750.0), **statistics("avg_price", mean),
    }  # fmt: skip


def test_exact_bounds_lie_around_the_documents(tile: Tile) -> None:
    """Between the points that the documentation's example gives its hits."""
    answer = tile(size=0, grid_precision=0, exact_bounds=True, query={"term": {"included": True}})
    assert answer.keys() == {"meta"}
    corners, tags = only(answer["meta"])
    assert corners == box(3208, 3496, 3429, 3864)
    assert not [name for name in tags if name.startswith("aggregations")]


@pytest.mark.parametrize(
    ("grid_type", "east", "west"),
    [
        ("point", (3584, 3584), (2560, 3584)),  # the middles of cells of 1024
        ("centroid", (3356, 3619), (2208, 3122)),  # (3208 + 2 × 3429) / 3; the museum that stands alone
    ],
)
def test_cells_are_points(
    grid_type: str, east: tuple[int, int], west: tuple[int, int], tile: Tile
) -> None:
    features = tile(size=0, grid_precision=2, grid_type=grid_type)["aggs"]["features"]
    found = {feature["properties"]["_key"]: feature for feature in features}
    for key, count, place in (("15/16831/10768", 3, east), ("15/16830/10768", 1, west)):
        assert found[key]["properties"]["_count"] == count
        assert found[key]["geometry"] == {"type": "Point", "coordinates": pytest.approx(place, abs=1)}
    assert len(found) == 2


def test_empty_tile_says_only_what_it_searched(tile: Tile) -> None:
    answer = tile(f"/{INDEX}/_mvt/location/13/0/0", size=0)
    assert answer.keys() == {"meta"}
    _, tags = only(answer["meta"])
    # Ten tags: what Elasticsearch's own test of an empty tile counts.
    assert len(tags) == 10 and tags["hits.total.value"] == 0 and tags["aggregations._count.sum"] == 0.0


def test_url_parameters_count_more_than_the_body(tile: Tile) -> None:
    path = f"{AMSTERDAM}?size=0&grid_precision=1&grid_type=point&extent=256&track_total_hits=false"
    for answer in (tile(path), tile(path, size=7, grid_precision=8, extent=512, track_total_hits=True)):
        (feature,) = answer["aggs"]["features"]
        assert feature["geometry"] == {"type": "Point", "coordinates": [192, 192]}
        assert answer["meta"]["extent"] == 256
        assert "hits.total.value" not in only(answer["meta"])[1]


@pytest.mark.parametrize(
    ("path", "body", "status", "reason"),
    [
        ("location/30/0/0", {}, 400, "Invalid geotile_grid precision of 30. Must be between 0 and 29."),
        ("location/1/2/0", {}, 400, "Zoom/X/Y combination is not valid: 1/2/0"),
        ("location/1/x/0", {}, 400, 'For input string: "x"'),
        ("location/1/0/0?colour=red", {}, 400, "contains unrecognized parameter: [colour]"),
        ("location/1/0/0", {"colour": "red"}, 400, "[vector-tile] unknown field [colour]"),
        ("location/1/0/0", {"query": {"nope": {}}}, 400, "[vector-tile] failed to parse field [query]"),
        ("location/1/0/0", {"extent": -1}, 400, "[vector-tile] failed to parse field [extent]"),
        ("location/1/0/0?grid_precision=9", {}, 400,
         "[gridPrecision] parameter cannot be bigger than 8, found [9]"),
        ("location/1/0/0?grid_type=cell", {}, 400, "Invalid grid type [cell]"),
        ("location/1/0/0", {"aggs": {"_mvt_a": {"min": {"field": "price"}}}}, 400,
         "Invalid aggregation name [_mvt_a]. Aggregation names cannot start with prefix '_mvt_'"),
        ("location/1/0/0", {"size": 5}, 400,
         "The embedded node supplies no hits in vector tiles: ask with [size] 0."),
        ("location/1/0/0", {"grid_agg": "geohex"}, 400,
         "The embedded node supplies no hexagons in vector tiles: ask with [grid_agg] geotile."),
        ("location/1/0/0", {"with_labels": True}, 400,
         "The embedded node supplies no labels in vector tiles: ask with [with_labels] false."),
    ],
)  # fmt: skip
def test_wrong_requests_are_explained(
    api: Api, path: str, body: dict[str, object], status: int, reason: str
) -> None:
    got, said = api.refusal("POST", f"/{INDEX}/_mvt/{path}", {"size": 0, **body})
    assert (got, reason in said) == (status, True), said


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        (f"{INDEX}/_mvt/price/1/1/0", 400,
         "Field [price] is of unsupported type [long] for [geo_shape] query"),
        (f"{INDEX}/_mvt/place/1/1/0", 400, "failed to find type for field [place]"),
        ("no-such-index/_mvt/location/1/1/0", 404, "no such index [no-such-index]"),
    ],
)  # fmt: skip
def test_searches_that_fail_are_explained(api: Api, path: str, status: int, reason: str) -> None:
    got, answer = api.call("GET", f"/{path}?size=0")
    assert (got, answer["error"]["root_cause"][0]["reason"]) == (status, reason)
