"""Iterables in lists of a size."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut an iterable into lists of ``size``, the last perhaps shorter (`itertools.batched` is of 3.12)."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
