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
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from transformers import SiglipConfig

TOKENS_A_TEXT = 64

# of both towers: hidden size, intermediate size, layers, heads; then image size and patch size
SIZES = {
    "tiny": (48, 96, 2, 4, 32, 16),
    "base": (768, 3072, 12, 12, 224, 16),
    "large": (1024, 4096, 24, 16, 256, 16),
    "so400m": (1152, 4304, 27, 16, 384, 14),
}


@click.command()
@click.argument("output", type=click.Path(file_okay=False, path_type=Path))
@click.option("--size", type=click.Choice(list(SIZES)), default="base", show_default=True,
              help="Whose widths and depths to take.")
@click.option("--tokenizer", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder with Gemma's tokenizer.json.")
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
    settings = json.dumps(tokenizer_settings(), indent=2)
    (output / "tokenizer_config.json").write_text(settings + "\n", encoding="utf-8")
    write_model(output, size, seed)


def write_model(output: Path, size: str, seed: int) -> None:
    """Initialise both towers as transformers does, with weights wide enough for the numbers to matter."""
    import torch
    from transformers import SiglipImageProcessor, SiglipModel

    torch.manual_seed(seed)
    model = SiglipModel(build_config(size, vocabulary_size(output / "tokenizer.json"))).eval()
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
    side, level = model.config.vision_config.image_size, [0.5, 0.5, 0.5]
    processor = SiglipImageProcessor(
        size={"height": side, "width": side}, resample=2, image_mean=level, image_std=level
    )
    processor.save_pretrained(output)


def build_config(size: str, vocabulary: int) -> SiglipConfig:
    """SigLIP-2's settings at a size of `SIZES`, with so many pieces."""
    from transformers import SiglipConfig

    hidden, intermediate, layers, heads, image, patch = SIZES[size]
    shape = {"hidden_size": hidden, "intermediate_size": intermediate, "num_hidden_layers": layers,
             "num_attention_heads": heads}
    text = {"vocab_size": vocabulary, "max_position_embeddings": TOKENS_A_TEXT, "projection_size": hidden}
    ids = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
    vision = {"image_size": image, "patch_size": patch, "vision_use_head": True}
    return SiglipConfig(text_config={**shape, **text, **ids}, vision_config={**shape, **vision})


def vocabulary_size(path: Path) -> int:
    """One more than the largest id of the tokenizer."""
    vocabulary: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    return max(vocabulary.values()) + 1


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


if __name__ == "__main__":
    main()
