"""The house: which room may import which, and what no room may hold."""
from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from loader.cli import COMMANDS
from tests.conftest import REPOSITORY

# The architecture: what a room may import beside `loader`'s own modules. Every name stands below its room.
MAY_IMPORT = {
    "loader.commands": "browse evaluation show search photos peaks vision files elastic cluster eland_models",
    "browse": "show search peaks vision files elastic",
    "evaluation": "show peaks files elastic",
    "loader.show": "search photos peaks files",
    "loader.search": "peaks vision files elastic",
    "loader.photos": "peaks vision files elastic eland_models",
    "loader.peaks": "vision files elastic",
    "loader.vision": "files eland_models",
    "loader.files": "",
    "loader.elastic": "eland_models",
    "cluster": "eland_models",
    "loader": "eland_models",
    "eland_models": "",
}
OUTSIDE = {"cluster", "eland_models"}  # a checkpoint becomes a model, and a node runs, without the loader

LONGEST_FILE, LONGEST_FUNCTION = 300, 45  # lines
MOST_FILES = 11  # of a folder, beside its __init__.py

SOURCES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
    for top in ("loader", "browse", "evaluation", "eland_models", "cluster")
    for path in sorted((REPOSITORY / top).rglob("*.py"))
}
HOUSE = {module: path for module, path in SOURCES.items() if path.parts[len(REPOSITORY.parts)] not in OUTSIDE}


def room_of(module: str) -> str:
    """The room that a module stands in."""
    return next(room for room in MAY_IMPORT if f"{module}.".startswith(f"{room}."))


def imports(module: str) -> Iterator[str]:
    """Every module of the house that a module imports, at its top or late."""
    for node in ast.walk(_parse(SOURCES[module])):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in (f"{node.module}.{alias.name}" for alias in node.names):
                if name in SOURCES or node.module in SOURCES:
                    yield name if name in SOURCES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in SOURCES)


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def rooms_below(room: str) -> list[str]:
    """The rooms that a room may import."""
    return [name if name in MAY_IMPORT else f"loader.{name}" for name in MAY_IMPORT[room].split()]


def test_rooms_stand_above_those_that_they_import() -> None:
    rooms = list(MAY_IMPORT)
    for room in rooms:
        assert all(rooms.index(below) > rooms.index(room) for below in rooms_below(room))


@pytest.mark.parametrize("module", sorted(SOURCES.keys() - {"loader.cli", "loader.__main__"}))
def test_arrows_point_down(module: str) -> None:
    here = room_of(module)
    allowed = {here, *rooms_below(here)} | (set() if here in OUTSIDE else {"loader"})
    assert {room_of(other) for other in imports(module)} <= allowed


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_every_arrow_is_there(room: str) -> None:
    """A room that does without another stays without it: its name goes from the table."""
    used = {room_of(other) for module in SOURCES if room_of(module) == room for other in imports(module)}
    assert set(rooms_below(room)) <= used


def test_no_imports_form_a_circle() -> None:
    graph = {module: set(imports(module)) - {module, "loader"} for module in SOURCES}
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


def test_no_file_is_long() -> None:
    tops = ("benchmarks", "browse", "cluster", "demo", "eland_models", "evaluation", "loader", "scripts")
    lines = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for top in (*tops, "tests") for kind in ("*.py", "*.java") for path in (REPOSITORY / top).rglob(kind)
    }
    assert {path for path, count in lines.items() if count > LONGEST_FILE} == set()


@pytest.mark.parametrize("path", HOUSE.values(), ids=HOUSE)
def test_no_function_is_long(path: Path) -> None:
    for node in ast.walk(_parse(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


def test_no_folder_is_crowded() -> None:
    files = Counter(path.parent for path in HOUSE.values() if path.name != "__init__.py")
    assert {folder for folder, count in files.items() if count > MOST_FILES} == set()


def test_no_module_shares_its_name_with_a_command_or_a_folder() -> None:
    folders = {part for module in HOUSE for part in module.split(".")[:-1]} | {
        path.parent.name for path in HOUSE.values() if path.name == "__init__.py"
    }
    modules = {path.stem for path in HOUSE.values() if path.name != "__init__.py"}
    assert modules & (folders | {command.replace("-", "_") for command in COMMANDS}) == set()


def test_every_room_says_what_it_is() -> None:
    for path in HOUSE.values():
        if path.name == "__init__.py":
            assert ast.get_docstring(_parse(path)), path
