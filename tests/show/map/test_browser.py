"""The HTML file in a real browser, opened from the disk with the network off, looked at and used."""
from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loader.show.map.clusters import gather_dots
from loader.show.map.page import render_page
from loader.show.map.trek import Trek

from .browser import Browser, find_chromium, running_browser
from .treks import HOSTILE, lonely_trek, make_hostile_trek, make_trek

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium here (Debian's package chromium) to open the page with"
)

MODEL = "Bokeh.documents[0].get_model_by_name('{}')"
DATA = MODEL + ".data"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running_browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def show(browser: Browser, folder: Path, trek: Trek, title: str = "Photos and peaks") -> None:
    """Open a trek's page in its first state."""
    file = folder / "map.html"
    file.write_text(render_page(trek, title), encoding="utf-8")
    browser.events.clear()
    browser.resize(1400, 860)
    browser.open_file(file)


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """The page of a trek of forty photos; whatever a test does there, nothing may go wrong unseen."""
    show(browser, tmp_path, make_trek())
    yield browser
    assert browser.complaints() == []
    assert browser.requests() == []


def shown(page: Browser) -> int:
    """How many photos the choice leaves, once the page has come to rest."""
    page.rest()
    return int(page.ask("document.body.dataset.photos"))


def place_of(page: Browser, source: str, row: int) -> tuple[float, float]:
    """Where a mark of the map stands on the screen, in pixels of the page."""
    x, y = page.ask(f"""(() => {{
      const map = {MODEL.format("map")}, data = {DATA.format(source)};
      const box = document.getElementById("figures").getBoundingClientRect();
      const [x, y] = [map.x_range, map.y_range];
      const left = box.left + map.outer_width - map.inner_width - 14;
      return [left + (data.x[{row}] - x.start) / (x.end - x.start) * map.inner_width,
              box.top + 2 + (y.end - data.y[{row}]) / (y.end - y.start) * map.inner_height];
    }})()""")
    return float(x), float(y)


