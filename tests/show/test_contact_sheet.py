"""The contact sheet: one file, nothing fetched, nothing unescaped."""
from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from loader.peaks.catalogue import Peak
from loader.search.answer import Answer, ShotTime
from loader.show.contact_sheet import render_identifications, render_photos
from loader.show.pages import thumbnail_uri
from loader.text import compass_point
from tests.chromium import browser, needs_chromium, watched_page  # noqa: F401  (the fixture browser)
from tests.search.search_answers import identified_image, photo_answer, small_jpeg

# Of an open page, in pixels: its width, the pictures' shapes and widths, the heights of the lines below them
# and of the facts behind these; and the red of the paper.
MEASURES = """(() => {
  const all = (selector, measure) => [...document.querySelectorAll(selector)].map(measure);
  all("details", each => each.open = true);
  const box = each => each.getBoundingClientRect();
  return {
    page: document.documentElement.scrollWidth,
    shapes: all("img", each => box(each).width / box(each).height),
    widths: all("img", each => box(each).width),
    lines: all("summary", each => box(each).height),
    cut: all("summary b", each => each.scrollWidth - each.clientWidth),
    facts: all("p span", each => box(each).height),
    paper: Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]),
  };
})()"""

VOID = {"meta", "img", "circle", "path", "link", "br"}


