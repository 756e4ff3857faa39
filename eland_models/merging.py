"""Byte-pair merging inside the graph: symbols in, tokens out, many stretches at once.

**Equal pairs may be merged together** when nothing made of the new piece ranks before the merge that made
it: then the sequential rule would take those pairs next, one after the other. Where something does, only
the leftmost is merged, as the rule says.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from eland_models.lookup import PairTable

# stretches longer than this are merged one at a time, so that a long one does not widen the matrix of all
SHORT = 32


class Merger(nn.Module):
    """Byte-pair merging of independent stretches of symbols."""

    def __init__(self, merges: NDArray[np.int64], blank: int) -> None:
        """Take `merges` [m, 3] (left, right, whole; the lowest rank first) and the id that stands for
        nothing."""
        super().__init__()
        self.blank, self.short = blank, SHORT
        self.pairs = PairTable(merges[:, :2])
        # a row behind the last, for the pair that is no merge
        self.register_buffer("whole", torch.from_numpy(np.append(merges[:, 2], blank)))
        self.register_buffer("together", torch.from_numpy(np.append(mergeable_together(merges), False)))

    def forward(self, symbols: Tensor, starts: Tensor, lengths: Tensor) -> Tensor:
        """Merge the stretches that begin at `starts` [p] and are `lengths` [p] long within `symbols` [m].

        Returns:
            [m] int64: the tokens of each stretch from its start on, `blank` behind them and outside of all.
        """
        tokens = torch.full_like(symbols, self.blank)
        short = lengths <= self.short
        if int(short.sum()) > 0:
            tokens = self.place(tokens, symbols, starts[short], lengths[short])
        long_starts, long_lengths = starts[lengths > self.short], lengths[lengths > self.short]
        for number in range(long_starts.size(0)):
            tokens = self.place(
                tokens, symbols, long_starts[number : number + 1], long_lengths[number : number + 1]
            )
        return tokens

    def place(self, tokens: Tensor, symbols: Tensor, starts: Tensor, lengths: Tensor) -> Tensor:
        """Merge some stretches as the rows of one matrix and write what becomes of them into `tokens`."""
        column = torch.arange(int(lengths.max())).unsqueeze(0)
        position = starts.unsqueeze(1) + column
        inside = column < lengths.unsqueeze(1)
        matrix = torch.where(inside, symbols[position.clamp(max=symbols.size(0) - 1)], self.blank)
        matrix = self.merge(matrix)
        filled = matrix != self.blank
        tokens[position[:, : matrix.size(1)][filled]] = matrix[filled]
        return tokens

    def merge(self, matrix: Tensor) -> Tensor:
        """Merge every row of [p, w] until no pair of it is a merge; rows end in blanks."""
        rank, lowest = self.rank(matrix)
        while int(lowest.min()) < self.pairs.none:
            matrix = self.merge_once(matrix, rank, lowest)
            rank, lowest = self.rank(matrix)
        return matrix

    def rank(self, matrix: Tensor) -> tuple[Tensor, Tensor]:
        """Rank of each symbol's pair with the next [p, w], and the lowest of each row [p, 1]; `none` for no
        merge."""
        following = torch.cat([matrix[:, 1:], torch.full_like(matrix[:, :1], self.blank)], 1)
        rank = self.pairs(matrix, following)
        lowest, _ = torch.min(rank, 1, keepdim=True)
        return rank, lowest

    def merge_once(self, matrix: Tensor, rank: Tensor, lowest: Tensor) -> Tensor:
        """Merge in each row the pair of the lowest rank: the leftmost, or all that may go together."""
        hit = (rank == lowest) & (lowest != self.pairs.none)
        leftmost = hit & (hit.cumsum(1) == 1)
        taken = torch.where(self.together[lowest], apart(hit, matrix.size(1) > self.short), leftmost)
        gone = torch.cat([torch.full_like(taken[:, :1], 0), taken[:, :-1]], 1)
        matrix = torch.where(taken, self.whole[lowest], matrix)
        return close_up(torch.where(gone, self.blank, matrix), self.blank)


def mergeable_together(merges: NDArray[np.int64]) -> NDArray[np.bool_]:
    """[m] whether every merge that uses the whole of merge i as a part ranks behind i."""
    ranks = np.arange(len(merges))
    first_use = np.full(merges.max(initial=0) + 1, len(merges))
    for part in (0, 1):
        np.minimum.at(first_use, merges[:, part], ranks)
    return first_use[merges[:, 2]] > ranks


def apart(hit: Tensor, thorough: bool) -> Tensor:
    """Of equal pairs, those that merging from left to right takes: in ``aaaa`` the 1st and the 3rd.

    Args:
        hit: [p, w] bool, equal pairs; neighbours among them overlap.
        thorough: take all of them; else the first of each run, which is right too but leaves more for later.
    """
    first = hit & ~torch.cat([torch.full_like(hit[:, :1], 0), hit[:, :-1]], 1)
    if thorough:
        count = hit.reshape(-1).cumsum(0)
        begins = first.reshape(-1)
        base = torch.cat([torch.full_like(count[:1], 0), count[begins]])
        offset = (count - base[begins.cumsum(0)]).view(hit.size(0), hit.size(1))
        first = hit & ((offset & 1) == 0)
    return first


def close_up(matrix: Tensor, blank: int) -> Tensor:
    """Move what is not `blank` in each row of [p, w] to its front, and drop the columns that are blank in
    all."""
    width = matrix.size(1)
    stays = matrix != blank
    column = stays.cumsum(1)
    # blanks all go to a last column of their own, where they overwrite one another
    place = torch.where(stays, column - 1, width)
    closed = torch.full([matrix.size(0), width + 1], blank, dtype=torch.int64)
    closed[torch.arange(matrix.size(0)).unsqueeze(1), place] = matrix
    return closed[:, : int(column.max())]
