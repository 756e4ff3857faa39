"""The committed checkpoint: its files, its tokenizer's format, what it recognises unseen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from demo.captions import load_vocabulary
from demo.checkpoint import FOLDER, IMAGE_SIZE, LIMITS
from demo.embedding import Embedder
from demo.evaluation import measure
from demo.pool import Pool, draw_small
from demo.tokenizer import BYTE_PIECES, write_tokenizer
from demo.train import FIRST_TRAINING_SEED, HELD_OUT_SEED, REPORT_FILE, embed_photos
from eland_models.checkpoint import LIMITS_FILE, open_checkpoint

MOST_BYTES = 12_000_000
UNSEEN = range(31_000, 31_096)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The committed checkpoint."""
    torch.set_num_threads(1)
    return Embedder(AutoModel.from_pretrained(FOLDER).eval(), AutoTokenizer.from_pretrained(FOLDER))


@pytest.fixture(scope="module")
def unseen() -> Pool:
    """Scenes whose seeds training does not use."""
    drawn = [draw_small((seed, IMAGE_SIZE)) for seed in UNSEEN]
    return Pool(np.stack([pixels for pixels, _ in drawn]), [shown for _, shown in drawn])


def test_size_and_shape() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size <= MOST_BYTES
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    text, vision = config["text_config"], config["vision_config"]
    assert config["model_type"] == "siglip"
    assert (text["max_position_embeddings"], text["hidden_act"]) == (64, "gelu_pytorch_tanh")
    assert (text["pad_token_id"], text["eos_token_id"], text["bos_token_id"]) == (0, 1, 2)
    assert (vision["image_size"], vision["vision_use_head"]) == (IMAGE_SIZE, True)


def test_it_says_what_it_knows() -> None:
    """By the camera of the demo's photos, which no other photo has."""
    assert json.loads((FOLDER / LIMITS_FILE).read_text(encoding="utf-8")) == LIMITS
    assert open_checkpoint(str(FOLDER), tower="text").limits == LIMITS


def test_tokenizer_has_gemmas_layout() -> None:
    content = json.loads((FOLDER / "tokenizer.json").read_text(encoding="utf-8"))
    model = content["model"]
    assert (model["type"], model["byte_fallback"], model["fuse_unk"]) == ("BPE", True, True)
    assert content["pre_tokenizer"] is None
    assert content["normalizer"] == {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    by_id = {number: piece for piece, number in model["vocab"].items()}
    assert [by_id[i] for i in range(4)] == ["<pad>", "<eos>", "<bos>", "<unk>"]
    assert sorted(by_id) == list(range(len(by_id)))
    assert set(BYTE_PIECES) <= set(model["vocab"])
    assert all(merge.replace(" ", "") in model["vocab"] for merge in model["merges"])


def test_gemmas_own_file_has_the_same_layout(shared: Path) -> None:
    keys = [
        {name: sorted(part) if isinstance(part, dict) else type(part) for name, part in file.items()}
        for file in (
            json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
            for folder in (FOLDER, shared / "gemma")
        )
    ]
    assert keys[0] == keys[1]


def test_texts_end_with_eos_and_unknown_characters_fall_back_to_bytes(embedder: Embedder) -> None:
    ids = embedder.token_ids(["prayer flags", "☃"])
    vocabulary = AutoTokenizer.from_pretrained(FOLDER).get_vocab()
    assert ids.shape == (2, 64)
    first_pad = int((ids[1] == 0).nonzero()[0])
    assert ids[1][first_pad - 1] == 1
    assert ids[1][:3].tolist() == [vocabulary[f"<0x{byte:02X}>"] for byte in "☃".encode()]


def test_the_tokenizer_is_trained_the_same_again(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, load_vocabulary())
    assert (tmp_path / "tokenizer.json").read_text() == (FOLDER / "tokenizer.json").read_text()


def test_it_recognises_scenes_it_never_saw(embedder: Embedder, unseen: Pool) -> None:
    figures = measure(embedder, embedder.pictures(unseen.pixels), unseen.attributes, load_vocabulary())
    assert figures["peak_top1"] >= 0.75
    assert figures["concept_precision_at_5"] >= 0.8
    assert figures["sky_accuracy"] >= 0.8


def test_it_recognises_photo_files(embedder: Embedder, drawn: Path) -> None:
    pictures, shown = embed_photos(FOLDER, drawn)
    figures = measure(embedder, pictures, shown, load_vocabulary())
    assert figures["peak_top1"] >= 0.6
    assert figures["sky_accuracy"] >= 0.8


def test_the_report_holds_what_was_asked_for() -> None:
    report = json.loads((FOLDER / REPORT_FILE).read_text(encoding="utf-8"))
    assert report["command"].startswith("python -m demo.train")
    assert report["held_out"]["concept_precision_at_5"] >= 0.8
    assert report["held_out"]["peak_top1"] >= 0.8


def test_training_never_draws_the_held_out_scenes() -> None:
    assert HELD_OUT_SEED * 1_000_003 + 100_000 < FIRST_TRAINING_SEED
