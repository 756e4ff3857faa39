"""deploy/terraform hands the provider exactly what `peaks apply` puts into a cluster.

Terraform itself evaluates main.tf; Elastic's provider is not there, so each of its resources becomes a
``terraform_data``, Terraform's own resource that keeps what it is given.
"""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from loader.elastic.assets import KINDS, read_assets
from tests.conftest import REPOSITORY, call_peaks

MAIN = REPOSITORY / "deploy" / "terraform" / "main.tf"
TEXT = MAIN.read_text(encoding="utf-8")
RESOURCE = re.compile(r'(?ms)^resource "elasticstack_elasticsearch_(\w+)" "peaks" \{\n(.*?)^\}\n')
KIND_OF = {
    "ingest_pipeline": "_ingest/pipeline",
    "component_template": "_component_template",
    "index_template": "_index_template",
    "script": "_scripts",
}


def test_every_kind_of_asset_is_a_resource_of_its_own() -> None:
    assert {kind for kind, _ in RESOURCE.findall(TEXT)} == set(KIND_OF)
    assert set(KIND_OF.values()) == set(KINDS)


@pytest.fixture(scope="module")
def terraform() -> str:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("Terraform is not installed")
    return program


def test_it_is_formatted_as_terraform_formats(terraform: str) -> None:
    subprocess.run([terraform, "fmt", "-check", MAIN], check=True)


def test_the_provider_gets_every_asset_unchanged(terraform: str, tmp_path: Path) -> None:
    call_peaks("apply", "--output", tmp_path / "assets")
    (tmp_path / "main.tf").write_text(keeping(TEXT), encoding="utf-8")
    applied = run(terraform, tmp_path)
    assert applied.returncode == 0, applied.stderr
    state = json.loads((tmp_path / "terraform.tfstate").read_text(encoding="utf-8"))
    given = {
        (KIND_OF[resource["name"]], instance["index_key"]): instance["attributes"]["input"]["value"]
        for resource in state["resources"]
        for instance in resource["instances"]
    }
    assert {key: body_of(key[0], value) for key, value in given.items()} == {
        (asset.kind, asset.name): asset.body for asset in read_assets()
    }
    assert all(value.get("name", value.get("script_id")) == name for (_, name), value in given.items())


def test_a_folder_without_assets_is_refused_and_deletes_nothing(terraform: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(keeping(TEXT), encoding="utf-8")
    refused = run(terraform, tmp_path)
    assert refused.returncode == 1 and "There are no assets in this folder" in refused.stderr


def keeping(text: str) -> str:
    """main.tf with a ``terraform_data`` in place of each of the provider's resources."""
    text = re.sub(r'(?ms)^(terraform|provider "\w+") \{\n.*?^\}\n', "", text)
    return RESOURCE.sub(lambda found: _data(*found.groups()), text)


def _data(kind: str, body: str) -> str:
    own, inputs = [], re.sub(r"(?ms)^  depends_on = \[.*?\]\n", "", body)
    for line in re.findall(r"(?m)^  for_each = .*\n", inputs):
        own.append(line)
        inputs = inputs.replace(line, "")
    inputs = inputs.replace("template {", "template = {")
    return f'resource "terraform_data" "{kind}" {{\n{"".join(own)}  input = {{\n{inputs}  }}\n}}\n'


def body_of(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The request that the provider makes of a resource's arguments."""
    if kind == "_scripts":
        return {"script": {"lang": given["lang"], "source": given["source"]}}
    body: dict[str, Any] = {key: value for key, value in given.items() if key not in ("name", "metadata")}
    body["_meta"] = json.loads(given["metadata"])
    if kind == "_ingest/pipeline":
        body["processors"] = [json.loads(processor) for processor in given["processors"]]
    if kind == "_component_template":
        body["template"] = {key: json.loads(part) for key, part in given["template"].items() if part}
    return body


def run(terraform: str, folder: Path) -> subprocess.CompletedProcess[str]:
    quiet = {**os.environ, "CHECKPOINT_DISABLE": "1"}  # it asks no server for newer versions
    subprocess.run([terraform, "init", "-no-color"], cwd=folder, env=quiet, check=True, capture_output=True)
    return subprocess.run(
        [terraform, "apply", "-auto-approve", "-no-color"],
        cwd=folder, env=quiet, capture_output=True, text=True, check=False,
    )
