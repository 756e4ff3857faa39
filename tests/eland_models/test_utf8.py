"""Bytes to code points, and the vocabulary that makes Elasticsearch send bytes."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eland_models.utf8 import MASK_ID, Utf8Decoder, byte_characters, carrier_vocabulary

DECODER = torch.jit.script(Utf8Decoder())
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def decode(tokens: list[int]) -> str:
    return "".join(map(chr, DECODER(torch.tensor(tokens, dtype=torch.int64)).tolist()))


@settings(max_examples=100)
@given(TEXTS)
def test_decodes_what_was_encoded(text: str) -> None:
    assert decode(list(text.encode())) == text


@settings(max_examples=100)
@given(TEXTS, st.integers(0, 20))
def test_a_cut_inside_a_character_drops_only_that_character(text: str, cut: int) -> None:
    octets = text.encode()[:cut]
    assert decode(list(octets)) == octets.decode(errors="ignore")


@settings(max_examples=100)
@given(st.lists(st.integers(-3, 300), max_size=30))
def test_any_ids_decode_to_scalar_values_or_surrogates(tokens: list[int]) -> None:
    assert all(ord(character) < 0x110000 for character in decode(tokens))


def test_a_literal_mask_is_spelled_out() -> None:
    assert decode([*b"a ", MASK_ID, *b" b", MASK_ID]) == "a <mask> b<mask>"


def test_vocabulary_puts_each_byte_at_its_value() -> None:
    body = carrier_vocabulary()
    assert len(body["vocabulary"]) == len(set(body["vocabulary"])) == 261
    assert body["vocabulary"][MASK_ID] == "<mask>"
    assert body["vocabulary"][ord("A")] == "A"
    assert body["merges"] == ["À Á"]
    assert json.dumps(body).isascii()


def test_byte_characters_are_gpt2s() -> None:
    bytes_to_unicode = pytest.importorskip("transformers.models.gpt2.tokenization_gpt2").bytes_to_unicode
    assert dict(enumerate(byte_characters())) == bytes_to_unicode()
