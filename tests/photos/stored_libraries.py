"""What the index holds of libraries."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch


def photos(client: Elasticsearch) -> dict[str, dict[str, Any]]:
    """Every photo by its full path; nothing of it is one that two photos have."""
    client.indices.refresh(index="photos")
    hits = client.search(index="photos", size=100)["hits"]["hits"]
    found = {f"{hit['_source']['library_root']}/{hit['_source']['path']}": hit["_source"] for hit in hits}
    assert len(found) == len(hits)
    return found


def files(*folders: Path) -> set[str]:
    return {str(path) for folder in folders for path in folder.rglob("*.jpg")}


def hashes(found: dict[str, dict[str, Any]], folder: Path) -> dict[str, str]:
    return {path: photo["content_hash"] for path, photo in found.items() if path.startswith(f"{folder}/")}
