"""What opens as a checkpoint and what is refused, in one sentence each."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from eland_models.checkpoint import model_id, open_checkpoint, scalar
from eland_models.encoder import read_settings
from eland_models.errors import ModelError
from eland_models.vocabulary import read_vocabulary
from tests.eland_models.model_files import DEMO, edit_json


def test_the_demo_opens() -> None:
    checkpoint = open_checkpoint(str(DEMO), tower="both")
    assert checkpoint.model_id == checkpoint.name == "siglip2-trek-tiny"
    assert len(checkpoint.fingerprint) == 16
    assert checkpoint.dims > 0 and checkpoint.image_size > 0 and checkpoint.logit_bias < 0


def test_fingerprint_follows_the_tokenizer(copy_of_demo: Path) -> None:
    before = open_checkpoint(str(copy_of_demo), tower="text").fingerprint
    assert before == open_checkpoint(str(DEMO), tower="vision").fingerprint
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
    ("change", "sentence"),
    [
        ({"model_type": "clip"}, "not a SigLIP-2 checkpoint"),
        ({"model_type": "siglip2"}, "NaFlex"),
        ({"text_config__projection_size": 7}, "cannot be compared"),
    ],
)
def test_refuses_other_models(copy_of_demo: Path, change: dict[str, object], sentence: str) -> None:
    edit_json(copy_of_demo / "config.json", **change)
    with pytest.raises(ModelError, match=sentence):
        open_checkpoint(str(copy_of_demo), tower="both")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model__type": "Unigram"}, "first generation"),
        ({"model__byte_fallback": False}, "without byte fallback"),
    ],
)
def test_refuses_other_tokenizers(copy_of_demo: Path, change: dict[str, object], sentence: str) -> None:
    edit_json(copy_of_demo / "tokenizer.json", **change)
    with pytest.raises(ModelError, match=sentence):
        open_checkpoint(str(copy_of_demo), tower="text")
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


def test_refuses_another_activation(copy_of_demo: Path) -> None:
    edit_json(copy_of_demo / "config.json", text_config__hidden_act="relu")
    with pytest.raises(ModelError, match="gelu_pytorch_tanh"):
        read_settings(copy_of_demo)


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"]
)
def test_names_the_missing_file(copy_of_demo: Path, name: str) -> None:
    (copy_of_demo / name).unlink()
    with pytest.raises(ModelError, match=name):
        open_checkpoint(str(copy_of_demo), tower="both")


def test_refuses_broken_weights(copy_of_demo: Path) -> None:
    (copy_of_demo / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(ModelError, match="not a safetensors file"):
        open_checkpoint(str(copy_of_demo), tower="text")


def test_refuses_a_name_that_is_nothing() -> None:
    with pytest.raises(ModelError, match="neither a folder nor"):
        open_checkpoint("./no/such/folder", tower="text")


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (struct.pack("<f", 1.5), "F32"),
        (struct.pack("<f", 1.5)[2:], "BF16"),
        (struct.pack("<e", 1.5), "F16"),
    ],
)
def test_reads_every_float(data: bytes, dtype: str) -> None:
    assert scalar(data, dtype, "logit_scale", Path("x")) == 1.5


def test_opening_needs_no_torch() -> None:
    script = (
        "import sys; from eland_models.checkpoint import open_checkpoint;"
        f"open_checkpoint({str(DEMO)!r}, tower='vision');"
        "import json; print(json.dumps('torch' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=DEMO.parents[1]
    )
    assert json.loads(done.stdout) is False
