"""The HTML file in a real browser, opened from the disk, looked at and used."""
from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from loader.peaks.catalogue import Peak
from loader.place import Point
from loader.search.trek import Trek
from loader.show.map.page import render_page
from tests.chromium import browser, needs_chromium, watched_page  # noqa: F401  (the fixture browser)

from .treks import HOSTILE, lonely_trek, make_hostile_trek, make_trek

pytestmark = needs_chromium

NAMED = Counter(found.peak.name for photo in make_trek().photos for found in photo.predictions)
MARKERS, PEAKS = ".tracephotos path.point:visible", ".tracepeaks path.point:visible"
BETWEEN_CLICKS = 500  # milliseconds; two within 300 are a double click
RANGES = """['xaxis', 'yaxis'].map(axis => document.querySelector(
    matchMedia('(hover: none)').matches ? '#map-narrow' : '#map-wide').layout[axis].range)"""


@pytest.fixture(scope="module")
def map_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a trek of forty photos."""
    return write_map(tmp_path_factory.mktemp("map"), make_trek())


def write_map(folder: Path, trek: Trek, title: str = "Photos and peaks") -> Path:
    file = folder / "map.html"
    file.write_text(render_page(trek, title), encoding="utf-8")
    return file


@pytest.fixture
def page(browser: Browser, map_file: Path) -> Iterator[Page]:  # noqa: F811
    """The trek's page."""
    with watched_page(browser, 1400) as opened:
        yield open_map(opened, map_file)


@pytest.fixture
def phone(browser: Browser, map_file: Path) -> Iterator[Page]:  # noqa: F811
    """The trek's page under a finger, in the dark."""
    with watched_page(browser, 390, has_touch=True, is_mobile=True, color_scheme="dark") as opened:
        yield open_map(opened, map_file)


def open_map(page: Page, file: Path) -> Page:
    page.goto(file.as_uri())
    expect(page.locator(MARKERS).first).to_be_visible()
    return page


def shown(page: Page) -> int:
    """How many photos of the gallery a person can come to."""
    return page.locator(".photo:visible").count()


def middle(mark: Locator) -> tuple[float, float]:
    box = mark.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pixels_like(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    counts = picture.getcolors(1 << 24)
    assert counts is not None
    return sum(
        count for count, found in counts
        if isinstance(found, tuple) and all(abs(a - b) < 12 for a, b in zip(found, colour, strict=True))
    )


def test_the_map_is_drawn(page: Page) -> None:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").crop((250, 0, 1030, 720))
    assert pixels_like(picture, (0xBD, 0x27, 0x1E)) > 150, "red triangles"
    assert pixels_like(picture, (0x20, 0x92, 0x80)) > 1500, "green markers"
    frames = frames_of(page, ".tracepeaks text:visible")
    assert len(frames) == 5
    assert not any(cover(one, other) for place, one in enumerate(frames) for other in frames[:place])


def frames_of(page: Page, marks: str) -> list[dict[str, float]]:
    found: list[dict[str, float]] = page.locator(marks).evaluate_all(
        "marks => marks.map(mark => mark.getBoundingClientRect().toJSON())"
    )
    return found


def cover(one: dict[str, float], other: dict[str, float], wide: float = 0, high: float = 0) -> bool:
    """Whether two frames share more than so many pixels."""
    return (one["left"] + wide < other["right"] and other["left"] + wide < one["right"]
            and one["top"] + high < other["bottom"] and other["top"] + high < one["bottom"])


@pytest.mark.parametrize(("width", "names"), [(390, 3), (1000, 3), (1280, 10), (1400, 10)])
def test_names_cover_nothing_at_any_width(
    browser: Browser, tmp_path: Path, width: int, names: int  # noqa: F811
) -> None:
    trek = make_trek()
    crowd = [Peak(f"peak-{each}", (f"The peak {each}",), Point(27.65 + each % 6 / 15, 86.65 + each / 120))
             for each in range(36)]
    file = write_map(tmp_path, replace(trek, peaks={**trek.peaks, **{each.id: each for each in crowd}}))
    with watched_page(browser, width, is_mobile=width < 400, has_touch=width < 400) as page:
        open_map(page, file)
        written, *marks = [frames_of(page, each) for each in (".tracepeaks text:visible", MARKERS, PEAKS)]
        edges = page.locator(".map:visible").bounding_box()
    assert edges is not None and len(written) >= names
    assert all(edges["x"] <= one["left"] and one["right"] <= edges["x"] + edges["width"] for one in written)
    for place, one in enumerate(written):
        assert not any(cover(one, other) for other in written[:place])
        assert not any(cover(one, mark, 1, 2) for mark in [*marks[0], *marks[1]])


def test_a_peak_is_chosen_and_all_photos_are_one_click_away(page: Page) -> None:
    assert shown(page) == 40
    page.get_by_role("link", name="Mount Everest").click()
    assert shown(page) == NAMED["Mount Everest"]
    expect(page.locator(".choice:visible")).to_contain_text(f"Mount Everest {NAMED['Mount Everest']} photos")
    assert page.locator("[class*='trace']:is([class*='peak-'], [class*='day-']):visible").count() == 1
    page.get_by_role("link", name="28 October 2023").click()
    assert 0 < shown(page) < 10
    page.go_back()
    assert shown(page) == NAMED["Mount Everest"]
    page.get_by_role("link", name="All photos").click()
    assert shown(page) == 40 and page.locator(".choice:visible").count() == 0


def test_no_click_on_the_map_empties_the_page(page: Page) -> None:
    for mark in (*page.locator(PEAKS).all(), *page.locator(MARKERS).all()[:3]):
        page.mouse.click(*middle(mark))
        page.wait_for_timeout(BETWEEN_CLICKS)
        assert shown(page) == 40
    for count in (0, page.locator(MARKERS).count()):
        page.locator(".legendtoggle:visible").last.click()
        expect(page.locator(MARKERS)).to_have_count(count)
        page.wait_for_timeout(BETWEEN_CLICKS)


def test_marks_tell_of_themselves(page: Page) -> None:
    page.mouse.move(*middle(page.locator(MARKERS).last))
    expect(page.locator("#map-wide .hoverlayer")).to_contain_text("+05:45")
    page.mouse.move(*middle(page.locator(PEAKS).first))
    expect(page.locator("#map-wide .hoverlayer")).to_contain_text("7,161 m")


def test_the_wheel_zooms_and_buttons_go_back(page: Page) -> None:
    before = page.evaluate(RANGES)
    page.mouse.move(640, 360)
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"Math.abs({RANGES}[0][0] - {before[0][0]}) > 100")
    page.locator("[data-val=reset]:visible").click()
    page.wait_for_function(f"Math.abs({RANGES}[0][0] - {before[0][0]}) < 1")
    assert [button.get_attribute("data-title") for button in page.locator(".modebar-btn:visible").all()] == [
        "Zoom in", "Zoom out", "Autoscale", "Reset axes"]


