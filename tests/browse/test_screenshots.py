"""The documentation's pictures can be taken of the page as it is."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from elasticsearch import Elasticsearch
from PIL import Image

from demo.screenshots import HEIGHT, WIDTH, Look, look_at_page, serve_page, take_pictures
from loader.errors import PeaksError
from tests.chromium import find_chromium
from tests.conftest import DEMO_CHECKPOINT, Node

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium to open the page in"),
]


def test_pictures_of_the_page(node: Node, client: Elasticsearch, photos: Path, tmp_path: Path) -> None:
    hits = client.search(index="photos", query={"exists": {"field": "gps"}}, source=False)["hits"]["hits"]
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>Blank</title>", encoding="utf-8")
    with serve_page(node.url, str(DEMO_CHECKPOINT)) as site:
        looks = [*look_at_page(site, hits[0]["_id"]), Look("blank", blank.as_uri())]
        taken = take_pictures(looks, tmp_path)
    assert [file.name for file in taken] == ["browse.webp", "photo.webp", "map.webp", "blank.webp"]
    colours = []
    for file in taken:
        with Image.open(file) as image:
            assert image.size == (WIDTH, HEIGHT)
            colours.append(len(np.unique(np.asarray(image)[::3, ::3].reshape(-1, 3), axis=0)))
    assert min(colours[:3]) > 100 > colours[3] == 1


def test_no_picture_of_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>Photos</title><p role=alert>The index is away.", encoding="utf-8")
    with pytest.raises(PeaksError, match=r"No picture of file:.*: it says 'The index is away.'"):
        take_pictures([Look("page", page.as_uri(), (".photo",))], tmp_path)
    assert not (tmp_path / "page.webp").exists()
