"""The tokenizer in the graph against huggingface/tokenizers, text by text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eland_models.parity import parity_texts, reference_ids, reference_tokenizer
from eland_models.tokenizer import GemmaTokenizer
from eland_models.vocabulary import read_vocabulary
from tests.conftest import DEMO_CHECKPOINT

GOLDEN = json.loads((Path(__file__).parent / "data" / "golden_ids.json").read_text(encoding="ascii"))
# added tokens as later releases of Gemma's tokenizer.json have them
ADDED = ["\n\n", "\n\n\n", "\t\t", "▁▁", "▁▁▁", "<table>", "</table>", "[@BOS@]", "[toxicity=0]", "<b>"]


class Pair:
    """The graph's tokenizer and the reference on one folder."""

    def __init__(self, folder: Path) -> None:
        self.graph: Any = torch.jit.script(GemmaTokenizer(read_vocabulary(folder)))
        self.reference = reference_tokenizer(folder)

    def ids(self, *texts: str) -> list[list[int]]:
        """Ids of several texts encoded in one call."""
        code_points = torch.tensor([ord(one) for text in texts for one in text], dtype=torch.int64)
        owner = torch.tensor([number for number, text in enumerate(texts) for _ in text], dtype=torch.int64)
        ids: list[list[int]] = self.graph.piece_ids[self.graph(code_points, owner, len(texts))].tolist()
        return ids

    def expected(self, *texts: str) -> list[list[int]]:
        return [reference_ids(self.reference, text) for text in texts]


@pytest.fixture(scope="module")
def demo() -> Pair:
    return Pair(DEMO_CHECKPOINT)


@pytest.fixture(scope="module")
def full(gemma: Path) -> Pair:
    return Pair(gemma)


def with_added_tokens(source: Path, folder: Path) -> Path:
    """Copy a tokenizer and give it `ADDED`, with ids of pieces where they are pieces."""
    content = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    pieces = content["model"]["vocab"]
    for token in ADDED:
        pieces.setdefault(token, max(pieces.values()) + 1)
        rules = dict.fromkeys(("special", "normalized", "lstrip", "rstrip", "single_word"), False)
        content["added_tokens"].append({"id": pieces[token], "content": token, **rules})
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_every_language(demo: Pair) -> None:
    for language, texts in parity_texts(10):
        for text in texts:
            assert demo.ids(text) == demo.expected(text), (language, text)


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_text(demo: Pair, text: str) -> None:
    assert demo.ids(text) == demo.expected(text)


@settings(max_examples=60)
@given(st.lists(st.text(st.sampled_from("aAbe \n▁n İß日🏔"), max_size=90), min_size=1, max_size=6))
def test_texts_side_by_side_do_not_touch(demo: Pair, texts: list[str]) -> None:
    assert demo.ids(*texts) == demo.expected(*texts)


@pytest.mark.parametrize(
    "text",
    ["", " ", "a" * 700, " " * 700, "ab" * 400, "na" * 300, "x y " * 200, "\n" * 70, "İ" * 90,
     "\U0010ffff" * 30, "e" + "\u0301" * 80, "<eos>", "a<bos><pad> b <unk>c<EOS>"],
)
def test_long_and_odd(demo: Pair, text: str) -> None:
    assert demo.ids(text) == demo.expected(text)


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from([*ADDED, "\n", "\t", "▁", " ", "a", "The ", "<", "[@", "<TABLE>", "İ"]), max_size=12
    )
)
def test_added_tokens(added: Pair, parts: list[str]) -> None:
    text = "".join(parts)
    assert added.ids(text) == added.expected(text)


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Pair(with_added_tokens(DEMO_CHECKPOINT, tmp_path_factory.mktemp("added")))


@pytest.mark.slow
def test_gemmas_pieces(full: Pair) -> None:
    """Transformers 5's own ids, and every language against huggingface/tokenizers."""
    for text, ids in GOLDEN["ids"].items():
        assert full.ids(text)[0] == [*ids, *[0] * (64 - len(ids))], text
    for language, texts in parity_texts(12, seed=1):
        for text in texts:
            assert full.ids(text) == full.expected(text), (language, text)
