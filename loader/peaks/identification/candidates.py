"""How much photos look like peaks and concepts: cosines by kNN in the cluster, one request a batch."""
from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from elasticsearch import Elasticsearch

from loader.elastic.retries import check_parts, with_retries
from loader.errors import PeaksError
from loader.vision.vectors import Vectors

# Nearest entries that a photo is compared with. A shard looks at as many candidates: with a filter on fewer
# ids than this the search is exact.
MOST_CANDIDATES = 200


def score_entries(
    client: Elasticsearch, index: str, vectors: Vectors, ids: Sequence[Collection[str] | None]
) -> list[dict[str, float]]:
    """Return for each photo the cosines of its vector and the entries' vectors, by id, the highest first.

    Args:
        client: of the cluster.
        index: of peaks or concepts.
        vectors: float32 ``(n, dims)``, rows of length 1.
        ids: for each photo the entries that may answer; None for all. Of more than `MOST_CANDIDATES`, the
            nearest answer.

    Raises:
        PeaksError: the cluster could not search.
    """
    asked = [row for row, wanted in enumerate(ids) if wanted is None or wanted]
    if not asked:
        return [{} for _ in ids]
    searches = [part for row in asked for part in ({}, _search(vectors[row].tolist(), ids[row]))]
    answer = with_retries(partial(_search_all, client, index, searches))
    found = {row: _cosines(response) for row, response in zip(asked, answer["responses"], strict=True)}
    return [found.get(row, {}) for row in range(len(ids))]


def _search_all(client: Elasticsearch, index: str, searches: Sequence[dict[str, Any]]) -> Any:
    answer = client.msearch(index=index, searches=searches)
    check_parts(answer, answer["responses"])
    return answer


def _search(vector: list[float], ids: Collection[str] | None) -> dict[str, Any]:
    size = MOST_CANDIDATES if ids is None else min(len(ids), MOST_CANDIDATES)
    knn: dict[str, Any] = {
        "field": "text_embed",
        "query_vector": vector,
        "k": size,
        "num_candidates": MOST_CANDIDATES,
    }
    if ids is not None:
        knn["filter"] = {"terms": {"id": sorted(ids)}}
    return {"knn": knn, "size": size, "_source": False, "fields": ["id"]}


def _cosines(response: dict[str, Any]) -> dict[str, float]:
    if "error" in response:
        causes = response["error"].get("root_cause") or [response["error"]]
        raise PeaksError(f"The search for a photo's peaks failed ({causes[0].get('reason')}): run again.")
    # Elasticsearch scores a cosine kNN by (1 + cos) / 2.
    return {hit["fields"]["id"][0]: 2 * hit["_score"] - 1 for hit in response["hits"]["hits"]}
