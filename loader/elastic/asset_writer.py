"""Put the assets into a cluster, and say what became of each."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from elasticsearch import Elasticsearch, NotFoundError

from loader.elastic.assets import KINDS, SCRIPTS, Asset

_JSON_HEADERS = {"accept": "application/json", "content-type": "application/json"}


@dataclass(frozen=True)
class Change:
    """What became, or would become, of one thing in the cluster.

    Attributes:
        action: "created", "changed" or "left".
        kind: what it is, for people: "search template".
        name: its name in the cluster.
        note: what a person should know beyond that, or "".
    """

    action: Literal["created", "changed", "left"]
    kind: str
    name: str
    note: str = ""


def apply_assets(
    client: Elasticsearch, assets: Sequence[Asset], *, dry_run: bool = False
) -> Iterator[Change]:
    """Put every asset that is missing or differs into the cluster, and yield what became of each.

    Args:
        client: of the cluster.
        assets: in the order in which Elasticsearch needs them.
        dry_run: only compare.
    """
    for asset in assets:
        present = _read(client, asset)
        if present is None:
            action: Literal["created", "changed", "left"] = "created"
        else:
            action = "left" if _is_same(asset, present) else "changed"
        if action != "left" and not dry_run:
            client.perform_request("PUT", f"/{asset.path}", headers=_JSON_HEADERS, body=asset.body)
        yield Change(action, KINDS[asset.kind], asset.name)


def _read(client: Elasticsearch, asset: Asset) -> dict[str, Any] | None:
    """Return an asset as the cluster keeps it, in the form in which it is put; None when there is none."""
    try:
        answer: Any = client.perform_request("GET", f"/{asset.path}", headers=_JSON_HEADERS).body
    except NotFoundError:
        return None
    if asset.kind == SCRIPTS:
        return {"script": answer["script"]}
    if asset.kind == "_ingest/pipeline":
        found: dict[str, Any] = answer[asset.name]
        return found
    one = asset.kind.strip("_")  # {"index_templates": [{"name": …, "index_template": {…}}]}
    wrapped: dict[str, Any] = answer[f"{one}s"][0][one]
    return wrapped


def _is_same(asset: Asset, present: Mapping[str, Any]) -> bool:
    """Compare key by key: the cluster adds dates and defaults of its own at the top, nowhere else."""
    return all(present.get(key) == value for key, value in asset.body.items())
