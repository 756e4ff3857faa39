"""A library against the index: what is unchanged, what must be opened, what is missing."""
from __future__ import annotations

import os
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.elastic.photo_index import StoredPhoto
from loader.errors import PeaksError
from loader.files.library import Listing, PhotoFile, Skipped, document_id, list_files
from loader.files.location import Location
from loader.files.paths import printable_path
from loader.photos.comparison import Comparison
from loader.photos.settings import WHOLE, Part, Settings
from tests.files.picture_files import quadrants, write

ROOT = Path("/nowhere/photos")


def photo_file(name: str, size: int = 10, modified: int = 1, library: str = "trek") -> PhotoFile:
    return PhotoFile(ROOT / name, name, document_id(library, name), size, modified)


def stored(
    file: PhotoFile, library: str | None = "trek", content: str = "x", root: Path | None = ROOT
) -> StoredPhoto:
    content_hash = sha256(content.encode()).hexdigest()
    where = None if root is None else str(root)
    return StoredPhoto(file.id, file.name, library, where, file.size, file.modified, content_hash)


def compare(
    files: list[PhotoFile] | Listing, *photos: StoredPhoto, root: Path = ROOT, **settings: Any
) -> Comparison:
    listing = Listing(files) if isinstance(files, list) else files
    held = {photo.id: photo for photo in photos}
    return Comparison(listing, held, Settings("trek", root, **settings))


def test_a_file_with_the_stored_size_and_time_is_unchanged() -> None:
    same, larger, later, new = (photo_file(f"{name}.jpg") for name in "abcd")
    files = [same, replace(larger, size=11), replace(later, modified=2), new]
    result = compare(files, stored(same), stored(larger), stored(later))
    assert result.unchanged == [same] and result.candidates == files[1:]
    assert not result.missing


@pytest.mark.parametrize("location", ["none", "coarse", "exact"])
def test_a_photo_with_more_or_less_of_its_place_is_read_again(location: Location) -> None:
    same, other, copy = (photo_file(name) for name in ("a.jpg", "b.jpg", "c.jpg"))
    held = replace(stored(same), location=location), replace(stored(other), location="another")
    result = compare([same, other, copy], *held, location=location)
    assert result.unchanged == [same] and result.candidates == [other, copy]
    [known] = result.stored.hashes(copy.size)
    assert result.find_source(copy, known).id == same.id  # not the other one, which has the same content


@pytest.mark.parametrize(("reload", "checksum"), [(True, False), (False, True)])
def test_times_are_not_trusted_when_they_must_not_be(reload: bool, checksum: bool) -> None:
    file = photo_file("a.jpg")
    result = compare([file], stored(file), reload=reload, checksum=checksum)
    assert (result.unchanged, result.candidates) == ([], [file])


def test_what_an_earlier_loader_wrote_is_opened() -> None:
    file = photo_file("a.jpg")
    assert compare([file], replace(stored(file, library=None), modified=None)).candidates == [file]


def test_missing_is_what_this_library_has_no_file_for() -> None:
    here, missing, elsewhere, earlier = (photo_file(f"{name}.jpg") for name in ("a", "b", "c", "d"))
    photos = [stored(here), stored(missing), stored(elsewhere, library="other"), stored(earlier, root=None)]
    assert list(compare([here], *photos).missing) == [missing.id]


@pytest.mark.parametrize(
    "name", ["raw/a.jpg", ".hidden/a.jpg", "@eaDir/a.jpg", os.fsdecode(b"caf\xe9.jpg"), "caf\\xe9.jpg"]
)
def test_a_photo_whose_file_exists_is_not_missing(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, quadrants())
    file = photo_file(printable_path(name))
    result = compare(list_files(tmp_path, exclude=["*.jpg"]), stored(file, root=tmp_path), root=tmp_path)
    assert not result.missing and not result.has_files and not result.gives_way(stored(file))
    (tmp_path / name).unlink()
    assert compare([], stored(file, root=tmp_path), root=tmp_path).missing


