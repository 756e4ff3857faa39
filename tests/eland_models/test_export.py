"""Files that export leaves, recipes files it refuses, and what the commands print."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from eland_models.checkpoint import Checkpoint
from eland_models.errors import ModelError
from eland_models.export import (
    ExportedModel,
    Precision,
    costliest_text,
    export,
    exported_in_cache,
    model_fingerprint,
)
from eland_models.memory import SPREAD_BYTES, measure
from eland_models.parity import compare
from eland_models.recipes import MOST_NAMES, RECIPES_FILE, read_recipes
from eland_models.utf8 import MAX_SEQUENCE_LENGTH
from tests.conftest import DEMO_CHECKPOINT, invoke

PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")


def test_facts_are_read_back(exported: ExportedModel, demo_checkpoint: Checkpoint) -> None:
    assert exported.model_id == demo_checkpoint.model_id
    assert exported.metadata["checkpoint_fingerprint"] == demo_checkpoint.fingerprint
    assert exported.metadata["recipes"] == ["peak", "photo", "none"]
    assert exported.metadata["per_deployment_memory_bytes"] > 1_000_000
    assert exported.metadata["per_allocation_memory_bytes"] >= 0


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_memory_of_an_allocation_covers_the_costliest_texts(
    exported: ExportedModel, exported_int8: ExportedModel, precision: Precision
) -> None:
    model = exported if precision == "fp32" else exported_int8
    said = model.metadata["per_allocation_memory_bytes"]
    upper_case = "".join(map(chr, range(0xC0, 0xDF)))
    for characters in ("Chomolungma", "x", "यक", upper_case, "\x01\x02\x03", "\u07c0\u07c8"):
        name = (characters * 128).encode()[:120].decode(errors="ignore")
        text = f"peak: {' | '.join([name] * MOST_NAMES)}"
        assert measure(model.path, text).per_allocation_memory_bytes - SPREAD_BYTES <= said, characters


def test_the_costliest_text_fills_what_reaches_the_model() -> None:
    text = costliest_text(RECIPES_FILE)
    assert MAX_SEQUENCE_LENGTH - MOST_NAMES < len(text.encode()) <= MAX_SEQUENCE_LENGTH
    assert text.count("|") == MOST_NAMES - 1


def test_fingerprint_follows_precision_and_recipes(demo_checkpoint: Checkpoint, tmp_path: Path) -> None:
    recipes = tmp_path / "recipes.yaml"
    recipes.write_text("place:\n  prompts: ['{name} on a map']\n", encoding="utf-8")
    fp32, int8 = (model_fingerprint(demo_checkpoint, precision) for precision in PRECISIONS)
    assert len({fp32, int8, model_fingerprint(demo_checkpoint, "fp32", recipes)}) == 3


def test_a_refused_export_leaves_nothing(
    demo_checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eland_models.check.MOST_NODES", 10)
    with pytest.raises(ModelError, match="nodes"):
        export(demo_checkpoint, "fp32", tmp_path / "model.pt")
    assert list(tmp_path.iterdir()) == []


def test_the_cache_is_used(demo_checkpoint: Checkpoint, exported_int8: ExportedModel) -> None:
    written = exported_int8.path.stat().st_mtime_ns
    assert exported_in_cache(demo_checkpoint, "int8", exported_int8.path.parent) == exported_int8
    assert exported_int8.path.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    "content",
    [
        "- a list",
        "peak: {}",
        "peak: {prompts: [no place]}",
        "Peak: {prompts: ['{name}']}",
        "peak: {prompts: ['{name}{name}']}",
        "peak: {prompts: ['{name}'], anti_concept: {text: x, weight: -1}}",
        "peak: [",
        "peak: {prompts: []}",
    ],
)
def test_refuses_recipes(tmp_path: Path, content: str) -> None:
    path = tmp_path / "recipes.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError):
        read_recipes(path)


def test_check_and_parity_commands(exported: ExportedModel) -> None:
    done = invoke("model", "check", exported.path)
    assert done.exit_code == 0 and "accepted" in done.output
    document = json.loads(invoke("model", "check", exported.path, "--json").output)
    assert document["accepted"] and document["findings"] == []
    words = ("model", "parity", "--checkpoint", DEMO_CHECKPOINT, "--model", exported.path, "--texts", "1")
    lines = invoke(*words).output.splitlines()
    assert lines[-2].split()[:4] == ["random", "Unicode", "10", "10"]
    assert lines[-1].split()[:4] == ["all", str(len(lines) - 2), *[str(len(lines) + 7)] * 2]


def test_parity_refuses_another_model(
    exported: ExportedModel, demo_checkpoint: Checkpoint, tmp_path: Path
) -> None:
    other = tmp_path / "other.pt"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), other)
    checkpoint = replace(demo_checkpoint, dims=64)
    for path, sentence in ((other, "another kind of model"), (exported.path, "of 128 numbers .* of 64")):
        with pytest.raises(ModelError, match=sentence):
            next(compare(checkpoint, path, texts_a_language=1, vectors_a_language=1))


def test_a_wrong_checkpoint_is_one_sentence(tmp_path: Path) -> None:
    done = invoke("model", "export", "--checkpoint", tmp_path, "--output", tmp_path / "m.pt")
    assert done.exit_code == 1
    assert done.output.count("\n") == 1 and "config.json" in done.output
