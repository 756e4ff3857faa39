"""What is chosen on the map becomes a filter."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from elasticsearch import BadRequestError, Elasticsearch

from browse.address import Address
from browse.parts.trek_view import read_selection
from loader.place import Point
from loader.search.trek import TrekPhoto
from loader.show.map.markers import Marker
from loader.show.map.outlines import write_box, write_box_of
from loader.show.map.view import HALF, project

PHOTOS = tuple(TrekPhoto(name, f"{name}.jpg", Point(27.9, 86.8 + place / 100))
               for place, name in enumerate("abc"))
MARKERS = [Marker(PHOTOS[:1], 0, 0), Marker(PHOTOS[1:], 0, 0)]


def choose(address: Address | None = None, **chosen: Any) -> dict[str, Any]:
    return read_selection({"box": [], "lasso": [], "points": [], **chosen}, MARKERS, address or Address())


def test_an_outline_around_the_world_is_a_box() -> None:
    xs, ys = [-1.2 * HALF, 1.2 * HALF, 1.2 * HALF, -1.2 * HALF], [0.0, 0.0, 9e6, 9e6]
    assert choose(lasso=[{"x": xs, "y": ys}]) == {"area": "", "box": write_box(xs, ys)}
    half = choose(lasso=[{"x": [x / 2 for x in xs], "y": ys}])
    assert half["box"] == "" and len(half["area"].split(",")) == 5


def test_a_click_opens_a_photo_or_narrows_to_a_group_or_a_peak() -> None:
    assert choose(points=[{"x": 1}, {"customdata": 0}]) == {"photo": "a"}
    assert choose(points=[{"customdata": 1}]) == {"box": write_box_of(PHOTOS[1:]), "area": ""}
    address = Address(peak=("lhotse", "pumori"))
    assert choose(address, points=[{"customdata": "lhotse"}]) == {"peak": ("pumori", "lhotse")}
    assert choose() == {} == choose(points=[{"x": 1}])


@pytest.mark.cluster
def test_a_lasso_across_itself_and_the_date_line_is_one_that_elasticsearch_takes(
    client: Elasticsearch, photos: Path
) -> None:
    def count(area: str) -> int:
        found = client.search_template(index="photos", id="photos-by-filter", params={"area": area})
        return int(found["hits"]["total"]["value"])

    corners = [(1, 179), (-1, 181), (1, 181), (-1, 179)]
    xs, ys = zip(*(project(Point(*corner), corner[1]) for corner in corners), strict=True)
    assert count(choose(lasso=[{"x": xs, "y": ys}])["area"]) == 0
    with pytest.raises(BadRequestError):
        count(",".join(f"{lon} {lat}" for lat, lon in [*corners, corners[0]]))
