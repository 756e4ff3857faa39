"""Put the assets into a cluster, and an index behind each alias; report what was done with each.

The concrete index ``photos-000001`` stands behind the alias ``photos``, and so on. A change of model or of a
field's type needs a new index: the next number is created empty from the index template, and the alias moves
to it in one request. The old index stays until a person deletes it.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Literal

from elasticsearch import Elasticsearch, NotFoundError

from loader.elastic.assets import (
    KINDS,
    LOOKUP_TEMPLATES,
    PIPELINE,
    SCRIPTS,
    Asset,
    bind_model,
    read_assets,
    template_mappings,
)
from loader.elastic.connection import LOOKUP_SINCE, has_lookup
from loader.elastic.indices import ALIASES, PHOTOS, ConcreteIndex, index_behind
from loader.elastic.models import DeployedModel, find_ingest_deployment, index_model, refuse_other_model
from loader.elastic.photo_index import count_confirmed
from loader.text import format_count

_JSON_HEADERS = {"accept": "application/json", "content-type": "application/json"}

NEEDS_LOOKUP = f"needs Elasticsearch {'.'.join(map(str, LOOKUP_SINCE))} or later"

Action = Literal["created", "changed", "left", "skipped", "imported", "overwritten", "refused", "unconfirmed"]


@dataclass(frozen=True)
class Change:
    """What was done, or would be done, with one thing in the cluster or in Kibana.

    Attributes:
        action: "created", "changed", "left", or "skipped" for what the server is too old for; the others are
            Kibana's.
        kind: what it is, for people: "search template".
        name: its name there.
        note: more that a person should know, or "".
        difference: of what is "changed" the lines that go, "- …", and those that come, "+ …".
    """

    action: Action
    kind: str
    name: str
    note: str = ""
    difference: tuple[str, ...] = ()


def apply_assets(
    client: Elasticsearch, model: DeployedModel, *, renewed: Sequence[str] = (), dry_run: bool = False
) -> Iterator[Change]:
    """Put every asset that is missing or differs into the cluster, then bring the indices up to date.

    Args:
        client: of the cluster.
        model: the deployed text model that the assets name.
        renewed: aliases that move to the next, empty index.
        dry_run: only compare.

    Raises:
        PeaksError: before anything is written, when an index holds vectors of another model.
    """
    assets = bind_model(read_assets(), model, find_ingest_deployment(client, model.model_id))
    indices = {alias: index_behind(client, alias) for alias in ALIASES}
    for alias, index in indices.items():
        if index is not None and alias not in renewed:
            refuse_other_model(alias, index_model(index.name, index.mappings), model)
    yield from put_assets(client, assets, dry_run=dry_run)
    for alias, index in indices.items():
        if index is None or alias in renewed:
            yield _create_index(client, alias, index, dry_run)
        else:
            yield _update_mappings(client, index, template_mappings(assets, alias), dry_run)


def put_assets(client: Elasticsearch, assets: Sequence[Asset], *, dry_run: bool = False) -> Iterator[Change]:
    """Put every asset that is missing or differs into the cluster, and yield what was done with each.

    Args:
        client: of the cluster.
        assets: in the order in which Elasticsearch needs them.
        dry_run: only compare.
    """
    for asset in assets:
        if not is_usable(client, asset):
            yield Change("skipped", KINDS[asset.kind], asset.name, NEEDS_LOOKUP)
            continue
        present = _read(client, asset)
        action = _compare(asset, present)
        if action != "left" and not dry_run:
            client.perform_request("PUT", f"/{asset.path}", headers=_JSON_HEADERS, body=asset.body)
        difference = _difference(present, asset.body) if present and action == "changed" else ()
        yield Change(action, KINDS[asset.kind], asset.name, difference=difference)


def is_usable(client: Elasticsearch, asset: Asset) -> bool:
    """Whether the server is new enough for an asset."""
    return asset.name not in LOOKUP_TEMPLATES or has_lookup(client)


def _read(client: Elasticsearch, asset: Asset) -> dict[str, Any] | None:
    """Return an asset as the cluster keeps it, in the form in which it is put; None when there is none."""
    try:
        answer: Any = client.perform_request("GET", f"/{asset.path}", headers=_JSON_HEADERS).body
    except NotFoundError:
        return None
    if asset.kind == SCRIPTS:
        return {"script": answer["script"]}
    if asset.kind == PIPELINE:
        found: dict[str, Any] = answer[asset.name]
        return found
    one = asset.kind.strip("_")  # {"index_templates": [{"name": …, "index_template": {…}}]}
    wrapped: dict[str, Any] = answer[f"{one}s"][0][one]
    return wrapped


def _compare(asset: Asset, present: Mapping[str, Any] | None) -> Action:
    """Compare key by key: the cluster adds its own dates and defaults at the top level only."""
    if present is None:
        return "created"
    return "left" if all(present.get(key) == value for key, value in asset.body.items()) else "changed"


def _difference(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines that a change takes away and those that it brings, without any that stay."""
    kept = {key: value for key, value in present.items() if key in wanted}
    lines = unified_diff(_lines(kept), _lines(wanted), n=0, lineterm="")
    return tuple(f"{line[0]} {line[1:]}" for line in list(lines)[2:] if not line.startswith("@@"))


