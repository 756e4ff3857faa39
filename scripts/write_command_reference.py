"""Write docs/commands.md: the real help of every `peaks` command, in the order the root shows them.

Run with `python scripts/write_command_reference.py`; tests/test_docs.py fails while the file is out of date.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

if __name__ == "__main__":  # of this checkout, not of the installed one
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loader.cli import peaks

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"


def walk_commands(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    """Yield ("peaks cluster start", its help) for a command and all below it, depth first."""
    width: dict[str, Any] = {"max_content_width": 100, "terminal_width": 100}
    context = click.Context(command, parent, name, **width, **command.context_settings)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None, f"{name} is listed but cannot be found"
            yield from walk_commands(child, name, context)


def render_reference() -> str:
    """The whole page as Markdown."""
    sections = [f"## {name}\n\n```text\n{text}\n```\n" for name, text in walk_commands(peaks, "peaks")]
    return "# Commands\n\nWritten by `python scripts/write_command_reference.py`.\n\n" + "\n".join(sections)


if __name__ == "__main__":
    REFERENCE.write_text(render_reference(), encoding="utf-8")
