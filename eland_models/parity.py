"""Does the exported file say what transformers says? Ids and vectors, text by text, language by language.

The reference is the checkpoint itself: its tokenizer.json through huggingface/tokenizers with the
normaliser of transformers' `Siglip2Tokenizer` (lower case, then ▁ for the space), and transformers'
`SiglipTextModel` on 64 ids.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor
from torch.nn import functional

from eland_models.check import load
from eland_models.checkpoint import Checkpoint
from eland_models.errors import ModelError
from eland_models.tokenizer import TOKENS
from eland_models.vocabulary import EOS, PAD

PHRASES_FILE = Path(__file__).with_name("parity_phrases.yaml")
RANDOM_UNICODE = "random Unicode"
CONNECTORS = [
    " ",
    ", ",
    "  ",
    " – ",
    ". ",
    "\n",
    "/",
    " & ",
    ": ",
    "…",
    "\t",
    "? ",
    " #",
    " 8848 m, ",
    " 🏔️ ",
    "",
    " _",
    "▁",
    "'s ",
]
# a text long enough to be cut at 64 tokens now and then
MOST_PHRASES = 6


@dataclass(frozen=True)
class Comparison:
    """One row of the table.

    Attributes:
        language: of the texts.
        texts: how many had their ids compared.
        different: those whose ids differ.
        vectors: how many had their vectors compared.
        least_cosine: between the file's vector and the reference's; 1.0 when none was compared.
        largest_difference: of one number of a unit vector.
    """

    language: str
    texts: int
    different: list[str]
    vectors: int
    least_cosine: float
    largest_difference: float


class Reference:
    """tokenizers and transformers on the checkpoint's own files."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        from transformers import SiglipTextModel

        self.tokenizer = reference_tokenizer(checkpoint.folder)
        self.model = SiglipTextModel.from_pretrained(checkpoint.folder).eval()

    def ids(self, text: str) -> list[int]:
        """The 64 ids of a text."""
        return reference_ids(self.tokenizer, text)

    def vector(self, text: str) -> Tensor:
        """[dims] unit vector of a text."""
        pooled = self.model(input_ids=torch.tensor([self.ids(text)])).pooler_output[0]
        return functional.normalize(pooled, dim=-1)


class File:
    """An exported file, taken apart enough to see its ids."""

    def __init__(self, path: Path) -> None:
        self.model = load(path)
        if not hasattr(self.model, "tokenizer"):
            raise ModelError(f"{path} is another kind of model: give a file that `peaks model export` wrote.")
        self.piece_ids = self.model.tokenizer.piece_ids

    def ids(self, text: str) -> list[int]:
        """The checkpoint's 64 ids of a text."""
        code_points = self.model.decoder(octets(text)[0])
        dense = self.model.tokenizer(code_points, code_points * 0, 1)
        ids: list[int] = self.piece_ids[dense][0].tolist()
        return ids

    def vector(self, text: str) -> Tensor:
        """[dims] what Elasticsearch gets for a text."""
        tokens = octets(text)
        vector: Tensor = self.model(tokens, torch.ones_like(tokens))[0]
        return vector


def octets(text: str) -> Tensor:
    """[1, n] int64 UTF-8 bytes, as Elasticsearch sends them."""
    return torch.tensor([list(text.encode())], dtype=torch.int64)


