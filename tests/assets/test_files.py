"""Every asset file: valid JSON, named as the cluster names it, with a schema of its parameters."""
from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from loader.elastic.assets import (
    KINDS,
    pack_template,
    read_assets,
    read_schema,
    template_names,
)
from loader.elastic.indices import ALIASES
from tests.conftest import REPOSITORY

from .values import VALUES

GOLDEN = Path(__file__).parent / "golden" / "templates"
PARAMETER = re.compile(r"\{\{[#^{&]?\s*([A-Za-z_]\w*)[\w.]*\s*\}")
LIST_AS_JSON = '"query_vector": {{#toJson}}vector{{/toJson}},'
JSON_FILES = sorted(
    file
    for folder in ("mappings", "ingest_pipelines", "search_templates")
    for file in (REPOSITORY / folder).rglob("*.json")
)
ASSETS = {(asset.kind, asset.name): asset.body for asset in read_assets()}


def refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), keys
    return dict(pairs)


@pytest.mark.parametrize("file", JSON_FILES, ids=lambda file: file.name)
def test_json_is_one_pretty_object_without_duplicate_keys(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    value = json.loads(text, object_pairs_hook=refuse_duplicate_keys)
    assert isinstance(value, dict)
    assert text == json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def test_every_file_is_applied() -> None:
    folders = {"ingest_pipelines", "component_templates", "index_templates"}
    files = {file.stem for file in JSON_FILES if file.parent.name in folders}
    files |= {file.stem for file in (REPOSITORY / "search_templates").glob("*.mustache")}
    assert files == {name for _, name in ASSETS}
    assert {kind for kind, _ in ASSETS} == set(KINDS)


def test_stored_names_are_those_that_others_rely_on() -> None:
    assert template_names() == [
        "peaks-by-text", "peaks-by-vector", "photos-by-filter", "photos-by-peak", "photos-by-text",
        "photos-by-vector", "photos-facets", "photos-hybrid", "photos-hybrid-basic", "photos-like-photo",
        "photos-of-peak",
    ]
    pipelines = {name for kind, name in ASSETS if kind == "_ingest/pipeline"}
    assert pipelines == {"peaks-text-embedding", "concepts-text-embedding"}
    assert {name for kind, name in ASSETS if kind == "_index_template"} == set(ALIASES)


@pytest.mark.parametrize("template", template_names())
def test_schema_is_a_schema(template: str) -> None:
    schema = read_schema(template)
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    assert schema["title"].startswith(f"Parameters of {template}: ")
    assert all(parameter["description"] for parameter in schema["properties"].values())


def test_every_fragment_is_included_somewhere() -> None:
    folder = REPOSITORY / "search_templates"
    sources = "".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.mustache"))
    for fragment in (folder / "fragments").glob("*.mustache"):
        assert f"{{{{> {fragment.stem}}}}}" in sources


def test_every_parameter_has_a_check_and_stands_outside_of_sections() -> None:
    """A list in place of a value is refused by name, and the search that it would repeat is not rendered."""
    for template in template_names():
        packed, schema = pack_template(template), read_schema(template)
        checks, search = packed.split("\n  ,\n")
        for name, parameter in schema["properties"].items():
            assert re.search(rf'^    "[^"]*\b{name}\b[^"]* takes? ', checks, re.MULTILINE), (template, name)
            is_one_value = parameter["type"] != "array"
            assert (f"{{{{^{name}.size}}}}" in checks.splitlines()[-1]) == is_one_value
            assert (f"{{{{/{name}.size}}}}" in search.splitlines()[-2]) == is_one_value


@pytest.mark.parametrize("template", template_names())
def test_packed_template_has_no_include_comment_or_raw_tag(template: str) -> None:
    source = pack_template(template)
    # toJson writes a string as it is, so it stands behind a check that only a list passes
    before, *behind = source.split(LIST_AS_JSON)
    assert len(behind) <= 1 and ("vector takes a list of numbers" in before or not behind)
    source = "".join([before, *behind])
    for mark in ("{{>", "{{!", "{{{", "{{&", "toJson", "join"):
        assert mark not in source
    assert len(source.encode()) < 65_535  # script.max_size_in_bytes


def fields_of(component: str) -> dict[str, Any]:
    mappings = ASSETS["_component_template", component]["template"]["mappings"]
    assert mappings["dynamic"] == "strict"
    fields: dict[str, Any] = mappings["properties"]
    return fields


def test_strict_mappings_hold_the_fields_of_the_contract() -> None:
    assert set(fields_of("peaks-catalog-fields")) == {
        *("id", "names", "label", "latlon", "elev_m", "text_embed"),
    }
    assert set(fields_of("concepts-fields")) == {"id", "names", "text_embed"}
    photo = fields_of("photos-fields")
    assert photo["thumbnail"] == {"type": "binary"}  # a string would have a filter in Kibana's Maps
    nested = {name: set(field["properties"]) for name, field in photo.items() if field["type"] == "nested"}
    assert nested == {
        "predictions": {"peak", "probability", "cosine", "evidence"},
        "peaks_in_sight": {"peak", "distance", "bearing", "offset", "elevation", "probability"},
    }


@pytest.mark.parametrize("template", template_names())
def test_values_of_these_tests_are_allowed(template: str) -> None:
    schema = read_schema(template)
    Draft202012Validator(schema).validate({name: VALUES[name] for name in schema["properties"]})


@pytest.mark.parametrize("template", template_names())
def test_schema_and_template_name_the_same_parameters(template: str) -> None:
    found = {name[1] for name in PARAMETER.finditer(pack_template(template))} - {"toJson"}
    assert found == set(read_schema(template)["properties"])


def test_every_shared_parameter_is_one_of_several_templates() -> None:
    """One that a single template has stands in its own file."""
    folder = REPOSITORY / "search_templates"
    shared = json.loads((folder / "fragments" / "parameters.json").read_text(encoding="utf-8"))
    files = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.schema.json")]
    uses = Counter(name for file in files for name, value in file["properties"].items() if value is True)
    assert uses.keys() == shared["properties"].keys() and min(uses.values()) > 1


def test_every_template_has_golden_pairs() -> None:
    assert {file.name.split(".")[0] for file in GOLDEN.glob("*.json")} == set(template_names())


def test_shared_parameters_are_described_alike() -> None:
    """One parameter means one thing in every template; what differs does so on purpose."""
    purpose = {"text", "peak", "recipe", "num_candidates", "min_similarity"}
    seen: dict[str, Any] = {}
    for template in template_names():
        for name, description in read_schema(template)["properties"].items():
            if name not in purpose:
                assert seen.setdefault(name, description) == description, (template, name)
