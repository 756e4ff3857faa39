"""The house: which room may import which, and what no room may hold."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from loader.cli import COMMANDS
from tests.conftest import REPOSITORY

# The architecture: a room imports from those below it, never from those above.
ROOMS = (
    "loader.commands",
    "evaluation",
    "loader.show",
    "loader.search",
    "loader.photos",
    "loader.peaks",
    "loader.vision",
    "loader.files",
    "loader.elastic",
    "loader",  # what all share
)
LONGEST = 300  # lines of a file

SOURCES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
    for top in ("loader", "evaluation")
    for path in sorted((REPOSITORY / top).rglob("*.py"))
}


def room_of(module: str) -> str:
    """The room that a module stands in."""
    return next(room for room in ROOMS if f"{module}.".startswith(f"{room}."))


def imports(module: str) -> Iterator[str]:
    """Every module of the house that a module imports, at its top or late."""
    for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in (f"{node.module}.{alias.name}" for alias in node.names):
                if name in SOURCES or node.module in SOURCES:
                    yield name if name in SOURCES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in SOURCES)


@pytest.mark.parametrize("module", sorted(SOURCES.keys() - {"loader.cli", "loader.__main__"}))
def test_arrows_point_down(module: str) -> None:
    here = ROOMS.index(room_of(module))
    upward = [other for other in imports(module) if ROOMS.index(room_of(other)) < here]
    assert upward == []


def test_no_imports_form_a_circle() -> None:
    graph = {module: set(imports(module)) - {module, "loader"} for module in SOURCES}
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


@pytest.mark.parametrize("path", SOURCES.values(), ids=SOURCES)
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_no_module_shares_its_name_with_a_command_or_a_folder() -> None:
    folders = {part for module in SOURCES for part in module.split(".")[:-1]} | {
        path.parent.name for path in SOURCES.values() if path.name == "__init__.py"
    }
    modules = {path.stem for path in SOURCES.values() if path.name != "__init__.py"}
    assert modules & (folders | {command.replace("-", "_") for command in COMMANDS}) == set()


def test_every_room_says_what_it_is() -> None:
    for path in SOURCES.values():
        if path.name == "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
