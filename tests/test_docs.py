"""Documentation that cannot rot: helps are real, commands exist, links and files are there."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from loader.cli import peaks
from scripts.write_command_reference import REFERENCE, walk_commands
from tests.conftest import REPOSITORY

REFERENCE_SCRIPT = "python scripts/write_command_reference.py"
PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")])


def find_command(words: list[str]) -> click.Command:
    """The deepest command that the words after `peaks` name."""
    command: click.Command = peaks
    context = click.Context(peaks)
    for word in words:
        if not isinstance(command, click.Group) or word.startswith("-"):
            break
        found = command.get_command(context, word)
        assert found is not None, f"`peaks {' '.join(words)}`: there is no command {word}"
        command = found
    return command


def test_the_command_reference_is_the_real_help() -> None:
    # In a process of its own: click keeps a command's help option as the first caller had it.
    code = "from scripts.write_command_reference import render_reference; print(render_reference(), end='')"
    written = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert REFERENCE.read_text(encoding="utf-8") == written.stdout, f"run {REFERENCE_SCRIPT}"


def test_every_option_has_help() -> None:
    for name, _ in walk_commands(peaks, "peaks"):
        for parameter in find_command(name.split()[1:]).params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name}: {parameter.name} has no help"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_every_peaks_command_in_a_page_exists_with_its_options(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    lines = re.findall(r"^(?:\$ )?(?:\.venv/bin/)?peaks ([a-z][^\n`]*)$", text, re.M)
    for line in lines:
        words = re.sub(r"#.*", "", line).split()
        command = find_command([word for word in words if not word.startswith("-")][:2])
        known = {name for parameter in command.params for name in parameter.opts + parameter.secondary_opts}
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert option in known, f"{page.name}: `peaks {line}`: no option {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_every_file_of_the_four_walks_is_there() -> None:
    walks = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    houses = [REPOSITORY, REPOSITORY / "loader", REPOSITORY / "eland_models"]
    named = set(re.findall(r"`([\w/]+\.py)`", walks))
    assert len(named) > 30
    assert [name for name in sorted(named) if not any((house / name).is_file() for house in houses)] == []


def test_what_was_verified_names_tests_that_exist() -> None:
    """`::name` alone is of the file before it."""
    table = (REPOSITORY / "docs/verified.md").read_text(encoding="utf-8").partition("## Real files")[2]
    named = re.findall(r"`([\w/.]*)(?:::(\w+))?`", table.replace("| test |", ""))
    tests = [(file, name) for file, name in named if file.endswith(".py") or name]
    assert len(tests) > 40
    file = ""
    for path, name in tests:
        file = path or file
        assert f"def {name}" in (REPOSITORY / "tests" / file).read_text(encoding="utf-8"), (file, name)
