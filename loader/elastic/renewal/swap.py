"""The swap of the indices behind the three aliases for those of another model, while people search.

Stored templates and aliases change one after the other, so the templates of both models stand in between:

    no more writes into the old indices → the last changes → pipelines, index templates and templates for both
    models → the aliases, all in one step → templates for the new model

Every search before, between and after these steps has the words and the index of one model. A swap that is
broken off before the aliases move is undone; after that, running the command again finishes it.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from eland_models.deployments import read_running
from loader.elastic.asset_writer import put_assets
from loader.elastic.assets import SCRIPTS, Asset, bind_model, read_assets
from loader.elastic.indices import ALIASES, PEAKS, index_behind, require_index
from loader.elastic.models import (
    IndexModel,
    find_ingest_deployment,
    index_model,
    read_deployed_model,
)
from loader.elastic.renewal.next_indices import NextIndices, next_alias, read_set
from loader.elastic.renewal.two_models import IndexSet, transitional_templates
from loader.errors import PeaksError

# A search that has read its template looks the alias up at once; a client that renders a template and sends
# it as a search of its own needs a little longer.
SETTLE = 2.0  # seconds
REPLACED = "replaced"  # in an index's _meta: the index that stood behind the alias before


def read_model_assets(client: Elasticsearch, model: IndexModel) -> list[Asset]:
    """The assets as they name a model."""
    return bind_model(read_assets(), model, find_ingest_deployment(client, model.model_id))


def swap(client: Elasticsearch, following: NextIndices, complete: Callable[[], None]) -> IndexSet:
    """Move the aliases to the next indices, and return the indices that stood there before.

    Args:
        client: of the cluster.
        following: the next indices.
        complete: called when nothing more is written to the old indices: brings what has come into the next.
    """
    old, new = read_set(client), read_set(following)
    templates, others = _split(read_model_assets(client, new.model))
    try:
        block_writes(client, old, True)
        complete()
        _put(client, others)
        _put(client, transitional_templates((old, new)))
        _note_replaced(client, old, new)
        time.sleep(SETTLE)
        move = [each for alias in ALIASES for each in _moves(alias, old, new)]
        client.indices.update_aliases(actions=move)
    except BaseException:
        if read_set(client) == old:  # else the answer was lost: the next run finishes the swap
            _put(client, read_model_assets(client, old.model))
            block_writes(client, old, False)
        raise
    _put(client, templates)
    return old


def _put(client: Elasticsearch, assets: Iterable[Asset]) -> None:
    for _ in put_assets(client, list(assets)):
        pass


def _split(assets: Sequence[Asset]) -> tuple[list[Asset], list[Asset]]:
    """The search templates, and the other assets."""
    templates = [asset for asset in assets if asset.kind == SCRIPTS]
    return templates, [asset for asset in assets if asset.kind != SCRIPTS]


def _moves(alias: str, old: IndexSet, new: IndexSet) -> list[dict[str, Any]]:
    return [
        {"remove": {"index": old.names[alias], "alias": alias}},
        {"add": {"index": new.names[alias], "alias": alias}},
        {"remove": {"index": new.names[alias], "alias": next_alias(alias)}},
    ]


def block_writes(client: Elasticsearch, indices: IndexSet, blocked: bool) -> None:
    """Let nobody write into indices any more, or everybody again."""
    names = list(indices.names.values())
    client.indices.put_settings(index=names, settings={"index.blocks.write": blocked or None})


def _note_replaced(client: Elasticsearch, old: IndexSet, new: IndexSet) -> None:
    for alias in ALIASES:
        meta = client.indices.get_mapping(index=new.names[alias])[new.names[alias]]["mappings"]["_meta"]
        client.indices.put_mapping(index=new.names[alias], meta={**meta, REPLACED: old.names[alias]})


def repair(client: Elasticsearch, present: IndexSet) -> None:
    """Finish or undo what a killed swap has left: assets for the indices in use, which take writes."""
    _put(client, read_model_assets(client, present.model))
    block_writes(client, present, False)


def point_next_at(client: Elasticsearch, indices: IndexSet) -> None:
    """Put indices that are there already behind the next aliases, and open them for writing.

    Raises:
        PeaksError: others are being built there.
    """
    for alias in ALIASES:
        built = index_behind(client, next_alias(alias))
        if built is not None and built.name != indices.names[alias]:
            raise PeaksError(f"[{built.name}] is being built: finish that with `peaks reindex`, or give it "
                             f"up with DELETE {built.name}.")
    add = [{"add": {"index": indices.names[alias], "alias": next_alias(alias)}} for alias in ALIASES]
    client.indices.update_aliases(actions=add)
    block_writes(client, indices, False)


def read_replaced(client: Elasticsearch) -> IndexSet:
    """The indices that stood behind the aliases before the last swap, whose model runs.

    Raises:
        PeaksError: there were none, one was deleted, or their model is gone or not started.
    """
    names, models = {}, {}
    for alias in ALIASES:
        index = require_index(client, alias)
        name = (index.mappings.get("_meta") or {}).get(REPLACED)
        if name is None:
            raise PeaksError(f"[{index.name}] has replaced no index: only `peaks reindex` can be taken back.")
        try:
            mappings = client.indices.get_mapping(index=name)[name]["mappings"]
        except NotFoundError as error:
            raise PeaksError(f"[{name}], which stood behind {alias}, was deleted: nothing can be taken back "
                             "(`peaks reindex` with its model builds it again).") from error
        names[alias], models[alias] = name, index_model(name, mappings)
    require_running(client, models[PEAKS])
    return IndexSet(models[PEAKS], names)


def require_running(client: Elasticsearch, model: IndexModel) -> None:
    """Refuse a model that is not in the cluster, is another one by now, or does not run.

    Raises:
        PeaksError: one sentence with the fix.
    """
    deployed = read_deployed_model(client, model.model_id)
    if deployed.model_fingerprint != model.model_fingerprint:
        raise PeaksError(
            f"[{model.model_id}] is another model than the one of the indices by now (fingerprint "
            f"{deployed.model_fingerprint}, not {model.model_fingerprint}): deploy that one again."
        )
    if model.model_id not in read_running(client, model.model_id):
        raise PeaksError(f"Model [{model.model_id}] does not run: start it with `peaks model deploy`.")