class Outline(HTMLParser):
    """Collects the tags of a page and checks that they close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def with_thumbnails(answer: Answer, thumbnail: str) -> Answer:
    return replace(answer, hits=tuple(replace(hit, thumbnail=thumbnail) for hit in answer.hits))


def test_photos_show_what_is_known() -> None:
    page = outline(render_photos(with_thumbnails(photo_answer(), small_jpeg())))
    words = " ".join(page.text.split())
    for expected in (
        *("Ama Dablam 93 % 2023-10-05 06:12", "1998-05-01 03:00 UTC"),
        *("prayer flags", "cosine 0.144", "SigLIP 37 %", "2023-10-05 06:12 +05:45"),
        *("Ama Dablam 93 % (both)", "Taboche 31 % (sight)", "Mount Everest (visual)"),
        "gone-from-the-concepts",
        *("101° (E)", "349° (N) magnetic", "4,372 m", "within 5km of Ama Dablam"),
        "prière.tif",
        '珠峰 <大本营> & "日出".jpg',
    ):
        assert expected in words


def test_the_page_needs_nothing_beside_it() -> None:
    for html in (render_photos(with_thumbnails(photo_answer(), small_jpeg())),
                 render_identifications([replace(identified_image(), thumbnail=small_jpeg())])):
        page = outline(html)
        for tag, name, value in page.attributes:
            assert tag not in ("script", "link")
            if name == "src":
                assert value.startswith("data:image/jpeg;base64,")
            if name == "href":
                assert value.startswith(("geo:", "file:///"))
        assert not re.search(r"url\(|@import|https?:", html)


def test_a_card_leads_to_its_file_and_tells_libraries_apart() -> None:
    page = outline(render_photos(photo_answer()))
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert "file:///home/ann/trek/khumbu/day%2003/IMG_1512.HEIC" in links
    titles = [value for tag, name, value in page.attributes if (tag, name) == ("a", "title")]
    assert titles[0] == "/home/ann/trek/khumbu/day 03/IMG_1512.HEIC" and len(titles) == 2
    assert "trek: khumbu/day 03/IMG_1512.HEIC" in page.text
    alone = outline(render_photos(replace(photo_answer(), hits=photo_answer().hits[:1])))
    assert "trek: khumbu" not in alone.text


def test_pictures_have_words_and_their_own_shape() -> None:
    for html in (render_photos(with_thumbnails(photo_answer(), small_jpeg())),
                 render_identifications([replace(identified_image(), thumbnail=small_jpeg())])):
        page = outline(html)
        words = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
        assert words[0] in ("Ama Dablam: khumbu/day 03/IMG_1512.HEIC", "Ama Dablam: IMG_2315.HEIC")
        shapes = {value for tag, name, value in page.attributes if (tag, name) == ("figure", "style")}
        assert shapes == {"--ratio: 1.500"}


def test_an_image_leads_to_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a&b.jpg").touch()
    for path, link in (("a&b.jpg", (tmp_path / "a&b.jpg").as_uri()), ("absent.jpg", None)):
        page = outline(render_identifications([replace(identified_image(), path=path)]))
        links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
        assert links == ([] if link is None else [link])


@needs_chromium
def test_in_a_browser_every_picture_is_whole_and_has_one_line(
    browser: Browser, tmp_path: Path  # noqa: F811
) -> None:
    shapes = [(256, 192), (192, 256), (256, 52), (256, 192)]
    first = photo_answer().hits[0]
    everest = replace(first.predictions[0], peak=Peak("mount-everest", ("Mount Everest",)))
    hits = [replace(first, predictions=(everest,), thumbnail=small_jpeg(shape)) for shape in shapes]
    file = tmp_path / "sheet.html"
    file.write_text(render_photos(replace(photo_answer(), hits=tuple(hits))), encoding="utf-8")
    for width, scheme in product((390, 800, 1400), ("light", "dark")):
        with watched_page(browser, width, color_scheme=scheme) as page:
            page.goto(file.as_uri())
            measured = page.evaluate(MEASURES)
            assert measured["page"] == width
            assert measured["shapes"] == pytest.approx([wide / high for wide, high in shapes], rel=0.01)
            assert max(measured["lines"]) < 32 and max(measured["facts"]) < 24
            assert min(measured["widths"]) > 200 and max(measured["cut"]) == 0
            assert (measured["paper"] < 128) == (scheme == "dark")


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=1>', "{{ 7*7 }}", "</style>"]
)
def test_hostile_text_stays_text(hostile: str) -> None:
    answer = photo_answer()
    hit = replace(answer.hits[0], path=hostile, thumbnail=small_jpeg())
    question = replace(answer.question, asked=hostile)
    page = outline(render_photos(replace(answer, hits=(hit,), question=question)))
    assert page.text.count(hostile) >= 2
    assert not any(name.startswith("on") or tag == "script" for tag, name, _ in page.attributes)


@pytest.mark.parametrize("thumbnail", [None, "", "not base64!", "aGVsbG8=", 'x" onload="1'])
def test_what_is_no_jpeg_is_not_shown(thumbnail: str | None) -> None:
    assert thumbnail_uri(thumbnail) is None
    answer = photo_answer()
    page = outline(render_photos(replace(answer, hits=(replace(answer.hits[0], thumbnail=thumbnail),))))
    assert "no thumbnail" in page.text


def test_a_damaged_thumbnail_costs_its_shape_only() -> None:
    page = outline(render_photos(with_thumbnails(photo_answer(), "/9j/AAAA")))
    styles = {value for tag, name, value in page.attributes if (tag, name) == ("figure", "style")}
    assert styles == {"--ratio: 1.500"}


def test_limits_of_the_model_stand_above_the_pictures() -> None:
    sentence = "It knows <drawn> scenes only."
    for html in (render_photos(photo_answer(), sentence),
                 render_identifications([identified_image()], sentence)):
        assert outline(html).text.count(sentence) == 1
    assert "note" not in {value for _, name, value in outline(render_photos(photo_answer())).attributes
                          if name == "class"}


def test_nothing_found() -> None:
    assert "Nothing found." in outline(render_photos(replace(photo_answer(), hits=()))).text


def test_identified() -> None:
    time = ShotTime("2023-10-31T03:46:00Z", "2023-10-31T09:31:00", "+05:45")
    image = replace(identified_image(), path="dir/a & b.jpg", thumbnail=small_jpeg(), time=time)
    page = outline(render_identifications([image]))
    words = " ".join(page.text.split())
    for expected in (
        *("Ama Dablam 93 % 2023-10-31 09:31", "2023-10-31 09:31 +05:45"),
        "Ama Dablam 6,812 m 93 % (both) cosine 0.144 SigLIP 37 % 82° (E) 7.9 km in frame",
        *("dir/a & b.jpg", "looking 84° (E), 12° wide", "stupa", "within 60km of Ama Dablam"),
    ):
        assert expected in words
    classes = [value for tag, name, value in page.attributes if (tag, name) == ("li", "class")]
    assert classes == ["unnamed"]  # Makalu: in the frame; Kangtega is not, and unlikely
    nothing = replace(image, found=replace(image.found, candidates=(), sights=()))
    page = outline(render_identifications([nothing]))
    assert "no peak of the catalogue inside the filters could be seen from there" in page.text


@pytest.mark.parametrize(("bearing", "point"), [(0, "N"), (11.3, "NNE"), (90, "E"), (225, "SW"), (359, "N")])
def test_compass(bearing: float, point: str) -> None:
    assert compass_point(bearing) == point
