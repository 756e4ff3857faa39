"""The notebook: it runs on the session's node, its answers are right, and git holds nothing of a run."""
from __future__ import annotations

import ast
import html
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from elasticsearch import Elasticsearch
from nbclient import NotebookClient
from pyproj import Geod

from tests.conftest import DEMO_CHECKPOINT, REPOSITORY, Node, renew_indices

NOTEBOOK = REPOSITORY / "notebooks" / "peaks.ipynb"
DINGBOCHE = 27.8923, 86.8312  # as the notebook has it
CELL_TIMEOUT = 300  # seconds
Outputs = dict[str, str]  # cell id to what it shows
Truth = dict[str, dict[str, Any]]  # file name to what the drawn photo shows


def read_notebook() -> Any:
    """The notebook as it lies in the repository."""
    return nbformat.read(NOTEBOOK, as_version=4)


def source(identifier: str) -> str:
    """The code of one cell."""
    return str(next(cell.source for cell in read_notebook().cells if cell.id == identifier))


def execute(notebook: Any, folder: Path, **environment: str) -> Outputs:
    """Run all cells in a folder, as Jupyter does, with no cluster but that of the given environment."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("ES_")}
    own = {"PYTHONPATH": str(REPOSITORY), "IPYTHONDIR": str(folder / ".ipython"), "COLUMNS": "500"}
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=CELL_TIMEOUT, kernel_name="python3", resources=resources)
    client.execute(env={**others, **own, **environment})
    return {cell.id: "".join(map(show, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"}


def show(output: Mapping[str, Any]) -> str:
    """One output as the richest text that it has; a picture is its type."""
    if "text" in output:
        return str(output["text"])
    data: Mapping[str, str] = output["data"]
    pictures = (kind for kind in data if kind.startswith("image/"))
    return next(pictures, None) or data.get("text/html", data["text/plain"])


def rows(table: str) -> list[list[str]]:
    """The cells of a table, row by row: path, time, peaks, concepts, score."""
    return [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)]


def page_inside(frame: str) -> str:
    """The page that a frame of an output holds."""
    (escaped,) = re.findall(r'srcdoc="(.*?)"', frame, re.S)
    return html.unescape(str(escaped))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebook runs: nowhere near the checkout."""
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def outputs(node: Node, client: Elasticsearch, deployed_model: str, folder: Path) -> Outputs:
    """What every cell shows, from empty indices."""
    renew_indices(node, client, deployed_model)
    return execute(read_notebook(), folder, ES_URL=node.url)


@pytest.fixture(scope="module")
def truth(outputs: Outputs, folder: Path) -> Truth:
    """What the photos that the notebook has drawn show."""
    entries = json.loads((folder / "output/photos/attributes.json").read_text(encoding="utf-8"))
    return {entry["file"]: entry for entry in entries}


@pytest.mark.cluster
def test_the_model_answers_in_the_cluster_as_on_this_machine(outputs: Outputs) -> None:
    assert "accepted by Elasticsearch" in outputs["check"]
    assert DEMO_CHECKPOINT.name in outputs["deploy"]
    cosines = [float(cosine) for cosine in re.findall(r"this machine's vector (\S+)", outputs["infer"])]
    assert len(cosines) == 3 and min(cosines) > 0.999999
    assert outputs["infer"].startswith(f"POST _ml/trained_models/{DEMO_CHECKPOINT.name}/_infer\n")


@pytest.mark.cluster
def test_searches_find_what_was_drawn(outputs: Outputs, truth: Truth) -> None:
    assert "[('mount-everest', " in outputs["peak-by-name"]
    nearest = [row[0] for row in rows(outputs["knn"])]
    assert len(nearest) == 5 and all("prayer-flags" in truth[photo]["things"] for photo in nearest[:3])
    with_bridge = rows(outputs["template"])
    assert all("suspension-bridge" in row[3] for row in with_bridge)
    assert {"yak", "suspension-bridge"} <= set(truth[with_bridge[0][0]]["things"])


