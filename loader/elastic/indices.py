"""The three indices by their aliases: the index behind an alias, its hits page by page, and their vectors."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from loader.elastic.error_sentences import NO_VECTOR
from loader.elastic.retries import with_retries
from loader.errors import PeaksError

PHOTOS, PEAKS, CONCEPTS = ALIASES = ("photos", "peaks_catalog", "concepts")

KEEP_ALIVE = "5m"


@dataclass(frozen=True)
class ConcreteIndex:
    """The index behind an alias, with its mappings."""

    alias: str
    name: str
    mappings: Mapping[str, Any]


def index_behind(client: Elasticsearch, alias: str) -> ConcreteIndex | None:
    """Find the index behind an alias; None where the alias does not exist.

    Raises:
        PeaksError: an index has the alias's own name, or several indices stand behind it.
    """
    try:
        found = client.indices.get_mapping(index=alias)
    except NotFoundError:
        return None
    if alias in found:
        raise PeaksError(
            f"[{alias}] is an index of its own, and `peaks apply` needs the name for an alias: delete it "
            f"with DELETE {alias}, or reindex it under another name first."
        )
    if len(found) != 1:
        raise PeaksError(
            f"[{alias}] stands for {len(found)} indices ({', '.join(sorted(found))}): leave it on one of "
            "them with POST _aliases."
        )
    ((name, body),) = found.items()
    return ConcreteIndex(alias, name, body["mappings"])


def require_index(client: Elasticsearch, alias: str) -> ConcreteIndex:
    """Find the index behind an alias.

    Raises:
        PeaksError: no such index, or as for `index_behind`.
    """
    index = index_behind(client, alias)
    if index is None:
        raise PeaksError(f"Index [{alias}] does not exist: run `peaks apply`.")
    return index


def find_name(client: Elasticsearch, alias: str) -> str:
    """The name of the index behind an alias; waits for a busy cluster, as loads do.

    Raises:
        PeaksError: as for `require_index`.
    """
    return with_retries(partial(require_index, client, alias)).name


def refuse_replaced(client: Elasticsearch, alias: str, name: str) -> None:
    """Refuse to write what belongs to one index into another one that has taken its place.

    Args:
        client: of the cluster.
        alias: that is written to.
        name: of the index that stood behind it when the work began.

    Raises:
        PeaksError: another one stands there now.
    """
    if (present := find_name(client, alias)) != name:
        raise PeaksError(f"[{present}] has taken the place of [{name}] meanwhile, as `peaks reindex` does: "
                         "run again, with its model.")


def refresh(client: Elasticsearch, alias: str) -> None:
    """Make everything written visible to searches."""
    with_retries(partial(client.indices.refresh, index=alias))


def read_pages(
    client: Elasticsearch,
    index: str,
    *,
    size: int,
    sort: Sequence[Mapping[str, Any]] = ({"_shard_doc": "asc"},),
    **request: Any,
) -> Iterator[list[dict[str, Any]]]:
    """Yield the hits of an index as it stood when the first page was read.

    Args:
        client: of the cluster.
        index: an alias.
        size: most hits of a page.
        sort: a total order.
        request: what else `Elasticsearch.search` takes: ``query``, ``fields``, ``source`` and the like.
    """
    point = with_retries(partial(client.open_point_in_time, index=index, keep_alive=KEEP_ALIVE))["id"]
    after: list[Any] | None = None
    try:
        while True:
            answer = with_retries(partial(
                client.search,
                pit={"id": point, "keep_alive": KEEP_ALIVE},
                size=size,
                sort=list(sort),
                search_after=after,
                track_total_hits=False,
                **request,
            ))
            hits: list[dict[str, Any]] = answer["hits"]["hits"]
            if hits:
                yield hits
            if len(hits) < size:
                return
            point, after = answer["pit_id"], hits[-1]["sort"]
    finally:
        with suppress(ApiError, TransportError):  # it closes by itself after a while
            client.close_point_in_time(id=point)


def read_vector(hit: Mapping[str, Any], field: str) -> list[float] | None:
    """A vector from a hit's ``fields``, which hold it flat or as the one element of a list; None without one.

    ``fields`` gives vectors on 8.19, where ``_source`` holds them, and on 9.2 and later, where it does not
    ("Accessing dense_vector fields in search responses", Elasticsearch reference).
    """
    values = hit.get("fields", {}).get(field)
    if not values:
        return None
    flat = values[0] if isinstance(values[0], list) else values
    return [float(value) for value in flat]


def stored_vector(client: Elasticsearch, index: str, document: str, field: str) -> list[float]:
    """The vector of one document.

    Raises:
        PeaksError: it has none.
    """
    query = {"ids": {"values": [document]}}
    hits = client.search(index=index, source=False, fields=[{"field": field}], query=query)["hits"]["hits"]
    vector = read_vector(hits[0], field) if hits else None
    if vector is None:
        raise PeaksError(NO_VECTOR[field].format(it=document))
    return vector


def cosine_of_score(score: float) -> float:
    """The cosine of a hit of a kNN search by cosine, which Elasticsearch scores by (1 + cos) / 2."""
    return 2 * score - 1
