"""Write a checkpoint of SigLIP-2's shape with random weights, for timings and trials without a download.

    python -m benchmarks.random_checkpoint --size base --tokenizer DIR_WITH_TOKENIZER_JSON OUTPUT_DIR

The folder has everything that a downloaded one has: both towers, logit scale and bias, tokenizer, processor
settings. The sizes `base`, `large` and `so400m` are those of google/siglip2-{base-patch16-224,
large-patch16-256,so400m-patch14-384}; `tiny` is small enough for unit tests.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import click

TOKENS_A_TEXT = 64

# vision: hidden, intermediate, layers, heads, image size, patch; text: hidden, intermediate, layers, heads
SIZES: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "tiny": (
        {
            "hidden_size": 48,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": 32,
            "patch_size": 16,
        },
        {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4},
    ),
    "base": (
        {
            "hidden_size": 768,
            "intermediate_size": 3072,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "image_size": 224,
            "patch_size": 16,
        },
        {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
    ),
    "large": (
        {
            "hidden_size": 1024,
            "intermediate_size": 4096,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "image_size": 256,
            "patch_size": 16,
        },
        {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16},
    ),
    "so400m": (
        {
            "hidden_size": 1152,
            "intermediate_size": 4304,
            "num_hidden_layers": 27,
            "num_attention_heads": 16,
            "image_size": 384,
            "patch_size": 14,
        },
        {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16},
    ),
}


@click.command()
@click.argument("output", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--size",
    type=click.Choice(list(SIZES)),
    default="base",
    show_default=True,
    help="Whose widths and depths to take.",
)
@click.option(
    "--tokenizer",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder with Gemma's tokenizer.json.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random weights.")
def main(output: Path, size: str, tokenizer: Path, seed: int) -> None:
    """Write a random checkpoint of SigLIP-2's shape into OUTPUT."""
    write_checkpoint(output, size=size, tokenizer=tokenizer, seed=seed)
    click.echo(f"Random {size} checkpoint in {output}")


def write_checkpoint(output: Path, *, size: str, tokenizer: Path, seed: int = 0) -> None:
    """Write model, tokenizer and processor settings.

    Args:
        output: folder to make; files of the same names are replaced.
        size: a key of `SIZES`.
        tokenizer: folder with a tokenizer.json of Gemma's kind.
        seed: of torch's generator.
    """
    output.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tokenizer / "tokenizer.json", output / "tokenizer.json")
    vision, text = SIZES[size]
    write_json(output / "tokenizer_config.json", tokenizer_settings())
    write_json(output / "preprocessor_config.json", processor_settings(vision["image_size"]))
    write_model(output, vision, {**text, "vocab_size": vocabulary_size(output / "tokenizer.json")}, seed)


def vocabulary_size(path: Path) -> int:
    """One more than the largest id of the tokenizer."""
    vocabulary: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    return max(vocabulary.values()) + 1


def write_model(output: Path, vision: dict[str, int], text: dict[str, Any], seed: int) -> None:
    """Initialise both towers as transformers does, with weights wide enough for the numbers to matter."""
    import torch
    from transformers import SiglipConfig, SiglipModel

    config = SiglipConfig(
        vision_config={**vision, "vision_use_head": True},
        text_config={
            **text,
            "max_position_embeddings": TOKENS_A_TEXT,
            "projection_size": vision["hidden_size"],
            "pad_token_id": 0,
            "eos_token_id": 1,
            "bos_token_id": 2,
        },
    )
    torch.manual_seed(seed)
    model = SiglipModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(
                ("layer_norm1.bias", "layer_norm2.bias", "final_layer_norm.bias", "q_proj.bias")
            ):
                parameter.normal_(std=0.1)  # zeros would hide a bias that an export forgets
        # google/siglip2-base-patch16-224's calibration is of this order
        model.logit_scale.fill_(4.72)
        model.logit_bias.fill_(-16.7)
    model.save_pretrained(output)


def tokenizer_settings() -> dict[str, Any]:
    """SigLIP-2's own: no <bos>, one <eos>, padded on the right to 64."""
    return {
        "tokenizer_class": "GemmaTokenizer",
        "add_bos_token": False,
        "add_eos_token": True,
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "padding_side": "right",
        "model_max_length": TOKENS_A_TEXT,
        "clean_up_tokenization_spaces": False,
    }


def processor_settings(image_size: int) -> dict[str, Any]:
    """SigLIP's image processing: squares of `image_size` pixels, scaled to -1…1."""
    return {
        "image_processor_type": "SiglipImageProcessor",
        "processor_class": "SiglipProcessor",
        "do_resize": True,
        "size": {"height": image_size, "width": image_size},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "do_convert_rgb": None,
    }


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write one object, indented as Hugging Face's own files are."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
