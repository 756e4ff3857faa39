"""The next indices: built behind ``photos-next`` and so on, while searches go on in those in use."""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from elastic_transport import ApiResponse
from elasticsearch import Elasticsearch

from loader.elastic.asset_writer import next_name
from loader.elastic.assets import Asset, template_index
from loader.elastic.indices import ALIASES, CONCEPTS, PEAKS, PHOTOS, index_behind, read_pages, refresh
from loader.elastic.models import IndexModel, index_model
from loader.elastic.renewal.two_models import IndexSet
from loader.errors import PeaksError

# The fields that come from the model, and the thumbnail, which changes only with fields that are compared.
_UNCOMPARED = {
    PHOTOS: ["clip_image", "predict*", "peaks_in_*", "thumbnail"],
    PEAKS: ["text_embed"],
    CONCEPTS: ["text_embed"],
}
_PAGE = 1_000


class NextIndices(Elasticsearch):
    """A client whose requests to an alias go to the index that is built behind the next one.

    So all code that reads and writes by the aliases works on the next indices as it stands.
    """

    def perform_request(self, method: str, path: str, **more: Any) -> ApiResponse[Any]:
        """Perform a request as the client does, at the next alias where its path begins with an alias."""
        first, slash, rest = path.removeprefix("/").partition("/")
        return super().perform_request(
            method, f"/{next_alias(first) if first in ALIASES else first}{slash}{rest}", **more
        )


def next_alias(alias: str) -> str:
    """The alias of the index that is built to stand behind an alias."""
    return f"{alias}-next"


def create_next(client: Elasticsearch, assets: Sequence[Asset], model: IndexModel) -> None:
    """Create the next indices that are not there, behind the next aliases.

    The index templates in the cluster stay as they are: a request's own settings and mappings win.

    Args:
        client: of the cluster.
        assets: bound to the model.
        model: whose vectors they will hold.

    Raises:
        PeaksError: indices of another model are being built.
    """
    _refuse_other_build(client, model)
    for alias in ALIASES:
        if index_behind(client, next_alias(alias)) is None:
            body = template_index(assets, alias)
            client.indices.create(
                index=next_name(client, alias), aliases={next_alias(alias): {}},
                settings=body["settings"], mappings=body["mappings"],
            )


def _refuse_other_build(client: Elasticsearch, model: IndexModel) -> None:
    """Refuse to go on with indices that are being built for another model.

    Raises:
        PeaksError: one sentence with the fix.
    """
    for index in filter(None, (index_behind(client, next_alias(alias)) for alias in ALIASES)):
        present = index_model(index.name, index.mappings)
        if present.model_fingerprint != model.model_fingerprint:
            raise PeaksError(
                f"[{index.name}] is being built for [{present.model_id}]: finish that with `peaks reindex "
                f"--es-model-id {present.model_id}`, or give it up with DELETE {index.name}."
            )


def read_set(client: Elasticsearch) -> IndexSet:
    """The indices behind the aliases of a client, which hold vectors of one checkpoint.

    Raises:
        PeaksError: one is missing, or belongs to another checkpoint.
    """
    found = {alias: index_behind(client, alias) for alias in ALIASES}
    indices = {alias: index for alias, index in found.items() if index}
    if missing := [alias for alias in ALIASES if alias not in indices]:
        raise PeaksError(f"Index [{missing[0]}] does not exist: run `peaks apply`.")
    models = {alias: index_model(index.name, index.mappings) for alias, index in indices.items()}
    if len({model.checkpoint_fingerprint for model in models.values()}) > 1:
        names = ", ".join(f"{indices[alias].name} ({model.model_id})" for alias, model in models.items())
        raise PeaksError(
            f"The indices are of several checkpoints ({names}): bring them to one with `peaks apply --next`."
        )
    return IndexSet(models[PEAKS], {alias: index.name for alias, index in indices.items()})


def compare(client: Elasticsearch, following: NextIndices, alias: str) -> tuple[list[str], list[str]]:
    """Compare an index with its next one by all that does not come from the model.

    Returns:
        The ids that the next index does not hold, or with other fields, and those that only it holds.
    """
    wanted, held = _read_states(client, alias), _read_states(following, alias)
    differing = [each for each, state in wanted.items() if held.get(each) != state]
    return differing, [each for each in held if each not in wanted]


def _read_states(client: Elasticsearch, alias: str) -> Mapping[str, bytes]:
    """A digest of each document; about 0.2 kB of memory each."""
    refresh(client, alias)
    pages = read_pages(client, alias, size=_PAGE, source_excludes=_UNCOMPARED[alias])
    return {
        hit["_id"]: sha256(json.dumps(hit["_source"], sort_keys=True).encode()).digest()
        for hits in pages for hit in hits
    }


def read_sources(client: Elasticsearch, alias: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Documents without their vectors, by id; those that are gone are left out."""
    query, vectors = {"ids": {"values": list(ids)}}, ["clip_image", "text_embed"]
    pages = read_pages(client, alias, size=len(ids) + 1, query=query, source_excludes=vectors)
    return {hit["_id"]: hit["_source"] for hits in pages for hit in hits}
