"""The HTML file in a real browser, opened from the disk with the network off, looked at and used."""
from __future__ import annotations

import io
import json
import math
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from PIL import Image

from loader.search.trek import Trek
from loader.show.map.page import render_page

from .browser import Browser, find_chromium, running_browser
from .treks import HOSTILE, lonely_trek, make_hostile_trek, make_trek

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium here (Debian's package chromium) to open the page with"
)

MODEL = "Bokeh.documents[0].get_model_by_name('{}')"
DATA = MODEL + ".data"
NAMED = Counter(found.peak.id for photo in make_trek().photos for found in photo.predictions)
FRAMED = Counter(peak_id for photo in make_trek().photos for peak_id in photo.in_frame)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(running: Browser) -> Iterator[Browser]:
    """A browser for one test; whatever is done there, nothing may go wrong unseen."""
    running.events.clear()
    running.resize(1400, 860)
    yield running
    assert running.complaints() == []
    assert running.requests() == []


@pytest.fixture(scope="module")
def map_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a trek of forty photos."""
    return write_map(tmp_path_factory.mktemp("map"), make_trek())


def write_map(folder: Path, trek: Trek, title: str = "Photos and peaks") -> Path:
    file = folder / "map.html"
    file.write_text(render_page(trek, title), encoding="utf-8")
    return file


@pytest.fixture
def page(browser: Browser, map_file: Path) -> Browser:
    """The trek's page, loaded once, with its first choice and view."""
    if browser.ask("location.href") != map_file.as_uri():
        browser.open_file(map_file)
    press(browser, "reset")
    press(browser, "home")
    browser.rest()
    return browser


def shown(page: Browser) -> int:
    """How many photos the choice leaves, once the page has come to rest."""
    page.rest()
    return int(page.ask("document.body.dataset.photos"))


def press(page: Browser, button: str) -> None:
    page.ask(f"document.getElementById('{button}').click()")


def tick(page: Browser, peak: str) -> None:
    page.ask(f"""[...document.querySelectorAll('#peaks label')]
      .find((label) => label.textContent.includes('{peak}')).click()""")


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


def card_at(page: Browser, x: float, y: float) -> str:
    """What the page tells of the mark under the pointer."""
    page.mouse("mouseMoved", x, y)
    page.wait_for("!document.getElementById('card').hidden")
    return str(page.ask("document.getElementById('card').innerText"))


