"""Approximate against exact search: recall by index type, k and num_candidates, on indices made for it.

    python -m benchmarks.ann [--copies 34] [--url URL]

The vectors are those of the photos in the cluster, and jittered copies of each, because a small graph is
searched nearly whole. Queries are the vectors of peaks and concepts, of their names, and of photos. The
indices are named `peaks-ann-…` and deleted whatever happens; no graph is built the same twice, so that a run
differs from the next by about a point.
"""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import click
import numpy as np
import numpy.typing as npt
from elasticsearch import BadRequestError, Elasticsearch
from elasticsearch.helpers import bulk

from evaluation.dataset import Dataset, read_dataset
from evaluation.retrieval import Encode, open_encoder
from loader.arrays import Vectors
from loader.batches import batched
from loader.elastic.bulk import MOST_BYTES
from loader.elastic.connection import Connection, connection_options
from loader.elastic.retries import with_retries
from loader.errors import PeaksError
from loader.show.tables import Column, format_table

TYPES = ("flat", "hnsw", "int8_hnsw", "int4_hnsw", "bbq_hnsw")
DEPTHS = (1, 10, 100)
CANDIDATES = (10, 50, 100, 500, 1000)
# How far a jittered copy lies from its photo, in differences of two photos.
JITTER = (0.2, 0.8)
PREFIX = "peaks-ann-"
MOST_QUERIES = 100  # of each kind

_SEARCHES = 50  # a request
_GRAPH = {"m": 16, "ef_construction": 128}  # as mappings/ has them for photos and peaks
_SETTINGS = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Recall:
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


@click.command()
@click.option("--copies", type=click.IntRange(min=0), default=34, show_default=True,
              help="Jittered copies of each photo's vector.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the jitter and the queries.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@connection_options
def main(connection: Connection, copies: int, seed: int, as_json: bool) -> None:
    """Compare index types over the photos of the cluster."""
    client = connection.client(request_timeout=600)
    dataset = read_dataset(client)
    queries = choose_queries(dataset, open_encoder(client, dataset.model.model_id), seed)
    rows = measure(client, add_copies(dataset.photos.vectors, copies, seed), queries)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    for kind in queries:
        click.echo(f"\nWith {kind} as queries, recall by num_candidates:")
        click.echo(table([row for row in rows if row.queries == kind]))


def choose_queries(dataset: Dataset, encode: Encode, seed: int) -> dict[str, Vectors]:
    """Return vectors of texts and of photos to search by, at most `MOST_QUERIES` of each."""
    groups = (dataset.peaks, dataset.concepts)
    texts = np.stack([vector for group in groups for vector in group.vectors])[:MOST_QUERIES]
    names = [name for group in groups for entry in group.entries for name in entry.names]
    rng = np.random.default_rng(seed)
    chosen = [names[row] for row in rng.permutation(len(names))[: MOST_QUERIES - len(texts)]]
    if chosen:
        texts = np.concatenate([texts, encode(chosen)])
    rows = rng.permutation(len(dataset.photos))[:MOST_QUERIES]
    return {"texts": texts, "photos": dataset.photos.vectors[rows]}


def measure(client: Elasticsearch, vectors: Vectors, queries: Mapping[str, Vectors]) -> list[Recall]:
    """Build an index of each type, ask it, and compare with the exact answer.

    Args:
        client: of the cluster.
        vectors: float32 ``(n, dims)``, rows of length 1.
        queries: float32 ``(q, dims)`` by kind.
    """
    exact = {kind: exact_neighbours(vectors, asked, max(DEPTHS)) for kind, asked in queries.items()}
    rows: list[Recall] = []
    for kind in TYPES:
        try:
            with temporary_index(client, vectors, kind) as index:
                rows += _measure_type(client, index, kind, queries, exact)
        except BadRequestError as error:
            click.echo(f"{kind} is left out: the server refuses it ({error.message}).", err=True)
    return rows


def add_copies(vectors: Vectors, copies: int, seed: int) -> Vectors:
    """Return the vectors and jittered copies of each.

    A copy is v + t·(u − w), u and w two other vectors of the library and t of `JITTER`: it differs as the
    library's own vectors do. Jitter of equal length in every direction would give each vector a shell of its
    own, all at one distance, which no library has and no graph can walk.

    Returns:
        float32 ``(n · (1 + copies), dims)``, rows of length 1.
    """
    rng, count = np.random.default_rng(seed), len(vectors)
    stock = [vectors]
    for _ in range(copies):
        aside = vectors[rng.integers(count, size=count)] - vectors[rng.integers(count, size=count)]
        moved = vectors + rng.uniform(*JITTER, size=(count, 1)).astype(np.float32) * aside
        stock.append(moved / np.linalg.norm(moved, axis=1, keepdims=True))
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
        client.indices.create(index=name, settings=_SETTINGS, mappings=_mappings(kind, vectors.shape[1]))
        rows = enumerate(vectors)
        documents = ({"_index": name, "_id": row, "vector": vector.tolist()} for row, vector in rows)
        bulk(client, documents, max_chunk_bytes=MOST_BYTES)
        client.indices.forcemerge(index=name, max_num_segments=1)
        client.indices.refresh(index=name)
        yield name
    finally:
        client.options(ignore_status=404).indices.delete(index=name)


def _mappings(kind: str, dims: int) -> dict[str, Any]:
    vector = {
        "type": "dense_vector",
        "dims": dims,
        "index": True,
        "similarity": "cosine",
        "index_options": {"type": kind, **({} if kind == "flat" else _GRAPH)},
    }
    return {"dynamic": "strict", "_source": {"enabled": False}, "properties": {"vector": vector}}


def _measure_type(
    client: Elasticsearch, index: str, kind: str, queries: Mapping[str, Vectors], exact: Mapping[str, Ids]
) -> Iterator[Recall]:
    looked_at = CANDIDATES[-1:] if kind == "flat" else CANDIDATES  # a flat index looks at everything
    for asked, vectors in queries.items():
        for depth in DEPTHS:
            for candidates in looked_at:
                if depth <= min(candidates, exact[asked].shape[1]):
                    found = _search(client, index, vectors, depth, candidates)
                    recall = share_found(found, exact[asked][:, :depth])
                    yield Recall(kind, depth, candidates, asked, recall)


def share_found(found: Sequence[Sequence[int]], exact: Ids) -> float:
    """Return the mean share of the exact neighbours that were found, 0 to 1."""
    pairs = zip(found, exact.tolist(), strict=True)
    return float(np.mean([len(set(ours) & set(theirs)) / len(theirs) for ours, theirs in pairs]))


def _search(client: Elasticsearch, index: str, vectors: Vectors, k: int, candidates: int) -> list[list[int]]:
    found: list[list[int]] = []
    for batch in batched(vectors.tolist(), _SEARCHES):
        searches = [part for vector in batch for part in ({}, _knn(vector, k, candidates))]
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


def table(rows: Sequence[Recall]) -> str:
    """Return the recall by type and k, a column for each num_candidates."""
    keys = list(dict.fromkeys((row.type, row.k) for row in rows))
    recall = {(row.type, row.k, row.num_candidates): f"{row.recall:.3f}" for row in rows}
    return format_table([
        Column("index type", [kind for kind, _ in keys]),
        Column("k", [str(k) for _, k in keys], "right"),
        *(
            Column(str(count), [recall.get((*key, count), "") for key in keys], "right")
            for count in CANDIDATES
        ),
    ])


if __name__ == "__main__":
    main()
