"""Values of the wrong kind on a real node: each is refused by its parameter's name, or is one value."""
from __future__ import annotations

import json
import re
from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from loader.elastic.assets import pack_template, read_schema, template_names

from .three_photos import INDEX, found
from .values import HOSTILE, VALUES

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("deployed_model")]

# It has nearly all parameters, and with a vector it needs no model.
WIDEST = "photos-hybrid-basic"
PARAMETERS = read_schema(WIDEST)["properties"]
LISTS = {name for name, parameter in PARAMETERS.items() if parameter["type"] == "array"}
LEFT_OUT: tuple[Any, ...] = (None, "")
# What stands in a section, which mustache repeats for each item of a list.
SECTIONS = (
    "near_lat", "box_top", "area", "altitude_from", "altitude_to", "without_position", "shot_from", "shot_to",
    "sort.time", "sort.altitude", "sort.distance", "with_names", "with_thumbnail",
)
PLACE = ("near_lat", "near_lon", "box_top", "box_left", "box_bottom", "box_right")
MORE: list[Any] = [
    "abc", "", False, -1, 127, 200.5, 1e39, "NaN", "Infinity", " 5 ", "1d", "0x1p3", "x" * 5000,
    [1], [0.5, "a"], [""], [None], [{"near_lat": 1}] * 3, {"size": 0}, {"size": False}, {"size": []},
    {"size": [{}] * 50}, {"0": 1, "size.size": 1}, dict.fromkeys(PARAMETERS, 1),
]
# What Elasticsearch itself calls a value of the right kind that it cannot take.
OWN = {"vector": "query[ _]vector", "sort": "SortOrder"}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from([*PARAMETERS, "size", "0", "time", "x"]), inner, max_size=4),
    max_leaves=8,
)


def is_named(name: str, said: str) -> bool:
    """Whether a refusal names its parameter: as a check, a date's format or Elasticsearch itself does."""
    by_check = rf"failed to parse field \[[^]]*\b{name}\b|'{name} takes|\[{name}\]"
    return bool(re.search(f"{by_check}|{OWN.get(name, by_check)}", said))


def ask(client: Elasticsearch, name: str, value: Any) -> list[str] | None:
    """Ids that a search with one strange value finds; None where it is refused as it should be."""
    honest = {each: VALUES[each] for each in PARAMETERS} | {"vector": [1, 0, 0], "sort": {"time": "asc"}}
    parameters = {"near_lat": 27.861, "near_lon": 86.861, **honest, name: value}
    try:
        answer = client.search_template(index=INDEX, source=pack_template(WIDEST), params=parameters)
    except ApiError as refused:
        said = json.dumps(refused.body)
        assert refused.meta.status == 400 and is_named(name, said), (name, value, refused.meta.status, said)
        return None
    return [hit["_id"] for hit in answer["hits"]["hits"]]


def must_fit(name: str, value: Any, hits: list[str] | None) -> None:
    """A value that is taken is one of the parameter's kind."""
    if isinstance(value, list) and (name not in LISTS or not value):
        assert hits is None, (name, value)
    elif name == "vector":
        assert hits is None or isinstance(value, list) or value in LEFT_OUT, (value, hits)
    elif name in LISTS:
        assert not hits or value in LEFT_OUT, (name, value, hits)
    elif isinstance(value, dict) and PARAMETERS[name]["type"] != "string":
        assert hits is None or name == "sort", (name, value)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_strange_value_is_refused_by_name_or_is_one_value(stored: Elasticsearch, name: str) -> None:
    for value in HOSTILE + MORE:
        if name == "vector" and value in LEFT_OUT:
            continue  # a model makes one, and there is none
        must_fit(name, value, ask(stored, name, value))


@settings(max_examples=300)
@given(name=st.sampled_from(list(PARAMETERS)), value=ANYTHING)
def test_so_is_whatever_else_json_holds(stored: Elasticsearch, name: str, value: Any) -> None:
    assume(name != "vector" or value not in LEFT_OUT)
    must_fit(name, value, ask(stored, name, value))


