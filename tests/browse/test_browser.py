"""The page in Chromium: search, tick, open, go back, identify; nothing is asked of another machine."""
from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from elasticsearch import Elasticsearch
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.chromium import find_chromium
from tests.conftest import DEMO_CHECKPOINT, REPOSITORY, Node, free_port

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium to open the page in"),
]
PATIENCE = 60.0  # seconds: two cores may be busy
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="module")
def site(node: Node, photos: Path) -> Iterator[str]:
    """The page as `peaks browse` serves it."""
    port = free_port()
    words = ["browse", "--port", str(port), "--url", node.url, "--checkpoint", str(DEMO_CHECKPOINT)]
    server = subprocess.Popen([sys.executable, "-m", "loader", *words], cwd=REPOSITORY,
                              env={**os.environ, "http_proxy": "", "https_proxy": ""})
    address, until = f"http://127.0.0.1:{port}/", monotonic() + PATIENCE
    try:
        while not _answers(f"{address}_stcore/health"):
            assert server.poll() is None and monotonic() < until, "the page does not start"
            sleep(0.2)
        yield address
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == 0


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A wide page that must stay on this machine."""
    yield from open_page(browser, site, 1400)


@pytest.fixture
def phone(browser: Browser, site: str) -> Iterator[Page]:
    """The page on a phone, dark."""
    yield from open_page(browser, site, 390)


def open_page(browser: Browser, site: str, width: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 860}, base_url=site,
                                  color_scheme="dark" if width < 640 else "light")
    page, asked = context.new_page(), list[str]()
    page.set_default_timeout(PATIENCE * 1000)
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    yield page
    context.close()
    elsewhere = [url for url in asked if not re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", url)]
    assert asked and elsewhere == []


def test_search_tick_open_and_back(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".photo")).to_have_count(6)
    page.get_by_role("searchbox").fill("sunset")
    page.keyboard.press("Enter")
    expect(page.locator(".photo img").first).to_have_attribute("alt", re.compile("dawn"))
    assert page.url.endswith("/?q=sunset")
    page.locator(".facet a", has_text="Mount Everest").first.click()
    expect(page.locator(".photo")).to_have_count(1)
    expect(page.locator(".chips")).to_contain_text("shows Mount Everest")
    page.locator(".photo a").click()
    expect(page.locator(".st-key-large img")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("2023-10-06 05:58 +05:45")
    page.go_back()
    expect(page.locator(".photo")).to_have_count(1)
    page.go_back()
    expect(page.locator(".photo").nth(2)).to_be_visible()
    assert page.url.endswith("/?q=sunset")
    expect(page.get_by_role("searchbox")).to_have_value("sunset")


def test_arrow_keys_and_back(page: Page) -> None:
    page.goto("/")
    page.locator(".photo a").first.click()
    expect(page.locator(".st-key-large img")).to_have_attribute("alt", re.compile("blue"))
    expect(page.get_by_role("button", name="Next")).to_be_enabled()
    expect(page.locator(".state")).to_be_visible()  # the page is whole: keys are heard
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-large img")).to_have_attribute("alt", re.compile("dawn"))
    page.go_back()
    expect(page.locator(".st-key-large img")).to_have_attribute("alt", re.compile("blue"))


def test_the_map_opens_and_filters(page: Page) -> None:
    page.goto("/?view=map")
    plot = page.locator(".js-plotly-plot .main-svg").first
    expect(plot).to_be_visible()
    page.locator(".modebar-btn[data-title='Box Select']").dispatch_event("click")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5, steps=5)
    page.mouse.up()
    expect(page.locator(".chips")).to_contain_text("inside a box of the map")
    expect(page.locator(".photo")).to_have_count(4)
    assert "box=" in page.url
    page.go_back()
    expect(page.locator(".photo")).to_have_count(6)


def test_identify_an_upload(page: Page, photos: Path) -> None:
    page.goto("/?view=identify")
    page.locator("input[type=file]").set_input_files(photos / "day 1/blue.jpg")
    expect(page.locator("h3")).to_contain_text("blue.jpg: ")
    expect(page.locator(".st-key-large img")).to_be_visible()


def test_a_damaged_upload_and_a_hostile_address_are_one_sentence(page: Page, tmp_path: Path) -> None:
    page.goto("/?view=identify")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.get_by_role("alert")).to_contain_text("broken.jpg cannot be read as an image")
    page.goto("/?peak=![x](http://192.0.2.1/x.png)&q=<img src='http://192.0.2.1/y.png'>")
    expect(page.get_by_role("alert")).to_contain_text("is called '![x](http://192.0.2.1/x.png)'")


def test_a_phone_shows_photos_first_and_nothing_is_wider_than_it(phone: Page) -> None:
    for address in ("/", "/?view=map"):
        phone.goto(address)
        expect(phone.locator(".photo").first).to_be_visible()
        expect(phone.locator(".facet").first).not_to_be_in_viewport()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") != (
        "rgb(255, 255, 255)"
    )
    phone.get_by_test_id("stExpandSidebarButton").click()
    expect(phone.locator(".facet").first).to_be_in_viewport()


def test_this_is_a_peak(page: Page, client: Elasticsearch) -> None:
    """A click says it, the rail counts it, it can be filtered by, and another click takes it back."""
    hits = client.search(index="photos", query={"term": {"path": "scans/夜.jpg"}})["hits"]["hits"]
    identifier, before = hits[0]["_id"], hits[0]["_source"]
    khumbila = page.locator(".facet", has=page.get_by_text("Peaks", exact=True)).get_by_text("Khumbila")
    try:
        page.goto(f"/?photo={identifier}")
        page.get_by_role("button", name="This is Khumbila").click()
        expect(page.locator(".facts")).to_contain_text("Khumbila (you said)")
        expect(khumbila.locator("xpath=..").locator(".photos")).to_have_text("2")
        expect(page.get_by_role("button", name="This is Khumbila")).to_be_disabled()
        page.goto("/?peak=khumbila")
        expect(page.locator(".photo")).to_have_count(2)
        expect(page.locator(".photo .line", has_text="you said")).to_have_count(1)
        page.goto(f"/?photo={identifier}")
        page.get_by_role("button", name="Take back what you said").click()
        expect(page.get_by_role("button", name="Take back what you said")).to_be_disabled()
        expect(page.locator(".facts")).not_to_contain_text("you said")
    finally:
        client.update(index="photos", id=identifier, doc={"confirmed_peaks": [], **before}, refresh=True)
