"""Gemma's tokenizer inside the graph: code points in, 64 ids a text out.

The exact byte-pair encoding of huggingface/tokenizers (see `eland_models.vocabulary` for its rules),
arranged for a graph without strings, sorts or dictionaries. An observation keeps it fast and exact:

**A text falls into pieces that no merge can join.** A merge across the boundary of two characters needs a
pair whose left ends in the one and whose right begins with the other. Where no merge has such a seam, the
two sides never meet, so every stretch between such cuts is encoded by itself, all at once as the rows of
one matrix. As each gives at least one token, the first 63 of a text decide all that the model sees of it.
(`eland_models.merging` makes another.)
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from eland_models.lookup import CodePointTable, PairTable
from eland_models.merging import Merger
from eland_models.vocabulary import EOS, PAD, Vocabulary

# SigLIP-2's text length, <eos> included (transformers' Siglip2Processor, max_length)
TOKENS = 64


class GemmaTokenizer(nn.Module):
    """Turns code points into SigLIP-2's ids: lower case, byte-pair encoding, <eos>, cut and padded to 64."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.added = AddedTokens(vocabulary.added)
        self.speller = Speller(vocabulary)
        self.joins = PairTable(vocabulary.joins)
        self.merger = Merger(vocabulary.merges, blank=len(vocabulary.piece_ids))
        self.register_buffer("piece_ids", torch.from_numpy(vocabulary.piece_ids))
        self.blank = len(vocabulary.piece_ids)
        self.pad, self.eos, self.tokens, self.room = PAD, EOS, TOKENS, TOKENS - 1

    def forward(self, code_points: Tensor, text: Tensor, texts: int) -> Tensor:
        """Encode several texts that lie one behind the other.

        Args:
            code_points: [n] int64, Unicode scalar values.
            text: [n] int64, the text that each belongs to, from 0 and never falling.
            texts: how many texts there are; any may be empty.

        Returns:
            [texts, 64] int64 dense ids; `piece_ids` gives the checkpoint's own.
        """
        token, stretch, kept = self.added(code_points, text)
        symbols, origin = self.speller(code_points[kept], token[kept])
        owner, stretch = text[kept][origin], stretch[kept][origin]
        starts, lengths = first_stretches(self.cuts(symbols, stretch), owner, texts, self.room)
        merged = self.merger(symbols, starts, lengths)
        filled = merged != self.blank
        return self.frame(merged[filled], owner[filled], texts)

    def cuts(self, symbols: Tensor, stretch: Tensor) -> Tensor:
        """Where no merge can reach back over: [m] bool, true at the first symbol of each independent
        stretch."""
        joined = (self.joins(symbols[:-1], symbols[1:]) != self.joins.none) & (stretch[1:] == stretch[:-1])
        return torch.cat([symbols[:1] >= 0, ~joined])

    def frame(self, tokens: Tensor, owner: Tensor, texts: int) -> Tensor:
        """Lay tokens [n] out as [texts, 64]: the first 63 of each text, <eos>, and padding."""
        ids = torch.full([texts, self.tokens], self.pad, dtype=torch.int64)
        order = order_in_text(owner, texts)
        kept = order < self.room
        ids[owner[kept], order[kept]] = tokens[kept]
        ids[torch.arange(texts), counts_in_texts(owner, texts).clamp(max=self.room)] = self.eos
        return ids


