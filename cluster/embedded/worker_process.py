"""Starts the inference worker (worker.py), and decides which account runs it."""
from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

from cluster.embedded.accounts import Account
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import REPOSITORY, Home
from cluster.embedded.node import last_words, pause
from cluster.embedded.processes import PROC

MODULE = "cluster.embedded.worker"
LOG_NAME = "worker.log"
PREVIOUS_LOG_NAME = "worker-previous.log"
_ACCEPTS_CONNECTIONS = 0x10000  # the kernel's __SO_ACCEPTCON
# The modules that the account must be able to find to run the worker by itself.
_PROBE = f"import importlib.util as u, sys; sys.exit(not (u.find_spec('torch') and u.find_spec('{MODULE}')))"


def launch_worker(home: Home, account: Account) -> subprocess.Popen[bytes]:
    """Start the worker on the home's socket, as `account`.

    Where the account cannot reach the virtual environment (a checkout or a Python in root's home), the worker
    starts as the caller and becomes the account before it listens: see ``unprivileged``.

    Raises:
        ClusterError: torch is not installed beside this Python.
    """
    if importlib.util.find_spec("torch") is None:
        raise ClusterError(f"{sys.executable} has no PyTorch: run `make setup`, and use .venv/bin/peaks.")
    environment = _environment(home)
    if _can_import(account, environment):
        command, identity = ["-m", MODULE], account.identity
    else:
        command, identity = ["-m", "cluster.embedded.unprivileged", str(account.uid), str(account.gid)], {}
    with home.acting():
        home.socket.unlink(missing_ok=True)  # left by a crash: a socket nobody listens on
        if (home.logs / LOG_NAME).exists():  # it may say why the worker crashed
            (home.logs / LOG_NAME).replace(home.logs / PREVIOUS_LOG_NAME)
        for left in home.temporary.glob("model-*.pt"):  # by a worker of an earlier version
            left.unlink()
    with home.new_log(LOG_NAME) as log:
        return subprocess.Popen(
            [sys.executable, *command, "--socket", str(home.socket)],
            cwd=home.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **identity,
        )


def _environment(home: Home) -> dict[str, str]:
    path = os.pathsep.join(part for part in (str(REPOSITORY), os.environ.get("PYTHONPATH", "")) if part)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home.path),
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(home.temporary),
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
    }


def _can_import(account: Account, environment: dict[str, str]) -> bool:
    if account.is_caller:
        return True
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE], env=environment, cwd="/", capture_output=True, **account.identity
        )
    except OSError:  # the interpreter itself is out of the account's reach
        return False
    return probe.returncode == 0


def await_worker(home: Home, worker: subprocess.Popen[bytes] | None, deadline: float) -> None:
    """Wait until a worker that was started listens; None: there is none to wait for.

    Raises:
        ClusterError: it ended, or `deadline` (of the monotonic clock) passed.
    """
    while worker is not None and not is_listening(home):
        if worker.poll() is not None:
            raise explain_failure(home)
        pause(deadline, "The inference worker does not listen yet", home.logs / LOG_NAME)


def is_listening(home: Home) -> bool:
    """Whether something accepts connections on the home's socket.

    The kernel's table says so without a connection, also to users who may not use the socket.
    """
    for line in (PROC / "net" / "unix").read_text(errors="surrogateescape").splitlines()[1:]:
        fields = line.split(maxsplit=7)  # number, references, protocol, flags, type, state, inode, path
        if len(fields) == 8 and fields[7] == str(home.socket) and int(fields[3], 16) & _ACCEPTS_CONNECTIONS:
            return True
    return False


def explain_failure(home: Home) -> ClusterError:
    """Why the worker ended, from the last line of its log."""
    log = home.logs / LOG_NAME
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return ClusterError(f"The inference worker ended while it started: {last_words(said)} (its log: {log}).")
