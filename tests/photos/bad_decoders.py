"""Decoders that do to a worker process what hostile files do to the real one.

What a file does is the first word of its name ("crash", "hang 3", …). Its path is a log beside it: a decoder
appends a line with its process id before anything happens, so that a test sees where and how often a file was
taken up.
"""
from __future__ import annotations

import ctypes
import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Collection
from datetime import tzinfo
from pathlib import Path
from typing import Any

from PIL import Image

from loader.files.decoding_gate import LARGE_BYTES, large_decoding
from loader.files.images import ModelInput
from loader.files.library import PhotoFile
from loader.files.photo import Known, Photo
from loader.photos.decoders import Decoders, Outcome, Task

SHAPE = ModelInput(32, 32)
AGES = 1000  # seconds that no test waits
WORKED_AT_START = time.process_time()


def decode(file: PhotoFile, shape: ModelInput, zone: tzinfo | None, known: Collection[str]) -> Outcome:
    """Do what the file's name says."""
    with file.path.open("a") as log:
        log.write(f"{os.getpid()}\n")
    return BEHAVIOUR[file.name.split()[0]](file)


def task(folder: Path, name: str, known: frozenset[str] = frozenset()) -> Task:
    """A file of this name, its log in the folder."""
    return Task(PhotoFile(folder / name.replace("/", "_"), name, name), known)


def _ok(file: PhotoFile) -> Outcome:
    return Known(file, str(os.getpid()))


def _photo(file: PhotoFile) -> Outcome:
    """A picture of 3 MB: no pipe holds it, so the worker waits until the parent reads."""
    return Photo(file.id, file.name, Image.new("RGB", (1000, 1000), "red"), {}, ())


def _crash(file: PhotoFile) -> Outcome:
    ctypes.string_at(0)
    raise AssertionError("a null pointer was read")


def _hang(file: PhotoFile) -> Outcome:
    """As a C library's endless loop: the interpreter's lock is held, no signal's handler runs."""
    ctypes.PyDLL(None).sleep(AGES)
    return _ok(file)


def _slow(file: PhotoFile) -> Outcome:
    time.sleep(0.3)
    return _ok(file)


def _work(file: PhotoFile) -> Outcome:
    """Take half a second of the processor: nothing passes while the process is suspended."""
    while time.process_time() < 0.5 + WORKED_AT_START:
        pass
    return _ok(file)


def _exit(file: PhotoFile) -> Outcome:
    os._exit(3)


def _fail(file: PhotoFile) -> Outcome:
    raise ValueError("a bug\nof two lines")


def _unpicklable(file: PhotoFile) -> Outcome:
    return Known(file, lambda: None)  # type: ignore[arg-type]


def _print(file: PhotoFile) -> Outcome:
    os.write(1, b"printed" * 10_000)
    os.write(2, b"printed" * 10_000)
    return _ok(file)


def _facts(file: PhotoFile) -> Outcome:
    """What the worker process is like."""
    facts: dict[str, Any] = {
        "torch": "torch" in sys.modules,
        "niceness": os.getpriority(os.PRIO_PROCESS, 0),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "silent": os.fstat(2).st_rdev == Path(os.devnull).stat().st_rdev,
        "interrupt ignored": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    }
    return Photo(file.id, file.name, Image.new("RGB", (1, 1)), facts, ())


def _gate(file: PhotoFile) -> Outcome:
    """Hold the gate for 0.4 s, a part of them twice; answer with the moments of the system's clock."""
    with large_decoding(LARGE_BYTES + 1):
        start = time.monotonic()
        with large_decoding(LARGE_BYTES + 1):
            time.sleep(0.1)
        time.sleep(0.3)
        times = {"start": start, "end": time.monotonic()}
    return Photo(file.id, file.name, Image.new("RGB", (1, 1)), times, ())


def _die_in_gate(file: PhotoFile) -> Outcome:
    with large_decoding(LARGE_BYTES + 1):
        time.sleep(0.4)
        os._exit(3)


def _hang_in_gate(file: PhotoFile) -> Outcome:
    with large_decoding(LARGE_BYTES + 1):
        return _hang(file)


BEHAVIOUR: dict[str, Callable[[PhotoFile], Outcome]] = {
    "ok": _ok,
    "photo": _photo,
    "crash": _crash,
    "hang": _hang,
    "slow": _slow,
    "work": _work,
    "exit": _exit,
    "fail": _fail,
    "unpicklable": _unpicklable,
    "print": _print,
    "facts": _facts,
    "gate": _gate,
    "die-in-gate": _die_in_gate,
    "hang-in-gate": _hang_in_gate,
}


class FailsToStart:
    """A decoder that ends its worker while it is unpickled there.

    Args:
        call, arguments: what the worker calls instead.
    """

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self._call, self._arguments = call, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._call, self._arguments

    def __call__(self, *arguments: object) -> Outcome:
        raise AssertionError("only workers decode")


def without_a_module() -> FailsToStart:
    """A decoder that needs a module which is not installed."""
    return FailsToStart(importlib.import_module, "a_module_that_is_not_there")


def decode_from_third_start(log: Path) -> Callable[..., Outcome]:
    """`decode`, in the third and later processes that load it; the first two end at once."""
    with log.open("a") as stream:
        stream.write("started\n")
    if len(log.read_text().splitlines()) < 3:
        os._exit(7)
    return decode


def print_outcome(folder: str, name: str, time_limit: float) -> None:
    """Decode one file: a script that a test suspends."""
    with Decoders(SHAPE, None, workers=1, time_limit=time_limit, decode=decode) as decoders:
        ((_, outcome),) = decoders.decode([task(Path(folder), name)])
    print(type(outcome).__name__)


def hang_for_ever(folder: str, workers: int = 2) -> None:
    """Decode files that hang: a script whose parent process a test kills."""
    tasks = [task(Path(folder), f"hang {number}") for number in range(workers)]
    with Decoders(SHAPE, None, workers=workers, decode=decode) as decoders:
        list(decoders.decode(tasks))
