"""Search templates that are right before and after the aliases move to the indices of another model.

A search's words become a vector of one model, and Elasticsearch reads the template and the alias one after
the other. So while the aliases move, each clause that makes a vector stands twice, once for each model, and
finds in that model's own index only: the filter of the other excludes the whole index, which Elasticsearch
sees before it compares any vector (`KnnVectorQueryBuilder.doRewrite` becomes `MatchNoneQueryBuilder`).
"""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from loader.elastic.assets import NAMED_MODEL, SCRIPTS, Asset, read_assets
from loader.elastic.indices import ALIASES, PEAKS, PHOTOS
from loader.elastic.models import IndexModel

_KNN, _MAKES_VECTOR, _FILTER = '"knn": ', '"query_vector_builder"', '"filter": ['


@dataclass(frozen=True)
class IndexSet:
    """The three indices of one model.

    Attributes:
        model: whose vectors they hold.
        names: of the concrete indices, by alias.
    """

    model: IndexModel
    names: Mapping[str, str]


def transitional_templates(sets: Sequence[IndexSet]) -> Iterator[Asset]:
    """Yield the templates that make vectors, each for several sets of indices at once."""
    for asset in read_assets():
        if asset.kind == SCRIPTS and _MAKES_VECTOR in asset.body["script"]["source"]:
            alias = PEAKS if asset.name.startswith("peaks-") else PHOTOS
            source = _for_each(asset.body["script"]["source"], alias, sets)
            yield replace(asset, body={"script": {**asset.body["script"], "source": source}})


def _for_each(source: str, alias: str, sets: Sequence[IndexSet]) -> str:
    start = source.index(_KNN)
    end = _end_of_object(source, start + len(_KNN))
    clauses = [_bind(source[start + len(_KNN) : end], alias, each) for each in sets]
    if source[:start].rstrip().endswith("{"):  # a retriever of a list
        knn = "}, {".join(_KNN + clause for clause in clauses)
    else:
        knn = f"{_KNN}[{', '.join(clauses)}]"
    return source[:start] + knn + source[end:]


def _end_of_object(source: str, start: int) -> int:
    """Where the object ends that begins at ``start``; mustache's tags have as many braces on both sides."""
    depth = 0
    for place in range(start, len(source)):
        depth += {"{": 1, "}": -1}.get(source[place], 0)
        if depth == 0:
            return place + 1
    raise ValueError("the object does not end")


def _bind(clause: str, alias: str, indices: IndexSet) -> str:
    """Bind a clause to one model, and to its index alone."""
    bound = clause.replace(NAMED_MODEL, indices.model.model_id)
    for each in ALIASES:  # where a vector is looked up
        bound = bound.replace(f'"index": "{each}"', f'"index": "{indices.names[each]}"')
    own = json.dumps({"term": {"_index": indices.names[alias]}})
    return bound.replace(_FILTER, f"{_FILTER}{own}, ", 1)


def knn_clauses(search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The knn clauses of a rendered template: one, or one for each model while the aliases move."""
    knn = search["knn"]
    return knn if isinstance(knn, list) else [knn]


def own_filters(clause: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A knn clause's filters, without the one that binds it to an index."""
    return [each for each in clause["filter"] if "_index" not in each.get("term", {})]
