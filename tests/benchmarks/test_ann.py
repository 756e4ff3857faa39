"""Approximate search: its arithmetic by hand, and its indices, which never outlive the measurement."""
from __future__ import annotations

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from benchmarks import ann
from tests.evaluation.small_library import photo_vectors, wobble
from tests.vectors import unit


def indices(client: Elasticsearch) -> list[str]:
    """Indices of a measurement that are still there."""
    return list(client.indices.get(index=f"{ann.PREFIX}*", allow_no_indices=True))


def test_copies_differ_as_the_library_does() -> None:
    vectors = photo_vectors()
    stock = ann.add_copies(vectors, 3, seed=0)
    assert stock.shape == (4 * len(vectors), vectors.shape[1]) and stock.dtype == np.float32
    assert (stock[: len(vectors)] == vectors).all()
    assert np.linalg.norm(stock, axis=1) == pytest.approx(np.ones(len(stock)), abs=1e-5)
    cosines = (stock[len(vectors) :] * np.tile(vectors, (3, 1))).sum(axis=1)
    assert 0.7 < np.median(cosines) < 0.99


def test_recall_by_hand() -> None:
    stock, query = np.eye(3, dtype=np.float32), np.array([[0.5, 0.1, 0.9]], dtype=np.float32)
    assert ann.exact_neighbours(stock, query, 2).tolist() == [[2, 0]]
    assert ann.exact_neighbours(stock, query, 9).tolist() == [[2, 0, 1]]
    exact = np.array([[1, 2], [3, 4]])
    assert ann.share_found([[2, 1], [4, 9]], exact) == 0.75


@pytest.mark.cluster
def test_every_type_is_measured_and_no_index_stays(
    client: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ann, "TYPES", ("flat", "int8_hnsw", "no_such_type"))
    monkeypatch.setattr(ann, "CANDIDATES", (10, 50))
    vectors = unit(wobble(60, 64))
    rows = ann.measure(client, vectors, {"photos": vectors[:5]})
    recall = {(row.type, row.k, row.num_candidates): row.recall for row in rows}
    assert recall["flat", 10, 50] == 1
    assert recall["int8_hnsw", 10, 50] > 0.8
    assert ("int8_hnsw", 100, 50) not in recall and "no_such_type" not in {row.type for row in rows}
    assert indices(client) == []
    with pytest.raises(KeyboardInterrupt), ann.temporary_index(client, vectors, "hnsw") as name:
        assert indices(client) == [name]
        raise KeyboardInterrupt
    assert indices(client) == []
