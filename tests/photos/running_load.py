"""A `peaks load-photos` in a process of its own, to be watched, stopped, killed and waited for."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.conftest import DEMO_CHECKPOINT, REPOSITORY
from tests.photos.loader_process import read_log
from tests.photos.warm_process import WarmProcess

MARK = "PEAKS_TEST_MARK"  # in the environment of a load and of its workers
LONGEST = 180.0  # seconds; a load that takes longer hangs
LOOK = 0.01  # seconds between two looks

OUTCOMES = ("created", "updated", "moved", "copied", "unchanged", "skipped", "rejected", "left")

_numbers = count()


@dataclass(frozen=True)
class Ended:
    """How a load ended.

    Attributes:
        code: exit status.
        report: what `--json` printed; empty when nothing was.
        said: on stderr.
        embedded: how often each picture was embedded.
    """

    code: int
    report: dict[str, Any]
    said: str
    embedded: Counter[str]

    @property
    def outcomes(self) -> dict[str, int]:
        """The outcomes that occurred; they add up to what was found."""
        values = {name: self.report[name] for name in OUTCOMES}
        counts = {name: len(value) if isinstance(value, list) else value for name, value in values.items()}
        assert sum(counts.values()) == self.report["found"], self.report
        return {name: number for name, number in counts.items() if number}


class RunningLoad:
    """A load that is going on.

    Args:
        folder: of the library.
        url: of the cluster.
        place: folder for what the load says and embeds.
        options: of `peaks load-photos`.
        seconds: that each call of the vision tower takes more.
        gate: file that each call of the vision tower waits for.
        prefix: the words of a command that runs it.
        cold: in a process that imports everything itself, as a person's does.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        place: Path,
        *options: object,
        seconds: float = 0.0,
        gate: Path | None = None,
        prefix: Sequence[str] = (),
        cold: bool = False,
    ) -> None:
        stem = place / f"load-{next(_numbers)}"
        self.log, self._out, self._err = (stem.with_suffix(end) for end in (".log", ".out", ".err"))
        self._mark = uuid4().hex
        tap = ["--log", self.log, "--seconds", seconds, *(["--gate", gate] if gate else [])]
        words = ["load-photos", folder, "--checkpoint", DEMO_CHECKPOINT, "--url", url, "--json",
                 "--precision", "fp32", "--workers", 2, *options]
        begin = self._begin if cold or prefix else self._fork
        self.process: subprocess.Popen[bytes] | WarmProcess = begin(prefix, list(map(str, (*tap, *words))))

    def _begin(self, prefix: Sequence[str], words: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._out.open("wb") as out, self._err.open("wb") as err:
            return subprocess.Popen(
                [*prefix, sys.executable, "-m", "tests.photos.loader_process", *words],
                cwd=REPOSITORY,
                env={**os.environ, MARK: self._mark},
                stdout=out,
                stderr=err,
                start_new_session=True,  # a process group of its own, as a terminal gives it
            )

    def _fork(self, prefix: Sequence[str], words: Sequence[str]) -> WarmProcess:
        assert not prefix
        self._err.touch()
        return WarmProcess(words, self._out, self._err, {MARK: self._mark})

    @property
    def embedded(self) -> Counter[str]:
        """How often each picture was embedded so far."""
        return read_log(self.log)

    @property
    def said(self) -> str:
        """What it has said on stderr so far."""
        return self._err.read_text()

    def await_embedded(self, pictures: int = 1) -> bool:
        """Wait until so many pictures are being embedded; False when the load has ended before."""
        return self._await(lambda: self.embedded.total() >= pictures)

    def await_words(self, words: str, times: int = 1) -> None:
        """Wait until it has said something on stderr, and so often."""
        assert self._await(lambda: self.said.count(words) >= times), self.said

    def kill(self) -> None:
        """End it as the kernel does when memory is short: the load, not its workers."""
        self.process.kill()
        self.process.wait()

    def stop(self, number: signal.Signals) -> float:
        """Send a signal to the load, not to its workers; return the seconds until its end."""
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(LONGEST)
        return time.monotonic() - start

    def signal_everybody(self, number: signal.Signals) -> None:
        """Send a signal as a terminal does: to the load and to its workers."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def finish(self) -> Ended:
        """Wait for its end; it must leave no process behind."""
        code = self.process.wait(LONGEST)
        self.leaves_nobody()
        out = self._out.read_text() if self._out.exists() else ""
        return Ended(code, json.loads(out) if out else {}, self.said, self.embedded)

    def leaves_nobody(self) -> None:
        """Fail if a process of this load lives on."""
        until = time.monotonic() + 5
        while alive := list(processes_with(f"{MARK}={self._mark}")):
            assert time.monotonic() < until, f"left behind: {alive}"
            time.sleep(LOOK)

    def _await(self, happened: Callable[[], bool]) -> bool:
        until = time.monotonic() + LONGEST
        while not happened():
            if self.process.poll() is not None:
                return happened()
            assert time.monotonic() < until, self.said
            time.sleep(LOOK)
        return True


def processes_with(variable: str) -> Iterator[str]:
    """Yield the command line of every process that has a variable in its environment."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                yield (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
