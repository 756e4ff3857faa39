"""Reference photos by their vectors: in the wrong folder, better named otherwise, twice the same."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.arrays import Vectors
from loader.peaks.catalogue import Peak
from loader.peaks.checks.names import NameVectors
from loader.peaks.checks.references import ReferencePhoto
from loader.peaks.checks.vectors import SAME_PICTURE, check_vectors, find_near_pictures
from tests.peaks.checks.reference_folders import make_photo
from tests.vectors import unit

PEAKS = [Peak(name, (name.title(),)) for name in ("alpha", "beta", "gamma", "delta")]
DIMS = 16


def names(scale: float | None = 20.0) -> NameVectors:
    """The names of each peak along an axis of their own."""
    return NameVectors(PEAKS, np.eye(len(PEAKS), DIMS, dtype=np.float32), scale)


def library(counts: dict[str, int], seed: int = 0) -> tuple[list[ReferencePhoto], Vectors]:
    """Photos near their peak's axis, and near a second one that the photos of a peak share."""
    rng = np.random.default_rng(seed)
    photos, rows = [], []
    for peak, count in counts.items():
        column = [entry.id for entry in PEAKS].index(peak)
        for i in range(count):
            row = rng.normal(scale=0.05, size=DIMS)
            row[column] += 0.5
            row[8 + column] += 1.0
            photos.append(make_photo(peak, f"{i}.jpg"))
            rows.append(row)
    return photos, unit(np.array(rows))


def move(photos: list[ReferencePhoto], row: int, peak: str) -> ReferencePhoto:
    photos[row] = make_photo(peak, "moved.jpg")
    return photos[row]


def test_photos_in_their_own_folders_are_left_alone() -> None:
    photos, vectors = library({"alpha": 3, "beta": 2, "gamma": 1})
    for known in (names(), None):
        problems, left_out = check_vectors(photos, vectors, known)
        assert problems == [] and left_out == []


def test_a_photo_in_the_wrong_folder_is_nearer_to_its_own_peaks_prototype() -> None:
    photos, vectors = library({"alpha": 4, "beta": 3})
    moved = move(photos, 0, "beta")
    for known in (names(), None):
        [problem] = check_vectors(photos, vectors, known)[0]
        assert (problem.subject, problem.severity) == (moved.name, "warning")
        assert problem.evidence["reason"] == "prototype" and problem.evidence["nearest"] == "alpha"
        assert problem.evidence["cosine"] > problem.evidence["own_cosine"]
    sentence = check_vectors(photos, vectors, names())[0][0].sentence
    assert sentence.startswith("beta/moved.jpg is nearer to the reference photos of Alpha (cosine 0.")
    assert sentence.endswith("look at it, and move it if it shows Alpha.")


def test_a_lone_photo_in_the_wrong_folder_is_found_by_the_names() -> None:
    photos, vectors = library({"alpha": 4, "beta": 2, "delta": 1})
    moved = move(photos, 6, "gamma")
    [problem] = check_vectors(photos, vectors, names())[0]
    assert problem.subject == moved.name and problem.evidence["reason"] == "names"
    assert problem.sentence.startswith("gamma/moved.jpg fits the names of Delta better than those of Gamma (")
    assert check_vectors(photos, vectors, None)[0] == []


@pytest.mark.parametrize(("scale", "found"), [(20.0, 1), (1.0, 0), (None, 0)])
def test_the_margin_of_the_names_is_one_of_logits(scale: float | None, found: int) -> None:
    photos, vectors = library({"alpha": 4, "beta": 2, "delta": 1})
    move(photos, 6, "gamma")
    assert len(check_vectors(photos, vectors, names(scale))[0]) == found


def test_names_that_the_checkpoint_does_not_know_do_not_count() -> None:
    photos, vectors = library({"alpha": 3, "beta": 3})
    turned = NameVectors(PEAKS, np.roll(names().vectors, 1, axis=0), 20.0)
    problems, left_out = check_vectors(photos, vectors, turned)
    assert all(problem.evidence["reason"] != "names" for problem in problems)
    assert [(one.what, one.why) for one in left_out] == [
        (
            "6 reference photos against the peaks' names",
            "the checkpoint names 0 of 6 right, too few to be believed",
        )
    ]


@settings(max_examples=40)
@given(st.permutations(range(9)), st.integers(0, 1000))
def test_the_order_of_the_photos_does_not_matter(order: list[int], seed: int) -> None:
    photos, vectors = library({"alpha": 4, "beta": 3, "gamma": 2}, seed)
    move(photos, 0, "gamma")
    expected = {problem.sentence for problem in check_vectors(photos, vectors, names())[0]}
    mixed = check_vectors([photos[row] for row in order], vectors[order], names())[0]
    assert {problem.subject for problem in mixed} == {sentence.split()[0] for sentence in expected}


def test_nothing_is_found_in_nothing() -> None:
    assert check_vectors([], np.zeros((0, DIMS), dtype=np.float32), names()) == ([], [])


def at_cosine(cosine: float) -> Vectors:
    """Two vectors of length 1 with this cosine."""
    return np.array([[1, 0], [cosine, math.sqrt(1 - cosine**2)]], dtype=np.float32)


def test_nearly_the_same_picture_by_its_cosine() -> None:
    photos = [make_photo("a", "1.jpg"), make_photo("b", "2.jpg")]
    [problem] = find_near_pictures(photos, at_cosine(SAME_PICTURE + 0.001))
    assert problem.sentence == (
        "a/1.jpg and b/2.jpg are nearly the same picture (cosine 0.9910); the prototypes of a and b "
        "become alike: leave it with the peak that it shows."
    )
    assert find_near_pictures(photos, at_cosine(SAME_PICTURE - 0.001)) == []
    same_folder = [make_photo("a", "1.jpg"), make_photo("a", "2.jpg")]
    [problem] = find_near_pictures(same_folder, at_cosine(0.995))
    assert "one view would count twice: keep one" in problem.sentence


def test_identical_files_are_not_found_again_by_their_vectors() -> None:
    photos = [make_photo("a", name, {"content_hash": "x"}) for name in ("1", "2")]
    assert find_near_pictures(photos, at_cosine(1.0)) == []
