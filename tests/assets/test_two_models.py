"""Templates for two models at once: each clause that makes a vector stands twice; nothing else changes."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from loader.elastic.assets import bind_model, pack_template, read_assets, template_names
from loader.elastic.models import IndexModel
from loader.elastic.renewal.two_models import IndexSet, transitional_templates

from .test_rendering import everything_of, required_of


def index_set(model: str, number: int) -> IndexSet:
    names = {alias: f"{alias}-00000{number}" for alias in ("photos", "peaks_catalog", "concepts")}
    return IndexSet(IndexModel(model, f"{model}-text", f"{model}-checkpoint", 64 * number), names)


OLD, NEW = SETS = index_set("old-model", 1), index_set("new-model", 2)
TEMPLATES = {asset.name: asset.body["script"]["source"] for asset in transitional_templates(SETS)}
CASES = list(product(TEMPLATES, (required_of, everything_of)))


def test_every_template_that_makes_a_vector_is_there() -> None:
    packed = {name: pack_template(name) for name in template_names()}
    assert TEMPLATES.keys() == {name for name, text in packed.items() if '"query_vector_builder"' in text}
    assert len(TEMPLATES) >= 6 and all(packed[name].count('"knn"') == 1 for name in TEMPLATES)


@pytest.mark.cluster
@pytest.mark.parametrize(("name", "parameters_of"), CASES)
def test_a_search_equals_the_plain_one_but_for_model_and_index(
    client: Elasticsearch, name: str, parameters_of: Any
) -> None:
    parameters = {each: value for each, value in parameters_of(name).items() if each != "model_id"}

    def render(source: str) -> Any:
        return client.render_search_template(source=source, params=parameters)["template_output"]

    both = render(TEMPLATES[name])
    clauses = list(clauses_of(both))
    assert len(clauses) == 2
    for clause, indices in zip(clauses, SETS, strict=True):
        (asset,) = (each for each in bind_model(read_assets(), indices.model) if each.name == name)
        plain = render(asset.body["script"]["source"])
        own = clause["filter"].pop(0)
        alias = "peaks_catalog" if name.startswith("peaks-") else "photos"
        assert own == {"term": {"_index": indices.names[alias]}}
        lookup = clause.get("query_vector_builder", {}).get("lookup", {})
        (expected,) = clauses_of(plain)
        if lookup:
            looked_up = expected["query_vector_builder"]["lookup"]["index"]
            assert lookup["index"] == indices.names[looked_up]
            lookup["index"] = looked_up
        assert clause == expected
        assert without_knn(both) == without_knn(plain)


def clauses_of(part: Any) -> Iterator[dict[str, Any]]:
    """Every knn clause and knn retriever of a search."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if key == "knn":
            yield from value if isinstance(value, list) else [value]
        elif isinstance(value, dict | list):
            yield from clauses_of(value)


def without_knn(part: Any) -> Any:
    """A search whose knn clauses are left out, and retrievers that were nothing else."""
    if isinstance(part, dict):
        return {key: without_knn(value) for key, value in part.items() if key != "knn"}
    return [each for each in map(without_knn, part) if each != {}] if isinstance(part, list) else part
