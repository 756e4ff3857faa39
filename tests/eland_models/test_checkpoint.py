"""What opens as a checkpoint and what is refused, in one sentence each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from eland_models.checkpoint import model_id, open_checkpoint
from eland_models.encoder import load_encoder
from eland_models.errors import ModelError
from eland_models.vocabulary import read_vocabulary
from tests.conftest import DEMO_CHECKPOINT, REPOSITORY

PIECES = torch.arange(10)


def edit_json(path: Path, **changes: Any) -> None:
    """Set keys of a JSON file; ``outer__inner`` reaches one level down."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, value in changes.items():
        outer, _, inner = name.partition("__")
        (content[outer] if inner else content)[inner or outer] = value
    path.write_text(json.dumps(content), encoding="utf-8")


def test_the_demo_opens() -> None:
    checkpoint = open_checkpoint(str(DEMO_CHECKPOINT), tower="both")
    assert checkpoint.model_id == checkpoint.name == "siglip2-trek-tiny"
    assert len(checkpoint.fingerprint) == 16
    assert (checkpoint.dims, checkpoint.image_size) == (128, 96) and checkpoint.logit_bias < 0


def test_fingerprint_follows_the_tokenizer(copy_of_demo: Path) -> None:
    before = open_checkpoint(str(copy_of_demo), tower="text").fingerprint
    assert before == open_checkpoint(str(DEMO_CHECKPOINT), tower="vision").fingerprint
    edit_json(copy_of_demo / "tokenizer.json", padding=None, version="1.1")
    assert open_checkpoint(str(copy_of_demo), tower="text").fingerprint != before


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("google/siglip2-base-patch16-224", "google__siglip2-base-patch16-224"),
        ("Someone/A+B", "someone__a_b"),
        ("x/" + "y" * 80, "y" * 64),
    ],
)
def test_model_id_follows_eland(given: str, expected: str) -> None:
    assert model_id(given) == expected


def test_folder_names_become_ids(copy_of_demo: Path) -> None:
    assert open_checkpoint(str(copy_of_demo), tower="text").model_id == "copy_of_demo"


@pytest.mark.parametrize(
    ("file", "change", "sentence"),
    [
        ("config.json", {"model_type": "clip"}, "not a SigLIP-2 checkpoint"),
        ("config.json", {"model_type": "siglip2"}, "NaFlex"),
        ("config.json", {"text_config__projection_size": 7}, "cannot be compared"),
        ("tokenizer.json", {"model__type": "Unigram"}, "first generation"),
        ("tokenizer.json", {"model__byte_fallback": False}, "without byte fallback"),
    ],
)
def test_refuses_other_models(
    copy_of_demo: Path, file: str, change: dict[str, object], sentence: str
) -> None:
    edit_json(copy_of_demo / file, **change)
    with pytest.raises(ModelError, match=sentence):
        open_checkpoint(str(copy_of_demo), tower="both")
    if file == "tokenizer.json":
        open_checkpoint(str(copy_of_demo), tower="vision")


@pytest.mark.parametrize(
    "change",
    [
        {"normalizer": None},
        {"pre_tokenizer": {"type": "ByteLevel"}},
        {"model__ignore_merges": True},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}]}},
        {"added_tokens": [{"id": 9, "content": "x", "special": False, "normalized": True}]},
    ],
)
def test_refuses_rules_it_would_get_wrong(copy_of_demo: Path, change: dict[str, object]) -> None:
    edit_json(copy_of_demo / "tokenizer.json", **change)
    with pytest.raises(ModelError):
        read_vocabulary(copy_of_demo)


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"]
)
def test_names_the_missing_file(copy_of_demo: Path, name: str) -> None:
    (copy_of_demo / name).unlink()
    with pytest.raises(ModelError, match=name):
        open_checkpoint(str(copy_of_demo), tower="both")


@pytest.mark.parametrize("written", ["{folder}/siglip2-trek-tinny", "{folder}/none/of/these", "tinny"])
def test_a_wrong_path_is_called_a_folder(written: str, copy_of_demo: Path) -> None:
    with pytest.raises(ModelError, match=r"^There is no folder .*: use a SigLIP-2 checkpoint such as"):
        open_checkpoint(written.format(folder=copy_of_demo), tower="text")


@pytest.mark.parametrize("written", ["demo/siglip2-trek-tinny", "./demo/siglip2-trek-tinny"])
def test_a_path_with_a_typing_error_gets_the_right_one(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub is not asked, though an id may look like this."""
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(ModelError, match=r"did you mean demo/siglip2-trek-tiny\?$"):
        open_checkpoint(written, tower="text")


def test_a_file_of_a_checkpoint_is_called_a_file(copy_of_demo: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is a file: give the folder"):
        open_checkpoint(str(copy_of_demo / "config.json"), tower="text")


@pytest.mark.parametrize("kept", [0, 4, 100, 6_000_000])
def test_refuses_weights_that_are_cut_short(copy_of_demo: Path, kept: int) -> None:
    path = copy_of_demo / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ModelError, match=r"model\.safetensors is not a whole safetensors file .*: fetch"):
        open_checkpoint(str(copy_of_demo), tower="text")


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision_is_read(copy_of_demo: Path, kind: torch.dtype) -> None:
    path = copy_of_demo / "model.safetensors"
    tensors = {name: tensor.to(kind) for name, tensor in load_file(path).items()}
    save_file(tensors, path, {"format": "pt"})
    checkpoint = open_checkpoint(str(copy_of_demo), tower="text")
    assert checkpoint.logit_scale == tensors["logit_scale"].item()
    encoder = load_encoder(checkpoint, PIECES)
    assert torch.equal(encoder.norm.weight, tensors["text_model.final_layer_norm.weight"].float())


@pytest.mark.parametrize(
    ("name", "replacement"),
    [
        ("text_model.head.weight", None),
        ("text_model.head.weight", torch.zeros(64, 128)),
        ("text_model.head.bias", torch.zeros(128, dtype=torch.int8)),
        ("logit_bias", None),
        ("logit_bias", torch.zeros(2)),
    ],
)
def test_weights_that_do_not_fit_are_named(
    copy_of_demo: Path, name: str, replacement: torch.Tensor | None
) -> None:
    path = copy_of_demo / "model.safetensors"
    tensors = {**load_file(path), name: replacement}
    save_file({key: tensor for key, tensor in tensors.items() if tensor is not None}, path)
    with pytest.raises(ModelError, match=rf"Copy of demo has no .*{name}.* no whole SigLIP model"):
        load_encoder(open_checkpoint(str(copy_of_demo), tower="text"), PIECES)


def test_refuses_another_activation(copy_of_demo: Path) -> None:
    edit_json(copy_of_demo / "config.json", text_config__hidden_act="relu")
    with pytest.raises(ModelError, match="gelu_pytorch_tanh"):
        load_encoder(open_checkpoint(str(copy_of_demo), tower="text"), PIECES)


def test_opening_needs_no_torch() -> None:
    program = (
        "import sys; from eland_models.checkpoint import open_checkpoint;"
        "from loader.vision.model_input import read_model_input;"
        f"read_model_input(open_checkpoint({str(DEMO_CHECKPOINT)!r}, tower='vision'));"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False).returncode == 0
