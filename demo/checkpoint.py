"""The demo checkpoint's files: SigLIP-2's architecture in miniature, in the hub's layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

from demo.photo_file import MAKE, MODEL
from eland_models.checkpoint import LIMITS_FILE

FOLDER = Path(__file__).parent / "siglip2-trek-tiny"

# Read by `eland_models.checkpoint`; whoever asks about photos of another camera is told the sentence.
LIMITS = {
    "camera": f"{MAKE} {MODEL}",
    "sentence": "The demo's checkpoint knows drawn scenes only, so what it says about photos that the demo "
    "did not draw is a guess: for real photos use a checkpoint such as google/siglip2-base-patch16-224.",
}

IMAGE_SIZE = 96
PATCH_SIZE = 16
TEXT_LENGTH = 64
# SigLIP starts at a temperature of 10 (paper, section 3.1; stored as a logarithm). Its bias of -10 suits one
# positive in a batch of thousands; here about one caption in ten is true of an image.
INITIAL_LOGIT_SCALE = 2.302585
INITIAL_LOGIT_BIAS = -3.0
INITIAL_TOKEN_SPREAD = 0.3
INITIAL_POSITION_SPREAD = 0.03

TEXT_SHAPE = {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 2, "num_attention_heads": 4}
VISION_SHAPE = {**TEXT_SHAPE, "num_hidden_layers": 4}


def build_config(vocabulary_size: int) -> SiglipConfig:
    """SigLIP-2's settings at the demo's size; both towers give vectors of 128 numbers."""
    text = {
        **TEXT_SHAPE,
        "vocab_size": vocabulary_size,
        "max_position_embeddings": TEXT_LENGTH,
        "projection_size": VISION_SHAPE["hidden_size"],
        "hidden_act": "gelu_pytorch_tanh",
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
    }
    vision = {
        **VISION_SHAPE,
        "image_size": IMAGE_SIZE,
        "patch_size": PATCH_SIZE,
        "hidden_act": "gelu_pytorch_tanh",
        "vision_use_head": True,
    }
    config = SiglipConfig(text_config=text, vision_config=vision)
    config.architectures = ["SiglipModel"]
    return config


def build_model(vocabulary_size: int, seed: int) -> SiglipModel:
    """A model with random weights, the same for the same seed."""
    torch.manual_seed(seed)
    model = SiglipModel(build_config(vocabulary_size))
    with torch.no_grad():
        model.logit_scale.fill_(INITIAL_LOGIT_SCALE)
        model.logit_bias.fill_(INITIAL_LOGIT_BIAS)
        # The text's vector is read at the last of 64 positions, mostly padding: from the start it should hear
        # the words and not the padding.
        embeddings = model.text_model.embeddings
        embeddings.token_embedding.weight.normal_(0.0, INITIAL_TOKEN_SPREAD)
        embeddings.token_embedding.weight[0].zero_()
        embeddings.position_embedding.weight.normal_(0.0, INITIAL_POSITION_SPREAD)
    return model


def build_image_processor() -> SiglipImageProcessor:
    """Resize to the square, scale to [-1, 1]: the checkpoint family's own preparation of images."""
    return SiglipImageProcessor(
        size={"height": IMAGE_SIZE, "width": IMAGE_SIZE},
        resample=2,
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
        do_convert_rgb=True,
    )


def save(model: SiglipModel, folder: Path) -> None:
    """Write config.json, model.safetensors (float32), preprocessor_config.json and limits.json."""
    model.save_pretrained(folder, safe_serialization=True)
    build_image_processor().save_pretrained(folder)
    (folder / LIMITS_FILE).write_text(json.dumps(LIMITS, indent=2) + "\n", encoding="utf-8")
    _write_explicit_defaults(folder / "config.json", model.config)
    # The library writes the weights for their owner only; a node that runs as someone else reads them too.
    (folder / "model.safetensors").chmod(0o644)


def _write_explicit_defaults(path: Path, config: SiglipConfig) -> None:
    """Spell out both towers' settings: a reader of the file should not have to know a library's defaults."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for name in ("text_config", "vision_config"):
        full = getattr(config, name).to_dict()
        content[name] = {key: full[key] for key in sorted(SHOWN_SETTINGS & full.keys())}
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


SHOWN_SETTINGS = {
    "attention_dropout",
    "bos_token_id",
    "eos_token_id",
    "hidden_act",
    "hidden_size",
    "image_size",
    "intermediate_size",
    "layer_norm_eps",
    "max_position_embeddings",
    "model_type",
    "num_attention_heads",
    "num_channels",
    "num_hidden_layers",
    "pad_token_id",
    "patch_size",
    "projection_size",
    "vision_use_head",
    "vocab_size",
}
