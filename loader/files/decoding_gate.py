"""One large decoding at a time across the worker processes, so that memory stays bounded.

A picture of 100 megapixels takes several hundred megabytes while it is decoded: bearable once, and not once
a worker.
"""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

LARGE_BYTES = 100_000_000

Lock = Callable[[], AbstractContextManager[object]]
_lock: Lock = nullcontext


def use_gate(lock: Lock) -> None:
    """Let this process's large decodings wait for each other's, and for those of others.

    Args:
        lock: makes a context that one process at a time can be in.
    """
    global _lock
    _lock = lock


def large_decoding(bytes_needed: int) -> AbstractContextManager[object]:
    """Hold the gate while a large picture is decoded; small ones, and those outside of workers, pass freely.

    Args:
        bytes_needed: memory that the decoding takes at its peak; up to `LARGE_BYTES` it is small.
    """
    return _lock() if bytes_needed > LARGE_BYTES else nullcontext()