@pytest.mark.parametrize("template", template_names())
def test_every_template_refuses_a_list_in_place_of_a_value(stored: Elasticsearch, template: str) -> None:
    """And renders nothing of it: with 5,000 items the search is as long as with none."""
    schema = read_schema(template)
    required = {name: VALUES[name] for name in schema.get("required", ())}
    single = [name for name, parameter in schema["properties"].items() if parameter["type"] != "array"]
    paths = single + [f"sort.{key}" for key in schema["properties"].get("sort", {}).get("properties", ())]
    for path in paths:
        name, _, key = path.partition(".")
        for items in (5000 * [{"near_lat": 1}], []):
            value = {key: items} if key else items
            request: dict[str, Any] = {"source": pack_template(template), "params": {**required, name: value}}
            with pytest.raises(ApiError) as refused:
                stored.search_template(index=INDEX, **request)
            assert refused.value.meta.status == 400
            assert name in json.dumps(refused.value.body)
            assert len(json.dumps(stored.render_search_template(**request)["template_output"])) < 8000


@pytest.mark.parametrize("template", template_names())
def test_nor_does_a_list_repeat_a_clause_whose_size_another_parameter_claims(
    stored: Elasticsearch, template: str
) -> None:
    """A parameter may be called `shot_from.size`, and mustache finds it before the size of `shot_from`."""
    schema = read_schema(template)
    required = {name: VALUES[name] for name in schema.get("required", ())}
    place = {name: VALUES[name] for name in PLACE if name in schema["properties"]}
    for path in SECTIONS:
        name, _, key = path.partition(".")
        if name in schema["properties"]:
            items = 3 * [VALUES[name]["distance"] if key else VALUES[name]]
            value = {key: items} if key else items
            parameters = {**required, **place, name: value, f"{path}.size": ""}
            with pytest.raises(ApiError) as refused:
                stored.search_template(index=INDEX, source=pack_template(template), params=parameters)
            assert refused.value.meta.status == 400


@pytest.mark.parametrize("template", ["photos-by-vector", "peaks-by-vector", WIDEST])
def test_no_text_is_a_vector_whatever_another_parameter_claims(stored: Elasticsearch, template: str) -> None:
    """`toJson` writes a text as it is: this one would make a search of its own."""
    text = '[1, 0, 0], "filter": []}, "fields": ["thumbnail"], "timeout": "1m", "rescore": [], "x": {"k": 1'
    for vector in (text, "[1, 0, 0]", {"size": {"vector": text}}, {"size": [{"vector": text}]}):
        for size in (1, 3, True, "x", [1], [1, 1], {"vector": text}, [{"vector": text}]):
            with pytest.raises(ApiError) as refused:
                stored.search_template(index=INDEX, source=pack_template(template), params={
                    "text": "x", "vector": vector, "vector.size": size, "vector.size.size": "",
                })
            assert refused.value.meta.status == 400
            assert "vector takes a list of numbers" in json.dumps(refused.value.body)


@pytest.mark.parametrize("template", template_names())
def test_incomplete_groups_are_refused_by_name(stored: Elasticsearch, template: str) -> None:
    """A forgotten longitude must not quietly widen the search."""
    required = {name: VALUES[name] for name in read_schema(template).get("required", ())}
    point, box = ("near_lat", "near_lon"), ("box_top", "box_left", "box_bottom", "box_right")
    incomplete = [{other: VALUES[other] for other in group if other != left_out}
                  for group in (point, box) for left_out in group]
    alone = [{name: VALUES[name]} for name in ("near_distance", *box)]
    for parameters in incomplete + alone:
        with pytest.raises(ApiError) as refused:
            stored.search_template(
                index=INDEX, source=pack_template(template), params={**required, **parameters}
            )
        assert refused.value.meta.status == 400
        assert all(name in json.dumps(refused.value.body) for name in parameters)


def test_zero_is_a_value(stored: Elasticsearch) -> None:
    assert found(stored, near_lat=0, near_lon=0) == []
    assert found(stored, min_similarity=0) == ["flags", "camp"]
    assert found(stored, altitude_to=0) == [] and found(stored, altitude_from=0) == ["flags", "camp"]
    assert found(stored, size=0) == []


def test_false_is_a_value_where_true_is_one_and_nowhere_else(stored: Elasticsearch) -> None:
    assert found(stored, with_names=False) == ["flags", "camp", "yak"]
    for name in set(PARAMETERS) - {"with_names", "with_thumbnail", "without_position"}:
        assert ask(stored, name, False) is None
