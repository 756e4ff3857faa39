"""A photo's file is read where it lies inside of its library's folder, and nowhere else."""
from __future__ import annotations

from pathlib import Path

from loader.files.paths import find_inside


def test_a_file_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "day 1").mkdir()
    file = tmp_path / "day 1" / "夜.jpg"
    file.write_bytes(b"x")
    assert find_inside(str(tmp_path), "day 1/夜.jpg") == file.resolve()
    assert find_inside(str(tmp_path), "day 1/gone.jpg") is None
    assert find_inside(str(tmp_path), "day 1") is None
    assert find_inside(None, "day 1/夜.jpg") is None


def test_nothing_outside_of_its_folder(tmp_path: Path) -> None:
    library, secret = tmp_path / "library", tmp_path / "secret.jpg"
    library.mkdir()
    secret.write_bytes(b"x")
    (library / "link.jpg").symlink_to(secret)
    (library / "circle.jpg").symlink_to(library / "circle.jpg")
    for path in ("../secret.jpg", "a/../../secret.jpg", str(secret), "link.jpg", "circle.jpg", "nul\0.jpg"):
        assert find_inside(str(library), path) is None, path
