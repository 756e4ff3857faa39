"""Gemma's tokenizer out of a checkpoint's tokenizer.json, reduced to what lower-cased text can reach.

SigLIP-2 lower-cases all text (Tschannen et al. 2025, arXiv:2502.14786, §2.1; `Siglip2Tokenizer` of
transformers ≥ 5), so every piece with a capital in it is dead weight: no merge sequence ends there. This
module finds the pieces that some text can reach, and the exporter drops the rest from the embedding table
and from the merges. That loses nothing: ids are numbered anew, and `Vocabulary.piece_ids` leads back.

Rules of the format (huggingface/tokenizers, BPE with byte_fallback): a text is cut at added tokens, each
stretch is normalised and split into characters; a character that is no piece becomes one `<0xXX>` piece a
UTF-8 byte; then the adjacent pair of the lowest rank, the leftmost of equals, is merged until none is left.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eland_models.errors import ModelError

PAD, EOS = 0, 1
SPACE_MARK = "▁"
CODE_POINTS = 0x110000
SURROGATES = range(0xD800, 0xE000)
BYTE_PIECE = re.compile(r"<0x[0-9A-F]{2}>")
# UTF-8 never holds 0xC0, 0xC1 or anything above 0xF4
UTF8_BYTES = [*range(0xC0), *range(0xC2, 0xF5)]
# how many code points one may become in lower case; İ (U+0130) becomes two
LONGEST_LOWER_CASE = 2

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class TokenizerFile:
    """What tokenizer.json says.

    Attributes:
        pieces: piece to id.
        merges: pairs of pieces, the lowest rank first.
        added: tokens that are matched in the raw text before anything else, to their ids; special tokens
            (`<eos>` and its kind) are not among them, so their names in a text are text.
    """

    pieces: dict[str, int]
    merges: list[tuple[str, str]]
    added: dict[str, int]


@dataclass(frozen=True)
class Vocabulary:
    """The tokenizer as arrays over dense ids: the reachable pieces, in the order of their ids.

    Attributes:
        piece_ids: [n] the checkpoint's id of each dense id; 0 and 1 stay `<pad>` and `<eos>`.
        merges: [m, 3] left, right and merged dense id, the lowest rank first.
        joins: [j, 2] dense ids of two characters between which some merge can join two pieces.
        lower: [0x110000, 2] code points in lower case, ▁ for the space; the second is mostly -1.
        symbols: [0x110000] dense id of the code point's own piece, -1 where the text falls back to bytes.
        byte_symbols: [256] dense id of `<0xXX>`, -1 where no text needs it.
        added: added tokens as code points, to dense ids.
    """

    piece_ids: Integers
    merges: Integers
    joins: Integers
    lower: Integers
    symbols: Integers
    byte_symbols: Integers
    added: dict[tuple[int, ...], int]


def read_vocabulary(folder: Path) -> Vocabulary:
    """Read a checkpoint's tokenizer and keep what lower-cased text can reach.

    Raises:
        ModelError: the tokenizer is not Gemma's kind.
    """
    tokenizer = read_tokenizer(folder)
    lower = lower_case()
    characters = own_symbols(tokenizer.pieces)
    fallback = byte_pieces(tokenizer.pieces, characters)
    reached = reach(tokenizer, lower, characters, fallback)
    return number_densely(tokenizer, reached, lower, characters, fallback)


def read_tokenizer(folder: Path) -> TokenizerFile:
    """Read tokenizer.json (and the tokens that tokenizer_config.json adds), refusing what this code would
    get wrong."""
    path = folder / "tokenizer.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        model = content["model"]
        require_gemma_rules(path, content, model)
        pieces: dict[str, int] = model["vocab"]
        merges = [split_merge(merge) for merge in model["merges"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is not a tokenizer that can be read ({error!r}): fetch the checkpoint again."
        ) from error
    if pieces.get("<pad>") != PAD or pieces.get("<eos>") != EOS:
        raise ModelError(
            f"{path} does not give <pad> and <eos> the ids 0 and 1, so it is not Gemma's: "
            "use a SigLIP-2 checkpoint."
        )
    if any(BYTE_PIECE.fullmatch(part) for merge in merges for part in merge):
        raise ModelError(
            f"{path} merges byte pieces, which Gemma's tokenizer never does: use a SigLIP-2 checkpoint."
        )
    return TokenizerFile(pieces, merges, added_tokens(path, content.get("added_tokens") or []))


def split_merge(merge: str | list[str]) -> tuple[str, str]:
    """Either form of a merge: "left right", or the two in a list."""
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def require_gemma_rules(path: Path, content: dict[str, Any], model: dict[str, Any]) -> None:
    """Refuse a tokenizer with a rule that Gemma's has not; each would change ids in silence."""
    found = {
        "model": model.get("type") == "BPE" and bool(model.get("byte_fallback")),
        "ignore_merges": not model.get("ignore_merges"),
        "dropout": not model.get("dropout"),
        "continuing_subword_prefix": not model.get("continuing_subword_prefix"),
        "end_of_word_suffix": not model.get("end_of_word_suffix"),
        "normalizer": is_space_mark(content.get("normalizer")),
        "pre_tokenizer": splits_at_spaces_only(content.get("pre_tokenizer")),
    }
    wrong = [name for name, right in found.items() if not right]
    if wrong:
        raise ModelError(
            f"{path} is not Gemma's tokenizer (its {', '.join(wrong)} differs): "
            "use a SigLIP-2 checkpoint such as google/siglip2-base-patch16-224."
        )


