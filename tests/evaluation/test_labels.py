"""Labels of all three kinds, and the sentences about those that do not fit."""
from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from evaluation.labels import Labels, from_file, read_labels
from loader.errors import PeaksError
from tests.evaluation.small_library import make_dataset


def write(folder: Path, entries: Any) -> Path:
    path = folder / "truth.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def read(folder: Path, entries: Any) -> Labels:
    return from_file(write(folder, entries), make_dataset())


def test_a_truth_file_of_one_peak_or_of_lists(tmp_path: Path) -> None:
    labels = read(tmp_path, [
        {"file": "IMG_00.JPG", "peak": "north", "things": ["yak"], "sky": "tent", "lat": 27.9},
        {"file": "day 1/IMG_01.JPG", "peak": "east", "things": []},
    ])
    assert labels.peaks == {"day 1/IMG_00.JPG": {"north"}, "day 1/IMG_01.JPG": {"east"}}
    assert labels.concepts == {"day 1/IMG_00.JPG": {"yak", "tent"}, "day 1/IMG_01.JPG": frozenset()}
    assert labels.source == "truth.json" and not labels.are_weak
    labels = read(tmp_path, [
        {"file": "IMG_00.JPG", "peaks": ["north", "east"]},
        {"file": "IMG_01.JPG", "peaks": [], "concepts": ["yak"]},
    ])
    assert labels.peaks == {"day 1/IMG_00.JPG": {"north", "east"}, "day 1/IMG_01.JPG": frozenset()}
    assert labels.concepts == {"day 1/IMG_01.JPG": {"yak"}}
    labels = read(tmp_path, [{"file": file, "peak": "east"} for file in ("day 1/IMG_05.JPG", "1/IMG_06.JPG")])
    assert set(labels.peaks) == {"day 1/IMG_05.JPG"}, "a path's end begins at a folder"


def test_photos_of_several_libraries_stay_apart(tmp_path: Path) -> None:
    dataset = make_dataset()
    photos = dataset.photos
    roots = tuple("/card 1/" if row % 2 else "/card 2/" for row in range(len(photos)))
    paths = tuple(f"{root}north/IMG_{row // 2:02}.JPG" for row, root in enumerate(roots))
    dataset = replace(dataset, photos=replace(photos, paths=paths, roots=roots))
    labels = read_labels("sight", dataset)
    assert len(labels.peaks) == 40
    assert labels.peaks["/card 2/north/IMG_00.JPG"] == {"north"}
    assert labels.peaks["/card 1/north/IMG_00.JPG"] == {"east"}
    assert len(read_labels("folders", dataset).peaks) == 48

    def read(file: str) -> Labels:
        return from_file(write(tmp_path, [{"file": file, "peak": "south"}]), dataset)

    assert set(read("card 1/north/IMG_01.JPG").peaks) == {"/card 1/north/IMG_01.JPG"}
    for file in ("IMG_01.JPG", "north/IMG_01.JPG"):
        with pytest.raises(PeaksError, match=r"Entry 1 of .* may mean /card 2/north/IMG_01.JPG and /card 1/"):
            read(file)
    same = replace(dataset, photos=replace(dataset.photos, hashes=("f",) * len(photos)))
    assert len(from_file(write(tmp_path, [{"file": "IMG_01.JPG", "peak": "south"}]), same).peaks) == 2


def test_what_nobody_looked_at_is_not_labelled(tmp_path: Path) -> None:
    dataset = make_dataset()
    labels = read(tmp_path, [{"file": "IMG_02.JPG", "peak": "south"}])
    rows, shown = labels.table(dataset.photos.paths, dataset.peaks)
    assert (rows.tolist(), shown.tolist()) == ([2], [[False, False, True, False]])
    assert labels.table(dataset.photos.paths, dataset.concepts)[1].shape == (0, 2)