def reference_tokenizer(folder: Path) -> Any:
    """The checkpoint's tokenizer.json, normalising as Siglip2Tokenizer does, and adding no special tokens.

    A special token's name in a text is text, which transformers calls `split_special_tokens`: whoever types
    `<eos>` into a search box must not end the text.
    """
    from tokenizers import Tokenizer, normalizers

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def reference_ids(tokenizer: Any, text: str) -> list[int]:
    """64 ids: at most 63 of the text, <eos>, padding."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids[: TOKENS - 1]
    return [*ids, EOS, *[PAD] * (TOKENS - 1 - len(ids))]


def compare(
    checkpoint: Checkpoint, path: Path, *, texts_a_language: int, vectors_a_language: int, seed: int = 0
) -> Iterator[Comparison]:
    """Compare an exported file with its checkpoint, one language after the other and random Unicode at last.

    Args:
        checkpoint: what the file was made from.
        path: the file.
        texts_a_language: texts whose ids are compared; random Unicode gets ten times as many.
        vectors_a_language: how many of those have their vectors compared too.
        seed: of the texts.

    Raises:
        ModelError: the file is no such model, or its vectors have another length than the checkpoint's.
    """
    file = File(path)
    dims = file.vector("").numel()
    if dims != checkpoint.dims:
        raise ModelError(
            f"{path} makes vectors of {dims} numbers and {checkpoint.name} of {checkpoint.dims}: name the "
            "checkpoint that the file was exported from."
        )
    reference = Reference(checkpoint)
    for language, texts in parity_texts(texts_a_language, seed):
        yield compare_texts(language, texts, reference, file, vectors_a_language)


def compare_texts(
    language: str, texts: list[str], reference: Reference, file: File, vectors: int
) -> Comparison:
    """One row of the table."""
    with torch.inference_mode():
        different = [text for text in texts if file.ids(text) != reference.ids(text)]
        pairs = [(file.vector(text), reference.vector(text)) for text in texts[:vectors]]
    return Comparison(
        language=language,
        texts=len(texts),
        different=different,
        vectors=len(pairs),
        # in float64, where a cosine of unit vectors in float32 would show its own rounding
        least_cosine=min(
            (
                functional.cosine_similarity(ours.double(), theirs.double(), dim=0).item()
                for ours, theirs in pairs
            ),
            default=1.0,
        ),
        largest_difference=max(((ours - theirs).abs().max().item() for ours, theirs in pairs), default=0.0),
    )


def total(rows: Sequence[Comparison]) -> Comparison:
    """All languages in one row."""
    return Comparison(
        language=f"all {len(rows)}",
        texts=sum(row.texts for row in rows),
        different=[text for row in rows for text in row.different],
        vectors=sum(row.vectors for row in rows),
        least_cosine=min(row.least_cosine for row in rows),
        largest_difference=max(row.largest_difference for row in rows),
    )


def parity_texts(texts_a_language: int, seed: int = 0) -> Iterator[tuple[str, list[str]]]:
    """(language, texts): the phrases themselves, then mixtures of them; random Unicode at last, ten times
    as many."""
    generator = random.Random(seed)
    for language, phrases in read_phrases().items():
        mixtures = (mixture(phrases, generator) for _ in range(max(texts_a_language - len(phrases), 0)))
        yield language, [*phrases[:texts_a_language], *mixtures]
    yield RANDOM_UNICODE, [random_text(generator) for _ in range(10 * texts_a_language)]


def read_phrases() -> dict[str, list[str]]:
    """Language to its phrases."""
    phrases: dict[str, list[str]] = yaml.safe_load(PHRASES_FILE.read_text(encoding="utf-8"))
    return phrases


def mixture(phrases: list[str], generator: random.Random) -> str:
    """Some of the phrases in one text, now and then in capitals or cut within a word."""
    text = ""
    for _ in range(generator.randint(1, MOST_PHRASES)):
        phrase = generator.choice(phrases)
        phrase = generator.choice(
            [phrase, phrase, phrase.upper(), phrase.title(), phrase[generator.randrange(len(phrase)) :]]
        )
        text += phrase + generator.choice(CONNECTORS)
    return text


def random_text(generator: random.Random) -> str:
    """Up to 100 code points of one block, of several, or of all of Unicode."""
    ceiling = generator.choice([0x80, 0x250, 0x3000, 0x10000, 0x110000])
    first = generator.randrange(0, ceiling, 0x80)
    one_block = generator.random() < 0.5
    return "".join(
        characters(
            first + generator.randrange(0x80) if one_block else generator.randrange(ceiling)
            for _ in range(generator.randrange(100))
        )
    )


def characters(code_points: Iterable[int]) -> Iterator[str]:
    """Characters of code points; a surrogate is none."""
    return (chr(code) for code in code_points if not 0xD800 <= code < 0xE000)
