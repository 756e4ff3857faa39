"""Libraries on a real node: none overwrites or removes another's photos, and each has one root."""
from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch
from PIL import ExifTags

from loader.cli import peaks
from tests.conftest import Node
from tests.files.picture_files import make_exif, quadrants, write
from tests.photos.running_load import outcomes
from tests.photos.stored_libraries import files, hashes, photos
from tests.photos.test_load_changes import load

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("fresh_indices")]


def test_two_cards_of_one_name_are_two_libraries(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, second = cards
    load(first, node.url)
    before = photos(client)
    for options in ((), ("--prune", "--yes"), ("--dry-run",), ("--reload",)):
        report = load(second, node.url, *options)
        assert (report["code"], report["said"]) == (1, (
            f"Error: The library 'DCIM' was loaded from {first}, and this is {second}: if the folder moved "
            "there, add --moved; if it is another one, name it with --library NAME, or `peaks forget DCIM` "
            "first.\n"
        ))
        assert photos(client) == before
    said = load(second, node.url, "--part", "1/2")["said"]
    assert "all machines that load parts of it must mount it at one path; if the folder moved" in said
    assert outcomes(load(second, node.url, "--library", "card 2", "--prune", "--yes")) == {"created": 4}
    found = photos(client)
    assert found.keys() == files(first, second) and hashes(found, first) == hashes(before, first)
    (first / "100" / "IMG_0.jpg").unlink()
    assert load(first, node.url, "--prune", "--yes")["removed"] == 1
    assert photos(client).keys() == files(first, second)


def test_a_copied_folder_takes_nothing_from_its_original(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, _ = cards
    load(first, node.url)
    before = photos(client)
    copy = first.parent.parent / "copy" / "DCIM"
    shutil.copytree(first, copy)
    assert load(copy, node.url)["code"] == 1
    report = load(copy, node.url, "--moved")
    assert report["code"] == 0, "all its files are here too, so a person may call it moved"
    assert load(first, node.url, "--moved")["code"] == 0
    assert outcomes(load(copy, node.url, "--library", "copy", "--prune", "--yes")) == {"copied": 4}
    found = photos(client)
    assert found.keys() == files(first, copy) and hashes(found, first) == hashes(before, first)
    assert {photo["library"] for path, photo in found.items() if path.startswith(str(copy))} == {"copy"}
    shutil.rmtree(first)
    first.mkdir()
    assert load(copy, node.url, "--library", "copy", "--prune", "--yes")["removed"] == 0
    assert len(photos(client)) == 8


def test_a_moved_folder_keeps_its_photos_and_says_so_once(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, _ = cards
    load(first, node.url)
    moved = first.parent.parent / "archive" / "old card"
    moved.parent.mkdir()
    first.rename(moved)
    fix = "add --library DCIM --moved"
    for options in ((), ("--moved",), ("--dry-run",)):
        refused = load(moved, node.url, *options)
        assert refused["code"] == 1 and str(first) in refused["said"] and fix in refused["said"]
    assert outcomes(load(moved, node.url, "--library", "copy")) == {"copied": 4}
    refused = load(moved, node.url, "--library", "DCIM", "--moved")
    assert refused["code"] == 1 and "run `peaks forget copy`" in refused["said"]
    assert CliRunner().invoke(peaks, ["forget", "copy", "--yes", "--url", node.url]).exit_code == 0
    words = (moved, node.url, "--library", "DCIM")
    estimate = load(*words, "--moved", "--dry-run")
    assert estimate["moved_from"] == str(first) and photos(client).keys() != files(moved)
    report = load(*words, "--moved", "--prune", "--yes")
    assert outcomes(report) == {"unchanged": 4} and report["moved_from"] == str(first)
    assert photos(client).keys() == files(moved)
    again = load(*words)
    assert outcomes(again) == {"unchanged": 4} and again["moved_from"] is None


def test_what_has_moved_in_part_has_not_moved(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, second = cards
    load(first, node.url)
    before = photos(client)
    report = load(second, node.url, "--moved", "--prune", "--yes")
    assert report["code"] == 1 and photos(client) == before
    stayed = f"2 photos of the library 'DCIM' stayed in {first} and cannot be found in {second}"
    assert stayed in report["said"]


def test_a_library_can_be_moved_to_the_folder_above(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, _ = cards
    load(first, node.url)
    report = load(first.parent, node.url, "--library", "DCIM", "--moved")
    assert outcomes(report) == {"moved": 4}
    assert photos(client).keys() == files(first)


def test_no_file_is_in_two_libraries(client: Elasticsearch, node: Node, cards: tuple[Path, Path]) -> None:
    first, second = cards
    load(first, node.url)
    before = photos(client)
    part, above = first / "100", first.parent.parent
    for folder, sentence in (
        (first, "is the library 'DCIM' already: load it with --library DCIM"),
        (part, f"is a part of the library 'DCIM': load it as that with --library-root {first}"),
        (above, "holds the library 'DCIM' in card1/DCIM: leave that out with --exclude /card1/DCIM/"),
    ):
        report = load(folder, node.url, "--library", "new")
        assert report["code"] == 1 and photos(client) == before
        assert report["said"] == f"Error: {folder} {sentence}, or `peaks forget DCIM` first.\n"
    write(first / "101" / "new.jpg", quadrants(800, 300))
    report = load(first / "101", node.url)
    assert report["code"] == 1 and photos(client) == before
    assert report["said"] == (
        f"Error: {first}/101 is a part of the library 'DCIM': load it as that with --library-root {first}, "
        "or name it with --library NAME.\n"
    )
    assert outcomes(load(part, node.url, "--library-root", first)) == {"unchanged": 4}
    assert outcomes(load(first / "101", node.url, "--library", "own")) == {"created": 1}
    assert outcomes(load(above, node.url, "--exclude", "/card1/DCIM/")) == {"created": 4}
    assert photos(client).keys() == files(first, second)


def test_libraries_in_the_folder_of_another_can_be_loaded_again(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, second = cards
    inner, above = first.parent, first.parent.parent
    load(inner, node.url)
    load(second.parent, node.url, "--library", "two 2")
    report = load(above, node.url)
    assert report["said"] == (
        f"Error: {above} holds the libraries 'card1' in card1 and 'two 2' in card2: leave them out with "
        "--exclude /card1/ --exclude /card2/, or `peaks forget card1` and `peaks forget 'two 2'` first.\n"
    )
    write(above / "own.jpg", quadrants(700, 300))
    left_out = ("--exclude", "/card1/", "--exclude", "/card2/")
    assert outcomes(load(above, node.url, *left_out)) == {"created": 1}
    for words in ((), ("--library", "card1")):
        assert outcomes(load(inner, node.url, *words)) == {"unchanged": 4}
    report = load(inner, node.url, "--library-root", above)
    assert report["said"] == (
        f"Error: {inner} is the library 'card1' already: load it with --library card1 and without "
        "--library-root, or `peaks forget card1` first.\n"
    )
    write(above / "card3" / "own.jpg", quadrants(750, 300))
    assert outcomes(load(above / "card3", node.url, "--library", "card3")) == {"created": 1}
    assert photos(client).keys() == files(above)


def test_disks_that_are_mounted_at_one_place_can_have_a_library_each(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, second = cards
    load(first, node.url)
    before = photos(client)
    shutil.rmtree(first)
    second.rename(first)
    assert outcomes(load(first, node.url, "--library", "second", "--prune", "--yes")) == {"created": 4}
    client.indices.refresh(index="photos")
    assert client.count(index="photos")["count"] == len(before) + 4


@pytest.mark.parametrize(("same", "count"), [(2, "2 photos"), (1, "1 photo")])
def test_another_card_in_the_place_of_a_library_does_not_overwrite_it(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path], same: int, count: str
) -> None:
    first, second = cards
    (second / "100" / "IMG_1.jpg").rename(second / "100" / ("IMG_1.jpg" if same == 2 else "own.jpg"))
    load(first, node.url)
    before = photos(client)
    first.rename(first.parent / "away")
    second.rename(first)
    for options in ((), ("--prune", "--yes"), ("--dry-run",)):
        report = load(first, node.url, *options)
        assert (report["code"], report["said"]) == (1, (
            f"Error: {first} has other content under the names of {count} of the library 'DCIM': if they "
            "were edited, add --reload; if this is another card or folder, name it with --library NAME.\n"
        ))
        assert photos(client) == before
    first.rename(second)
    report = load(second, node.url, "--moved", "--exclude", "IMG_5*")
    assert report["code"] == 1 and photos(client) == before
    second.rename(first)
    assert outcomes(load(first, node.url, "--reload")) == {"created": 4 - same, "updated": same}


def test_a_folder_of_other_photos_in_the_place_of_a_library_removes_none(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, _ = cards
    load(first, node.url)
    first.rename(first.parent / "away")
    write(first / "new.jpg", quadrants(700, 300))
    report = load(first, node.url, "--prune", "--yes")
    assert (report["created"], report["removed"]) == (1, 0)
    assert "No photo of the library has a file in" in report["said"]
    client.indices.refresh(index="photos")
    assert client.count(index="photos")["count"] == 5


def test_a_copy_in_another_library_goes_by_the_clock_that_is_given_for_it(
    client: Elasticsearch, node: Node, tmp_path: Path
) -> None:
    taken = make_exif(exif={ExifTags.Base.DateTimeOriginal: "2023:10:05 05:30:00"})
    first = write(tmp_path / "first" / "a.jpg", quadrants(), exif=taken)
    load(first.parent, node.url)
    second = Path(shutil.copytree(first.parent, tmp_path / "second")) / "a.jpg"
    words = (second.parent, node.url, "--timezone", "Asia/Kathmandu")
    assert outcomes(load(*words)) == {"created": 1}
    second.rename(second.with_name("b.jpg"))
    assert outcomes(load(*words)) == {"moved": 1}
    offsets = {path: photo.get("shot_time_offset") for path, photo in photos(client).items()}
    assert offsets == {str(first): None, str(second.with_name("b.jpg")): "+05:45"}


def test_photos_that_were_all_edited_are_loaded_again(
    client: Elasticsearch, node: Node, tmp_path: Path
) -> None:
    for width in (300, 400):
        for number in range(3):
            taken = make_exif(exif={ExifTags.Base.DateTimeOriginal: f"2023:10:05 06:0{number}:00"})
            write(tmp_path / "trek" / f"IMG_{number}.jpg", quadrants(width, 300), exif=taken)
        report = load(tmp_path / "trek", node.url)
        assert outcomes(report) == ({"created": 3} if width == 300 else {"updated": 3})


@pytest.mark.parametrize(
    ("name", "options"), [("100", ("--exclude", "IMG_0.jpg")), ("@eaDir", ()), (".100", ())]
)
def test_a_photo_whose_file_exists_is_never_removed(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path], name: str, options: tuple[str, ...]
) -> None:
    first, _ = cards
    folder = (first / "100").rename(first / name)
    assert outcomes(load(folder, node.url, "--library-root", first)) == {"created": 4}
    write(first / "new.jpg", quadrants(700, 300))
    report = load(first, node.url, "--prune", "--yes", *options)
    assert (report["created"], report["missing"], report["removed"]) == (1, [], 0)
    assert photos(client).keys() == files(first)


def test_a_folder_that_is_empty_now_may_be_a_disk(
    client: Elasticsearch, node: Node, cards: tuple[Path, Path]
) -> None:
    first, _ = cards
    load(first.parent, node.url, "--library", "all")
    write(first.parent / "here.jpg", quadrants(700, 300))
    shutil.rmtree(first / "100")
    report = load(first.parent, node.url, "--library", "all", "--prune", "--yes")
    assert (report["created"], report["missing"], report["removed"]) == (1, [], 0)
    assert report["out_of_reach"] == sorted(f"DCIM/100/{name}" for name in (
        "IMG_0.jpg", "IMG_1.jpg", "IMG_3002.jpg", "IMG_3003.jpg",
    ))
    first.rmdir()
    assert load(first.parent, node.url, "--library", "all", "--prune", "--yes")["removed"] == 4


def test_names_that_are_no_utf_8_are_loaded_found_unchanged_and_removed(
    client: Elasticsearch, node: Node, tmp_path: Path
) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    names = [os.fsdecode(name) for name in (b"pri\xe8re.jpg", b"pri\xe9re.jpg", b"pri\\xe8re.jpg")]
    for number, name in enumerate(names):
        write(folder / name, quadrants(300 + 20 * number, 300))
    words = (folder, node.url, "--library", os.fsdecode(b"\xff"), "--prune", "--yes")
    assert outcomes(load(*words)) == {"created": 3}
    excluded = load(*words, "--exclude", "pri?re.jpg")  # the two of one odd byte
    assert outcomes(excluded) == {"unchanged": 1} and excluded["missing"] == []
    (folder / names[0]).unlink()
    report = load(*words)
    assert outcomes(report) == {"unchanged": 2}
    assert (report["missing"], report["removed"]) == (["pri\\xe8re.jpg"], 1)