def test_unknown_ids_are_named(tmp_path: Path) -> None:
    labels = read(tmp_path, [
        {"file": "IMG_00.JPG", "peak": "north", "sky": "dusk"},
        {"file": "IMG_01.JPG", "peak": "nanga-parbat"},
    ])
    assert labels.unknown == ("nanga-parbat", "dusk")


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([{"file": "P1.JPG", "peak": "north"}], "labels no photo of the index: .* such as 'P1.JPG'"),
        ([{"file": "IMG_00.JPG"}], "labels no photo"),
        ([{"file": "IMG_00.JPG", "peak": "k2"}], r"None of the 1 peaks in .* \(k2\): .* east, north"),
        ([{"peak": "north"}], 'Entry 1 of .* has no "file"'),
        ([{"file": "IMG_00.JPG", "peak": 3}], '"peak" must be an id or a list of ids'),
        ({}, "must be a list of"),
        ([], "must be a list of"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(tmp_path: Path, entries: Any, sentence: str) -> None:
    with pytest.raises(PeaksError, match=sentence):
        read(tmp_path, entries)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PeaksError, match=r"There are no labels in .*give `confirmed`, `sight`, `folders`"):
        read_labels(str(tmp_path / "none.json"), make_dataset())
    (tmp_path / "broken.json").write_text("[")
    with pytest.raises(PeaksError, match="is not JSON"):
        read_labels(str(tmp_path / "broken.json"), make_dataset())


def test_words_of_persons(tmp_path: Path) -> None:
    dataset = make_dataset()
    with pytest.raises(PeaksError, match="Nobody has said of a photo what it shows: do so in `peaks browse`"):
        read_labels("confirmed", dataset)
    said = {0: ("north",), 1: ("none",), 2: ("east", "gone"), 3: ("none",)}
    words = tuple(said.get(row, ()) for row in range(len(dataset.photos)))
    labels = read_labels("confirmed", replace(dataset, photos=replace(dataset.photos, words=words)))
    truth = from_file(write(tmp_path, [
        {"file": f"IMG_0{row}.JPG", "peaks": [each for each in word if each != "none"]}
        for row, word in said.items()
    ]), dataset)
    assert (labels.peaks, labels.concepts, labels.unknown) == (truth.peaks, {}, ("gone",))
    assert labels.unknown == truth.unknown and labels.source == "confirmed" and not labels.are_weak


@pytest.mark.parametrize(("folder", "kind"), [("North", "peaks"), ("yak", "concepts")])
def test_folders_are_ids(folder: str, kind: str) -> None:
    labels = read_labels("folders", make_dataset(folder=folder))
    assert set(getattr(labels, kind).values()) == {frozenset([folder.lower()])}
    assert len(getattr(labels, kind)) == 48
    with pytest.raises(PeaksError, match=r"No photo's first folder \(day 1\) is a peak's or concept's id"):
        read_labels("folders", make_dataset())


def test_sight_lines_label_photos_whose_frame_is_known() -> None:
    dataset = make_dataset()
    labels = read_labels("sight", dataset)
    assert labels.are_weak
    assert len(labels.peaks) == 40  # the others have no position
    assert labels.peaks["day 1/IMG_01.JPG"] == {"east"}
    with pytest.raises(PeaksError, match="No photo has a position, a bearing and a focal length"):
        read_labels("sight", make_dataset(with_position=False))


def test_labels_without_some_photos(tmp_path: Path) -> None:
    labels = read(tmp_path, [
        {"file": file, "peak": "north", "things": ["yak"]} for file in ("IMG_00.JPG", "IMG_01.JPG")
    ])
    rest = labels.without({"day 1/IMG_00.JPG"})
    assert set(rest.peaks) == set(rest.concepts) == {"day 1/IMG_01.JPG"}


def test_copies_of_reference_photos_are_found(tmp_path: Path) -> None:
    (tmp_path / "ama-dablam").mkdir()
    file = tmp_path / "ama-dablam" / "other name.jpg"
    Image.new("RGB", (8, 8)).save(file)
    photos = make_dataset().photos
    digest = sha256(file.read_bytes()).hexdigest()
    photos = replace(photos, hashes=(*photos.hashes[:3], digest, *photos.hashes[4:]))
    assert photos.find_copies(tmp_path) == {"day 1/IMG_03.JPG"}
