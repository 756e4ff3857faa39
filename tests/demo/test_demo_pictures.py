"""The documentation's pictures: as new as the product, small, shown, and said to be drawn."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from demo.pictures import NAME
from demo.render import plan_photos
from demo.run import main as demo
from demo.screenshots import HASHES, WIDTH, hash_inputs
from demo.trail import summits
from loader.peaks.sight.geometry import Camera, look
from tests.conftest import REPOSITORY
from tests.test_docs import PAGES

IMAGES = REPOSITORY / "docs" / "images"
OF_THE_PRODUCT = ("browse", "photo", "map", "map-page")


def test_the_photo_is_one_of_the_demos_and_shows_its_peak() -> None:
    given = demo.make_context("demo", []).params
    photo = next(photo for photo in plan_photos(given["count"], given["seed"]) if photo.name == NAME)
    place = photo.shot.place
    camera = Camera(place.lat, place.lon, place.altitude, photo.shot.bearing, 67.0)
    shown = [sight.peak.id for sight in look(camera, summits()) if sight.is_shown]
    assert photo.scene.attributes.peak in shown and len(shown) > 1


def test_pictures_are_as_new_as_what_they_show() -> None:
    taken = (IMAGES / HASHES).read_text(encoding="utf-8")
    differing = set(taken.splitlines()) ^ set(hash_inputs().splitlines())
    assert sorted({line.partition("  ")[2] for line in differing}) == [], "changed: run `make pictures`"


@pytest.mark.parametrize("name", OF_THE_PRODUCT)
def test_pictures_of_the_product_are_wide_and_small(name: str) -> None:
    file = IMAGES / f"{name}.webp"
    assert file.stat().st_size < 120_000
    with Image.open(file) as image:
        assert image.width == WIDTH


def test_every_picture_is_shown_in_a_page() -> None:
    pages = [*PAGES, REPOSITORY / "demo" / "README.md"]
    texts = " ".join(page.read_text(encoding="utf-8") for page in pages)
    shown = set(re.findall(r"images/([\w-]+\.\w+)", texts))
    assert {file.name for file in IMAGES.iterdir()} - {HASHES} == shown


def test_the_readme_says_that_its_pictures_are_drawn() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    captions = re.findall(r"(?:!\[[^\n]+\n)+\*([^\n]+)\*\n", readme)
    assert len(captions) == 2 and all("drawn scenes" in caption for caption in captions)
    assert len(re.findall(r"images/[\w-]+\.webp", readme)) == 3
