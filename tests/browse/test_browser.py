"""The page in Chromium: search, tick, open, go back, identify; nothing is asked of another machine."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from playwright.sync_api import Page, expect

from tests.chromium import browser, needs_chromium  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.cluster, needs_chromium]


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
    expect(page.locator(".stImage img")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("2023-10-06 05:58 +05:45")
    page.go_back()
    expect(page.locator(".photo")).to_have_count(1)
    page.go_back()
    expect(page.locator(".photo").nth(2)).to_be_visible()
    assert page.url.endswith("/?q=sunset")
    expect(page.get_by_role("searchbox")).to_have_value("sunset")


def test_a_focus_is_not_the_red_of_an_error_and_no_clock_is_cut_off(page: Page, phone: Page) -> None:
    """Under light and under dark."""
    for look, is_dark in ((page, False), (phone, True)):
        look.goto("/")
        expect(look.locator(".photo time").first).to_have_text("2023-10-05 06:12")
        look.get_by_role("searchbox").focus()
        expect(look.locator("[data-testid=stTextInputRootElement]")).to_have_css(
            "border-bottom-color", "rgb(32, 146, 128)")
        background = look.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        assert (background != "rgb(255, 255, 255)") == is_dark
    assert page.evaluate("""[...document.querySelectorAll('.photo time')].every(
        each => each.scrollWidth <= each.clientWidth)""")


def test_a_long_list_of_the_rail_shows_that_it_goes_on(page: Page) -> None:
    """Half a line of what is beyond the edge is seen."""
    page.goto("/")
    line = page.locator(".facet li").first.bounding_box()
    height = page.locator(".facet ul").first.evaluate("each => parseFloat(getComputedStyle(each).maxHeight)")
    assert line is not None and 0.25 < height / line["height"] % 1 < 0.75


def test_arrow_keys_and_back(page: Page) -> None:
    page.goto("/")
    page.locator(".photo a").first.click()
    expect(page.locator(".stImage img")).to_have_attribute("alt", re.compile("blue"))
    expect(page.get_by_role("button", name="Next")).to_be_enabled()
    expect(page.locator(".state")).to_be_visible()  # the page is whole: keys are heard
    page.keyboard.press("ArrowRight")
    expect(page.locator(".stImage img")).to_have_attribute("alt", re.compile("dawn"))
    page.go_back()
    expect(page.locator(".stImage img")).to_have_attribute("alt", re.compile("blue"))


def test_escape_goes_back_to_the_answer_and_the_title_says_what_is_seen(page: Page) -> None:
    page.goto("/?q=sunset&sort=time")
    page.locator(".photo a").first.click()
    expect(page.locator(".st-key-back button")).to_be_visible()
    expect(page).to_have_title("day 1/blue.jpg")
    expect(page.locator(".state")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".photo").nth(2)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?q=sunset&sort=time$"))
    expect(page).to_have_title("sunset")


def test_from_a_photo_to_its_place_on_the_map(page: Page) -> None:
    page.goto("/?q=sunset")
    page.locator(".photo a").first.click()
    page.get_by_role("link", name="Open in the map").click()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.locator(".chips")).to_contain_text("inside a box of the map")


def test_the_map_opens_and_filters(page: Page) -> None:
    page.goto("/?view=map")
    plot = page.locator(".js-plotly-plot .main-svg").first
    expect(plot).to_be_visible()
    page.locator(".modebar-btn[data-title='Box Select']").first.dispatch_event("click")
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
    expect(page.locator(".stImage img")).to_be_visible()
    beside = page.locator(".candidates a").first  # the uploads stay where they are
    expect(beside).to_have_attribute("target", "_blank")


def test_several_uploads_of_which_one_is_damaged(page: Page, photos: Path, tmp_path: Path) -> None:
    page.goto("/?view=identify")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((photos / "day 1/blue.jpg").read_bytes()[:300])
    unplaced = photos / "scans/snow <1998>.jpg"
    files = [photos / "day 1/blue.jpg", broken, unplaced, photos / "day 1/dawn.jpg"]
    page.locator("input[type=file]").set_input_files(files)
    expect(page.locator("h3")).to_have_count(3)
    expect(page.locator("h3").nth(1)).to_contain_text("snow <1998>.jpg: ")
    expect(page.locator("h3").last).to_contain_text("dawn.jpg: ")
    expect(page.locator(".stImage img")).to_have_count(3)
    expect(page.get_by_role("alert")).to_contain_text("broken.jpg cannot be read as an image")


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


def test_words_are_asked_for_as_one_types(page: Page) -> None:
    page.goto("/?peak=mount-everest")
    expect(page.locator(".photo")).to_have_count(1)
    page.get_by_role("searchbox").press_sequentially("dawn")
    expect(page.locator(".photo .match")).to_have_count(1)  # without Enter; the filter stays
    expect(page).to_have_url(re.compile(r"q=dawn.*peak=mount-everest|peak=mount-everest.*q=dawn"))
    page.locator(".chips a", has_text="dawn").click()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator(".chips a")).to_have_count(1)


def test_keyboard_alone(page: Page) -> None:
    """Tab reaches a filter, the words and a photo in this order; each shows that it is reached."""
    page.goto("/")
    expect(page.locator(".state")).to_be_visible()
    reached, focused = list[str](), page.locator(":focus")
    while not reached or reached[-1] != "photo":
        assert len(reached) < 60, reached
        page.keyboard.press("Tab")
        reached.append(focused.evaluate(
            """it => it.closest(".photo") ? "photo" : it.closest(".facet") ? "filter" : it.type || "other" """
        ))
        if reached[-1] in ("photo", "filter") and focused.evaluate("it => it.tagName") == "A":
            assert focused.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"
    assert reached.index("filter") < reached.index("search") < reached.index("photo")
    page.keyboard.press("Enter")
    expect(page.locator(".stImage img")).to_have_attribute("alt", re.compile("blue"))
    expect(page.get_by_role("button", name="Next")).to_be_enabled()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".stImage img")).to_have_attribute("alt", re.compile("dawn"))
    expect(page.get_by_role("button", name="Before")).to_be_enabled()  # it hears the key only then
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".stImage img")).to_have_attribute("alt", re.compile("blue"))


def test_every_picture_says_what_it_shows(page: Page, client: Elasticsearch) -> None:
    hits = client.search(index="photos", query={"term": {"path": "day 1/blue.jpg"}})["hits"]["hits"]
    for query in ("/", f"/?photo={hits[0]['_id']}", f"/?photo={hits[0]['_id']}&sight=1"):
        page.goto(query)
        expect(page.locator(".state")).to_be_visible()
        expect(page.locator("img").first).to_be_visible()
        alts = page.locator("img").evaluate_all("all => all.map(it => it.alt)")
        assert alts and all(alts), query
