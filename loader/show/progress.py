"""The progress of a long run: one line on a terminal, rewritten in place; nothing without a terminal."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from loader.batches import Advance
from loader.text import clean_text

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Progress:
    """A line such as ``photos  ━━━━━━  120 of 4,000  0:21:00 left`` on a terminal.

    Args:
        what: the things counted.
        total: how many there will be.
    """

    def __init__(self, what: str, total: int) -> None:
        self._bar = _open_bar(what, total) if sys.stderr.isatty() else None

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, count: int = 1) -> None:
        """Count things done."""
        if self._bar:
            self._bar.advance(self._bar.task_ids[0], count)

    def say(self, sentence: str) -> None:
        """Write a sentence above the line, and into logs too, so that a waiting run can be seen there."""
        if self._bar:
            self._bar.console.print(clean_text(sentence), markup=False, highlight=False, emoji=False,
                                    soft_wrap=True)
        else:
            print(clean_text(sentence), file=sys.stderr, flush=True)


def _open_bar(what: str, total: int) -> Bar:
    # rich takes 80 ms to import: only on a terminal
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,  # what is printed for a program must not end up on the terminal
    )
    bar.add_task(what, total=total)
    return bar


@contextmanager
def track(what: str, total: int) -> Iterator[Advance]:
    """Show how far something is; yields the function that counts how many more are done."""
    with Progress(what, total) as progress:
        yield progress.advance