@pytest.mark.cluster
def test_a_filter_keeps_to_its_circle(outputs: Outputs, truth: Truth) -> None:
    near = [truth[row[0]] for row in rows(outputs["filter"])]
    assert len(near) == 5 and near[0]["sky"] == "sunset"
    lat, lon = DINGBOCHE
    metres = [Geod(ellps="WGS84").inv(lon, lat, photo["lon"], photo["lat"])[2] for photo in near]
    assert max(metres) < 8_000
    assert len([photo for photo in truth.values() if photo["sky"] == "sunset"]) > 5


@pytest.mark.cluster
def test_words_lift_the_photo_whose_name_has_them(outputs: Outputs, truth: Truth) -> None:
    (first,) = re.findall(r"^1 .*/photos/(.+?\.(?:JPG|HEIC))\s", outputs["hybrid"], re.M)
    found = truth[first]
    assert found["place"] == "Dingboche" and "prayer-flags" in found["things"]


@pytest.mark.cluster
def test_the_new_photo_is_told_by_picture_and_sight_line(outputs: Outputs, folder: Path) -> None:
    (drawn,) = json.loads((folder / "output/new/attributes.json").read_text(encoding="utf-8"))
    cosines = {words: float(cosine) for words, cosine in re.findall(r"(.+): (\S+)", outputs["picture"])}
    assert "prayer-flags" in drawn["things"] and "yak" not in drawn["things"]
    assert max(cosines, key=lambda words: cosines[words]) == "prayer flags"
    assert outputs["by-picture"].startswith(f"[('{drawn['peak']}', ")
    first, *_ = outputs["identify"].splitlines()
    assert first.split()[0] == drawn["peak"] and first.endswith("named")
    assert outputs["sight"].endswith("image/png") and outputs["picture-shown"] == "image/jpeg"


@pytest.mark.cluster
def test_pages_stand_in_the_notebook(outputs: Outputs, truth: Truth) -> None:
    assert page_inside(outputs["sheet"]).count("data:image/jpeg;base64,") == 12
    trek = page_inside(outputs["map"])
    assert "Ama Dablam" in trek and all(Path(photo).stem in trek for photo in truth)


@pytest.mark.cluster
def test_without_an_address_the_embedded_node_is_taken(node: Node, tmp_path: Path) -> None:
    if node.home is None:
        pytest.skip("PEAKS_TEST_URL names a node that this session has not started")
    notebook = read_notebook()
    identifiers = [cell.id for cell in notebook.cells]
    del notebook.cells[identifiers.index("cluster") + 1 :]
    shown = execute(notebook, tmp_path, PEAKS_CLUSTER_HOME=str(node.home))
    assert shown["cluster"].endswith(f" at {node.url}\n")


def test_without_the_package_it_asks_for_the_repository() -> None:
    words = [sys.executable, "-I", "-S", "-c", source("install")]  # no packages beside Python's own
    ended = subprocess.run(words, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == "The package is not installed: write the repository's address into REPOSITORY.\n"


def test_what_it_calls_takes_what_it_gives() -> None:
    cells = [cell.source for cell in read_notebook().cells if cell.cell_type == "code"]
    tree = ast.parse("\n".join(cells))
    imported = {
        alias.name: getattr(importlib.import_module(node.module), alias.name)
        for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module for alias in node.names
        if node.module.partition(".")[0] in ("cluster", "demo", "eland_models", "loader")
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)
             and isinstance(node.func, ast.Name) and node.func.id in imported]
    assert len(calls) > 12
    for call in calls:
        assert isinstance(call.func, ast.Name)
        named = {str(keyword.arg): None for keyword in call.keywords}
        inspect.signature(imported[call.func.id]).bind(*call.args, **named)


def test_git_holds_nothing_of_a_run() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 20
    for cell in code:
        assert (cell["outputs"], cell["execution_count"]) == ([], None), f"clear the outputs of {cell['id']}"
        assert cell["metadata"].keys() <= {"tags"}, f"remove what Jupyter noted of {cell['id']}"
