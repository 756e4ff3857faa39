"""What the session's node has, how tests leave it, and how they start another beside it."""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import copytree

import pytest
from elasticsearch import Elasticsearch

from cluster.embedded.home import Home
from cluster.embedded.stacks import Stack
from loader.elastic.indices import ALIASES


def has_esql(client: Elasticsearch) -> bool:
    """Whether the node should answer ES|QL. The embedded one of 9.5 cannot: the jars are not published."""
    if client.info()["version"]["number"].startswith("8."):
        return True
    (node, *_) = client.nodes.info(metric="plugins")["nodes"].values()
    return any(part["name"] == "x-pack-esql" for part in (*node["modules"], *node["plugins"]))


def require_esql(client: Elasticsearch) -> None:
    """Skip the test where the node has no ES|QL."""
    if not has_esql(client):
        pytest.skip("the embedded node has ES|QL on 8.19 only: the jars of 9.5 are not published")


@contextmanager
def watermarks(client: Elasticsearch, free: str) -> Iterator[None]:
    """Let a disk with less free space count as too full during a block, in place of shares of the disk."""
    names = (f"cluster.routing.allocation.disk.watermark.{name}" for name in ("low", "high", "flood_stage"))
    marks = dict.fromkeys(names, free)
    client.cluster.put_settings(persistent=marks)
    try:
        yield
    finally:
        client.cluster.put_settings(persistent=dict.fromkeys(marks))


def delete_indices(client: Elasticsearch) -> None:
    """Delete every concrete index that the project's aliases stand for, or stood for."""
    names = _concrete_indices(client)
    if names:
        client.indices.delete(index=names)


def delete_used_indices(client: Elasticsearch) -> None:
    """Delete the concrete indices that are not as `peaks apply` makes them: most tests use one of them."""
    names = _concrete_indices(client)
    if not names:
        return
    states = client.cluster.state(metric="metadata", index=names)["metadata"]["indices"]
    written = client.indices.stats(index=names, metric="docs,indexing")["indices"]
    unused = {
        f"{alias}-000001"
        for alias in ALIASES
        if (state := states.get(f"{alias}-000001"))
        and (state["aliases"], state["mapping_version"]) == ([alias], 1)
        and _is_empty(written[f"{alias}-000001"]["primaries"])
    }
    if used := [name for name in names if name not in unused]:
        client.indices.delete(index=used)


def _concrete_indices(client: Elasticsearch) -> list[str]:
    patterns = [f"{alias}-*" for alias in ALIASES]
    return list(client.indices.get(index=patterns, allow_no_indices=True, ignore_unavailable=True))


def _is_empty(shards: dict[str, dict[str, int]]) -> bool:
    docs, indexing = shards["docs"], shards["indexing"]
    return not (docs["count"] or docs["deleted"] or indexing["index_total"] or indexing["delete_total"])


def link_distribution(prepared: Home, home: Home, stack: Stack) -> None:
    """Take what `peaks cluster prepare` unpacked, if it did, because unpacking takes as long as a start."""
    if prepared.elasticsearch(stack).is_dir():
        copytree(prepared.elasticsearch(stack), home.elasticsearch(stack), copy_function=os.link)
