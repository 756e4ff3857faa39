"""A clock for tests of retries: only waiting moves it."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from loader.elastic.retries import PATIENCE, patience


@dataclass
class HandClock:
    """What was waited for, in seconds, and what was announced; stands in place of the module `time`.

    Attributes:
        now: seconds; add to it for a request that takes long.
    """

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    @contextmanager
    def times(self, seconds: float = PATIENCE) -> Iterator[None]:
        """Let the block's requests wait by this clock."""
        with patch("loader.elastic.retries.time", self), patience(seconds, self.said.append):
            yield
