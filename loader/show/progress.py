"""How far a long run is: one line on a terminal, rewritten in place; nothing where nobody looks."""
from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO


class Progress:
    """A line such as ``photos  120 of 4,000  3.1 a second  21 min left`` on a terminal.

    Args:
        what: the things counted.
        total: how many there will be.
        stream: where to write; quiet unless it is a terminal.
        clock: seconds that only grow.
    """

    INTERVAL = 0.2  # seconds between two writings

    def __init__(
        self,
        what: str,
        total: int,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what, self._total = what, total
        self._stream = sys.stderr if stream is None else stream
        self._clock, self._shown = clock, self._stream.isatty()
        self._done = self._worked = 0
        self._start = self._written = clock()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._stream.write(self._erased)
            self._stream.flush()

    def advance(self, count: int = 1, *, worked: bool = True) -> None:
        """Count things done.

        Args:
            count: how many.
            worked: False for those that took no time (unchanged photos), which say nothing about the rate.
        """
        self._done += count
        self._worked += count if worked else 0
        now = self._clock()
        if self._shown and (now - self._written >= self.INTERVAL or self._done >= self._total):
            self._written = now
            self._stream.write(f"{self._erased}{self.line()}")
            self._stream.flush()

    def say(self, words: str) -> None:
        """Write a sentence above the line; to logs as well, for a run that waits should say so."""
        self._stream.write(f"{self._erased}{words}\n")
        self._stream.flush()

    @property
    def _erased(self) -> str:
        return "\r\x1b[K" if self._shown else ""

    def line(self) -> str:
        """Return the line as it stands now."""
        seconds = self._clock() - self._start
        line = f"{self._what}  {self._done:,} of {self._total:,}"
        if not self._worked or seconds <= 0:
            return line
        rate = self._worked / seconds
        return f"{line}  {rate:.1f} a second  {format_duration((self._total - self._done) / rate)} left"


@contextmanager
def track(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far something is; yields what to tell how many more are done."""
    with Progress(what, total) as progress:
        yield progress.advance


def format_duration(seconds: float) -> str:
    """Return a duration for people: ``8 s``, ``21 min``, ``3 h 05 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
