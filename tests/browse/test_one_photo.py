"""The page of one photo: its large picture, and its way to the map."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from browse.address import Address
from browse.parts.markup import PAGES
from browse.parts.one_photo import keep_large
from loader.place import Point
from loader.search.answer import PhotoHit, Similarity


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    Image.new("RGB", (40, 30), "red").save(file)
    red = keep_large(str(file), 1.0)
    Image.new("RGB", (40, 30), "blue").save(file)
    assert keep_large(str(file), 2.0) != red


@pytest.mark.parametrize(
    ("place", "box"),
    [
        (Point(27.9, 86.8), "27.9500,86.7500,27.8500,86.8500"),
        (Point(-16.8, 179.98), "-16.7500,179.9300,-16.8500,-179.9700"),
        (Point(-90.0, -180.0), "-89.9500,179.9500,-90.0000,-179.9500"),
    ],
)
def test_the_map_opens_around_a_photo_at_any_place(place: Point, box: str) -> None:
    photo = PhotoHit("id", "a.jpg", Similarity(None), gps=place)
    page = PAGES.get_template("photo.html")
    seen = page.render(address=Address(), hit=photo, file=None, in_frame=(), fields={})
    assert re.findall(r'\?view=map&amp;box=([^"]*)"', seen) == [box]
