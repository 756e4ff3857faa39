"""A folder's photos: by content, in order, with everything else accounted for."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.errors import PeaksError
from loader.files.library import document_id, list_files, path_words, walk_library
from loader.files.paths import printable_path, real_path
from tests.files.picture_files import quadrants, write


def names(folder: Path, root: Path | None = None) -> list[str]:
    return [photo.name for photo in walk_library(folder, root).files]


def test_photos_are_found_by_content_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "b" / "second.HEIC", quadrants(), "JPEG")
    write(tmp_path / "a first.jpg", quadrants(), "PNG")
    write(tmp_path / "b" / "noextension", quadrants(), "WEBP")
    write(tmp_path / ".thumbnails" / "x.jpg", quadrants())
    assert names(tmp_path) == ["a first.jpg", "b/noextension", "b/second.HEIC"]


def test_link_cycles_end_and_every_real_folder_is_walked_once(tmp_path: Path) -> None:
    write(tmp_path / "real" / "x.jpg", quadrants())
    (tmp_path / "a link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    assert names(tmp_path) == ["real/x.jpg"]


def test_a_linked_folder_outside_is_walked(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "x.jpg", quadrants())
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "link").symlink_to(tmp_path / "elsewhere")
    assert names(tmp_path / "library") == ["link/x.jpg"]


def test_a_part_of_a_library_has_the_ids_of_the_whole(tmp_path: Path) -> None:
    write(tmp_path / "2023" / "x.jpg", quadrants())
    (whole,) = walk_library(tmp_path).files
    (part,) = walk_library(tmp_path / "2023", tmp_path).files
    assert part == whole and part.name == "2023/x.jpg"
    (alone,) = walk_library(tmp_path / "2023").files
    assert alone.id != whole.id
    with pytest.raises(PeaksError, match="does not lie under --library-root"):
        walk_library(tmp_path, tmp_path / "2023")


def test_ids_are_stable_and_tell_library_name_and_folder_apart() -> None:
    assert document_id("trek", "2023/IMG_1.jpg") == "0b1e83021cf505ae9ac2cd9eee6ed1c1"
    paths = ("a/b.jpg", "b.jpg", "a/a/b.jpg", "a/B.jpg")
    assert len({document_id(library, path) for path in paths for library in ("trek", "trek/a", "Trek")}) == 12


def test_the_name_of_a_library_is_that_of_its_root_unless_a_person_says_otherwise(tmp_path: Path) -> None:
    write(tmp_path / "trek" / "2023" / "x.jpg", quadrants())
    (part,) = list_files(tmp_path / "trek" / "2023", tmp_path / "trek").files
    assert part.id == document_id("trek", "2023/x.jpg")
    (named,) = list_files(tmp_path / "trek", library="card 2").files
    assert named.id == document_id("card 2", "2023/x.jpg")


def test_names_that_differ_only_in_bytes_that_are_no_utf_8_stay_two(tmp_path: Path) -> None:
    raw = [b"caf\xe9.jpg", b"caf\xe8.jpg", b"caf\\xe9.jpg", b"caf\\x5cxe9.jpg", "café.jpg".encode()]
    for name in raw:
        write(tmp_path / os.fsdecode(name), quadrants())
    photos = walk_library(tmp_path).files
    assert len({photo.id for photo in photos}) == len({photo.name for photo in photos}) == len(raw)
    assert {os.fsencode(real_path(photo.name)) for photo in photos} == set(raw)


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name))
def test_a_printed_path_is_text_and_leads_back(name: bytes) -> None:
    path = os.fsdecode(name)
    printable_path(path).encode()
    assert os.fsencode(real_path(f"a/{printable_path(path)}")) == os.fsencode(Path(f"a/{path}"))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("IMG_1536 Copy.JPG", "IMG 1536 Copy"),
        ("Khumbu_2023/AmaDablam-12.heic", "Khumbu 2023 Ama Dablam 12"),
        ("2023-10-27/Namche→Tengboche.jpg", "2023 10 27 Namche Tengboche"),
        ("Népal/Khumbu Yu\u0308l-Lha.jpg", "Népal Khumbu Yül Lha"),
        ("जूम/०१.jpg", "जूम ०१"),
    ],
)
def test_paths_are_split_into_words(path: str, words: str) -> None:
    assert path_words(path) == words
