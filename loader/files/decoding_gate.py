"""One large decoding at a time across the worker processes, so that memory stays bounded.

A picture of 100 megapixels takes several hundred megabytes while it is decoded: bearable once, and not once
a worker. The gate is a record lock on a file without a name that the parent hands to its workers, and the
kernel frees it when its holder dies, whatever of.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

try:
    import fcntl
except ImportError:  # not POSIX: no worker processes either
    fcntl = None  # type: ignore[assignment]

LARGE_BYTES = 100_000_000


@dataclass
class _Gate:
    """The lock of this process.

    Attributes:
        file: descriptor of the file that the workers share.
        on_wait: told True before this process waits for another's decoding, False afterwards.
        inside: this process holds the lock (a record lock counts once, however often it is taken).
    """

    file: int
    on_wait: Callable[[bool], None]
    inside: bool = False


_gate: _Gate | None = None


def use_gate(file: int | None, on_wait: Callable[[bool], None] = lambda waiting: None) -> None:
    """Let this process's large decodings wait for those of others that use the same file.

    Args:
        file: descriptor of a file that is open for writing; None: no gate.
        on_wait: called with True when another process is inside and this one begins to wait, and with False
            when the wait is over.
    """
    global _gate
    _gate = None if file is None or fcntl is None else _Gate(file, on_wait)


@contextmanager
def large_decoding(bytes_needed: int) -> Iterator[None]:
    """Hold the gate while a large picture is decoded; small ones, and those outside of workers, pass freely.

    Args:
        bytes_needed: memory that the decoding takes at its peak; up to `LARGE_BYTES` it is small.
    """
    gate = _gate
    if gate is None or gate.inside or bytes_needed <= LARGE_BYTES:
        yield
        return
    _enter(gate)
    try:
        yield
    finally:
        gate.inside = False
        fcntl.lockf(gate.file, fcntl.LOCK_UN)


def _enter(gate: _Gate) -> None:
    try:
        fcntl.lockf(gate.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # taken
        gate.on_wait(True)
        fcntl.lockf(gate.file, fcntl.LOCK_EX)
        gate.on_wait(False)
    gate.inside = True
