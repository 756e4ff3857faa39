"""The page as Streamlit's own AppTest runs it, against the session's node."""
from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from streamlit.testing.v1 import AppTest

from browse.server import SCRIPT, Settings
from loader.elastic.connection import Connection
from tests.conftest import NOWHERE, Node, call_peaks, renew_indices

pytestmark = pytest.mark.cluster


def visit(query: Mapping[str, str | list[str]] | None = None) -> AppTest:
    """The page at an address; an exception fails the test."""
    page = AppTest.from_file(str(SCRIPT), default_timeout=60)
    for name, value in (query or {}).items():
        page.query_params[name] = value
    page.run()
    assert not page.exception, page.exception[0].message
    return page


def text(page: AppTest) -> str:
    """All HTML that the page shows, its styles apart."""
    return "\n".join(each.proto.body for each in page.get("html"))


def pictures(page: AppTest) -> list[str]:
    """What the large pictures show, in words."""
    return [image.alt for each in page.get("image") for image in each.proto.imgs]


def errors(page: AppTest) -> list[str]:
    return [unescape(each) for each in re.findall(r'role="alert">(.*?)</p>', text(page), re.S)]


def test_all_photos_with_counts_and_examples(settings: Settings, photos: Path) -> None:
    page = visit()
    seen = text(page)
    assert errors(page) == []
    assert seen.count('class="photo"') == 6 and "6 photos" in seen
    assert '<span class="name">Ama Dablam</span><span class="photos">1</span>' in seen
    assert '<a href="?q=yak">yak</a>' in seen
    assert "snow &lt;1998&gt;.jpg" in seen and "<1998>" not in seen


def test_words_and_a_ticked_peak(settings: Settings, photos: Path) -> None:
    page = visit({"q": "starry night", "peak": ["ama-dablam"]})
    seen = text(page)
    assert errors(page) == [] and seen.count('class="photo"') == 1
    assert "shows Ama Dablam" in seen and page.text_input(key="words").value == "starry night"
    page.text_input(key="words").set_value("yak").run()  # the filter stays
    assert page.query_params == {"q": "yak", "peak": "ama-dablam"} and errors(page) == []
    # the other peaks are counted as if this one were not chosen, the concepts under it
    assert '<span class="name">Mount Everest</span><span class="photos">1</span>' in seen
    assert '<span class="name">tent</span>' not in seen


def test_a_photo_large_with_its_facts_and_neighbours(
    settings: Settings, photos: Path, client: Elasticsearch
) -> None:
    identifier = find(client, "day 1/dawn.jpg")
    page = visit({"photo": identifier})
    seen = text(page)
    assert errors(page) == [] and "2023-10-06 05:58 +05:45" in seen and "160 × 120 pixels" in seen
    assert pictures(page) == ["day 1/dawn.jpg: Mount Everest, tent, gone"]
    assert page.code[0].value == str(photos / "day 1/dawn.jpg")
    assert "?in_frame=mount-everest" in seen
    assert "Photos of Mount Everest" in seen and f"?like={identifier}" in seen
    page.button(key="Next").click().run()
    assert page.query_params["photo"] == find(client, "day 2/green.jpg")
    marked = visit({"photo": identifier, "sight": "1"})
    assert len(pictures(marked)) == 1 and "Photo alone" in text(marked)


def test_altitudes_and_places(settings: Settings, photos: Path, client: Elasticsearch) -> None:
    client.update(index="photos", id=find(client, "day 1/dawn.jpg"), doc={"altitude": 4410}, refresh=True)
    seen = text(visit())
    assert '<a href="?altitude=4000%2C4500">' in seen and "4,000 to 4,500 m" in seen
    assert '<span class="name">without a position</span><span class="photos">2</span>' in seen
    high = text(visit({"altitude": "4000,4500"}))
    assert high.count('class="photo"') == 1 and 'title="Leave it out">4,000 to 4,500 m' in high
    unplaced = text(visit({"box": "none"}))
    assert unplaced.count('class="photo"') == 2 and 'title="Leave it out">without a position' in unplaced


def test_photos_like_one(settings: Settings, photos: Path, client: Elasticsearch) -> None:
    page = visit({"like": find(client, "day 1/dawn.jpg")})
    assert errors(page) == [] and text(page).count('class="photo"') == 5
    assert "like day 1/dawn.jpg <" in text(page)
    gone = visit({"like": "gone"})
    assert len(errors(gone)) == 1 and "like gone <" in text(gone)  # the chip takes it away


