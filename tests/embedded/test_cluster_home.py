"""A home: its claim on a folder, its lock, its socket's length."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.embedded.accounts import Account
from cluster.embedded.control import reset, stop
from cluster.embedded.distribution import fetch_distribution
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import LONGEST_SOCKET_PATH, Home, create_file, create_home, locate_home, locked
from cluster.embedded.java import Java
from cluster.embedded.node import NodeSettings, write_settings
from cluster.embedded.stacks import STACKS
from cluster.embedded.worker_process import launch_worker

ME = Account("me", os.geteuid(), os.getegid())
NOBODY = Account("nobody", 65534, 65534)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
HOLDER = """
import sys
from pathlib import Path
from cluster.embedded.home import Home, locked
with locked(Home(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_create_home_makes_the_folders_and_leaves_them_at_the_next_call(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    create_home(home, ME)
    (home.data / "index").write_text("precious")
    create_home(home, ME)
    assert (home.data / "index").read_text() == "precious"
    assert home.read_state() == {}
    assert home.socket.parent.stat().st_mode & 0o777 == 0o700


def test_the_home_of_an_installed_program_is_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert locate_home(None, ME).path.name != "cluster"  # in a checkout
    monkeypatch.setattr("cluster.embedded.home.IN_CHECKOUT", False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert locate_home(None, ME).path == tmp_path / ".local/share/peaks/cluster"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert locate_home(None, ME).path == tmp_path / "data/peaks/cluster"
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    monkeypatch.delenv("XDG_DATA_HOME")
    assert str(locate_home(None, ME).path).startswith("/var/tmp/peaks-cluster-")


def test_a_folder_with_other_things_and_a_file_are_not_taken(tmp_path: Path) -> None:
    create_home(Home(tmp_path / "test"), ME)
    create_home(Home(tmp_path), ME)  # a home may hold another
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("…")
    with pytest.raises(ClusterError, match=r"holds files but no embedded cluster.*--home"):
        create_home(Home(tmp_path / "other"), ME)
    with pytest.raises(ClusterError, match="is no folder"):
        create_home(Home(tmp_path / "other" / "thesis.tex"), ME)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start for another user")
def test_a_place_that_the_account_cannot_reach_is_refused_untouched(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ClusterError, match="runs as nobody, who cannot reach"):
        create_home(Home(closed / "home"), Account("nobody", 65534, 65534))
    assert list(closed.iterdir()) == []


def test_the_socket_of_a_deep_home_is_short_and_its_own() -> None:
    deep = Home(Path("/srv") / ("long" * 30))
    other = Home(Path("/srv") / ("long" * 31))
    assert len(os.fsencode(deep.socket)) <= LONGEST_SOCKET_PATH
    assert deep.socket != other.socket
    assert Home(Path("/srv/short")).socket == Path("/srv/short/run/worker.sock")


def test_the_second_of_two_is_told_who_is_first(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None and first.stdout.readline() == "held\n"
        expected = pytest.raises(ClusterError, match=rf"process {first.pid}\) is at work on")
        with expected, locked(Home(tmp_path)):
            pass
        first.kill()
    with locked(Home(tmp_path)):  # the dead hold no lock
        pass


def test_a_full_disk_does_not_keep_the_lock_from_being_taken(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to("/dev/full")
    with locked(Home(tmp_path)):
        pass


def test_a_lock_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()  # to root everything else is writable
    with pytest.raises(ClusterError, match=r"lock cannot be written \(.*with sudo"), locked(Home(tmp_path)):
        pass


def test_a_damaged_state_counts_as_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write_state({"url": "http://127.0.0.1:9200"})
    assert home.read_state() == {"url": "http://127.0.0.1:9200"}
    home.state.write_text("{")
    assert home.read_state() == {}


def test_create_file_replaces_a_link_and_spares_its_target(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / "log").symlink_to(target)
    with create_file(tmp_path / "log") as file:
        file.write(b"log")
    assert target.read_text() == "mine"
    assert (tmp_path / "log").read_text() == "log"


@pytest.fixture
def treasure() -> Iterator[tuple[Path, Home]]:
    """A folder of root's that others may read, and a home of nobody's, in which links may lead there."""
    names = ("lock", "console.log", "worker.log", "elasticsearch.yml", "cluster.json", "worker.sock")
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to nobody
        Path(place).chmod(0o755)
        root, home = Path(place, "root"), Home(Path(place, "home"))
        root.mkdir(mode=0o755)
        for name in names:
            (root / name).write_text("root's")
        create_home(home, NOBODY)
        yield root, home
        assert {path.name: path.read_text() for path in root.iterdir()} == dict.fromkeys(names, "root's")
        assert root.stat().st_mode & 0o777 == 0o755
        assert {path.stat().st_uid for path in (root, *root.iterdir())} == {0}


@needs_root
def test_everything_in_a_home_is_its_owners(treasure: tuple[Path, Home]) -> None:
    _, home = treasure
    with locked(home):
        write_settings(home, NodeSettings(9200, "1g", with_plugins=True))
        home.write_state({"url": "x"})
    assert (home.config / "elasticsearch.yml").exists()
    assert {path.lstat().st_uid for path in home.path.rglob("*")} == {NOBODY.uid}
    assert os.geteuid() == 0


@needs_root
def test_a_lock_that_is_a_link_to_roots_file_is_not_written(treasure: tuple[Path, Home]) -> None:
    root, home = treasure
    (home.path / "lock").symlink_to(root / "lock")
    with pytest.raises(ClusterError, match=r"lock cannot be written \(Permission denied\)"), locked(home):
        pass


@needs_root
@pytest.mark.parametrize("folder", ["logs", "config", "run", "tmp"])
def test_folders_that_are_links_to_roots_are_not_written(treasure: tuple[Path, Home], folder: str) -> None:
    root, home = treasure
    for inside in (home.path / folder).iterdir():
        inside.unlink()
    (home.path / folder).rmdir()
    (home.path / folder).symlink_to(root)
    refused = 0
    for work in (
        lambda: create_home(home, NOBODY),
        lambda: write_settings(home, NodeSettings(9200, "1g", with_plugins=True)),
        lambda: launch_worker(home, NOBODY).kill(),
        lambda: fetch_distribution(home, STACKS[0], java=Java(Path("/nowhere"), 21), announce=print),
        lambda: stop(home),
        lambda: reset(home),
    ):
        try:
            work()
        except (OSError, ClusterError):
            refused += 1
    assert refused >= 1
    assert os.geteuid() == 0
