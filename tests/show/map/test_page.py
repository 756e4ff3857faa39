"""The HTML file of the map: self-contained, whole, and harmless whatever the photos are called."""
from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from loader.search.trek import Trek
from loader.show.map.page import render_page
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

    def values(self, name: str) -> list[str]:
        """The attribute's values in the order of the elements."""
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]


def parse(page: str) -> Elements:
    elements = Elements()
    elements.feed(page)
    return elements


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(make_trek(), "Photos and peaks")


def test_nothing_comes_from_elsewhere(page: str) -> None:
    elements = parse(page)
    for name in ("src", "srcset", "data", "action"):
        assert all(value.startswith("data:image/jpeg;base64,") for value in elements.values(name))
    assert all(re.match(r"#|file:///", value) for value in elements.values("href"))
    assert not {tag for tag, _ in elements.elements} & {"link", "iframe", "base", "object", "embed"}
    assert "@import" not in page.partition("</style>")[0]


def test_every_photo_stands_under_its_day_with_its_choices(page: str) -> None:
    elements = parse(page)
    assert re.findall(r"<h2>(.*?)</h2>", page)[:2] == ["26 October 2023", "27 October 2023"]
    photos = [value.split() for value in elements.values("class") if value.startswith("photo ")]
    assert len(photos) == 40 and len(elements.values("src")) == 20
    for key, count in re.findall(r'<a href="#([a-z]+-[0-9-]+)">.*?<small>(\d+)</small>', page):
        assert sum(key in classes for classes in photos) == int(count) > 0
        assert elements.values("id").count(key) == 1


def test_a_photo_leads_to_its_file() -> None:
    trek = lonely_trek()
    placed = Trek(tuple(replace(photo, root="/photos & more") for photo in trek.photos), {})
    assert 'href="file:///photos%20%26%20more/only.jpg"' in render_page(placed, "x")
    assert "file:///" not in render_page(trek, "x").partition("</nav>")[2]


def test_hostile_texts_stay_texts(page: str) -> None:
    plain, hostile = parse(page), parse(render_page(make_hostile_trek(), HOSTILE[0]))
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in plain.elements}
    scripts = [sum(tag == "script" for tag, _ in each.elements) for each in (plain, hostile)]
    assert scripts[0] == scripts[1]
    assert hostile.headings == [HOSTILE[0]] * 2
    assert not any(name.startswith("on") for _, attributes in hostile.elements for name in attributes)
    assert not hostile.values("src"), "what is no JPEG is no picture"


def test_tiles_are_asked_for_only_when_wanted(page: str) -> None:
    tiles = read_tile_server("https://tiles.example.org/{z}/{x}/{y}.png")
    assert "tiles.example.org" not in page
    assert "tiles.example.org" in render_page(make_trek(), "x", tiles=tiles)


def test_a_photo_without_its_picture_takes_little_room() -> None:
    def size(count: int) -> int:
        trek = make_trek(count)
        photos = tuple(replace(photo, thumbnail=None) for photo in trek.photos)
        return len(render_page(replace(trek, photos=photos), "x"))

    assert size(2000) - size(1000) < 1000 * 900


def test_no_altitudes_no_profile() -> None:
    assert 'id="profile"' not in render_page(lonely_trek(), "x")
