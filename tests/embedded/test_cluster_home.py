"""A home: its claim on a folder, its lock, its socket's length."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.embedded.accounts import Account
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import LONGEST_SOCKET_PATH, Home, create_file, create_home, locate_home, locked

ME = Account("me", os.geteuid(), os.getegid())
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
