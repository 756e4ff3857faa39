"""A photo's file is read where it lies inside of its library's folder, and nowhere else."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from browse.address import Address
from browse.parts.markup import PAGES
from browse.parts.one_photo import find_file
from loader.place import Point
from loader.search.answer import PhotoHit, Similarity


def hit(root: Path | None, path: str) -> PhotoHit:
    return PhotoHit("id", path, Similarity(None), root=None if root is None else str(root))


def test_a_file_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "day 1").mkdir()
    file = tmp_path / "day 1" / "夜.jpg"
    file.write_bytes(b"x")
    assert find_file(hit(tmp_path, "day 1/夜.jpg")) == file.resolve()
    assert find_file(hit(tmp_path, "day 1/gone.jpg")) is None
    assert find_file(hit(tmp_path, "day 1")) is None
    assert find_file(hit(None, "day 1/夜.jpg")) is None


def test_nothing_outside_of_its_folder(tmp_path: Path) -> None:
    library, secret = tmp_path / "library", tmp_path / "secret.jpg"
    library.mkdir()
    secret.write_bytes(b"x")
    (library / "link.jpg").symlink_to(secret)
    (library / "circle.jpg").symlink_to(library / "circle.jpg")
    for path in ("../secret.jpg", "a/../../secret.jpg", str(secret), "link.jpg", "circle.jpg", "nul\0.jpg"):
        assert find_file(hit(library, path)) is None, path


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
