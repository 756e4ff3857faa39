"""A library against the index: what is unchanged, what must be opened, what is gone."""
from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.elastic.photo_index import StoredPhoto
from loader.files.library import Listing, PhotoFile, Skipped, document_id, list_files
from loader.photos.comparison import WHOLE, Part, StoredContents, compare, is_unchanged
from tests.files.picture_files import quadrants, write


def photo_file(name: str, size: int = 10, modified: int = 1) -> PhotoFile:
    return PhotoFile(Path("/photos") / name, name, document_id(name), size, modified)


def stored(file: PhotoFile, library: str | None = "trek", content: str = "x") -> StoredPhoto:
    content_hash = sha256(content.encode()).hexdigest()
    return StoredPhoto(file.id, file.name, library, file.size, file.modified, content_hash)


def by_id(*photos: StoredPhoto) -> dict[str, StoredPhoto]:
    return {photo.id: photo for photo in photos}


def test_a_file_with_the_stored_size_and_time_is_unchanged() -> None:
    same, larger, later, new = (photo_file(f"{name}.jpg") for name in "abcd")
    held = by_id(stored(same), stored(larger), stored(later))
    files = [same, replace(larger, size=11), replace(later, modified=2), new]
    result = compare(Listing(files), held, "trek")
    assert result.unchanged == 1 and result.candidates == files[1:]
    assert not result.adopted and not result.gone


def test_times_are_not_trusted_when_they_must_not_be() -> None:
    file = photo_file("a.jpg")
    result = compare(Listing([file]), by_id(stored(file)), "trek", trust_times=False)
    assert (result.unchanged, result.candidates) == (0, [file])


def test_what_an_earlier_loader_wrote_is_opened() -> None:
    file = photo_file("a.jpg")
    earlier = replace(stored(file, library=None), modified=None)
    assert not is_unchanged(file, earlier)
    assert compare(Listing([file]), by_id(earlier), "trek").candidates == [file]


def test_unchanged_files_of_a_renamed_library_are_adopted() -> None:
    file = photo_file("a.jpg")
    result = compare(Listing([file]), by_id(stored(file, library="old name")), "trek")
    assert (result.unchanged, result.adopted) == (1, [file])


def test_gone_is_what_this_library_has_no_file_for() -> None:
    here, gone, elsewhere = (photo_file(f"{name}.jpg") for name in ("a", "b", "c"))
    held = by_id(stored(here), stored(gone), stored(elsewhere, library="other"))
    assert list(compare(Listing([here]), held, "trek").gone) == [gone.id]


def test_a_part_of_a_library_says_nothing_of_the_rest() -> None:
    inside, outside = photo_file("2023/a.jpg"), photo_file("2024/a.jpg")
    listing = Listing([], prefix="2023/")
    assert list(compare(listing, by_id(stored(inside), stored(outside)), "trek").gone) == [inside.id]


@pytest.mark.parametrize(("folder", "gone"), [("closed", ["open/b.jpg"]), (".", [])])
def test_what_lies_in_a_folder_that_cannot_be_read_is_not_gone(folder: str, gone: list[str]) -> None:
    held = by_id(stored(photo_file("closed/a.jpg")), stored(photo_file("open/b.jpg")))
    listing = Listing([], skipped=[Skipped(folder, "the folder cannot be read (Permission denied)")])
    assert [photo.path for photo in compare(listing, held, "trek").gone.values()] == gone


@given(st.lists(st.text("abc/", min_size=1), unique=True), st.integers(1, 7))
def test_parts_hold_every_file_once(names: list[str], count: int) -> None:
    files = [photo_file(name) for name in names]
    shares = [compare(Listing(files), {}, "trek", part=Part(number + 1, count)) for number in range(count)]
    assert sorted(file.name for share in shares for file in share.candidates) == sorted(names)


def test_parts_are_of_about_the_same_size() -> None:
    files = [photo_file(f"IMG_{number}.jpg") for number in range(4000)]
    sizes = [sum(Part(number, 4).holds(file.id) for file in files) for number in (1, 2, 3, 4)]
    assert sum(sizes) == 4000 and all(900 < size < 1100 for size in sizes)
    assert all(WHOLE.holds(file.id) for file in files)


def test_contents_are_found_by_size_and_hash_and_follow_a_move() -> None:
    one, copy, other = photo_file("a.jpg"), photo_file("b.jpg"), photo_file("c.jpg", size=20)
    contents = StoredContents(by_id(stored(one), stored(copy), stored(other, content="y")))
    (known,) = contents.hashes(10)
    assert contents.ids(known) == [one.id, copy.id]
    assert contents.hashes(11) == frozenset() and contents.ids("nothing") == []
    moved = photo_file("d.jpg")
    contents.move(contents.photos[one.id], stored(moved))
    assert contents.ids(known) == [moved.id, copy.id] and one.id not in contents.photos


def test_a_listing_opens_no_file(tmp_path: Path) -> None:
    path = write(tmp_path / "2023" / "a.jpg", quadrants())
    (tmp_path / "2023" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "2023" / "pipe")  # opening it would block
    listing = list_files(tmp_path / "2023", tmp_path)
    photo, link, pipe = listing.files
    status = path.stat()
    assert (photo.name, photo.size, photo.modified) == (
        "2023/a.jpg", status.st_size, status.st_mtime_ns // 1_000_000,
    )
    assert (link.name, link.size, link.modified) == ("2023/gone.jpg", 0, 0)
    assert (pipe.name, listing.prefix) == ("2023/pipe", "2023/")
    assert list_files(tmp_path).prefix == ""
