"""The account that runs the node: Elasticsearch refuses root, so root names an unprivileged account."""
from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from cluster.embedded.errors import ClusterError

FALLBACK_NAME = "nobody"
FALLBACK_ID = 65534


class Identity(TypedDict, total=False):
    """The arguments of ``subprocess.Popen`` that change a child's user; empty for the caller's own."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """An unprivileged user of this machine: the one that the node and its files belong to."""

    name: str
    uid: int
    gid: int

    @property
    def is_caller(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def identity(self) -> Identity:
        """What ``subprocess`` needs to start a child as this account, with no other group."""
        if self.is_caller:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, access: str, path: Path) -> bool:
        """Whether this account has `access` ("r", "w" or "x") to `path`, asked of the kernel."""
        command = ["/bin/sh", "-c", f'test -{access} "$1"', "sh", str(path)]
        return subprocess.run(command, cwd="/", **self.identity).returncode == 0

    def own(self, path: Path) -> None:
        """Give `path` and everything below it to this account; links are given, never followed."""
        if self.is_caller:
            return
        self._own_one(path)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                self._own_one(Path(folder, name))

    def _own_one(self, path: Path) -> None:
        if path.lstat().st_uid != self.uid:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose_account(requested: str | None, repository: Path) -> Account:
    """The account for the node: the caller, or for root `requested`, else `repository`'s owner, else nobody.

    Args:
        requested: a user's name or number (``--user``), or None.
        repository: the checkout; a person who types ``sudo`` in their own checkout keeps owning the files.

    Raises:
        ClusterError: the user does not exist, is root, or only root could become it.
    """
    caller = os.geteuid()
    if requested is None and caller != 0:
        return _account_of(caller)
    account = _fallback(repository) if requested is None else _named(requested)
    if account.uid == 0:
        raise ClusterError("Elasticsearch refuses to run as root: name an ordinary user with --user.")
    if caller not in (0, account.uid):
        raise ClusterError(f"Only root can start the node as {account.name}: leave --user out, or use sudo.")
    return account


def _fallback(repository: Path) -> Account:
    owner = repository.stat().st_uid
    if owner != 0:
        return _account_of(owner)
    try:
        return _named(FALLBACK_NAME)
    except ClusterError:
        return Account(str(FALLBACK_ID), FALLBACK_ID, FALLBACK_ID)


def _named(name: str) -> Account:
    if name.isdecimal():
        return _account_of(int(name))
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise ClusterError(f"There is no user {name} on this machine: name another with --user.") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _account_of(uid: int) -> Account:
    """The account of a number; one without an entry in the user database is as good as any other."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, os.getegid() if uid == os.geteuid() else uid)
    return Account(entry.pw_name, uid, entry.pw_gid)
