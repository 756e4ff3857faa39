"""The map of the page in Chromium: a lasso filters, a click opens, a finger scrolls."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.screenshots import serve_page
from tests.chromium import browser, needs_chromium, watched_page  # noqa: F401  (the fixture browser)
from tests.conftest import DEMO_CHECKPOINT, Node

pytestmark = [pytest.mark.cluster, needs_chromium]

PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120 Mobile"
PHOTO = "path.point[style*='rgb(32, 146, 128)']"  # a marker, by its colour


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
        page.locator(".modebar-btn[data-title='Lasso Select']").dispatch_event("click")
        box = page.locator(".js-plotly-plot .main-svg").first.bounding_box()
        assert box is not None
        corners = [(0.02, 0.02), (0.98, 0.02), (0.5, 0.98), (0.02, 0.98), (0.02, 0.02)]
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=8)
        page.mouse.up()
        expect(page.locator(".chips")).to_contain_text("inside an outline on the map")
        expect(page.locator(".photo")).not_to_have_count(6)
        assert "area=" in page.url and "box=" not in page.url
        page.locator(".chips a").click()
        expect(page.locator(".photo")).to_have_count(6)
        mark = page.locator(PHOTO).last.bounding_box()
        assert mark is not None
        page.mouse.click(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
        page.wait_for_url(lambda url: "photo=" in url or "box=" in url)


def test_a_finger_scrolls_the_page_and_not_the_map(browser: Browser, site: str) -> None:  # noqa: F811
    with watched_page(browser, 390, has_touch=True, is_mobile=True, user_agent=PHONE) as page:
        open_map(page, site)
        ranges = "JSON.stringify(document.querySelector('.js-plotly-plot').layout.yaxis.range)"
        before, finger = page.evaluate(ranges), page.context.new_cdp_session(page)
        for step in range(11):
            point = {"x": 200, "y": 600 - 25 * step}
            kind = "touchMove" if step else "touchStart"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_function("document.querySelector('.stMain').scrollTop + scrollY > 100")
        assert page.evaluate(ranges) == before