def swipe(page: Page, start: tuple[float, float], up: float) -> None:
    """Move a finger up the screen."""
    finger = page.context.new_cdp_session(page)
    for step in range(11):
        point = {"x": start[0], "y": start[1] - up * step / 10}
        kind = "touchMove" if step else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_scrolls_the_page_and_not_the_map(phone: Page) -> None:
    before = phone.evaluate(RANGES)
    swipe(phone, (200, 400), 250)
    phone.wait_for_function("scrollY > 100")
    assert phone.evaluate(RANGES) == before


def test_a_tap_tells_of_a_mark(phone: Page) -> None:
    before = phone.evaluate(RANGES)
    marks = (phone.locator(MARKERS).last, "November 2023"), (phone.locator(PEAKS).first, "7,161 m")
    for mark, told in marks:
        phone.touchscreen.tap(*middle(mark))
        expect(phone.locator("#map-narrow .hoverlayer")).to_contain_text(told)
    assert phone.evaluate(RANGES) == before


def test_a_finger_moves_the_map_when_told_to(phone: Page) -> None:
    before = phone.evaluate(RANGES)
    phone.locator(".updatemenu-button:visible", has_text="Move the map").tap()
    swipe(phone, (200, 400), 100)
    phone.wait_for_function(f"Math.abs({RANGES}[1][0] - {before[1][0]}) > 100")
    assert phone.evaluate("scrollY") == 0
    phone.locator(".updatemenu-button:visible", has_text="Scroll the page").tap()
    swipe(phone, (200, 400), 250)
    phone.wait_for_function("scrollY > 100")


def test_a_phone_shows_the_map_first_and_nothing_is_wider_than_it(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    parts = ("h1", "#map-narrow", "#profile", ".rail", ".gallery")
    tops = [phone.locator(part).bounding_box() for part in parts]
    places = [box["y"] for box in tops if box]
    assert places == sorted(places) and len(places) == 5
    assert phone.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 25, 29)"
    phone.get_by_role("link", name="Pumori").tap()
    expect(phone.locator(".choice:visible")).to_be_in_viewport()
    expect(phone.locator(".photo:visible").first).to_be_in_viewport()


def test_hostile_names_run_nothing(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    with watched_page(browser, 1400) as page:
        open_map(page, write_map(tmp_path, make_hostile_trek(), HOSTILE[0]))
        for mark in (*page.locator(MARKERS).all(), *page.locator(PEAKS).all()):
            page.mouse.move(*middle(mark))
        assert page.evaluate("window.stolen === undefined")
        assert page.title().strip() == HOSTILE[0]
        assert page.locator(":is(.photo, .rail) :is(svg, script, img), .hoverlayer image").count() == 0


@pytest.mark.parametrize(("trek", "photos"), [(lonely_trek(), 1), (make_trek(1000), 1000)],
                         ids=["one photo", "many photos"])
def test_few_and_many_photos_are_drawn(
    browser: Browser, tmp_path: Path, trek: Trek, photos: int  # noqa: F811
) -> None:
    with watched_page(browser, 1400) as page:
        open_map(page, write_map(tmp_path, trek))
        assert page.locator(".photo").count() == photos
        assert 1 <= page.locator(MARKERS).count() < 200
        assert page.evaluate("document.documentElement.scrollHeight") == 860