@pytest.mark.parametrize(
    ("removed", "removable"),
    [
        (["disk/a.jpg"], ["disk/a.jpg"]),
        (["disk"], ["disk/a.jpg", "disk/sub/a.jpg"]),
        (["link"], ["link/a.jpg"]),
        # The mount point of a disk that is not connected is empty, and a link to it leads to nothing.
        (["disk/a.jpg", "disk/sub"], []),
        (["elsewhere"], []),
    ],
)
def test_what_may_lie_on_a_disk_that_is_not_connected_is_not_removable(
    tmp_path: Path, removed: list[str], removable: list[str]
) -> None:
    names = ("disk/a.jpg", "disk/sub/a.jpg", "here.jpg", "link/a.jpg")
    for name in ("elsewhere/a.jpg", *names[:3]):
        write(tmp_path / name, quadrants())
    (tmp_path / "link").symlink_to("elsewhere")
    photos = [stored(photo_file(name), root=tmp_path) for name in names]
    for name in removed:
        path = tmp_path / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    result = compare([], *photos, root=tmp_path)
    found = sorted(photo.path for photo in result.missing.values() if result.is_removable(photo))
    assert found == removable


def test_a_part_of_a_library_says_nothing_of_the_rest() -> None:
    inside, outside = photo_file("2023/a.jpg"), photo_file("2024/a.jpg")
    result = compare(Listing([], prefix="2023/"), stored(inside), stored(outside))
    assert list(result.missing) == [inside.id]


@pytest.mark.parametrize(("folder", "missing"), [("closed", ["open/b.jpg"]), (".", [])])
def test_what_lies_in_a_folder_that_cannot_be_read_is_not_missing(folder: str, missing: list[str]) -> None:
    listing = Listing([], skipped=[Skipped(folder, "the folder cannot be read (Permission denied)")])
    photos = [stored(photo_file(name)) for name in ("closed/a.jpg", "open/b.jpg")]
    result = compare(listing, *photos)
    assert [photo.path for photo in result.missing.values()] == missing


@given(st.lists(st.text("abc/", min_size=1), unique=True), st.integers(1, 7))
def test_parts_hold_every_file_once(names: list[str], count: int) -> None:
    files = [photo_file(name) for name in names]
    shares = [compare(files, part=Part(number + 1, count)) for number in range(count)]
    assert sorted(file.name for share in shares for file in share.candidates) == sorted(names)


def test_parts_are_of_about_the_same_size() -> None:
    files = [photo_file(f"IMG_{number}.jpg") for number in range(4000)]
    sizes = [sum(Part(number, 4).holds(file.id) for file in files) for number in (1, 2, 3, 4)]
    assert sum(sizes) == 4000 and all(900 < size < 1100 for size in sizes)
    assert all(WHOLE.holds(file.id) for file in files)


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "a/b", "-1/2", "1/0"])
def test_a_share_that_is_none_is_refused(part: str) -> None:
    with pytest.raises(PeaksError, match=f"--part {part} is no share: give K/N with K from 1 to N"):
        Part.parse(part)
    assert Part.parse("2/5") == Part(2, 5)


def test_a_content_is_known_by_the_files_own_photo_then_by_a_missing_one() -> None:
    here, missing, other = photo_file("a.jpg"), photo_file("b.jpg"), photo_file("c.jpg", size=20)
    result = compare([here], stored(here), stored(missing), stored(other, content="y"))
    (known,) = result.stored.hashes(10)
    assert result.stored.hashes(11) == frozenset()
    new = photo_file("d.jpg")
    assert result.find_source(here, known).id == here.id
    source = result.find_source(new, known)
    assert source.id == missing.id and result.gives_way(source)
    result.move(source, new)
    assert result.find_source(new, known).id == new.id and source.id not in result.missing
    assert not result.gives_way(result.find_source(here, known))


def test_a_photo_of_an_earlier_version_gives_way_to_the_file_of_its_path_first() -> None:
    new = photo_file("a.jpg")
    old, twin = replace(photo_file("a.jpg"), id="0" * 32), replace(photo_file("b.jpg"), id="1" * 32)
    photos = [stored(twin, root=None), stored(old, library=None, root=None)]
    result = compare([new], *photos)
    assert result.candidates == [new] and not result.missing
    (known,) = result.stored.hashes(10)
    source = result.find_source(new, known)
    assert source.id == old.id and result.gives_way(source)
    result.move(source, new)
    assert result.find_source(photo_file("c.jpg"), known).id == twin.id
    other = compare([new], stored(old, library="other", root=None))
    assert not other.gives_way(other.find_source(new, known))


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
