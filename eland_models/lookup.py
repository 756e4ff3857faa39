"""Tables that a TorchScript graph can look up with the ML node's operations: pages of code points, hashed
pairs.

The ML node allows no dictionary, no search and no sort, so both are plain arithmetic and indexing.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

PAGE = 256
# ids (of pieces, or code points) have at most 21 bits and factors 40, so a hash has at most 62 and fits int64
ID_LIMIT = 1 << 21
FACTOR_BITS = 40
BUCKET_SHIFT = 1 << 19
SLOT_SHIFT = 1 << 38
ATTEMPTS = 20


class CodePointTable(nn.Module):
    """A value for every code point, in pages of 256 of which equal ones are stored once."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        """Store `values`, [0x110000] int64."""
        super().__init__()
        self.page = PAGE
        pages, page_of = np.unique(values.reshape(-1, PAGE), axis=0, return_inverse=True)
        self.register_buffer("pages", torch.from_numpy(pages.reshape(-1).astype(np.int32)))
        self.register_buffer("page_of", torch.from_numpy(page_of.reshape(-1).astype(np.int32)))

    def forward(self, code_points: Tensor) -> Tensor:
        """[n] int64 code points to [n] int64 values."""
        page = code_points // self.page
        place = self.page_of[page].to(torch.int64) * self.page + code_points - page * self.page
        return self.pages[place].to(torch.int64)


class PairTable(nn.Module):
    """A perfect hash of pairs of ids to their position in a list.

    Hash and displace (Belazzougui, Botelho and Dietzfelbinger 2009): a pair's hash gives a bucket and a slot,
    and each bucket shifts its slots by a displacement chosen so that no two pairs share one. The hash of two
    ids is ``left·a + right·b`` with a and b coprime and above every id, hence different for different pairs:
    the table holds hashes and needs no pairs to tell any other pair apart.
    """

    def __init__(self, pairs: NDArray[np.int64]) -> None:
        """Build the table of `pairs`, [m, 2] int64 different pairs of ids below 2**21."""
        super().__init__()
        self.none = len(pairs)
        slots = power_of_two(2 * max(len(pairs), 1))
        buckets = max(slots // 4, 1)
        self.slot_mask, self.bucket_mask = slots - 1, buckets - 1
        self.slot_shift, self.bucket_shift = SLOT_SHIFT, BUCKET_SHIFT
        self.left_factor, self.right_factor, hashes, displacement = place(pairs, slots, buckets)
        slot = slot_of(hashes, displacement, self.slot_mask, self.bucket_mask)
        position = np.full(slots, self.none, dtype=np.int32)
        position[slot] = np.arange(len(pairs))
        self.register_buffer("position", torch.from_numpy(position))
        self.register_buffer("displacement", torch.from_numpy(displacement))
        # an empty slot points behind the list, at a hash that no pair has
        self.register_buffer("hashes", torch.from_numpy(np.append(hashes, -1)))

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Positions (int32) of pairs of int64 ids, any shape; `none`, the length of the list, for a pair
        not in it."""
        hashed = left * self.left_factor + right * self.right_factor
        bucket = (hashed // self.bucket_shift) & self.bucket_mask
        slot = (hashed // self.slot_shift + self.displacement[bucket]) & self.slot_mask
        position = self.position[slot]
        return torch.where(self.hashes[position] == hashed, position, self.none)


def power_of_two(at_least: int) -> int:
    """The smallest power of two that is not below `at_least`."""
    return 1 << (at_least - 1).bit_length()


def place(
    pairs: NDArray[np.int64], slots: int, buckets: int
) -> tuple[int, int, NDArray[np.int64], NDArray[np.int32]]:
    """Find factors and displacements without a collision: (a, b, hashes [m], displacements [buckets])."""
    if pairs.size and (pairs.min() < 0 or pairs.max() >= ID_LIMIT):
        raise ValueError(f"ids must lie in 0…{ID_LIMIT - 1}")
    generator = np.random.default_rng(0)  # the same tokenizer must give the same file
    for _ in range(ATTEMPTS):
        left_factor, right_factor = coprime_factors(generator)
        hashes = pairs[:, 0] * left_factor + pairs[:, 1] * right_factor
        displacement = displace(hashes, slots, buckets)
        if displacement is not None:
            return left_factor, right_factor, hashes, displacement
    raise ValueError(f"no perfect hash of {len(pairs)} pairs in {ATTEMPTS} attempts: are there equal pairs?")


def coprime_factors(generator: np.random.Generator) -> tuple[int, int]:
    """Two odd coprime factors of 40 bits."""
    while True:
        left, right = (int(generator.integers(1 << FACTOR_BITS - 1, 1 << FACTOR_BITS)) | 1 for _ in range(2))
        if math.gcd(left, right) == 1:
            return left, right


def slot_of(
    hashes: NDArray[np.int64], displacement: NDArray[np.int32], slot_mask: int, bucket_mask: int
) -> NDArray[np.int64]:
    """The slot of each hash; `PairTable.forward` says the same in torch."""
    shift = displacement[(hashes // BUCKET_SHIFT) & bucket_mask].astype(np.int64)
    slot: NDArray[np.int64] = (hashes // SLOT_SHIFT + shift) & slot_mask
    return slot


def displace(hashes: NDArray[np.int64], slots: int, buckets: int) -> NDArray[np.int32] | None:
    """Choose each bucket's displacement, the fullest buckets first; None where two pairs of a bucket
    coincide."""
    bucket = (hashes // BUCKET_SHIFT) & (buckets - 1)
    home = (hashes // SLOT_SHIFT) & (slots - 1)
    order = np.argsort(bucket, kind="stable")
    counts = np.bincount(bucket, minlength=buckets)
    starts = np.cumsum(counts) - counts
    taken = bytearray(slots)
    displacement = np.zeros(buckets, dtype=np.int32)
    homes = home[order].tolist()
    for number in np.argsort(-counts, kind="stable").tolist():
        if counts[number] == 0:
            break
        members = homes[starts[number] : starts[number] + counts[number]]
        if len(set(members)) < len(members):
            return None
        shift = free_shift(members, taken, slots - 1)
        displacement[number] = shift
        for member in members:
            taken[(member + shift) & (slots - 1)] = 1
    return displacement


def free_shift(members: list[int], taken: bytearray, mask: int) -> int:
    """The first displacement that puts every member into a free slot."""
    step = 0x9E3779B1  # 2**32 over the golden ratio, odd: visits every displacement, far apart
    shift = 0
    while any(taken[(member + shift) & mask] for member in members):
        shift = (shift + step) & mask
    return shift