def pixels_like(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    counts = picture.getcolors(1 << 24)
    assert counts is not None
    return sum(
        count for count, found in counts
        if isinstance(found, tuple) and all(abs(a - b) < 12 for a, b in zip(found, colour, strict=True))
    )


def test_the_map_is_drawn_with_labels_that_do_not_collide(page: Browser) -> None:
    picture = Image.open(io.BytesIO(page.picture())).convert("RGB").crop((300, 0, 1100, 860))
    assert pixels_like(picture, (0xBD, 0x27, 0x1E)) > 150, "red triangles"
    assert pixels_like(picture, (0x20, 0x92, 0x80)) > 1500, "green markers"
    assert pixels_like(picture, (0xF6, 0xF4, 0xEE)) > 100_000, "paper"
    assert page.ask("document.body.dataset.markers") == page.ask(f"String({DATA.format('markers')}.x.length)")
    assert page.ask(f"{DATA.format('heat')}.url.length") == 1
    labels = page.ask(f"({{...{DATA.format('labels')}}})")
    assert labels["text"].count("Mount Everest") == 1
    drawing = MODEL.format("map")
    pixel = page.ask(f"({drawing}.x_range.end - {drawing}.x_range.start) / {drawing}.inner_width")
    places = zip(labels["x"], labels["y"], labels["right"], labels["down"], strict=True)
    lines = {(round(x / pixel + right), round((down - y / pixel) / 9)) for x, y, right, down in places}
    assert len(lines) == len(labels["text"])


def test_the_gallery_shows_pictures_by_day(page: Browser) -> None:
    assert page.ask("document.querySelectorAll('#photos img').length") == 20
    assert page.ask("document.querySelectorAll('#photos .missing').length") == 20
    assert page.ask("document.querySelector('#photos h3').textContent") == "26 October 2023"
    assert page.ask("[...document.images].every((image) => image.complete ? image.naturalWidth > 0 : true)")
    page.ask("document.querySelector('.tile').focus()")
    page.wait_for(f"{DATA.format('ring')}.x.length === 1")


def test_peaks_can_be_ticked_and_all_shown_again(page: Browser) -> None:
    tick(page, "Mount Everest")
    assert shown(page) == NAMED["mount-everest"]
    assert page.ask("document.getElementById('count').textContent") == (
        f"{NAMED['mount-everest']} photos in view")
    ends = page.ask(f"[...new Set({DATA.format('sights')}.x1)]")
    assert len(ends) == 1, "only the sight lines to the peak that was chosen"
    press(page, "reset")
    assert shown(page) == 40
    assert page.ask("document.querySelectorAll('#peaks li input:checked').length") == 0
    page.ask("document.querySelector('[name=by][value=framed]').click()")
    tick(page, "Pumori")
    assert shown(page) == FRAMED["pumori"]
    page.ask("document.querySelector('[name=by][value=named]').click()")


def test_a_window_of_time_filters_and_can_be_drawn_with_the_mouse(page: Browser) -> None:
    page.ask(f"{MODEL.format('window')}.setv({{start: Date.UTC(2023, 9, 27), end: Date.UTC(2023, 9, 29)}})")
    assert shown(page) == sum(photo.time.clock is not None and 27 <= photo.time.clock.day < 29
                              and photo.time.clock.month == 10 for photo in make_trek().photos)
    press(page, "reset")
    assert shown(page) == 40
    assert page.ask(f"{MODEL.format('window')}.end < {MODEL.format('days')}.start"), "out of sight"
    bottom = page.ask("document.getElementById('figures').getBoundingClientRect().bottom") - 60
    page.mouse("mouseMoved", 600, bottom)
    page.mouse("mousePressed", 600, bottom, button="left", clickCount=1)
    for x in range(620, 820, 20):
        page.mouse("mouseMoved", x, bottom, button="left", buttons=1)
    page.mouse("mouseReleased", 800, bottom, button="left", clickCount=1)
    assert 5 < shown(page) < 30


def test_the_wheel_zooms_and_a_button_goes_back(page: Browser) -> None:
    before = page.ask("document.body.dataset.markers")
    width = f"({MODEL.format('map')}.x_range.end - {MODEL.format('map')}.x_range.start)"
    far = page.ask(width)
    for _ in range(4):
        page.mouse("mouseWheel", 700, 300, deltaX=0, deltaY=-240)
    page.wait_for(f"{width} < {far / 2}")
    shown(page)
    assert int(page.ask("document.getElementById('count').textContent").split()[0]) < 40
    press(page, "home")
    shown(page)
    assert page.ask(width) == pytest.approx(far)
    assert page.ask("document.body.dataset.markers") == before


def test_marks_tell_of_themselves_and_can_be_clicked(page: Browser) -> None:
    counts = page.ask(f"[...{DATA.format('markers')}.count]")
    card = card_at(page, *place_of(page, "markers", counts.index("")))
    assert "+05:45" in card and "m above the sea" in card and "IMG_" in card
    assert page.ask(f"{DATA.format('ring')}.x.length") == 1
    page.mouse("mouseMoved", 700, 20)
    page.wait_for("document.getElementById('card').hidden")
    row = next(place for place, count in enumerate(counts) if count)
    x, y = place_of(page, "markers", row)
    assert f"{counts[row]} photos" in card_at(page, x, y)
    page.click(x, y)  # looks closer
    page.wait_for(f"document.getElementById('count').textContent.startsWith('{counts[row]} photos')")
    press(page, "home")
    shown(page)
    highest = page.ask(f"{DATA.format('peaks')}.colour.length") - 1  # of those that photos show
    x, y = place_of(page, "peaks", highest)
    page.mouse("mouseMoved", 700, 20)
    assert "Sagarmatha" in card_at(page, x, y)
    page.click(x, y)
    assert shown(page) == NAMED["mount-everest"]


def test_layers_can_be_hidden_and_a_small_screen_shows_the_map_first(page: Browser) -> None:
    for layer in ("peaks", "photos", "sights", "ways", "heat"):
        for is_shown in (False, True):
            page.ask(f"document.querySelector('[data-layer={layer}]').click()")
            visible = page.ask(f"{MODEL.format('map')}.renderers.filter((r) => r.name === '{layer}-layer')"
                               ".map((r) => r.visible)")
            assert set(visible) == {is_shown}
    page.resize(420, 860)
    page.wait_for("document.documentElement.scrollWidth <= 420")  # once Bokeh has heard of the new size
    places = page.ask("""['header', 'main', '.gallery', '#peaks']
      .map((part) => document.querySelector(part).getBoundingClientRect().top)""")
    assert places == sorted(places)


def test_each_photo_is_in_one_marker_near_the_others_of_its_marker(page: Browser) -> None:
    chance = random.Random(3)
    places = [(chance.uniform(-5e3, 5e3), chance.uniform(-5e3, 5e3)) for _ in range(300)]
    photos = json.dumps([{"x": x, "y": y, "place": place} for place, (x, y) in enumerate(places)])
    gathered: list[Any] = page.ask(
        f"gatherMarkers({photos}, 800).map((one) => [one.x, one.y, one.members.map((photo) => photo.place)])"
    )
    assert sorted(member for _, _, members in gathered for member in members) == list(range(300))
    assert 20 < len(gathered) < 150
    for x, y, members in gathered:
        xs, ys = zip(*(places[member] for member in members), strict=True)
        assert (x, y) == pytest.approx((fmean(xs), fmean(ys)))
        assert all(math.dist((x, y), places[member]) <= 2 * 800 for member in members)
    looking = json.dumps([*({"bearing": bearing} for bearing in (10, 12, 100, 359.9, 371)), {}])
    assert page.ask(f"directions({looking})") == pytest.approx([11, 100, 359.9])


def test_hostile_names_run_nothing(browser: Browser, tmp_path: Path) -> None:
    browser.open_file(write_map(tmp_path, make_hostile_trek(), HOSTILE[0]))
    for row in range(len(HOSTILE)):
        browser.mouse("mouseMoved", *place_of(browser, "markers", row))
        browser.mouse("mouseMoved", *place_of(browser, "peaks", row))
    assert browser.ask("window.stolen === undefined")
    assert browser.ask("document.title").strip() == HOSTILE[0]
    assert browser.ask("document.querySelector('.tile').title").startswith(HOSTILE[0])
    assert browser.ask("document.querySelectorAll('#photos script, #photos svg, #peaks svg').length") == 0


@pytest.mark.parametrize(("trek", "photos"), [(lonely_trek(), 1), (make_trek(1000), 1000)],
                         ids=["one photo", "many photos"])
def test_few_and_many_photos_are_drawn(browser: Browser, tmp_path: Path, trek: Trek, photos: int) -> None:
    browser.open_file(write_map(tmp_path, trek))
    assert shown(browser) == photos
    assert browser.ask("document.querySelectorAll('.tile').length") == min(photos, 60)
    assert 1 <= int(browser.ask("document.body.dataset.markers")) < 200
    assert browser.ask("document.querySelector('main').clientHeight") == 860
