"""The map of the page in Chromium: a lasso filters, a click opens, a finger scrolls."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from demo.screenshots import serve_page
from tests.chromium import browser, needs_chromium, watched_page  # noqa: F401  (the fixture browser)
from tests.conftest import DEMO_CHECKPOINT, Node

pytestmark = [pytest.mark.cluster, needs_chromium]

PHOTO = "path.point[style*='rgb(32, 146, 128)']:visible"  # a marker, by its colour
PEAK = "path.point[style*='rgb(189, 39, 30)']:visible"
PHONE = {"has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def site(node: Node, photos: Path) -> Iterator[str]:
    """The page as `peaks browse` serves it."""
    with serve_page(node.url, str(DEMO_CHECKPOINT)) as address:
        yield address


def open_map(page: Page, site: str) -> None:
    """Open the map, and wait until the page is whole."""
    page.goto(f"{site}?view=map")
    expect(page.locator(PHOTO).first).to_be_visible()
    expect(page.locator(".photo")).to_have_count(6)
    expect(page.locator(".state")).to_be_visible()


def test_a_lasso_filters_and_a_click_opens(browser: Browser, site: str) -> None:  # noqa: F811
    with watched_page(browser, 1400) as page:
        open_map(page, site)
        page.locator(".modebar-btn[data-title='Lasso Select']").first.dispatch_event("click")
        draw(page, [(0.02, 0.02), (0.98, 0.02), (0.5, 0.98), (0.02, 0.98), (0.02, 0.02)])
        expect(page.locator(".chips")).to_contain_text("inside an outline on the map")
        expect(page.locator(".photo")).not_to_have_count(6)
        assert "area=" in page.url and "box=" not in page.url
        page.locator(".chips a").click()
        expect(page.locator(".photo")).to_have_count(6)
        page.mouse.click(*middle(page.locator(PHOTO).last))
        page.wait_for_url(lambda url: "photo=" in url or "box=" in url)


def test_an_outline_that_crosses_itself_filters(browser: Browser, site: str) -> None:  # noqa: F811
    """Drawn as an eight around all photos."""
    with watched_page(browser, 1400) as page:
        open_map(page, site)
        page.locator(".modebar-btn[data-title='Lasso Select']").first.dispatch_event("click")
        draw(page, [(0.02, 0.02), (0.98, 0.98), (0.98, 0.02), (0.02, 0.98)])
        expect(page.locator(".chips")).to_contain_text("inside an outline on the map")
        expect(page.locator(".photo")).to_have_count(4)
        expect(page.locator(".legendtext:visible", has_text="filter")).to_be_visible()


def test_a_finger_scrolls_the_page_and_not_the_map(browser: Browser, site: str) -> None:  # noqa: F811
    with watched_page(browser, 390, **PHONE) as page:
        open_map(page, site)
        ranges = "JSON.stringify([...document.querySelectorAll('.js-plotly-plot')].at(-1).layout.yaxis.range)"
        before, finger = page.evaluate(ranges), page.context.new_cdp_session(page)
        for step in range(11):
            point = {"x": 200, "y": 600 - 25 * step}
            kind = "touchMove" if step else "touchStart"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_function("document.querySelector('.stMain').scrollTop + scrollY > 100")
        assert page.evaluate(ranges) == before


def test_a_tap_opens_a_photo_or_narrows(browser: Browser, site: str) -> None:  # noqa: F811
    with watched_page(browser, 390, **PHONE) as page:
        open_map(page, site)
        for _ in range(3):  # a group, a smaller one, a photo
            before = page.url
            page.touchscreen.tap(*middle(page.locator(PHOTO).last))
            page.wait_for_function("before => location.href !== before", arg=before)
            if "photo=" in page.url:
                break
            expect(page.locator(".chips")).to_contain_text("inside a box of the map")
            expect(page.locator(PHOTO).first).to_be_visible()
            expect(page.locator(".state")).to_be_visible()
        expect(page.locator(".stImage img")).to_be_visible()
        assert "view=map" in page.url


def test_a_tap_on_a_peak_narrows(browser: Browser, site: str) -> None:  # noqa: F811
    with watched_page(browser, 390, **PHONE) as page:
        open_map(page, site)
        page.touchscreen.tap(*middle(page.locator(PEAK).first))
        page.wait_for_url(re.compile("peak="))
        expect(page.locator(".chips")).to_contain_text("shows")


def middle(mark: Locator) -> tuple[float, float]:
    box = mark.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def draw(page: Page, corners: list[tuple[float, float]]) -> None:
    """Draw on the map with the mouse, between corners in shares of its width and height."""
    box = page.locator(".js-plotly-plot:visible .main-svg").first.bounding_box()
    assert box is not None
    first, *others = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
