"""Tasks that do to a worker process what hostile files do to the real one.

What a task does is the first word of its file's name ("crash", "hang 3", …).
"""
from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loader.files.decoding_cost import LARGE_BYTES, large_decoding
from loader.files.images import ModelInput
from loader.files.library import PhotoFile
from loader.files.photo import Known
from loader.photos.decoding import Decoded, DecodingPool, Task

AGES = 1000  # seconds that no test waits


class BadTask(Task):
    """A task whose file does what its name says."""

    def decode(self) -> Decoded:
        found = BEHAVIOUR[self.file.name.split()[0]]()
        return Known(self.file, f"{found}")


def bad_task(name: str) -> Task:
    return BadTask(PhotoFile(Path(name), name, name), ModelInput(32, 32))


def _crash() -> None:
    ctypes.string_at(0)


def _hang() -> None:
    """As a C library's endless loop: the interpreter's lock is held, no signal's handler runs."""
    ctypes.PyDLL(None).sleep(AGES)


def _fail() -> None:
    raise ValueError("a bug\nof two lines")


def _facts() -> dict[str, Any]:
    """What the worker process is like."""
    os.write(1, b"printed")
    os.write(2, b"printed")
    return {
        "torch": "torch" in sys.modules,
        "niceness": os.getpriority(os.PRIO_PROCESS, 0),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "interrupt": signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()),
    }


def _large() -> tuple[float, float]:
    """Hold the gate for a moment; the moments of the system's clock."""
    with large_decoding(LARGE_BYTES + 1):
        start = time.monotonic()
        time.sleep(0.2)
        return start, time.monotonic()


def _crash_large() -> None:
    with large_decoding(LARGE_BYTES + 1):
        _crash()


BEHAVIOUR: dict[str, Callable[[], object]] = {
    "pid": os.getpid,
    "crash": _crash,
    "hang": _hang,
    "fail": _fail,
    "facts": _facts,
    "large": _large,
    "crash-large": _crash_large,
}


def decode_for_ever(workers: int = 2) -> None:
    """Decode files that hang: a script whose process a test kills."""
    with DecodingPool(workers) as pool:
        tasks = [bad_task(name) for name in ("pid 1", *["hang"] * workers)]
        for outcome in pool.decode(tasks, most=len(tasks)):
            print(outcome, flush=True)