def _lines(body: Mapping[str, Any]) -> list[str]:
    """An object as a person reads it: a template's text, other things as JSON."""
    if script := body.get("script"):
        return [f"language: {script.get('lang')}", *str(script.get("source")).splitlines()]
    return json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True).splitlines()


def _create_index(client: Elasticsearch, alias: str, present: ConcreteIndex | None, dry_run: bool) -> Change:
    name = next_name(client, alias)
    moves: list[dict[str, Any]] = [{"add": {"index": name, "alias": alias}}]
    note = f"alias {alias}"
    if present is not None:
        moves.insert(0, {"remove": {"index": present.name, "alias": alias}})
        note += f" moved here from {present.name}, which stays until you DELETE {present.name}"
        if alias == PHOTOS and (words := count_confirmed(client)):
            note += (
                f"; what persons said of {format_count(words, 'photo')} stays there: `peaks confirm --output "
                "FILE` writes it out while the alias stands for it"
            )
    if not dry_run:
        client.indices.create(index=name)
        client.indices.update_aliases(actions=moves)
    return Change("created", "index", name, note)


def next_name(client: Elasticsearch, alias: str) -> str:
    """The name of the next concrete index of an alias."""
    names = client.indices.get(index=f"{alias}-0*", allow_no_indices=True, expand_wildcards="all")
    numbers = [int(found[1]) for name in names if (found := re.fullmatch(rf"{alias}-(\d{{6}})", name))]
    return f"{alias}-{max(numbers, default=0) + 1:06d}"


def _update_mappings(
    client: Elasticsearch, present: ConcreteIndex, mappings: Mapping[str, Any], dry_run: bool
) -> Change:
    """Add what a mapping in use can take: new fields, and the id of a model that makes the same vectors.

    Other keys of ``_meta``, such as the ``calibration`` of `peaks calibrate`, stay.
    """
    missing, different = compare_fields(present, mappings)
    old_meta = present.mappings.get("_meta", {})
    meta = {**old_meta, **mappings["_meta"]}
    changed = bool(missing) or meta != old_meta
    if changed and not dry_run:
        client.indices.put_mapping(index=present.name, properties=missing, meta=meta)
    note = f"alias {present.alias}"
    if missing:
        note += f", new fields: {', '.join(missing)}"
    if different:
        note += (
            f"; fields that differ from the template's: {', '.join(different)} (build the next index with "
            f"`peaks apply --next --index {present.alias}`)"
        )
    difference = _difference({"_meta": old_meta}, {"_meta": meta, **missing}) if changed else ()
    return Change("changed" if changed else "left", "index", present.name, note, difference)


def compare_fields(
    present: ConcreteIndex, mappings: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The fields of a template that an index lacks, and the names of those that it has otherwise."""
    fields, wanted = present.mappings.get("properties", {}), mappings["properties"]
    missing = {name: field for name, field in wanted.items() if name not in fields}
    return missing, [name for name in wanted if name in fields and not _includes(fields[name], wanted[name])]


def _includes(field: Any, wanted: Any) -> bool:
    """Whether a field of an index has everything wanted; Elasticsearch adds defaults to it."""
    if not isinstance(wanted, dict):
        return bool(field == wanted)
    return isinstance(field, dict) and all(
        key in field and _includes(field[key], value) for key, value in wanted.items()
    )
