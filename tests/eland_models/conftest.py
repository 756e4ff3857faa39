"""Fixtures: the demo checkpoint's text model, and Gemma's full tokenizer where it is at hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from eland_models.checkpoint import Checkpoint, open_checkpoint
from eland_models.export import ExportedModel, export
from tests.eland_models.model_files import DEMO, GEMMA

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def demo_checkpoint() -> Checkpoint:
    """The demo's checkpoint, opened."""
    return open_checkpoint(str(DEMO), tower="text")


@pytest.fixture(scope="session")
def exported(demo_checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> ExportedModel:
    """The demo's text model, exported in fp32."""
    return export(demo_checkpoint, "fp32", tmp_path_factory.mktemp("fp32") / "model.pt")


@pytest.fixture(scope="session")
def exported_int8(demo_checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> ExportedModel:
    """The demo's text model, exported in int8."""
    return export(demo_checkpoint, "int8", tmp_path_factory.mktemp("int8") / "model.pt")


@pytest.fixture(scope="session")
def gemma() -> Path:
    """The folder of Gemma's full tokenizer."""
    if not (GEMMA / "tokenizer.json").is_file():
        pytest.skip("Gemma's tokenizer does not lie beside this checkout")
    return GEMMA


@pytest.fixture
def copy_of_demo(tmp_path: Path) -> Path:
    """A copy of the demo checkpoint that a test may spoil."""
    return Path(shutil.copytree(DEMO, tmp_path / "Copy of demo"))
