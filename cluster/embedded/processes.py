"""The processes of a home, found by their command lines and not by a pid file.

A pid file can outlive its process, and its number can be given to another process. The command line of a live
process names its home, so it is never out of date, and no process of another home is ended.
"""
from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.stacks import STACKS, Stack

PROC = Path("/proc")
_MODULES = ("cluster.embedded.worker", "cluster.embedded.unprivileged")


@dataclass(frozen=True)
class Process:
    """A live process: number, arguments, session (its leader's number), start in clock ticks."""

    pid: int
    arguments: tuple[str, ...]
    session: int
    started: int

    @property
    def name(self) -> str:
        return Path(self.arguments[0]).name if self.arguments else "?"

    @property
    def resident_bytes(self) -> int:
        """Memory held in RAM; 0 when the process has ended."""
        try:
            pages = int((PROC / str(self.pid) / "statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")


def require_proc() -> None:
    """Raises ClusterError where there is no Linux ``/proc`` to look into."""
    if not (PROC / "self" / "stat").exists():
        raise ClusterError("The embedded cluster needs Linux: elsewhere use cluster/compose with Docker.")


def read_process(pid: int) -> Process | None:
    """The process of that number; None when it has ended, or has ended and waits to be reaped."""
    try:
        line = (PROC / str(pid) / "cmdline").read_bytes()
        # the name in brackets may hold blanks and brackets: what follows the last one is fields 3 and on
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    state, session, started = fields[0], int(fields[3]), int(fields[19])  # proc(5): fields 3, 6 and 22
    if state in "ZX" or not line:
        return None
    arguments = tuple(os.fsdecode(part) for part in line.rstrip(b"\0").split(b"\0"))
    return Process(pid, arguments, session, started)


def list_processes() -> list[Process]:
    """Every live process with a command line (kernel threads have none)."""
    found = (read_process(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdecimal())
    return [process for process in found if process is not None]


def is_node(process: Process, home: Home) -> bool:
    """Whether this is the Java of the home's Elasticsearch: the server, or the launcher that starts it."""
    return node_stack(process, home) is not None


def node_stack(process: Process, home: Home) -> Stack | None:
    """The line of Elasticsearch that this process of the home runs; None when it is not the home's node."""
    if process.name != "java":
        return None
    return next(
        (each for each in STACKS if f"-Des.path.home={home.elasticsearch(each)}" in process.arguments), None
    )


def is_worker(process: Process, home: Home) -> bool:
    """Whether this is the inference worker that listens on the home's socket."""
    pairs = list(zip(process.arguments, process.arguments[1:], strict=False))
    is_ours = any(("-m", module) in pairs for module in _MODULES)
    return is_ours and ("--socket", str(home.socket)) in pairs


def find_nodes(home: Home) -> list[Process]:
    return [process for process in list_processes() if is_node(process, home)]


def find_workers(home: Home) -> list[Process]:
    return [process for process in list_processes() if is_worker(process, home)]


def find_members(home: Home, kind: Callable[[Process, Home], bool]) -> list[Process]:
    """The processes of a kind and all that they started: each was put into a session of its own."""
    everyone = list_processes()
    members = [process for process in everyone if kind(process, home)]
    sessions = {process.session for process in members} - {os.getsid(0)}
    return [process for process in everyone if process in members or process.session in sessions]


def end_processes(processes: Iterable[Process], patience: float) -> None:
    """Ask the processes to end (SIGTERM), and end those that have not after `patience` seconds (SIGKILL).

    Raises:
        ClusterError: one belongs to another user.
    """
    waiting = list(processes)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in waiting:
            _send(process, number)
        deadline = time.monotonic() + patience
        while waiting and time.monotonic() < deadline:
            time.sleep(0.05)
            waiting = [process for process in waiting if is_alive(process)]


def is_alive(process: Process) -> bool:
    """Whether this process still runs; a new process with its number does not count."""
    now = read_process(process.pid)
    return now is not None and now.started == process.started


def _send(process: Process, number: signal.Signals) -> None:
    if not is_alive(process):
        return
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        raise ClusterError(
            f"Process {process.pid} ({process.name}) is another user's: use sudo, or that user's account."
        ) from None
