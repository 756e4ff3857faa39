"""*This is …* in the page: a person's word is written, shown, counted and taken back."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit
from elasticsearch import Elasticsearch

from browse.server import Settings
from loader.elastic.connection import Connection
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_index import find_entry
from loader.peaks.confirmed import confirm_peaks
from tests.browse.test_page import errors, find, text, visit
from tests.conftest import DEMO_CHECKPOINT, Node
from tests.elastic.fault_proxy import run_proxy

pytestmark = pytest.mark.cluster

DAWN = "day 1/dawn.jpg"


@pytest.fixture
def dawn(client: Elasticsearch, photos: Path) -> Iterator[str]:
    """The id of a photo; all photos are afterwards as they were."""
    before = client.search(index="photos", source_excludes=["clip_image"])["hits"]["hits"]
    yield find(client, DAWN)
    for hit in before:
        word = {"confirmed_peaks": [], **hit["_source"]}
        client.update(index="photos", id=hit["_id"], doc=word, refresh=True)


def stored(client: Elasticsearch, photo: str) -> dict[str, Any]:
    return dict(client.get(index="photos", id=photo, source_excludes=["clip_image"])["_source"])


def counts(seen: str) -> dict[str, str]:
    """The peaks that the rail counts: those that are named, not those in the frame."""
    facet = seen.partition("<summary>Peaks</summary>")[2].partition("</ul>")[0]
    return dict(re.findall(r'<span class="name">([^<]*)</span><span class="photos">(\d+)</span>', facet))


def test_a_click_says_and_another_takes_back(settings: Settings, client: Elasticsearch, dawn: str) -> None:
    page = visit({"photo": dawn})
    assert errors(page) == [] and page.button(key="take back").disabled
    assert counts(text(page)).get("Khumbila") == "1"
    page.button(key="is khumbila").click().run()
    assert not page.exception and errors(page) == []
    assert "Khumbila (you said)" in text(page)
    assert counts(text(page))["Khumbila"] == "2" and "Mount Everest" not in counts(text(page))
    assert stored(client, dawn)["confirmed_peaks"] == ["khumbila"] and page.button(key="is khumbila").disabled
    assert '<b>Khumbila</b> you said' in text(visit({"peak": "khumbila"}))
    page.button(key="take back").click().run()
    assert errors(page) == [] and stored(client, dawn)["confirmed_peaks"] == []
    assert "you said" not in text(page) and page.button(key="take back").disabled


def test_several_peaks_or_none(settings: Settings, client: Elasticsearch, dawn: str) -> None:
    page = visit({"photo": dawn})
    page.multiselect[0].set_value(["ama-dablam", "khumbila"]).run()
    page.button(key="is chosen").click().run()
    assert stored(client, dawn)["predicted_peaks"] == ["ama-dablam", "khumbila"]
    page.button(key="is none").click().run()
    assert errors(page) == [] and "none of the catalogue (you said)" in text(page)
    assert stored(client, dawn)["predicted_peaks"] == []
    assert "<b>no peak</b> you said" in text(visit())


def test_saying_and_going_on(settings: Settings, client: Elasticsearch, dawn: str) -> None:
    """The arrows lead on from a photo that a word has taken out of the answer."""
    blue = find(client, "day 1/blue.jpg")
    confirm_peaks(client, dawn, [find_entry(client, Peak, "khumbila")])
    page = visit({"peak": "khumbila", "photo": blue})
    page.button(key="is none").click().run()
    assert errors(page) == [] and stored(client, blue)["predicted_peaks"] == []
    page.button(key="Next").click().run()
    assert page.query_params["photo"] in (dawn, [dawn])
    assert page.button(key="Next").disabled and page.button(key="Before").disabled


def test_a_key_that_may_not_write(
    node: Node, settings: Settings, client: Elasticsearch, dawn: str
) -> None:
    """The node of the tests has no accounts, so a proxy answers as a key's lack of the privilege does."""
    with run_proxy(node.url, seed=1) as proxy:
        proxy.answer(403, paths="_update")
        Settings.chosen = Settings(Connection(url=proxy.url), str(DEMO_CHECKPOINT))
        page = visit({"photo": dawn})
        page.button(key="is none").click().run()
    (error,) = errors(page)
    assert "use a user or API key with that privilege" in error
    assert not stored(client, dawn).get("confirmed_peaks")
    assert page.code[0].value.endswith(DAWN) and "6 photos in " in text(page)


def test_without_the_model_a_person_can_still_say(node: Node, client: Elasticsearch, dawn: str) -> None:
    """Without machine learning nothing tells the likeliest peaks, and no word can be taken back."""
    streamlit.cache_resource.clear()
    with run_proxy(node.url, seed=1) as proxy:
        proxy.answer(403, paths="_ml/trained_models")
        Settings.chosen = Settings(Connection(url=proxy.url))
        page = visit({"photo": dawn})
        assert errors(page) == [] and not [each for each in page.button if each.key == "is khumbila"]
        page.multiselect[0].set_value(["khumbila"]).run()
        page.button(key="is chosen").click().run()
        assert errors(page) == [] and stored(client, dawn)["confirmed_peaks"] == ["khumbila"]
        page.button(key="take back").click().run()
    assert "SigLIP's scale and bias are not known" in errors(page)[0]
    assert stored(client, dawn)["confirmed_peaks"] == ["khumbila"]
