"""The concrete indices behind the aliases: ``photos-000001`` behind ``photos``, and so on.

A change of model or of a field's type needs a new index: the next number is created empty from the index
template, and the alias moves to it in one request. The old index stays until a person deletes it.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from loader.elastic.asset_writer import Change
from loader.elastic.assets import Asset
from loader.elastic.models import DeployedModel, IndexModel, index_model
from loader.errors import PeaksError

# The photos' vectors come from the checkpoint's vision tower, all others from the deployed text model too.
_TEXT_VECTORS = frozenset({"peaks_catalog", "concepts"})


@dataclass(frozen=True)
class ConcreteIndex:
    """The index behind an alias, with its mappings."""

    alias: str
    name: str
    mappings: Mapping[str, Any]

    @property
    def model(self) -> IndexModel:
        """The model whose vectors it holds; PeaksError when it does not say."""
        return index_model(self.name, self.mappings)


def read_indices(client: Elasticsearch, aliases: Sequence[str]) -> dict[str, ConcreteIndex | None]:
    """Find the index behind each alias; None where the alias does not exist.

    Raises:
        PeaksError: an index has the alias's own name, or several indices stand behind it.
    """
    return {alias: _index_behind(client, alias) for alias in aliases}


def _index_behind(client: Elasticsearch, alias: str) -> ConcreteIndex | None:
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
    name, body = next(iter(found.items()))
    return ConcreteIndex(alias, name, body["mappings"])


def refuse_other_model(index: ConcreteIndex, model: DeployedModel) -> None:
    """Refuse to go on with an index whose vectors another model made.

    Raises:
        PeaksError: dims or fingerprints differ, with the fix.
    """
    held = index.model
    same = held.dims == model.dims and held.checkpoint_fingerprint == model.checkpoint_fingerprint
    if index.alias in _TEXT_VECTORS:
        same = same and held.model_fingerprint == model.model_fingerprint
    if not same:
        raise PeaksError(
            f"Index [{index.name}] holds vectors of model [{held.model_id}] ({held.dims} dims, fingerprint "
            f"{held.model_fingerprint}), not of [{model.model_id}] ({model.dims} dims, fingerprint "
            f"{model.model_fingerprint}): name the index's model with --es-model-id, or build the next index "
            f"with `peaks apply --next --index {index.alias} --es-model-id {model.model_id}` and load again."
        )


def apply_index(
    client: Elasticsearch,
    alias: str,
    present: ConcreteIndex | None,
    mappings: Mapping[str, Any],
    *,
    build_next: bool = False,
    dry_run: bool = False,
) -> Change:
    """Bring one alias to an index with these mappings.

    Args:
        client: of the cluster, with the index templates in it.
        alias: the name that everything else uses.
        present: the index behind it.
        mappings: what the index template gives a new index.
        build_next: create the next index and move the alias there, whatever stands behind it.
        dry_run: only compare.
    """
    if present is None or build_next:
        return _create_index(client, alias, present, dry_run)
    return _update_mappings(client, present, mappings, dry_run)


def _create_index(client: Elasticsearch, alias: str, present: ConcreteIndex | None, dry_run: bool) -> Change:
    name = _next_name(client, alias)
    if not dry_run:
        client.indices.create(index=name)
        client.indices.update_aliases(actions=list(_alias_moves(alias, present, name)))
    note = f"alias {alias}"
    if present is not None:
        note += f" moved here from {present.name}, which stays until you DELETE {present.name}"
    return Change("created", "index", name, note)


def _next_name(client: Elasticsearch, alias: str) -> str:
    names = client.indices.get(index=f"{alias}-0*", allow_no_indices=True, expand_wildcards="all")
    numbers = [int(found[1]) for name in names if (found := re.fullmatch(rf"{alias}-(\d{{6}})", name))]
    return f"{alias}-{max(numbers, default=0) + 1:06d}"


def _alias_moves(alias: str, present: ConcreteIndex | None, name: str) -> Iterator[dict[str, Any]]:
    if present is not None:
        yield {"remove": {"index": present.name, "alias": alias}}
    yield {"add": {"index": name, "alias": alias}}


def _update_mappings(
    client: Elasticsearch, present: ConcreteIndex, mappings: Mapping[str, Any], dry_run: bool
) -> Change:
    """Add what a mapping can take while it is in use: new fields, and the model's id for the same vectors.

    What ``_meta`` says beyond the template's, such as `peaks calibrate`'s ``calibration``, stays.
    """
    held, wanted = present.mappings.get("properties", {}), mappings["properties"]
    different = [name for name in wanted if name in held and not _holds(held[name], wanted[name])]
    missing = {name: field for name, field in wanted.items() if name not in held}
    said = present.mappings.get("_meta", {})
    meta = {**said, **mappings["_meta"]}
    changed = bool(missing) or meta != said
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
    return Change("changed" if changed else "left", "index", present.name, note)


def _holds(held: Any, wanted: Any) -> bool:
    """Whether everything wanted stands in what an index holds, which adds defaults of its own."""
    if isinstance(wanted, dict):
        return isinstance(held, dict) and all(
            key in held and _holds(held[key], value) for key, value in wanted.items()
        )
    return bool(held == wanted)


def template_mappings(assets: Sequence[Asset], alias: str) -> dict[str, Any]:
    """The mappings that the alias's index template composes, component after component."""
    bodies = {(asset.kind, asset.name): asset.body for asset in assets}
    merged: dict[str, Any] = {}
    for component in bodies["_index_template", alias]["composed_of"]:
        merged |= bodies["_component_template", component]["template"].get("mappings", {})
    return merged