def is_space_mark(normalizer: dict[str, Any] | None) -> bool:
    """Whether a normaliser writes ▁ for a space and at most lower-cases besides."""
    steps = (normalizer or {}).get("normalizers") or [normalizer or {}]
    replaced = [step for step in steps if step.get("type") != "Lowercase"]
    return (
        len(replaced) == 1
        and replaced[0].get("type") == "Replace"
        and replaced[0].get("pattern") == {"String": " "}
        and replaced[0].get("content") == SPACE_MARK
    )


def splits_at_spaces_only(pre_tokenizer: dict[str, Any] | None) -> bool:
    """Whether a pre-tokenizer does nothing: by then no space is left to split at."""
    return pre_tokenizer is None or (
        pre_tokenizer.get("type") == "Split" and pre_tokenizer.get("pattern") == {"String": " "}
    )


def added_tokens(path: Path, entries: list[dict[str, Any]]) -> dict[str, int]:
    """The added tokens that ordinary text can contain; special ones are left to be text."""
    added: dict[str, int] = {}
    for entry in entries:
        if entry.get("special"):
            continue
        if any(entry.get(flag) for flag in ("normalized", "lstrip", "rstrip", "single_word")):
            raise ModelError(
                f"{path} adds the token {entry['content']!r} with a rule of its own (normalized, lstrip, "
                "rstrip or single_word), which this model cannot follow: use Google's own checkpoint."
            )
        added[entry["content"]] = entry["id"]
    return added


def lower_case() -> Integers:
    """[0x110000, 2] what each code point becomes, asked of tokenizers' own Lowercase, and ▁ for the space."""
    from tokenizers.normalizers import Lowercase

    codes = [code for code in range(1, CODE_POINTS) if code not in SURROGATES]
    # one call for all of them: a NUL, which has no lower case, stands between
    lowered = Lowercase().normalize_str("\0".join(map(chr, codes))).split("\0")
    table = np.full((CODE_POINTS, LONGEST_LOWER_CASE), -1, dtype=np.int64)
    table[:, 0] = np.arange(CODE_POINTS)
    for code, characters in zip(codes, lowered, strict=True):
        if characters != chr(code):
            table[code, : len(characters)] = [ord(one) for one in characters]
    table[ord(" "), 0] = ord(SPACE_MARK)
    return table


