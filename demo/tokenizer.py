"""A small tokenizer in Gemma's file format, trained on the demo's captions.

SigLIP-2 uses Gemma's tokenizer: byte-pair encoding with `▁` for blanks, no pre-tokenizer, and byte pieces for
characters it does not know. This one has the same layout with a few thousand pieces in place of 256,000, so
whatever reads the large one reads this one too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from demo.captions import Vocabulary, framed, recipe_captions, single_captions

# Ids 0 to 4, as in Gemma; the byte pieces follow them directly here.
SPECIAL_PIECES = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>")
BYTE_PIECES = tuple(f"<0x{byte:02X}>" for byte in range(256))
PRINTABLE_ASCII = [chr(code) for code in range(0x21, 0x7F)]


def lower(text: str) -> str:
    """Lower-case code point by code point, as SigLIP-2's tokenizer does (no final-sigma rule)."""
    return "".join(character.lower() for character in text)


def corpus(vocabulary: Vocabulary, seed: int) -> list[str]:
    """Lower-cased captions to learn pieces from: singles in every frame, and the recipes' prompts."""
    rng = random.Random(seed)
    lines = [caption.text for caption in recipe_captions(vocabulary)]
    for caption in single_captions(vocabulary):
        lines += [framed(vocabulary, caption, rng).text for _ in range(6)]
    for group in ("things", "skies"):
        for key, languages in vocabulary.words[group].items():
            lines += [vocabulary.phrase(group, key, language) for language in languages for _ in range(8)]
    lines += vocabulary.words["absent"]
    return [lower(line) for line in lines]


def train_merges(lines: Iterable[str], pieces: int) -> tuple[list[str], list[tuple[str, str]]]:
    """Learn BPE merges inside words; returns the single characters and the merges by rank."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    # Merges never reach across a blank, so the finished tokenizer needs no pre-tokenizer, as Gemma has none.
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(
        vocab_size=pieces, min_frequency=2, initial_alphabet=["▁", *PRINTABLE_ASCII], show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = [(left, right) for left, right in model["merges"]]
    return [piece for piece in model["vocab"] if len(piece) == 1], merges


def describe(characters: list[str], merges: list[tuple[str, str]]) -> dict[str, Any]:
    """The content of tokenizer.json: specials, bytes, merged pieces, characters, in Gemma's order."""
    merged = list(dict.fromkeys(left + right for left, right in merges))
    pieces = [*SPECIAL_PIECES, *BYTE_PIECES, *merged, *characters]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_special_token(i, piece) for i, piece in enumerate(SPECIAL_PIECES[:4])],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": None,
        "post_processor": _append_eos(),
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": {piece: i for i, piece in enumerate(pieces)},
            "merges": [f"{left} {right}" for left, right in merges],
        },
    }


def _special_token(index: int, piece: str) -> dict[str, Any]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": index, "content": piece, **flags, "special": True}


def _append_eos() -> dict[str, Any]:
    eos = {"SpecialToken": {"id": "<eos>", "type_id": 0}}
    first, second = ({"Sequence": {"id": name, "type_id": i}} for i, name in enumerate("AB"))
    return {
        "type": "TemplateProcessing",
        "single": [first, eos],
        "pair": [first, eos, second, {"SpecialToken": {"id": "<eos>", "type_id": 1}}],
        "special_tokens": {"<eos>": {"id": "<eos>", "ids": [1], "tokens": ["<eos>"]}},
    }


def settings() -> dict[str, Any]:
    """The content of tokenizer_config.json: SigLIP-2's own (no `<bos>`, an `<eos>`, lower case, 64)."""
    decoder = {str(i): _special_token(i, piece) for i, piece in enumerate(SPECIAL_PIECES[:4])}
    for entry in decoder.values():
        del entry["id"]
    return {
        "add_bos_token": False,
        "add_eos_token": True,
        "added_tokens_decoder": decoder,
        "bos_token": "<bos>",
        "clean_up_tokenization_spaces": False,
        "do_lower_case": True,
        "eos_token": "<eos>",
        "model_input_names": ["input_ids"],
        "model_max_length": 64,
        "pad_token": "<pad>",
        "padding_side": "right",
        "processor_class": "SiglipProcessor",
        "sp_model_kwargs": {},
        "spaces_between_special_tokens": False,
        "tokenizer_class": "GemmaTokenizer",
        "unk_token": "<unk>",
        "use_default_system_prompt": False,
    }


def write_tokenizer(folder: Path, vocabulary: Vocabulary, *, pieces: int = 3000, seed: int = 0) -> int:
    """Train and write tokenizer.json and tokenizer_config.json; returns the number of pieces."""
    content = describe(*train_merges(corpus(vocabulary, seed), pieces))
    for name, value in (("tokenizer.json", content), ("tokenizer_config.json", settings())):
        text = json.dumps(value, ensure_ascii=False, indent=1)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    return len(content["model"]["vocab"])
