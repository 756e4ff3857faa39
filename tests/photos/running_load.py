"""A `peaks` command in a process of its own, to be watched, stopped, killed and waited for.

Each is forked from a process that has imported PyTorch: importing it takes most of a short load's time, and
nothing can go wrong in it that a test of faults looks for. Everything is the real thing; only the vision
tower takes longer, as a larger one does.
"""
from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from tests.conftest import DEMO_CHECKPOINT

if TYPE_CHECKING:
    from loader.arrays import Vectors
    from loader.photos.photo_model import Encoder

MARK = "PEAKS_TEST_MARK"  # in the environment of all processes that a load starts
LONGEST = 120.0  # seconds; a load that takes longer hangs
LOOK = 0.01  # seconds between two looks
OUTCOMES = ("created", "updated", "moved", "copied", "unchanged", "skipped", "rejected", "left")

# Its own: the loader's workers are forked from the one that `multiprocessing` has for this process.
_server = forkserver.ForkServer()
_server.set_forkserver_preload([
    "pytest", "loader.vision.encoder", "loader.photos.pipeline", "loader.photos.photo_model",
    "loader.show.summary", "tests.photos.running_load",
])
_numbers = count()


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status, what `--json` printed, and what it said on stderr."""

    code: int | None
    report: dict[str, Any]
    said: str

    @property
    def outcomes(self) -> dict[str, int]:
        return outcomes(self.report)


def outcomes(report: dict[str, Any]) -> dict[str, int]:
    """The outcomes that occurred; they add up to what was found."""
    values = {name: report[name] for name in OUTCOMES}
    counts = {name: len(value) if isinstance(value, list) else value for name, value in values.items()}
    assert sum(counts.values()) == report["found"], report
    return {name: number for name, number in counts.items() if number}


class RunningCommand:
    """A `peaks` command with `--json` that is going on.

    Args:
        place: folder for what it says.
        words: of the command.
        seconds: that each call of the vision tower takes more.
        held: whether the vision tower waits, when it is asked, until `go_on`.
    """

    def __init__(self, place: Path, *words: object, seconds: float = 0.0, held: bool = False) -> None:
        stem = place / f"load-{next(_numbers)}"
        self._out, self._err = stem.with_suffix(".out"), stem.with_suffix(".err")
        self._begun, self._held = stem.with_suffix(".begun"), stem.with_suffix(".held")
        self._err.touch()
        if held:
            self._held.touch()
        self._mark = f"{os.getpid()}-{stem.name}"
        tower = (self._begun, self._held, seconds)
        arguments = (list(map(str, words)), self._out, self._err, self._mark, tower)
        self.process = multiprocessing.get_context("forkserver").Process(target=_run, args=arguments)
        with _own_server():
            self.process.start()

    def go_on(self) -> None:
        """Let the vision tower answer."""
        self._held.unlink()

    @property
    def said(self) -> str:
        """What it has said on stderr so far."""
        return self._err.read_text()

    def await_embedding(self) -> None:
        """Wait until the vision tower is asked for the first time."""
        self._await(self._begun.exists)

    def await_words(self, words: str) -> None:
        """Wait until it has said something on stderr."""
        self._await(lambda: words in self.said)

    def kill(self) -> None:
        """End it as the kernel does when memory is short: the load, not its workers."""
        self.process.kill()
        self.process.join()

    def stop(self, number: signal.Signals, times: int = 1) -> float:
        """Send a signal as a terminal does, to the load and its workers; return the seconds until its end."""
        start = time.monotonic()
        for _ in range(times):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid or 0, number)
            time.sleep(0.02)
        self.process.join(LONGEST)
        return time.monotonic() - start

    def finish(self) -> Ended:
        """Wait for its end; it must leave no process behind."""
        self.process.join(LONGEST)
        assert not self.process.is_alive(), self.said
        self.leaves_nobody()
        out = self._out.read_text()
        return Ended(self.process.exitcode, json.loads(out) if out else {}, self.said)

    def leaves_nobody(self) -> None:
        """Fail if a process that this load has started lives on."""
        await_end(f"{MARK}={self._mark}")

    def _await(self, happened: Callable[[], bool]) -> None:
        until = time.monotonic() + LONGEST
        while not happened():
            assert self.process.is_alive() and time.monotonic() < until, self.said
            time.sleep(LOOK)


class RunningLoad(RunningCommand):
    """A load of photos that is going on.

    Args:
        folder: of the library.
        url: of the cluster.
        place: folder for what the load says.
        options: of `peaks load-photos`.
        tower: `seconds` and `held` of a `RunningCommand`.
    """

    def __init__(self, folder: Path, url: str, place: Path, *options: object, **tower: Any) -> None:
        super().__init__(
            place, "load-photos", folder, "--checkpoint", DEMO_CHECKPOINT, "--url", url, "--json",
            "--precision", "fp32", "--workers", 2, *options, **tower,
        )


@contextmanager
def _own_server() -> Iterator[None]:
    ask = forkserver.connect_to_new_process
    forkserver.connect_to_new_process = _server.connect_to_new_process
    try:
        yield
    finally:
        forkserver.connect_to_new_process = ask


def processes_with(variable: str) -> Iterator[str]:
    """Yield the command line of every process that was started with a variable in its environment."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                yield (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def await_end(variable: str, seconds: float = 10.0) -> None:
    """Fail if a process with a variable in its environment lives on."""
    until = time.monotonic() + seconds
    while alive := list(processes_with(variable)):
        assert time.monotonic() < until, f"left behind: {alive}"
        time.sleep(LOOK)


def _run(words: Sequence[str], out: Path, err: Path, mark: str, tower: tuple[Path, Path, float]) -> None:
    """What the new process does."""
    from loader import cli
    from loader.photos import photo_model

    os.setsid()  # a process group of its own, as a terminal gives it
    for descriptor, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(opened, descriptor)
    os.environ[MARK] = mark
    begun, held, seconds = tower
    make_encoder = photo_model.make_encoder

    def make_slow(*arguments: Any) -> Encoder:
        encoder = make_encoder(*arguments)
        encode = encoder.encode

        def slow(images: Sequence[Image.Image]) -> Vectors:
            begun.touch()
            while held.exists():
                time.sleep(LOOK)
            time.sleep(seconds)
            return encode(images)

        encoder.encode = slow  # type: ignore[method-assign]
        return encoder

    photo_model.make_encoder = make_slow  # type: ignore[assignment]
    sys.argv[1:] = words
    cli.main(words)
