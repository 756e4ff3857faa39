"""What a person sees of `peaks cluster` when nothing runs."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from cluster.embedded.home import Home
from tests.conftest import invoke


def run(*arguments: str | Path) -> tuple[int, str]:
    result = invoke("cluster", *arguments)
    return result.exit_code, result.output


def test_status_of_nothing_is_3(tmp_path: Path) -> None:
    code, said = run("status", "--home", tmp_path / "none")
    assert code == 3
    assert "is not running" in said
    assert f"peaks cluster start --home {tmp_path / 'none'}" in said
    assert not (tmp_path / "none").exists()
    document = json.loads(run("status", "--home", tmp_path, "--json")[1])
    assert (document["state"], document["node"], document["worker"]) == ("stopped", None, None)
    assert document["home"] == str(tmp_path.resolve())
    assert run("stop", "--home", tmp_path) == (0, "Nothing was running.\n")


def test_reset_asks_first(tmp_path: Path) -> None:
    home = Home(tmp_path.resolve())
    home.data.mkdir()
    home.write_state({})
    code, said = run("reset", "--home", tmp_path)  # no input: that is no yes
    assert code == 1 and "Delete every index" in said
    assert home.data.exists()
    code, said = run("reset", "--home", tmp_path, "--yes")
    assert code == 0
    assert not home.data.exists()


def test_reset_touches_no_folder_that_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    code, said = run("reset", "--home", tmp_path, "--yes")
    assert code == 0 and "There is no cluster" in said
    assert (tmp_path / "data").exists()


@pytest.mark.parametrize("heap", ["1", "0g", "1g -agentlib:x"])
def test_a_heap_that_java_would_not_read_is_refused(tmp_path: Path, heap: str) -> None:
    code, said = run("start", "--home", tmp_path / "home", "--heap", heap)
    assert code == 2 and "512m or 1g" in said
    assert not (tmp_path / "home").exists()