def test_a_name_in_the_address_is_the_same_choice_as_its_id(settings: Settings, photos: Path) -> None:
    seen = text(visit({"peak": "Ama Dablam"}))
    assert '☑</span><span class="name">Ama Dablam</span><span class="photos">1<' in seen
    assert seen.count("☑") == 1 and "shows Ama Dablam" in seen


def test_the_map(settings: Settings, photos: Path) -> None:
    page = visit({"view": "map"})
    assert errors(page) == [] and len(page.get("plotly_chart")) == 2
    assert "2 photos without a position are not on the map." in page.caption[0].value


def test_a_file_that_is_away_leaves_its_thumbnail(
    settings: Settings, photos: Path, client: Elasticsearch
) -> None:
    file = photos / "day 2/green.jpg"
    away = file.rename(file.with_suffix(".away"))
    try:
        page = visit({"photo": find(client, "day 2/green.jpg")})
    finally:
        away.rename(file)
    assert "The file is not where the library was loaded from" in text(page) and len(pictures(page)) == 1


@pytest.mark.parametrize(("query", "said"), [
    ({"peak": "nanga parbat"}, "No peak among the catalogue's 3 is called 'nanga parbat'"),
    ({"library": "none"}, "The index has no library 'none'"),
    ({"box": "here"}, "box 'here' is no box"),
    ({"from_day": "soon"}, "from 'soon'"),
    ({"altitude": "high"}, "altitude 'high' is no range"),
    ({"photo": "gone"}, "The index has no such photo any more"),
    ({"page": "9"}, "the last page is page 1."),
])
def test_one_sentence_and_the_page_stays(
    settings: Settings, photos: Path, query: dict[str, str], said: str
) -> None:
    page = visit(query)
    (error,) = errors(page)
    assert said in error and "\n" not in error
    assert page.text_input(key="words") and "6 photos in http://127.0.0.1" in text(page)


def test_a_cluster_that_is_away() -> None:
    Settings.chosen = Settings(Connection(url=NOWHERE))
    page = visit()
    (error,) = errors(page)
    assert "127.0.0.1:9" in error and page.text_input(key="words")


def test_a_model_that_is_not_started(
    settings: Settings, photos: Path, client: Elasticsearch, deployed_model: str
) -> None:
    client.ml.stop_trained_model_deployment(model_id=deployed_model, force=True)
    try:
        asked, browsed = visit({"q": "yak"}), visit()
    finally:
        client.ml.start_trained_model_deployment(model_id=deployed_model, wait_for="started")
    (error,) = errors(asked)
    assert deployed_model in error and "peaks model" in error
    assert errors(browsed) == [] and text(browsed).count('class="photo"') == 6
    assert "is not started: run `peaks model deploy`" in text(browsed)


@pytest.mark.parametrize("strange", [
    {"height": None}, {"size_bytes": None}, {"thumbnail": "A"}, {"thumbnail": "/9j/QUJD"},
])
def test_a_document_that_nobody_foresaw_leaves_the_page(
    settings: Settings, photos: Path, client: Elasticsearch, strange: dict[str, Any]
) -> None:
    found = client.search(index="photos", query={"term": {"path": "day 2/green.jpg"}})["hits"]["hits"][0]
    document = {**found["_source"], "path": "away.jpg", **strange}
    client.index(index="photos", id="strange", document=document, pipeline="_none", refresh=True)
    try:
        page = visit({"photo": "strange"})
    finally:
        client.delete(index="photos", id="strange", refresh=True)
    assert page.text_input(key="words") and page.button(key="Next")
    assert all("\n" not in error and "peaks load-photos" in error for error in errors(page))


def test_templates_of_an_earlier_version(
    settings: Settings, photos: Path, client: Elasticsearch, node: Node, deployed_model: str
) -> None:
    client.delete_script(id="photos-facets")
    try:
        (error,) = errors(visit())
    finally:
        call_peaks("apply", "--url", node.url, "--es-model-id", deployed_model)
    assert "photos-facets" in error and "peaks apply" in error


def test_an_empty_index(
    node: Node, client: Elasticsearch, deployed_model: str, settings: Settings
) -> None:
    renew_indices(node, client, deployed_model)
    (error,) = errors(visit())
    assert error == "The index photos is empty: load photos with `peaks load-photos DIR`."


def find(client: Elasticsearch, path: str) -> str:
    """The id of the photo of a path."""
    hits: Any = client.search(index="photos", query={"term": {"path": path}})["hits"]["hits"]
    return str(hits[0]["_id"])
