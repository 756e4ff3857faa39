"""Who the node runs as."""
from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.embedded.accounts import choose_account
from cluster.embedded.errors import ClusterError

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def as_nobody(code: str) -> str:
    """Run Python code as nobody; the interpreter loads its modules first, for it may be closed to nobody."""
    become = "import os, sys, pathlib; from cluster.embedded import accounts; "
    become += "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534); "
    done = subprocess.run([sys.executable, "-c", become + code], capture_output=True, text=True, check=True)
    return done.stdout


@needs_root
def test_root_takes_the_checkouts_owner_or_nobody(tmp_path: Path) -> None:
    assert choose_account(None, tmp_path).name == "nobody"
    os.chown(tmp_path, 12345, 12345)
    account = choose_account(None, tmp_path)
    assert (account.name, account.uid) == ("12345", 12345)
    assert account.identity == {"user": 12345, "group": 12345, "extra_groups": []}


@needs_root
def test_root_may_name_a_user_but_not_itself(tmp_path: Path) -> None:
    assert choose_account("daemon", tmp_path).uid == pwd.getpwnam("daemon").pw_uid
    with pytest.raises(ClusterError, match=r"refuses to run as root.*--user"):
        choose_account("root", tmp_path)


@needs_root
def test_an_ordinary_user_is_the_account_and_cannot_choose_another() -> None:
    said, refused = as_nobody("""
account = accounts.choose_account(None, pathlib.Path("/"))
print(account.uid, account.identity)
try:
    accounts.choose_account("daemon", pathlib.Path("/"))
except Exception as error:
    print(error)
""").splitlines()
    assert said == "65534 {}"
    assert refused.startswith("Only root can start the node as daemon")


def test_an_unknown_user_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="no user yeti on this machine"):
        choose_account("yeti", tmp_path)


@needs_root
def test_can_asks_for_the_account_and_own_follows_no_link(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    account = choose_account("daemon", tmp_path)
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir(mode=0o700)
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    account.own(inside)
    assert inside.stat().st_uid == account.uid
    assert (inside / "link").lstat().st_uid == account.uid
    assert outside.stat().st_uid == 0
    assert not account.can("x", outside)
