"""Fixtures: the demo checkpoint's text model, and Gemma's full tokenizer where it is at hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from eland_models.checkpoint import Checkpoint, open_checkpoint
from eland_models.export import ExportedModel, exported_in_cache, read_exported
from tests.conftest import DEMO_CHECKPOINT, SHARED, invoke

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def demo_checkpoint() -> Checkpoint:
    """The demo's checkpoint, opened."""
    return open_checkpoint(str(DEMO_CHECKPOINT), tower="text")


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> ExportedModel:
    """The demo's text model, exported in fp32 by the command."""
    path = tmp_path_factory.mktemp("fp32") / "model.pt"
    done = invoke("model", "export", "--checkpoint", DEMO_CHECKPOINT, "--output", path)
    assert done.exit_code == 0 and "128 dimensions, fp32, recipes peak, photo, none" in done.output
    return read_exported(path)


@pytest.fixture(scope="session")
def exported_int8(demo_checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> ExportedModel:
    """The demo's text model, exported in int8 into a cache."""
    return exported_in_cache(demo_checkpoint, "int8", tmp_path_factory.mktemp("int8"))


@pytest.fixture(scope="session")
def gemma() -> Path:
    """The folder of Gemma's full tokenizer."""
    if not (SHARED / "gemma" / "tokenizer.json").is_file():
        pytest.skip("Gemma's tokenizer does not lie beside this checkout")
    return SHARED / "gemma"


@pytest.fixture
def copy_of_demo(tmp_path: Path) -> Path:
    """A copy of the demo checkpoint that a test may spoil."""
    return Path(shutil.copytree(DEMO_CHECKPOINT, tmp_path / "Copy of demo"))
