"""Progress: a line for a terminal, silence elsewhere."""
from __future__ import annotations

import io
import subprocess
import sys

import pytest

from loader.show.progress import Progress, track

SENTENCE = "Waiting for [bold]Elasticsearch[/bold] :smile:"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_but_sentences_is_written_where_nobody_looks(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress("photos", 2) as progress:
        progress.advance(2)
        progress.say(SENTENCE)
    assert capfd.readouterr() == ("", SENTENCE + "\n")


def test_a_terminal_shows_one_line_and_sentences_above_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("photos", 4000) as progress:
        progress.advance(1200)
        progress.say(SENTENCE + "\x1b[2J")
        print("for a program")
    with track("peaks", 7) as advance:
        advance(7)
    written = terminal.getvalue()
    assert "1,200 of 4,000" in written
    assert SENTENCE + "�[2J\n" in written
    assert "7 of 7" in written
    assert written.endswith("\x1b[2K"), "the line is erased at the end"
    assert capfd.readouterr().out == "for a program\n"


def test_rich_is_not_imported_where_nobody_looks() -> None:
    code = (
        "import sys; from loader.show.progress import Progress\n"
        "with Progress('photos', 1) as progress: progress.advance()\n"
        "sys.exit('rich' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

