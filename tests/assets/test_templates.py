"""Search templates rendered by the tests' small mustache: every combination, hostile values, golden pairs."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from loader.elastic.assets import pack_template, read_schema, template_names, template_parameters

from .mustache import render, render_subsets
from .values import HOSTILE, VALUES, structure

GOLDEN = Path(__file__).parent / "golden"
DIMS = 3

# Parameters that change a value of a search and nothing else, which a test shows.
INSIDE_A_STRING = {"recipe", "model_id", "size", "num_candidates", "min_similarity"}

FILTERS = ("near_lat", "near_lon", "near_distance", "box_top", "box_left", "box_bottom", "box_right")


def required_of(template: str) -> dict[str, Any]:
    return {name: VALUES[name] for name in read_schema(template)["required"]}


def optional_of(template: str) -> dict[str, Any]:
    schema = read_schema(template)
    return {name: VALUES[name] for name in schema["properties"] if name not in schema["required"]}


@pytest.mark.parametrize("template", template_names())
def test_values_of_these_tests_are_allowed(template: str) -> None:
    parameters = {**required_of(template), **optional_of(template)}
    assert list(Draft202012Validator(read_schema(template)).iter_errors(parameters)) == []


@pytest.mark.parametrize("template", template_names())
def test_schema_and_template_name_the_same_parameters(template: str) -> None:
    assert template_parameters(pack_template(template)) == set(read_schema(template)["properties"])


@pytest.mark.parametrize("template", template_names())
def test_some_parameters_only_stand_inside_a_string(template: str) -> None:
    source = pack_template(template, DIMS)
    everything = {**required_of(template), **optional_of(template)}
    whole = structure(json.loads(render(source, everything)))
    for name in INSIDE_A_STRING & set(everything):
        without = {other: value for other, value in everything.items() if other != name}
        assert structure(json.loads(render(source, without))) == whole, name


@pytest.mark.parametrize(
    "template", ["peaks-by-text", "peaks-by-vector", pytest.param("photos-by-text", marks=pytest.mark.slow)]
)
def test_every_subset_of_optional_parameters_renders_json(template: str) -> None:
    optional = optional_of(template)
    rendered = render_subsets(pack_template(template, DIMS), required_of(template), optional)
    assert len(rendered) == 2 ** len(optional)
    for text in rendered:
        body = json.loads(text)
        assert body["_source"] is False and body["fields"]


@pytest.mark.parametrize("template", template_names())
def test_every_subset_of_shaping_parameters_renders_json(template: str) -> None:
    """The parameters that only stand inside a string are all there, or none."""
    optional = optional_of(template)
    shaping = {name: value for name, value in optional.items() if name not in INSIDE_A_STRING}
    others = {name: value for name, value in optional.items() if name in INSIDE_A_STRING}
    for given in ({}, others):
        required = {**required_of(template), **given}
        rendered = render_subsets(pack_template(template, DIMS), required, shaping)
        assert len(rendered) == 2 ** len(shaping)
        for text in rendered:
            json.loads(text)


def knn_clauses(body: Any) -> Iterator[dict[str, Any]]:
    """Every knn clause or knn retriever in a search."""
    if isinstance(body, list):
        for item in body:
            yield from knn_clauses(item)
    elif isinstance(body, dict):
        for key, value in body.items():
            if key == "knn":
                yield value
            else:
                yield from knn_clauses(value)


@pytest.mark.parametrize("template", template_names())
def test_filters_stand_inside_every_leg(template: str) -> None:
    everything = {**required_of(template), **optional_of(template)}
    body = json.loads(render(pack_template(template, DIMS), everything))
    (knn,) = knn_clauses(body)
    legs = [knn["filter"]]
    if "hybrid" in template:
        standard = body["retriever"]["rrf"]["retrievers"][1]["standard"] if "retriever" in body else body
        legs.append(standard["query"]["bool"]["filter"])
        assert legs[0][-len(legs[1]) :] == legs[1]
    wanted = {"geo_distance", "geo_bounding_box"}
    if template.startswith("photos"):
        wanted |= {"gte", "lte", "predicted_peaks", "predicted_concepts", "peaks_in_frame_ids"}
    for leg in legs:
        assert all(f'"{name}"' in json.dumps(leg) for name in wanted)


@pytest.mark.parametrize("template", template_names())
def test_every_template_has_a_cut_off(template: str) -> None:
    assert "min_similarity" in read_schema(template)["properties"]
    given = {**required_of(template), "min_similarity": 0.125}
    (knn,) = knn_clauses(json.loads(render(pack_template(template, DIMS), given)))
    assert knn["similarity"] == "0.125"


@pytest.mark.parametrize("template", template_names())
def test_absent_filters_leave_no_clause(template: str) -> None:
    (knn,) = knn_clauses(json.loads(render(pack_template(template, DIMS), required_of(template))))
    narrowing = [clause for clause in knn["filter"] if "match_all" not in json.dumps(clause)]
    assert len(narrowing) == template.endswith("by-vector")  # which check the list's length


@pytest.mark.parametrize("template", template_names())
@pytest.mark.parametrize("size", [1, 200])
def test_k_never_exceeds_num_candidates(template: str, size: int) -> None:
    for given in ({"size": size}, {"size": size, "num_candidates": 250}):
        body = json.loads(render(pack_template(template, DIMS), {**required_of(template), **given}))
        (knn,) = knn_clauses(body)
        assert int(body["size"]) <= int(knn["k"]) <= int(knn["num_candidates"]) <= 10_000


@pytest.mark.parametrize("template", template_names())
def test_missing_required_parameter_names_itself(template: str) -> None:
    (name,) = required_of(template)
    absences: list[dict[str, Any]] = [{}, {name: ""}, {name: None}, {name: []}, {name: False}]
    for absent in absences:
        try:
            body = json.loads(render(pack_template(template, DIMS), absent))
        except IndexError:  # an empty vector: the engine refuses the place that is not there
            continue
        assert body[f"required parameter [{name}] is missing"] is True


@pytest.mark.parametrize("template", template_names())
def test_incomplete_groups_become_a_query_that_does_not_exist(template: str) -> None:
    """Elasticsearch refuses it by name: a forgotten longitude must not quietly widen the search."""
    for group, single in ((FILTERS[:3], "near_distance"), (FILTERS[3:], None)):
        for name in group:
            rest = [other for other in group if other not in (name, single)]
            incomplete = {other: VALUES[other] for other in rest}
            if name == single:
                continue
            body = json.loads(render(pack_template(template, DIMS), {**required_of(template), **incomplete}))
            (knn,) = knn_clauses(body)
            assert " needs " in json.dumps([list(clause) for clause in knn["filter"]]), incomplete


@pytest.mark.parametrize("template", template_names())
@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda value: repr(value)[:30])
def test_hostile_values_stay_values(template: str, hostile: Any) -> None:
    """No value adds a clause: its own is left out or repeated, or the request says what it lacks."""
    honest = {**required_of(template), **optional_of(template)}
    source = pack_template(template, DIMS)
    required = required_of(template)
    expected = structure(json.loads(render(source, honest))) | structure(json.loads(render(source, required)))
    for name in honest:
        try:
            rendered = render(source, {**honest, name: hostile})
        except IndexError:  # a list that is too short for the vector
            assert name == "vector"
            continue
        strange = structure(json.loads(rendered)) - expected
        assert all(path.endswith("is missing") or " needs " in path for path in strange), name


@pytest.mark.parametrize("file", sorted((GOLDEN / "templates").glob("*.json")), ids=lambda file: file.stem)
def test_golden_pair(file: Path) -> None:
    pair = json.loads(file.read_text(encoding="utf-8"))
    assert file.name.split(".")[0] == pair["id"]
    assert json.loads(render(pack_template(pair["id"], pair["dims"]), pair["params"])) == pair["expected"]


def test_every_template_has_a_golden_pair() -> None:
    pairs = {file.name.split(".")[0] for file in (GOLDEN / "templates").glob("*.json")}
    assert pairs == set(template_names())


def test_shared_parameters_are_described_alike() -> None:
    """One parameter means one thing in every template; what differs does so on purpose."""
    purpose = {"text", "recipe", "num_candidates", "min_similarity"}
    seen: dict[str, Any] = {}
    for template in template_names():
        for name, description in read_schema(template)["properties"].items():
            if name not in purpose:
                assert seen.setdefault(name, description) == description, (template, name)


@pytest.mark.parametrize("template", template_names())
def test_defaults_are_those_of_the_schema(template: str) -> None:
    """A parameter given as its schema's default renders what its absence renders."""
    source, required = pack_template(template, DIMS), required_of(template)
    for name, description in read_schema(template)["properties"].items():
        if "default" in description:
            near = {"near_lat": 27.9, "near_lon": 86.8} if name == "near_distance" else {}
            given = render(source, {**required, **near, name: description["default"]})
            assert json.loads(given) == json.loads(render(source, {**required, **near})), name
