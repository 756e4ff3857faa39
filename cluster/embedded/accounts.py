"""The account that runs the node: Elasticsearch refuses root, so root names an unprivileged account."""
from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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
        """Give `path` and everything below it to this account; links are given, never followed.

        Every folder is held open, so that nobody can put a link in its place meanwhile.
        """
        if self.is_caller:
            return
        self._own_one(str(path), None)
        for _, folders, files, opened in os.fwalk(path):
            for name in (*folders, *files):
                self._own_one(name, opened)

    def _own_one(self, name: str, folder: int | None) -> None:
        if os.stat(name, dir_fd=folder, follow_symlinks=False).st_uid != self.uid:
            os.chown(name, self.uid, self.gid, dir_fd=folder, follow_symlinks=False)


@contextmanager
def acting_as(uid: int, gid: int) -> Iterator[None]:
    """Work on files with another user's rights: no link of theirs leads where they may not write themselves.

    For callers other than root it changes nothing: what they may do to that user's files, the kernel says.
    """
    if os.geteuid() != 0 or uid == 0:
        yield
        return
    own_gid, own_groups = os.getegid(), os.getgroups()
    os.setgroups([])
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(own_gid)
        os.setgroups(own_groups)


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
