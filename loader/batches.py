"""Iterables in lists of a fixed size, and the functions that report progress."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
# called with how many more are done
Advance = Callable[[int], None]
# shows how far something is: what is counted, and how many there are
Track = Callable[[str, int], AbstractContextManager[Advance]]


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut an iterable into lists of ``size``, the last perhaps shorter (`itertools.batched` is of 3.12)."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
