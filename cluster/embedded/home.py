"""The folder of one embedded cluster: the unpacked distribution, its settings, data, logs and socket."""
from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from cluster.embedded.accounts import Account, acting_as
from cluster.embedded.errors import ClusterError
from cluster.embedded.stacks import Stack, find_stack

REPOSITORY = Path(__file__).resolve().parents[2]  # of an installed wheel: site-packages
IN_CHECKOUT = (REPOSITORY / "setup.cfg").is_file()
LONGEST_SOCKET_PATH = 100  # bytes; the kernel's sockaddr_un takes 107 and a closing zero


@dataclass(frozen=True)
class Home:
    """Names the places inside a home. All paths are absolute and free of symbolic links."""

    path: Path

    def elasticsearch(self, stack: Stack) -> Path:
        """The unpacked distribution of a line; those of several lie beside each other."""
        return self.path / f"elasticsearch-{stack.version}"

    @property
    def config(self) -> Path:
        return self.path / "config"

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def temporary(self) -> Path:
        return self.path / "tmp"

    @property
    def state(self) -> Path:
        """What the last start chose, as JSON. Its presence marks the folder as a cluster's home."""
        return self.path / "cluster.json"

    @property
    def password(self) -> Path:
        """The password of Elasticsearch's user `elastic`, for the account alone, where security is on."""
        return self.path / "elastic.password"

    @property
    def socket(self) -> Path:
        """The worker's Unix socket, in a short folder of its own where the home's path is too long."""
        inside = self.path / "run" / "worker.sock"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        return Path("/tmp", f"peaks-{_digest(self.path)}", "worker.sock")

    def acting(self) -> AbstractContextManager[None]:
        """Work on the home's files with the rights of its owner, for whom root must open no doors."""
        try:
            owner = self.path.stat()
        except FileNotFoundError:
            return nullcontext()
        return acting_as(owner.st_uid, owner.st_gid)

    def new_log(self, name: str) -> BinaryIO:
        """Open an empty log, with the rights of the home's owner."""
        with self.acting():
            return create_file(self.logs / name)

    def read_state(self) -> dict[str, Any]:
        """The last start's choices; empty when there was none or the file is damaged."""
        try:
            state = json.loads(self.state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def last_stack(self) -> Stack | None:
        """The line that was started last; None when none was since the home was made or reset."""
        state = self.read_state()
        # Homes that were started before there were two lines do not name theirs.
        return find_stack(state.get("stack", "8.19")) if state else None

    def write_state(self, state: dict[str, Any]) -> None:
        """Remember what this start chose."""
        with self.acting():
            replace_text(self.state, json.dumps(state, indent=2) + "\n")


def locate_home(requested: Path | None, account: Account) -> Home:
    """The home to use, which need not exist yet.

    Without a request it is ``.cluster`` in the checkout, or ``~/.local/share/peaks/cluster`` of an installed
    wheel, if `account` can reach the checkout or the caller's home and the caller can write there. Otherwise
    it is a folder under ``/var/tmp`` named by a hash of the path of the program.
    """
    if requested is not None:
        return Home(requested.expanduser().resolve())
    base = REPOSITORY if IN_CHECKOUT else Path.home()
    inside = base / ".cluster" if IN_CHECKOUT else user_folder("XDG_DATA_HOME", ".local/share") / "cluster"
    writable = inside.is_dir() or os.access(base, os.W_OK)
    if writable and account.can("x", base):
        return Home(inside.resolve())
    return Home(Path("/var/tmp", f"peaks-cluster-{_digest(REPOSITORY)}").resolve())


def user_folder(variable: str, default: str) -> Path:
    """The program's folder of the caller, by the XDG base directory rules; `default` is below the home."""
    return Path(os.environ.get(variable) or Path.home() / default) / "peaks"


def create_home(home: Home, account: Account) -> None:
    """Make the home's folders and give them to `account`. An existing home is kept as it is.

    Raises:
        ClusterError: the folder holds something else, belongs to another user, or `account` cannot reach it.
    """
    _check_claim(home, account)
    with explained_disk_errors(home):
        home.path.mkdir(parents=True, exist_ok=True)
        account.own(home.path)
        with home.acting():
            for folder in (home.config, home.data, home.logs, home.temporary, home.path / "run"):
                folder.mkdir(exist_ok=True)
        if not home.state.exists():
            home.write_state({})
    with home.acting():
        _create_socket_folder(home, account)


def _check_claim(home: Home, account: Account) -> None:
    if not home.path.exists():
        _check_reach(home, account)
        return
    if not home.path.is_dir():
        raise ClusterError(f"{home.path} is no folder: name another with --home.")
    owner = home.path.stat().st_uid
    if owner not in (os.geteuid(), account.uid) and os.geteuid() != 0:
        raise ClusterError(
            f"{home.path} belongs to another user (number {owner}): use sudo, or name another with --home."
        )
    others = [entry for entry in home.path.iterdir() if not Home(entry).state.exists()]
    if not home.state.exists() and others:  # homes inside are fine: tests keep theirs there
        raise ClusterError(
            f"{home.path} holds files but no embedded cluster: name an empty or new folder with --home."
        )


def _check_reach(home: Home, account: Account) -> None:
    existing = next(folder for folder in home.path.parents if folder.exists())
    if not account.can("x", existing):
        raise ClusterError(
            f"The node runs as {account.name}, who cannot reach {home.path}:"
            " name a folder outside of root's home with --home, or another user with --user."
        )


def _create_socket_folder(home: Home, account: Account) -> None:
    """Make a folder for the account alone, because the socket lets its users load models into the worker."""
    folder = home.socket.parent
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), account.uid):
        raise ClusterError(f"{folder} belongs to another user: remove it, or choose a shorter --home.")
    folder.chmod(0o700)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Lock the home against other launchers. The kernel frees the lock when its holder dies.

    Raises:
        ClusterError: another start, stop or reset of this home is at work, or it is another user's.
    """
    with home.acting():
        opened = _open_lock(home.path / "lock")
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise ClusterError(
                f"Another `peaks cluster` command (process {holder}) is at work on {home.path}:"
                " wait until it is done, or end it."
            ) from None
        with suppress(OSError):  # a full disk does not keep anybody from `stop` and `reset`
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), b"%d\n" % os.getpid())
        yield


def _open_lock(path: Path) -> TextIO:
    try:
        return path.open("a+")
    except OSError as error:
        raise ClusterError(
            f"{path} cannot be written ({error.strerror}): run this as the user who started the cluster, or"
            " with sudo."
        ) from error


def create_file(path: Path) -> BinaryIO:
    """Open a new file for writing in place of an old one.

    The account owns the folder and may have put a link there: a privileged caller must not follow it.
    """
    path.unlink(missing_ok=True)
    return path.open("xb")


def replace_text(path: Path, text: str) -> None:
    """Replace a file's text in one step: a reader sees the old text or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    with create_file(fresh) as file:
        file.write(text.encode())
    fresh.replace(path)


@contextmanager
def explained_disk_errors(home: Home) -> Iterator[None]:
    """Turn a full or read-only disk into one sentence."""
    try:
        yield
    except OSError as error:
        raise ClusterError(
            f"{error.filename or home.path} cannot be written ({error.strerror}):"
            " free some space or rights there, or name another folder with --home."
        ) from error
