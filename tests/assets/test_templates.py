"""Search templates and the schemas of their parameters, without a cluster."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from loader.elastic.assets import pack_template, read_schema, template_names

from .values import VALUES

GOLDEN = Path(__file__).parent / "golden" / "templates"
PARAMETER = re.compile(r"\{\{[#^{&]?\s*([A-Za-z_]\w*)[\w.]*\s*\}")


@pytest.mark.parametrize("template", template_names())
def test_values_of_these_tests_are_allowed(template: str) -> None:
    schema = read_schema(template)
    Draft202012Validator(schema).validate({name: VALUES[name] for name in schema["properties"]})


@pytest.mark.parametrize("template", template_names())
def test_schema_and_template_name_the_same_parameters(template: str) -> None:
    found = {name[1] for name in PARAMETER.finditer(pack_template(template))}
    assert found == set(read_schema(template)["properties"])


def test_every_template_has_golden_pairs() -> None:
    assert {file.name.split(".")[0] for file in GOLDEN.glob("*.json")} == set(template_names())


def test_shared_parameters_are_described_alike() -> None:
    """One parameter means one thing in every template; what differs does so on purpose."""
    purpose = {"text", "recipe", "num_candidates", "min_similarity"}
    seen: dict[str, Any] = {}
    for template in template_names():
        for name, description in read_schema(template)["properties"].items():
            if name not in purpose:
                assert seen.setdefault(name, description) == description, (template, name)
