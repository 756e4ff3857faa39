"""Reference photos by their vectors: in the wrong folder, better named otherwise, unlike their siblings."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.files.place import Point
from loader.peaks.catalogue import Peak
from loader.peaks.checks.names import NameVectors
from loader.peaks.checks.references import ReferencePhoto
from loader.peaks.checks.vectors import check_vectors
from loader.vision.vectors import Vectors
from tests.peaks.checks.reference_folders import make_photo

PEAKS = [Peak(name, (name.title(),), Point(27.0, 86.0)) for name in ("alpha", "beta", "gamma", "delta")]
DIMS = 16


def unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


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
        findings, left_out = check_vectors(photos, vectors, known)
        assert findings == [] and left_out == []


def test_a_photo_in_the_wrong_folder_is_nearer_to_its_own_peaks_prototype() -> None:
    photos, vectors = library({"alpha": 4, "beta": 3})
    moved = move(photos, 0, "beta")
    for known in (names(), None):
        [finding] = check_vectors(photos, vectors, known)[0]
        assert (finding.subject, finding.severity) == (moved.name, "warning")
        assert finding.evidence["reason"] == "prototype" and finding.evidence["nearest"] == "alpha"
        assert finding.evidence["cosine"] > finding.evidence["own_cosine"]
    sentence = check_vectors(photos, vectors, names())[0][0].sentence
    assert sentence.startswith("beta/moved.jpg is nearer to the reference photos of Alpha (cosine 0.")
    assert sentence.endswith("look at it, and move it if it shows Alpha.")


def test_a_lone_photo_in_the_wrong_folder_is_found_by_the_names() -> None:
    photos, vectors = library({"alpha": 4, "beta": 2, "delta": 1})
    moved = move(photos, 6, "gamma")
    [finding] = check_vectors(photos, vectors, names())[0]
    assert finding.subject == moved.name and finding.evidence["reason"] == "names"
    assert finding.sentence.startswith("gamma/moved.jpg fits the names of Delta better than those of Gamma (")
    assert check_vectors(photos, vectors, None)[0] == []


@pytest.mark.parametrize(("scale", "found"), [(20.0, 1), (1.0, 0), (None, 0)])
def test_the_margin_of_the_names_is_one_of_logits(scale: float | None, found: int) -> None:
    photos, vectors = library({"alpha": 4, "beta": 2, "delta": 1})
    move(photos, 6, "gamma")
    assert len(check_vectors(photos, vectors, names(scale))[0]) == found


def test_names_that_the_checkpoint_does_not_know_do_not_count() -> None:
    photos, vectors = library({"alpha": 3, "beta": 3})
    turned = NameVectors(PEAKS, np.roll(names().vectors, 1, axis=0), 20.0)
    findings, left_out = check_vectors(photos, vectors, turned)
    assert all(finding.evidence["reason"] != "names" for finding in findings)
    assert [(one.what, one.why) for one in left_out] == [
        (
            "6 reference photos against the peaks' names",
            "the checkpoint names 0 of 6 right, too few to be believed",
        )
    ]


def test_a_stranger_in_a_group_is_an_outlier() -> None:
    photos, vectors = library({"alpha": 5})
    vectors[4] = unit(np.ones((1, DIMS), dtype=np.float32))[0]
    findings, _ = check_vectors(photos, vectors, None)
    assert [(one.subject, one.evidence["reason"]) for one in findings] == [("alpha/4.jpg", "outlier")]
    assert findings[0].sentence.startswith("alpha/4.jpg is unlike the other 4 reference photos of alpha (cos")
    # of three nobody can say who is the stranger
    assert check_vectors(photos[2:], vectors[2:], None)[0] == []


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(9)), st.integers(0, 1000))
def test_the_order_of_the_photos_does_not_matter(order: list[int], seed: int) -> None:
    photos, vectors = library({"alpha": 4, "beta": 3, "gamma": 2}, seed)
    move(photos, 0, "gamma")
    expected = {finding.sentence for finding in check_vectors(photos, vectors, names())[0]}
    mixed = check_vectors([photos[row] for row in order], vectors[order], names())[0]
    assert {finding.subject for finding in mixed} == {sentence.split()[0] for sentence in expected}


def test_nothing_is_found_in_nothing() -> None:
    assert check_vectors([], np.zeros((0, DIMS), dtype=np.float32), names()) == ([], [])