def pixels_like(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    counts = picture.getcolors(1 << 24)
    assert counts is not None
    return sum(
        count for count, found in counts
        if isinstance(found, tuple) and all(abs(a - b) < 12 for a, b in zip(found, colour, strict=True))
    )


def test_the_map_is_drawn(page: Browser) -> None:
    picture = Image.open(io.BytesIO(page.picture())).convert("RGB").crop((300, 0, 1100, 860))
    assert picture.size == (800, 860)
    assert pixels_like(picture, (0xBD, 0x27, 0x1E)) > 150, "red triangles"
    assert pixels_like(picture, (0x20, 0x92, 0x80)) > 1500, "green dots"
    assert pixels_like(picture, (0xF6, 0xF4, 0xEE)) > 100_000, "paper"
    assert page.ask("document.body.dataset.dots") == page.ask(f"String({DATA.format('dots')}.x.length)")
    assert page.ask(f"{DATA.format('heat')}.url.length") == 1
    assert page.ask(f"{DATA.format('labels')}.text").count("Mount Everest") == 1


def test_labels_do_not_collide(page: Browser) -> None:
    labels = page.ask(f"({{...{DATA.format('labels')}}})")
    drawing = MODEL.format("map")
    pixel = page.ask(f"({drawing}.x_range.end - {drawing}.x_range.start) / {drawing}.inner_width")
    places = zip(labels["x"], labels["y"], labels["right"], labels["down"], strict=True)
    lines = {(round(x / pixel + right), round((down - y / pixel) / 9)) for x, y, right, down in places}
    assert len(lines) == len(labels["text"])


def test_a_peak_can_be_ticked_and_all_shown_again(page: Browser) -> None:
    named = make_trek().named["mount-everest"]
    page.ask("""[...document.querySelectorAll('#peaks label')]
      .find((label) => label.textContent.includes('Mount Everest')).click()""")
    assert shown(page) == named
    assert page.ask("document.getElementById('count').textContent") == f"{named} photos in view"
    ends = page.ask(f"[...new Set({DATA.format('sights')}.x1)]")
    assert len(ends) == 1, "only the sight lines to the peak that was chosen"
    page.ask("document.getElementById('reset').click()")
    assert shown(page) == 40
    assert page.ask("document.querySelectorAll('#peaks li input:checked').length") == 0


def test_peaks_in_frame_can_be_chosen_instead(page: Browser) -> None:
    page.ask("document.querySelector('[name=by][value=framed]').click()")
    page.ask("""[...document.querySelectorAll('#peaks label')]
      .find((label) => label.textContent.includes('Pumori')).click()""")
    assert shown(page) == make_trek().framed["pumori"]


def test_the_window_of_time_filters(page: Browser) -> None:
    page.ask(f"{MODEL.format('window')}.setv({{start: Date.UTC(2023, 9, 27), end: Date.UTC(2023, 9, 29)}})")
    assert shown(page) == sum(photo.clock is not None and 27 <= photo.clock.day < 29
                              and photo.clock.month == 10 for photo in make_trek().photos)
    page.ask("document.getElementById('reset').click()")
    assert shown(page) == 40
    assert page.ask(f"{MODEL.format('window')}.end < {MODEL.format('days')}.start"), "out of sight"


def test_the_window_can_be_drawn_with_the_mouse(page: Browser) -> None:
    box = page.ask("JSON.stringify(document.getElementById('figures').getBoundingClientRect())")
    bottom = json.loads(box)["bottom"] - 60
    page.mouse("mouseMoved", 600, bottom)
    page.mouse("mousePressed", 600, bottom, button="left", clickCount=1)
    for x in range(620, 820, 20):
        page.mouse("mouseMoved", x, bottom, button="left", buttons=1)
    page.mouse("mouseReleased", 800, bottom, button="left", clickCount=1)
    assert 5 < shown(page) < 30


def test_the_wheel_zooms_and_dots_come_apart(page: Browser) -> None:
    before = int(page.ask("document.body.dataset.dots"))
    width = f"({MODEL.format('map')}.x_range.end - {MODEL.format('map')}.x_range.start)"
    far = page.ask(width)
    for _ in range(4):
        page.mouse("mouseWheel", 700, 300, deltaX=0, deltaY=-240)
    page.wait_for(f"{width} < {far / 2}")
    shown(page)
    members = page.ask("document.getElementById('count').textContent")
    assert int(members.split()[0]) < 40
    page.ask("document.getElementById('home').click()")
    shown(page)
    assert page.ask(width) == pytest.approx(far)
    assert int(page.ask("document.body.dataset.dots")) == before


def test_a_photo_tells_of_itself_under_the_pointer(page: Browser) -> None:
    counts = page.ask(f"[...{DATA.format('dots')}.count]")
    page.mouse("mouseMoved", *place_of(page, "dots", counts.index("")))
    page.wait_for("!document.getElementById('card').hidden")
    card = page.ask("document.getElementById('card').innerText")
    assert "+05:45" in card
    assert "m above the sea" in card
    assert "IMG_" in card
    assert page.ask(f"{DATA.format('ring')}.x.length") == 1
    page.mouse("mouseMoved", 700, 20)
    page.wait_for("document.getElementById('card').hidden")


def test_a_click_looks_closer_at_a_dot_of_many(page: Browser) -> None:
    counts = page.ask(f"[...{DATA.format('dots')}.count]")
    row = next(place for place, count in enumerate(counts) if count)
    x, y = place_of(page, "dots", row)
    page.mouse("mouseMoved", x, y)
    page.wait_for("!document.getElementById('card').hidden")
    assert f"{counts[row]} photos" in page.ask("document.getElementById('card').innerText")
    page.click(x, y)
    page.wait_for(f"document.getElementById('count').textContent.startsWith('{counts[row]} photos')")


def test_a_peak_tells_of_itself_and_can_be_clicked(page: Browser) -> None:
    colours = page.ask(f"[...{DATA.format('peaks')}.colour]")
    x, y = place_of(page, "peaks", len(colours) - 1)  # the highest that photos show is drawn last
    page.mouse("mouseMoved", x, y)
    page.wait_for("!document.getElementById('card').hidden")
    assert "Sagarmatha" in page.ask("document.getElementById('card').innerText")
    page.click(x, y)
    assert shown(page) == make_trek().named["mount-everest"]


@pytest.mark.parametrize("layer", ["peaks", "photos", "sights", "ways", "heat"])
def test_a_layer_can_be_hidden(page: Browser, layer: str) -> None:
    page.ask(f"document.querySelector('[data-layer={layer}]').click()")
    visible = page.ask(f"{MODEL.format('map')}.renderers.filter((r) => r.name === '{layer}-layer')"
                       ".map((r) => r.visible)")
    assert visible and not any(visible)


def test_the_gallery_shows_pictures_by_day(page: Browser) -> None:
    assert page.ask("document.querySelectorAll('#photos img').length") == 20
    assert page.ask("document.querySelectorAll('#photos .missing').length") == 20
    assert page.ask("document.querySelector('#photos h3').textContent") == "26 October 2023"
    assert page.ask("[...document.images].every((image) => image.complete ? image.naturalWidth > 0 : true)")
    page.ask("document.querySelector('.tile').focus()")
    page.wait_for(f"{DATA.format('ring')}.x.length === 1")


def test_a_small_screen_shows_the_map_first(page: Browser) -> None:
    page.resize(420, 860)
    shown(page)
    places = page.ask("""['header', 'main', '.gallery', '#peaks']
      .map((part) => document.querySelector(part).getBoundingClientRect().top)""")
    assert places == sorted(places)
    assert page.ask("document.documentElement.scrollWidth") <= 420


def test_hostile_names_run_nothing(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, make_hostile_trek(), HOSTILE[0])
    for row in range(len(HOSTILE)):
        browser.mouse("mouseMoved", *place_of(browser, "dots", row))
        browser.mouse("mouseMoved", *place_of(browser, "peaks", row))
    assert browser.ask("window.stolen === undefined")
    assert browser.ask("document.title").strip() == HOSTILE[0]
    assert browser.ask("document.querySelector('.tile').title").startswith(HOSTILE[0])
    assert browser.ask("document.querySelectorAll('#photos script, #photos svg, #peaks svg').length") == 0
    assert browser.complaints() == []
    assert browser.requests() == []


def test_one_photo_without_anything_is_drawn(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, lonely_trek())
    assert browser.ask("document.body.dataset.dots") == "1"
    assert browser.ask("document.querySelector('main').clientHeight") == 860
    assert browser.complaints() == []


def test_many_photos_are_drawn_in_time(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, make_trek(5000))
    assert shown(browser) == 5000
    assert browser.ask("document.querySelectorAll('.tile').length") == 60
    assert int(browser.ask("document.body.dataset.dots")) < 200
    assert browser.complaints() == []


def test_the_page_gathers_dots_as_the_picture_does(page: Browser) -> None:
    chance = random.Random(3)
    spots = [(chance.uniform(-5e3, 5e3), chance.uniform(-5e3, 5e3)) for _ in range(300)]
    photos = json.dumps([{"x": x, "y": y, "place": place} for place, (x, y) in enumerate(spots)])
    gathered: list[Any] = page.ask(
        f"gatherDots({photos}, 800).map((dot) => [dot.x, dot.y, dot.members.map((photo) => photo.place)])"
    )
    expected = gather_dots(spots, 800)
    assert [sorted(members) for _, _, members in gathered] == [list(dot.members) for dot in expected]
    assert [(x, y) for x, y, _ in gathered] == [pytest.approx(dot.spot) for dot in expected]
