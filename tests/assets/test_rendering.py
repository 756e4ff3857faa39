"""Search templates as the engine renders them: golden pairs, combinations of parameters, hostile values."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from loader.elastic.assets import pack_template, read_schema, template_names

from .values import HOSTILE, VALUES, structure

pytestmark = pytest.mark.cluster

GOLDEN = sorted((Path(__file__).parent / "golden" / "templates").glob("*.json"))

# Parameters that change a value of a search and nothing else, which a test shows.
INSIDE_A_STRING = {"recipe", "model_id", "from", "size", "num_candidates", "min_similarity"}

SORTS = ("time", "altitude", "distance")
WITH_NEIGHBOURS = [name for name in template_names() if name not in ("photos-by-filter", "photos-facets")]

POINT = ("near_lat", "near_lon")

# A template's id and its parameters to the search.
Render = Callable[[str, dict[str, Any]], Any]


@pytest.fixture
def render(client: Elasticsearch) -> Render:
    """Renders a search without the checks before it, which refuse parameters and do nothing else."""

    def ask(template: str, parameters: dict[str, Any]) -> Any:
        source = pack_template(template)
        body = client.render_search_template(source=source, params=parameters)["template_output"]
        del body["highlight"]
        return body

    return ask


def required_of(template: str) -> dict[str, Any]:
    return {name: VALUES[name] for name in read_schema(template).get("required", ())}


def everything_of(template: str) -> dict[str, Any]:
    return {name: VALUES[name] for name in read_schema(template)["properties"]}


def knn_of(body: Any) -> dict[str, Any]:
    """The one knn clause or knn retriever of a search."""
    (knn,) = _knn_clauses(body)
    return knn


def filters_of(body: Any) -> list[dict[str, Any]]:
    """The filters of the one knn clause, or of a search without one."""
    searched = knn_of(body) if any(_knn_clauses(body)) else body["query"]["bool"]
    filters: list[dict[str, Any]] = searched["filter"]
    return filters


def _knn_clauses(body: Any) -> Iterator[dict[str, Any]]:
    if isinstance(body, list):
        for item in body:
            yield from _knn_clauses(item)
    elif isinstance(body, dict):
        for key, value in body.items():
            if key == "knn":
                yield value
            else:
                yield from _knn_clauses(value)


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_golden_pair(render: Render, file: Path) -> None:
    pair = json.loads(file.read_text(encoding="utf-8"))
    assert file.name.split(".")[0] == pair["id"]
    assert render(pair["id"], pair["params"]) == pair["expected"]


@pytest.mark.parametrize("template", template_names())
def test_parameters_inside_a_string_change_no_clause(render: Render, template: str) -> None:
    everything = everything_of(template)
    whole = structure(render(template, everything))
    for name in INSIDE_A_STRING & set(everything):
        without = {other: value for other, value in everything.items() if other != name}
        assert structure(render(template, without)) == whole, name


@pytest.mark.parametrize("template", template_names())
def test_every_two_parameters_go_together(render: Render, template: str) -> None:
    """Each pair of those that shape a search, beside nothing: a comma too many or too few is no JSON."""
    shaping = sorted(set(everything_of(template)) - INSIDE_A_STRING - set(required_of(template)))
    for chosen in ((), *combinations(shaping, 2), shaping[1:], shaping[:-1], shaping):
        body = render(template, {**required_of(template), **{name: VALUES[name] for name in chosen}})
        assert (body["aggs"] and body["size"] == 0) if template == "photos-facets" else (
            body["_source"] is False and body["fields"]
        )


@pytest.mark.parametrize("template", WITH_NEIGHBOURS)
@pytest.mark.parametrize("size", [1, 200])
def test_k_never_exceeds_num_candidates(render: Render, template: str, size: int) -> None:
    for given in ({"size": size}, {"size": size, "num_candidates": 250}):
        body = render(template, {**required_of(template), **given})
        knn = knn_of(body)
        assert int(body["size"]) <= int(knn["k"]) <= int(knn["num_candidates"]) <= 10_000


@pytest.mark.parametrize("template", WITH_NEIGHBOURS)
def test_missing_required_parameter_names_itself(render: Render, template: str) -> None:
    (name,) = required_of(template)
    absences: list[dict[str, Any]] = [{}, {name: ""}, {name: None}, {name: []}, {name: False}]
    for absent in absences:
        if absent == {"vector": []}:  # a list, which the index's dims refuse
            assert knn_of(render(template, absent))["query_vector"] == []
        else:
            assert render(template, absent)[f"required parameter [{name}] is missing"] is True


@pytest.mark.parametrize("template", template_names())
def test_defaults_are_those_of_the_schema(render: Render, template: str) -> None:
    """A parameter given as its schema's default renders what its absence renders."""
    for name, description in read_schema(template)["properties"].items():
        if "default" in description:
            near = {place: VALUES[place] for place in POINT} if name == "near_distance" else {}
            absent = {**required_of(template), **near}
            given = {**absent, name: description["default"]}
            assert render(template, given) == render(template, absent), name


@pytest.mark.parametrize("template", template_names())
def test_hostile_values_stay_values(render: Render, template: str) -> None:
    """No value adds a clause: its own is left out, or the request says what it lacks."""
    honest = everything_of(template)
    expected = structure(render(template, honest)) | structure(render(template, required_of(template)))
    if "sort" in honest:
        expected |= structure(render(template, {**honest, "sort": dict.fromkeys(SORTS, "asc")}))
    for name, hostile in product(honest, HOSTILE):
        if name == "vector" and isinstance(hostile, dict):
            continue  # the checks before the search refuse it, as test_refusals.py shows
        body = render(template, {**honest, name: hostile})
        if name == "vector":  # a value however deep; Elasticsearch takes a list of numbers only
            next(_knn_clauses(body), {}).pop("query_vector", None)
        strange = structure(body) - expected
        assert all(path.endswith("is missing") for path in strange), (name, hostile)
