"""What is none of a person's photos is passed over and counted by kind; so is what a person excludes."""
from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from loader.errors import PeaksError
from loader.files.library import list_files, walk_library
from loader.files.passed_over import Exclusions
from tests.files.picture_files import quadrants, write


def build(folder: Path, *names: str) -> Path:
    for name in names:
        write(folder / name, quadrants())
    return folder


def test_other_programs_folders_are_passed_over_and_counted_by_kind(tmp_path: Path) -> None:
    build(
        tmp_path, "a.jpg", "day 1/b.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", "day 1/@eadir/b.jpg",
        "#recycle/old.jpg", "$RECYCLE.BIN/S-1/x.jpg", "lost+found/x.jpg", "Lightroom/Previews.lrdata/x.jpg",
        "thumbs/x.jpg", ".thumbnails/1.jpg", ".dtrash/2.jpg", ".git/3.jpg", ".hidden.jpg", "@Recycle/x.jpg",
        "System Volume Information/x.jpg", "Lightroom/Mobile Downloads.lrdata/phone.jpg",
    )
    (tmp_path / "GOPR1.THM").write_bytes((tmp_path / "a.jpg").read_bytes())
    (tmp_path / "Thumbs.db").write_bytes(b"no picture")
    library = walk_library(tmp_path)
    assert [photo.name for photo in library.files] == [
        "Lightroom/Mobile Downloads.lrdata/phone.jpg", "a.jpg", "day 1/b.jpg",
    ]
    assert library.skipped == []
    assert library.passed_over == Counter({
        "@eaDir": 2, "#recycle": 1, "$RECYCLE.BIN": 1, "lost+found": 1, "*.lrdata": 1, "Thumbs": 1,
        ".thumbnails": 1, ".dtrash": 1, "hidden": 2, "@Recycle": 1, "System Volume Information": 1,
        "*.thm": 1, "no picture": 1,
    })


def test_drawings_of_peaks_sight_are_no_photos(tmp_path: Path) -> None:
    build(tmp_path, "a.jpg", "a.sight.png", "b-2.Sight.PNG", "sight.png", "c.sight.png/d.png")
    (tmp_path / "a.sight.svg").write_text("<svg/>")
    library = walk_library(tmp_path)
    assert [photo.name for photo in library.files] == ["a.jpg", "c.sight.png/d.png", "sight.png"]
    assert library.passed_over == {"*.sight.png": 2, "*.sight.svg": 1}


@pytest.mark.parametrize("originals", ["originals", "Masters", "Originals"])
def test_of_a_photos_library_only_the_originals_are_a_persons(tmp_path: Path, originals: str) -> None:
    name = "Photos Library.photoslibrary"
    others = ("resources/derivatives/x.jpg", "scopes/cloudsharing/y.jpg", "z.jpg")
    build(tmp_path / name, f"{originals}/2/x.jpg", *others)
    whole = walk_library(tmp_path)
    assert [photo.name for photo in whole.files] == [f"{name}/{originals}/2/x.jpg"]
    assert whole.passed_over == {"*.photoslibrary": 3}
    assert len(walk_library(tmp_path / name).files) == 1


def test_a_folder_that_a_person_names_is_walked_whatever_it_is_called(tmp_path: Path) -> None:
    build(tmp_path / "@eaDir", "a.jpg")
    assert len(walk_library(tmp_path / "@eaDir").files) == 1


def test_patterns_are_those_of_a_gitignore_file(tmp_path: Path) -> None:
    names = ("a.jpg", "a.png", "raw/b.jpg", "x/raw/c.jpg", "x/2019/film/d.jpg", "x/keep.png", "2019/e.jpg")
    build(tmp_path, *names)
    listing = list_files(tmp_path, exclude=["*.png", "!keep.png", "/raw/", "2019/film"])
    assert [file.name for file in listing.files] == [
        "2019/e.jpg", "a.jpg", "x/2019/film/d.jpg", "x/keep.png", "x/raw/c.jpg",
    ]
    assert listing.passed_over == {"excluded by *.png": 1, "excluded by /raw/": 1}
    part = list_files(tmp_path / "x", tmp_path, exclude=["/x/raw/"])
    assert [file.name for file in part.files] == ["x/2019/film/d.jpg", "x/keep.png"]


def test_patterns_fit_names_in_both_normal_forms() -> None:
    composed, parts = unicodedata.normalize("NFC", "Prière"), unicodedata.normalize("NFD", "Prière")
    for pattern, name in ((composed, parts), (parts, composed)):
        assert Exclusions([f"{pattern}/"]).find(name, is_folder=True) == f"excluded by {pattern}/"


@pytest.mark.parametrize("pattern", ["#recycle", "", "!", "/", "[z-a]", "\\"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PeaksError, match=r"is no pattern in the form of a \.gitignore: write "):
        Exclusions([pattern])
