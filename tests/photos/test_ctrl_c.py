"""Ctrl-C where no command answers it: while its module is imported, and in commands that know no better."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from loader import cli
from tests.conftest import invoke

STOPPED_AT_IMPORT = """
import signal, sys
def stop(*_):
    signal.raise_signal(signal.SIGINT)
class Finder:
    def find_spec(self, name, *_):
        if name == "loader.commands.photo_library":
            stop()
sys.meta_path.insert(0, Finder())
from loader.cli import main
main(["load-photos", "."])
"""


def test_a_command_that_is_still_imported_is_stopped_without_a_traceback() -> None:
    stopped = subprocess.run([sys.executable, "-c", STOPPED_AT_IMPORT], capture_output=True, text=True)
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (130, "", "Stopped.\n")


@pytest.mark.parametrize("options", [(), ("--debug",)])
def test_a_command_that_does_not_answer_ctrl_c(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = tmp_path / "stopped_command.py"
    module.write_text("import click\n@click.command()\ndef wait():\n    raise KeyboardInterrupt\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(cli.COMMANDS, "wait", "stopped_command:wait")
    result = invoke(*options, "wait")
    assert (result.exit_code, result.output) == (130, "Stopped.\n")
