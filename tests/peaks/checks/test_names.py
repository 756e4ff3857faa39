"""Names that words cannot tell apart."""
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.arrays import Vectors
from loader.peaks.catalogue import Peak
from loader.peaks.checks.names import (
    LEAST_PEAKS,
    SAME_NAMES,
    SHARE_OF_USUAL,
    NameVectors,
    find_confusable_names,
)
from tests.vectors import unit


def scattered(count: int, seed: int, dims: int = 64) -> Vectors:
    """Vectors that share a part, as prompts do, and point their own ways else."""
    rng = np.random.default_rng(seed)
    return unit(rng.normal(size=(count, dims)) + 0.5)


def name_vectors(vectors: Vectors) -> NameVectors:
    peaks = [Peak(f"p{row}", (f"Peak {row}",)) for row in range(len(vectors))]
    return NameVectors(peaks, vectors, 100.0)


def test_two_names_of_one_vector_are_found() -> None:
    vectors = scattered(5, 0)
    vectors[3] = vectors[1]
    [problem] = find_confusable_names(name_vectors(vectors), ())
    assert problem.sentence.startswith("The names of Peak 1 and Peak 3 make nearly the same vector (cosine")
    assert problem.severity == "warning"
    assert problem.evidence["peaks"] == ["p1", "p3"]


def test_peaks_with_photos_of_both_are_told_apart_by_these() -> None:
    vectors = scattered(5, 0)
    vectors[3] = vectors[1]
    names = name_vectors(vectors)
    assert find_confusable_names(names, {"p1", "p3"}) == []
    assert len(find_confusable_names(names, {"p1"})) == 1


def test_an_outlier_below_the_absolute_cosine_is_found_in_a_catalogue_that_is_large_enough() -> None:
    vectors = scattered(20, 1)
    near = unit(vectors[:1] + 0.5 * scattered(2, 2)[1:])[0]
    for count, expected in ((20, 1), (LEAST_PEAKS - 1, 0)):
        some = vectors[:count].copy()
        some[-1] = near
        assert 0.9 < float(some[0] @ near) < SAME_NAMES
        assert len(find_confusable_names(name_vectors(some), ())) == expected


@settings(max_examples=50)
@given(st.integers(2, 40), st.integers(0, 10_000))
def test_names_that_point_their_own_ways_are_never_found(count: int, seed: int) -> None:
    vectors = scattered(count, seed)
    cosines = (vectors @ vectors.T)[np.triu_indices(count, 1)]
    if 1 - cosines.max() > SHARE_OF_USUAL * (1 - np.median(cosines)) and cosines.max() < SAME_NAMES:
        assert find_confusable_names(name_vectors(vectors), ()) == []


def test_a_crowd_of_one_vector_gives_each_peak_one_problem_at_most() -> None:
    assert len(find_confusable_names(name_vectors(unit(np.ones((30, 8), dtype=np.float32))), ())) <= 30


def test_the_nearest_names() -> None:
    vectors = unit(np.array([[1, 0], [1, 0.1], [0, 1]], dtype=np.float32))
    pairs = [(one.id, other.id) for one, other in name_vectors(vectors).nearest_pairs()]
    assert pairs == [("p0", "p1"), ("p1", "p2")]
    assert find_confusable_names(name_vectors(vectors[:1]), ()) == []
