"""The HTML file: whole, closed against what photos may be called, and no larger than it must be."""
from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from loader.search.trek import Trek
from loader.show.map import colours
from loader.show.map.page import describe_trek, render_page
from loader.show.map.tiles import read_tile_server

from .treks import HOSTILE, lonely_trek, make_hostile_trek, make_trek


class Elements(HTMLParser):
    """Every element with its attributes, and the texts of headings."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("title", "h1"):
            self.headings.append(data)


def parse(page: str) -> Elements:
    elements = Elements()
    elements.feed(page)
    return elements


def embedded(page: str, name: str) -> Any:
    """The JSON document that the page carries under an id."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(make_trek(), "Photos and peaks")


def test_nothing_comes_from_elsewhere(page: str) -> None:
    for tag, attributes in parse(page).elements:
        for name in ("src", "href", "srcset", "data", "action"):
            assert not (attributes.get(name) or "").strip(), f"<{tag} {name}={attributes[name]!r}>"
        assert tag not in ("link", "iframe", "base", "object", "embed")
    assert "@import" not in page.partition("</style>")[0]


def test_carries_what_is_drawn(page: str) -> None:
    carried = embedded(page, "trek-data")
    assert carried == json.loads(json.dumps(describe_trek(make_trek())))
    assert len(carried["photos"]) == 40
    everest = carried["peaks"][0]
    assert (everest["names"][0], everest["metres"]) == ("Mount Everest", 8849)
    assert everest["x"] == pytest.approx(9676478, abs=1)
    photo = carried["photos"][1]
    assert photo["named"] == [{"peak": photo["named"][0]["peak"], "sure": "93 %",
                               "evidence": "by look and sight line"}]
    assert photo["when"] == "2023-10-26 13:12 +05:45"


def test_what_is_not_known_is_not_there() -> None:
    photo, = describe_trek(lonely_trek())["photos"]
    assert set(photo) == {"path", "x", "y"}
    assert describe_trek(make_trek())["peaks"][5] == {"names": ["Somewhere"]}


def test_hostile_texts_stay_texts_and_arrive_unharmed(page: str) -> None:
    written = render_page(make_hostile_trek(), HOSTILE[0])
    plain, hostile = parse(page), parse(written)
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    assert hostile.headings == [HOSTILE[0]] * 2
    carried = embedded(written, "trek-data")
    assert [photo["path"] for photo in carried["photos"]] == list(HOSTILE)
    assert [peak["names"][0] for peak in carried["peaks"]] == list(HOSTILE)
    assert not any("picture" in photo for photo in carried["photos"]), "what is no JPEG is no picture"


def test_the_layers_have_the_projects_colours(page: str) -> None:
    figures = json.dumps(embedded(page, "figures-data"))
    for name in ("heat", "sights", "ways", "photos", "peaks"):
        assert f'"{name}-layer"' in figures
    assert (colours.PEAK, colours.PHOTO) == ("#BD271E", "#209280")
    assert colours.PHOTO in figures
    assert embedded(page, "palette-data")["peak"] == colours.PEAK


def test_tiles_are_asked_for_only_when_wanted(page: str) -> None:
    assert "WMTSTileSource" not in json.dumps(embedded(page, "figures-data"))
    tiles = read_tile_server("https://tiles.example.org/{z}/{x}/{y}.png")
    figures = json.dumps(embedded(render_page(make_trek(), "x", tiles=tiles), "figures-data"))
    assert "https://tiles.example.org/{Z}/{X}/{Y}.png" in figures


def test_a_photo_without_its_picture_takes_little_room() -> None:
    def size(count: int) -> int:
        return len(json.dumps(describe_trek(make_trek(count))))

    thumbnail = 600 + 200  # of a picture in these tests, for every second photo, with room for its name
    assert size(2000) - size(1000) < 1000 * (450 + thumbnail)


@pytest.mark.parametrize("trek", [lonely_trek(), Trek(lonely_trek().photos, make_trek().peaks)],
                         ids=["no peaks", "no sight lines"])
def test_little_is_enough(trek: Trek) -> None:
    assert "profile" not in json.dumps(embedded(render_page(trek, "x"), "figures-data"))
