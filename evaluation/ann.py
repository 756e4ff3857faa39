"""Approximate against exact search: recall by index type, k and num_candidates, on indices made for it.

The indices are built from the library's vectors under names of their own, and deleted whatever happens.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
from elasticsearch import BadRequestError, Elasticsearch

from loader.elastic.retries import with_retries
from loader.errors import PeaksError
from loader.vision.vectors import Vectors

TYPES = ("flat", "hnsw", "int8_hnsw", "int4_hnsw", "bbq_hnsw")
DEPTHS = (1, 10, 100)
CANDIDATES = (10, 50, 100, 500, 1000)
# Below this a graph is searched nearly whole and every type looks exact.
LARGE_ENOUGH = 10_000
# How far a jittered copy strays, in differences of two photos.
JITTER = (0.2, 0.8)
PREFIX = "peaks-evaluation-"

_BATCH = 500
_SEARCHES = 50
_M, _EF_CONSTRUCTION = 16, 128  # as mappings/ has them for photos and peaks

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class AnnRow:
    """Recall of one index type at one depth.

    Attributes:
        type: of ``index_options``.
        k: neighbours asked for.
        num_candidates: looked at on the shard.
        queries: "texts" or "photos".
        recall: mean share of the exact k nearest that were found, 0 to 1.
    """

    type: str
    k: int
    num_candidates: int
    queries: str
    recall: float


@dataclass(frozen=True)
class AnnFigures:
    """All rows, on how many vectors they were measured, and which types the server has not."""

    vectors: int
    copies: int
    rows: tuple[AnnRow, ...]
    missing: tuple[str, ...]


def measure_ann(
    client: Elasticsearch, vectors: Vectors, queries: dict[str, Vectors], copies: int, seed: int
) -> AnnFigures:
    """Build an index of each type, ask it, and compare with the exact answer.

    Args:
        client: of the cluster.
        vectors: float32 ``(n, dims)``, rows of length 1.
        queries: float32 ``(q, dims)`` by kind.
        copies: jittered copies of each vector to add.
        seed: of the jitter.
    """
    stock = add_copies(vectors, copies, seed)
    exact = {kind: exact_neighbours(stock, asked, max(DEPTHS)) for kind, asked in queries.items()}
    rows: list[AnnRow] = []
    missing = []
    for kind in TYPES:
        try:
            with temporary_index(client, stock, kind) as index:
                rows += _measure_type(client, index, kind, queries, exact, len(stock))
        except UnknownIndexType:
            missing.append(kind)
    return AnnFigures(len(stock), copies, tuple(rows), tuple(missing))


def add_copies(vectors: Vectors, copies: int, seed: int) -> Vectors:
    """Return the vectors and jittered copies of each.

    A copy is v + t·(u − w), u and w two other vectors of the library and t of `JITTER`: it strays where the
    library itself does. Jitter of equal length in every direction would give each vector a shell of its
    own, all at one distance, which no library has and no graph can walk.

    Returns:
        float32 ``(n · (1 + copies), dims)``, rows of length 1.
    """
    rng, count = np.random.default_rng(seed), len(vectors)
    stock = [vectors]
    for _ in range(copies):
        aside = vectors[rng.integers(count, size=count)] - vectors[rng.integers(count, size=count)]
        strayed = vectors + rng.uniform(*JITTER, size=(count, 1)).astype(np.float32) * aside
        stock.append(strayed / np.linalg.norm(strayed, axis=1, keepdims=True))
    return np.concatenate(stock).astype(np.float32)


def exact_neighbours(stock: Vectors, queries: Vectors, depth: int) -> Ids:
    """Return the rows nearest to each query, the nearest first: int64 ``(q, min(depth, n))``."""
    nearest = [np.argsort(-(stock @ query), kind="stable")[:depth] for query in queries]
    return np.stack(nearest)


@contextmanager
def temporary_index(client: Elasticsearch, vectors: Vectors, kind: str) -> Iterator[str]:
    """Hold an index of vectors, one segment, whose ids are the rows' numbers; it is deleted at the end."""
    name = f"{PREFIX}{kind.replace('_', '-')}-{uuid4().hex[:12]}"
    try:
        _create(client, name, kind, vectors.shape[1])
        for start in range(0, len(vectors), _BATCH):
            _write(client, name, vectors[start : start + _BATCH], start)
        client.options(request_timeout=600).indices.forcemerge(index=name, max_num_segments=1)
        client.indices.refresh(index=name)
        yield name
    finally:
        client.options(ignore_status=404).indices.delete(index=name)


