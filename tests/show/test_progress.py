"""Progress: a line for a terminal, silence elsewhere."""
from __future__ import annotations

import io

import pytest

from loader.show.progress import Progress, format_duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_written_where_nobody_looks() -> None:
    stream = io.StringIO()
    with Progress("photos", 2, stream) as progress:
        progress.advance(2)
    assert stream.getvalue() == ""


def test_the_line_tells_rate_and_time_left() -> None:
    clock, stream = Clock(), Terminal()
    with Progress("photos", 4000, stream, clock) as progress:
        clock.now = 50
        progress.advance(100)
        assert stream.getvalue().endswith("photos  100 of 4,000  2.0 a second  32 min left")
    assert stream.getvalue().endswith("\r\x1b[K")


def test_unchanged_photos_do_not_flatter_the_rate() -> None:
    clock = Clock()
    progress = Progress("photos", 1100, Terminal(), clock)
    progress.advance(1000, worked=False)
    clock.now = 10
    progress.advance(10)
    assert progress.line() == "photos  1,010 of 1,100  1.0 a second  2 min left"


def test_the_line_is_written_five_times_a_second_at_most() -> None:
    clock, stream = Clock(), Terminal()
    progress = Progress("photos", 1000, stream, clock)
    for _ in range(999):
        clock.now += 0.01
        progress.advance()
    assert 40 < stream.getvalue().count("\r") <= 50


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (89.4, "89 s"), (90, "2 min"), (3600, "60 min"), (11_100, "3 h 05 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words
