"""Orders, stacks and examples of the page, and what an address may hold, against the session's node."""
from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from elasticsearch import Elasticsearch

from browse.server import Settings
from loader.elastic.connection import Connection
from tests.browse.test_page import errors, find, text, visit
from tests.conftest import DEMO_CHECKPOINT, Node
from tests.elastic.fault_proxy import run_proxy

pytestmark = pytest.mark.cluster


@pytest.fixture
def copy_of_dawn(photos: Path, client: Elasticsearch) -> Iterator[str]:
    """The id of a second file with the content of dawn.jpg."""
    source = client.get(index="photos", id=find(client, "day 1/dawn.jpg"))["_source"]
    vector = client.search(index="photos", query={"term": {"path": "day 1/dawn.jpg"}}, source=False,
                           fields=[{"field": "clip_image"}])["hits"]["hits"][0]["fields"]["clip_image"]
    document = {**source, "clip_image": vector, "path": "copies/dawn.jpg"}
    client.index(index="photos", id="copy", document=document, pipeline="_none", refresh=True)
    yield "copy"
    client.delete(index="photos", id="copy", refresh=True)


def shown(page_text: str) -> list[str]:
    """The paths of the photos in their order."""
    return re.findall(r'title="([^"]*\.jpg)"', page_text)


def test_orders(settings: Settings, photos: Path, client: Elasticsearch) -> None:
    for path, altitude in (("day 1/blue.jpg", 4410), ("day 2/green.jpg", 2860)):
        client.update(index="photos", id=find(client, path), doc={"altitude": altitude}, refresh=True)
    by_time = shown(text(visit()))
    assert by_time[:2] == ["day 1/blue.jpg", "day 1/dawn.jpg"]
    assert shown(text(visit({"sort": "-time"})))[0] == "scans/夜.jpg"
    for query in ({}, {"q": "yak"}):
        assert shown(text(visit({**query, "sort": "altitude"})))[:2] == ["day 2/green.jpg", "day 1/blue.jpg"]
        assert shown(text(visit({**query, "sort": "-altitude"})))[0] == "day 1/blue.jpg"
    assert shown(text(visit({"q": "yak", "sort": "time"})))[0] == "day 1/blue.jpg"


@pytest.mark.parametrize("query", [{}, {"q": "sunset"}])
def test_a_stack_opens(settings: Settings, copy_of_dawn: str, query: dict[str, str]) -> None:
    seen = text(visit(query))
    assert seen.count('class="photo"') == 6 and "1 copy: show them" in seen
    (link,) = re.findall(r'<a class="badge count" href="\?([^"]*)"', seen)
    stack = visit({name: values[0] for name, values in parse_qs(unescape(link)).items()})
    assert sorted(shown(text(stack))) == ["copies/dawn.jpg", "day 1/dawn.jpg"]
    assert "copies and burst of copies/dawn.jpg <" in text(stack) and "badge count" not in text(stack)
    photo = visit({**stack.query_params, "photo": copy_of_dawn})
    assert errors(photo) == [] and [button.disabled for button in photo.button[:2]] != [True, True]


def test_every_example_is_answered(settings: Settings, photos: Path) -> None:
    examples = re.findall(r'<a href="\?q=([^"&]+)">', text(visit()))
    assert set(examples) == {"tent", "yak"}
    for words in examples:
        answer = visit({"q": words})
        assert errors(answer) == [] and 'class="photo"' in text(answer)


def test_a_file_is_found_by_its_name(settings: Settings, photos: Path) -> None:
    """The picture alone knows nothing of a name, and the page has no ``--hybrid`` to be told of."""
    answer = visit({"q": "1998"})
    assert errors(answer) == [] and "--hybrid" not in text(answer)
    assert "1998" in shown(unescape(text(answer)))[0]


@pytest.mark.parametrize(("query", "said"), [
    ({"peak": "<script>alert(1)</script>"}, "is called '<script>alert(1)</script>'"),
    ({"q": "x" * 1001}, "The text: longer than the 1000 characters"),
    ({"q": "|"}, "The vector is all zeros"),
    ({"page": "99999"}, "a search passes over no more than 9,800"),
    ({"box": "91,0,0,10"}, "91.0 is greater than the maximum of 90"),
    ({"altitude": "-99999,99999"}, "is less than the minimum of -11000"),
    ({"like": "'"}, "The index has no such photo any more"),
    ({"photo": "\0"}, "The index has no such photo any more"),
    ({"from_day": "2024", "to_day": "2023"}, "from 2024 lies after to 2023"),
    ({"box": "none", "view": "map"}, "passes the filters (without a position)"),
    ({"area": "somewhere around here, or a bit to the north"}, "area: not written as photos-"),
    ({"concept": "yeti"}, "No concept among the catalogue's 2 is called 'yeti'"),
])
def test_a_hostile_address_is_one_sentence(
    settings: Settings, photos: Path, query: dict[str, str], said: str
) -> None:
    page = visit(query)
    (error,) = errors(page)
    assert said in error and "\n" not in error and "<script>" not in text(page)
    assert page.text_input(key="words") and 'class="facet"' in text(page) and "6 photos in " in text(page)


def test_a_key_that_may_not_read(node: Node, photos: Path) -> None:
    """The node of the tests has no accounts, so a proxy answers as a key's lack of the privilege does."""
    with run_proxy(node.url, seed=1) as proxy:
        proxy.answer(403, paths="_search/template")
        Settings.chosen = Settings(Connection(url=proxy.url), str(DEMO_CHECKPOINT))
        page = visit()
    (error,) = errors(page)
    assert "use a user or API key with that privilege" in error and page.text_input(key="words")