def own_symbols(pieces: dict[str, int]) -> Integers:
    """[0x110000] the id of each code point that is a piece by itself, else -1."""
    symbols = np.full(CODE_POINTS, -1, dtype=np.int64)
    for piece, number in pieces.items():
        if len(piece) == 1:
            symbols[ord(piece)] = number
    return symbols


def byte_pieces(pieces: dict[str, int], characters: Integers) -> Integers:
    """[256] ids of the `<0xXX>` pieces that some text needs, else -1.

    Gemma has no `<0x09>`: a tab is a piece of its own.
    """
    needed = [byte for byte in UTF8_BYTES if byte >= 0x80 or characters[byte] < 0]
    missing = [f"<0x{byte:02X}>" for byte in needed if f"<0x{byte:02X}>" not in pieces]
    if missing:
        raise ModelError(
            f"The tokenizer has no piece {missing[0]}, so no full byte fallback: "
            "use a SigLIP-2 checkpoint such as google/siglip2-base-patch16-224."
        )
    symbols = np.full(256, -1, dtype=np.int64)
    symbols[needed] = [pieces[f"<0x{byte:02X}>"] for byte in needed]
    return symbols


def reach(tokenizer: TokenizerFile, lower: Integers, characters: Integers, fallback: Integers) -> set[int]:
    """Ids that some text can end in: characters in lower case, bytes, added tokens, and what merges make of
    them."""
    first = characters[lower[lower >= 0]]
    reached = {
        PAD,
        EOS,
        *np.unique(first[first >= 0]).tolist(),
        *fallback[fallback >= 0].tolist(),
        *tokenizer.added.values(),
    }
    ids = tokenizer.pieces
    waiting = [(ids[left], ids[right], ids[left + right]) for left, right in tokenizer.merges]
    while True:
        made = {whole for left, right, whole in waiting if left in reached and right in reached} - reached
        if not made:
            return reached
        reached |= made
        waiting = [merge for merge in waiting if merge[2] not in reached]


def number_densely(
    tokenizer: TokenizerFile, reached: set[int], lower: Integers, characters: Integers, fallback: Integers
) -> Vocabulary:
    """Number the reached ids from 0 in their own order and rewrite every table."""
    piece_ids = np.array(sorted(reached), dtype=np.int64)
    dense = {number: position for position, number in enumerate(piece_ids.tolist())}
    ids = tokenizer.pieces
    merges = [
        (dense[ids[left]], dense[ids[right]], dense[ids[left + right]])
        for left, right in tokenizer.merges
        if ids[left] in dense and ids[right] in dense
    ]
    symbols = renumber(characters, piece_ids)
    return Vocabulary(
        piece_ids=piece_ids,
        merges=np.array(merges, dtype=np.int64).reshape(-1, 3),
        joins=joining_characters(tokenizer.merges, symbols),
        lower=lower,
        symbols=symbols,
        byte_symbols=renumber(fallback, piece_ids),
        added={tuple(map(ord, content)): dense[number] for content, number in tokenizer.added.items()},
    )


def joining_characters(merges: list[tuple[str, str]], symbols: Integers) -> Integers:
    """[j, 2] the last character of the left and the first of the right of every merge, as dense ids."""
    seams = {(ord(left[-1]), ord(right[0])) for left, right in merges}
    joins = symbols[np.array(sorted(seams), dtype=np.int64).reshape(-1, 2)]
    return joins[(joins >= 0).all(axis=1)]


def renumber(ids: Integers, piece_ids: Integers) -> Integers:
    """Dense ids for ids, -1 for those that no text reaches; `piece_ids` [n] rise."""
    places = np.searchsorted(piece_ids, ids).clip(max=len(piece_ids) - 1)
    return np.where(piece_ids[places] == ids, places, -1)