class UnknownIndexType(Exception):
    """The server does not know an index type, or not for vectors of this length."""


def _create(client: Elasticsearch, index: str, kind: str, dims: int) -> None:
    try:
        client.indices.create(index=index, settings=_SETTINGS, mappings=_mappings(kind, dims))
    except BadRequestError as error:
        raise UnknownIndexType(kind) from error


_SETTINGS = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}


def _mappings(kind: str, dims: int) -> dict[str, Any]:
    graph = {} if kind == "flat" else {"m": _M, "ef_construction": _EF_CONSTRUCTION}
    vector = {
        "type": "dense_vector",
        "dims": dims,
        "index": True,
        "similarity": "cosine",
        "index_options": {"type": kind, **graph},
    }
    return {"dynamic": "strict", "_source": {"enabled": False}, "properties": {"vector": vector}}


def _write(client: Elasticsearch, index: str, vectors: Vectors, start: int) -> None:
    operations: list[dict[str, Any]] = []
    for number, vector in enumerate(vectors, start):
        operations += [{"index": {"_id": str(number)}}, {"vector": vector.tolist()}]
    answer = with_retries(partial(client.bulk, index=index, operations=operations))
    if answer["errors"]:
        reason = next(item["index"]["error"] for item in answer["items"] if "error" in item["index"])
        raise PeaksError(f"The index {index} refused a vector ({reason.get('reason')}): run again.")


def _measure_type(
    client: Elasticsearch,
    index: str,
    kind: str,
    queries: dict[str, Vectors],
    exact: dict[str, Ids],
    size: int,
) -> Iterator[AnnRow]:
    looked_at = CANDIDATES[-1:] if kind == "flat" else CANDIDATES  # a flat index looks at everything
    for asked, vectors in queries.items():
        for depth in DEPTHS:
            for candidates in looked_at:
                if depth <= candidates and depth <= size:
                    found = _search(client, index, vectors, depth, candidates)
                    recall = share_found(found, exact[asked][:, :depth])
                    yield AnnRow(kind, depth, candidates, asked, recall)


def share_found(found: Sequence[Sequence[int]], exact: Ids) -> float:
    """Return the mean share of the exact neighbours that were found, 0 to 1."""
    pairs = zip(found, exact.tolist(), strict=True)
    return float(np.mean([len(set(ours) & set(theirs)) / len(theirs) for ours, theirs in pairs]))


def _search(client: Elasticsearch, index: str, vectors: Vectors, k: int, candidates: int) -> list[list[int]]:
    found: list[list[int]] = []
    for start in range(0, len(vectors), _SEARCHES):
        searches = [
            part
            for vector in vectors[start : start + _SEARCHES]
            for part in ({}, _knn(vector.tolist(), k, candidates))
        ]
        answer = with_retries(partial(client.msearch, index=index, searches=searches))
        for response in answer["responses"]:
            if "error" in response:
                reason = response["error"].get("reason")
                raise PeaksError(f"A search of {index} failed ({reason}): run again.")
            found.append([int(hit["_id"]) for hit in response["hits"]["hits"]])
    return found


def _knn(vector: list[float], k: int, candidates: int) -> dict[str, Any]:
    knn = {"field": "vector", "query_vector": vector, "k": k, "num_candidates": candidates}
    return {"knn": knn, "size": k, "_source": False}