class AddedTokens(nn.Module):
    """Finds the tokenizer's added tokens in raw text: the leftmost first, and the longest of those that
    begin there."""

    def __init__(self, added: dict[tuple[int, ...], int]) -> None:
        super().__init__()
        edges, tokens = trie(added)
        self.longest = max(map(len, added), default=0)
        self.dead_end = len(tokens)
        self.edges = PairTable(np.array([edge[:2] for edge in edges], dtype=np.int64).reshape(-1, 2))
        self.register_buffer("child", torch.tensor([edge[2] for edge in edges] + [self.dead_end]))
        self.register_buffer("token_of_node", torch.tensor([*tokens, -1]))

    def forward(self, code_points: Tensor, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Look for tokens that lie within one text.

        Returns:
            token: [n] int64, the dense id of the token that begins here, else -1.
            stretch: [n] int64, rises wherever a text or a token begins or ends.
            kept: [n] bool, false inside a token but for its first code point.
        """
        length, found = self.match(code_points, text)
        token, seam, kept = choose(length, found)
        change = (text[1:] != text[:-1]).to(torch.int64)
        stretch = (seam + torch.cat([torch.full_like(text[:1], 0), change])).cumsum(0)
        return token, stretch, kept

    def match(self, code_points: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """The longest token that begins at each code point: its length [n], 0 for none, and its id [n]."""
        node = torch.full_like(code_points, 0)
        length, found = torch.full_like(code_points, 0), torch.full_like(code_points, -1)
        ahead, ahead_text = code_points, text
        depth, alive = 0, code_points.size(0)
        while alive > 0 and depth < self.longest:
            node = torch.where(ahead_text == text, self.child[self.edges(node, ahead)], self.dead_end)
            token = self.token_of_node[node]
            depth = depth + 1
            length = torch.where(token >= 0, depth, length)
            found = torch.where(token >= 0, token, found)
            alive = int((node != self.dead_end).sum())
            ahead = torch.cat([ahead[1:], torch.full_like(ahead[:1], 0)])
            ahead_text = torch.cat([ahead_text[1:], torch.full_like(ahead_text[:1], -1)])
        return length, found


class Speller(nn.Module):
    """Writes text as the symbols that merging starts from: characters in lower case, or their UTF-8 bytes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.lower = CodePointTable(vocabulary.lower[:, 0])
        self.lower_second = CodePointTable(vocabulary.lower[:, 1])
        self.own = CodePointTable(vocabulary.symbols)
        self.register_buffer("byte_symbols", torch.from_numpy(vocabulary.byte_symbols))

    def forward(self, code_points: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
        """Spell code points [n]; where `token` [n] is not -1, that added token stands for the character.

        Returns:
            symbols: [m] int64 dense ids.
            origin: [m] int64, the index of the code point that each comes from.
        """
        second = torch.where(token < 0, self.lower_second(code_points), -1)
        lowered = torch.stack([self.lower(code_points), second], 1)
        present = lowered >= 0
        origin = torch.arange(code_points.size(0)).unsqueeze(1).expand_as(lowered)[present]
        lowered = lowered[present]
        symbols = torch.where(token[origin] >= 0, token[origin], self.own(lowered))
        if int((symbols < 0).sum()) > 0:
            spelled = torch.where(symbols.unsqueeze(1) < 0, self.byte_symbols_of(lowered), -1)
            spelled = torch.cat([symbols.unsqueeze(1), spelled], 1)
            present = spelled >= 0
            origin = origin.unsqueeze(1).expand_as(spelled)[present]
            symbols = spelled[present]
        return symbols, origin

    def byte_symbols_of(self, code_points: Tensor) -> Tensor:
        """[n, 4] dense ids of the UTF-8 bytes of each code point, -1 behind the last (RFC 3629, section
        3)."""
        ones = torch.full_like(code_points, 1)
        sixth, twelfth, eighteenth = code_points // 64, code_points // 4096, code_points // 262144
        length = ones + (code_points >= 0x80) + (code_points >= 0x800) + (code_points >= 0x10000)
        head = torch.where(
            length == 1,
            code_points,
            torch.where(
                length == 2, sixth + 0xC0, torch.where(length == 3, twelfth + 0xE0, eighteenth + 0xF0)
            ),
        )
        tail = torch.stack([eighteenth * 0, twelfth & 63, sixth & 63, code_points & 63], 1) + 0x80
        # the last `length - 1` of the four columns are continuation bytes, and the head stands before them
        place = torch.arange(4).unsqueeze(0) - (4 - length.unsqueeze(1))
        octets = torch.where(place == 0, head.unsqueeze(1), tail)
        return torch.where(place >= 0, self.byte_symbols[octets], -1)


def first_stretches(cut: Tensor, owner: Tensor, texts: int, limit: int) -> tuple[Tensor, Tensor]:
    """Starts and lengths of the first `limit` stretches of each text, each of which gives a token at
    least."""
    starts = torch.arange(cut.size(0))[cut]
    lengths = torch.cat([starts[1:], torch.full_like(starts[:1], cut.size(0))]) - starts
    kept = order_in_text(owner[starts], texts) < limit
    return starts[kept], lengths[kept]


def order_in_text(owner: Tensor, texts: int) -> Tensor:
    """[n] how many before each have the same owner, where `owner` [n] never falls."""
    counts = counts_in_texts(owner, texts)
    return torch.arange(owner.size(0)) - (counts.cumsum(0) - counts)[owner]


def counts_in_texts(owner: Tensor, texts: int) -> Tensor:
    """[texts] how many of `owner` [n] belong to each text."""
    return (owner.unsqueeze(0) == torch.arange(texts).unsqueeze(1)).sum(1)


def choose(length: Tensor, found: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of overlapping matches take the leftmost: tokens [n] or -1, seams [n] at their ends, kept code points
    [n]."""
    size = length.size(0)
    token, seam, inside = torch.full_like(length, -1), torch.zeros([size + 1], dtype=torch.int64), length < 0
    candidates = torch.arange(size)[length > 0]
    free = 0
    for number in range(candidates.size(0)):
        begin = int(candidates[number])
        if begin >= free:
            free = begin + int(length[begin])
            token[begin] = found[begin]
            seam[begin] = 1
            seam[free] = 1
            inside[begin + 1 : free] = True
    return token, seam[:size], ~inside


def trie(added: dict[tuple[int, ...], int]) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Edges (node, code point, child) and the token of each node, -1 for none; the root is node 0."""
    edges: dict[tuple[int, int], int] = {}
    tokens = [-1]
    for content, token in added.items():
        node = 0
        for code_point in content:
            child = edges.setdefault((node, code_point), len(tokens))
            if child == len(tokens):
                tokens.append(-1)
            node = child
        tokens[node] = token
    return [(node, code_point, child) for (node, code_point), child in edges.items()], tokens
