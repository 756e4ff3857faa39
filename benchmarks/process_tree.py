"""Memory and processor time of a command and of every process that it starts, from Linux's /proc."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
INTERVAL = 0.2  # seconds between two looks
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Usage:
    """What a command used.

    Attributes:
        stdout: what it printed.
        seconds: from start to end.
        peak_rss: the largest sum of its processes' resident memory, bytes; shared pages count in each.
        peak_pss: the same with shared pages divided among those that share them.
        own_cpu: processor seconds of the command's own process.
        others_cpu: of the processes that it started, as far as they were seen.
    """

    stdout: str = ""
    seconds: float = 0.0
    peak_rss: int = 0
    peak_pss: int = 0
    own_cpu: float = 0.0
    others_cpu: float = 0.0
    _cpu: dict[tuple[int, int], float] = field(default_factory=dict)

    def look(self, root: int) -> None:
        """Take one sample of the tree under a process."""
        pids = tree(root)
        self.peak_rss = max(self.peak_rss, sum(resident(pid) for pid in pids))
        self.peak_pss = max(self.peak_pss, sum(proportional(pid) for pid in pids))
        for pid in pids:
            if (found := cpu_seconds(pid)) is not None:
                self._cpu[pid, found[0]] = found[1]
        self.own_cpu = sum(seconds for (pid, _), seconds in self._cpu.items() if pid == root)
        self.others_cpu = sum(self._cpu.values()) - self.own_cpu


def run_measured(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end and watch its processes.

    Raises:
        subprocess.CalledProcessError: it failed; what it wrote to stderr is on the terminal.
    """
    usage, start = Usage(), time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    ) as process:
        watcher = threading.Thread(target=_watch, args=(process, usage))
        watcher.start()
        assert process.stdout is not None
        usage.stdout = process.stdout.read()
        code = process.wait()
        usage.seconds = time.monotonic() - start
        watcher.join()
    if code:
        raise subprocess.CalledProcessError(code, command, usage.stdout)
    return usage


def _watch(process: subprocess.Popen[str], usage: Usage) -> None:
    while process.returncode is None:
        usage.look(process.pid)
        time.sleep(INTERVAL)


def tree(root: int) -> list[int]:
    """A process and all that descend from it, as they are now."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (parts := _stat(int(entry.name))):
            children.setdefault(int(parts[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def resident(pid: int) -> int:
    """Resident bytes of a process, 0 when it has ended."""
    words = _read(pid, "statm").split()
    return int(words[1]) * PAGE if words else 0


def proportional(pid: int) -> int:
    """Resident bytes with shared pages divided among those that share them, 0 when it has ended."""
    for line in _read(pid, "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu_seconds(pid: int) -> tuple[int, float] | None:
    """When a process started (clock ticks) and the processor seconds that it used; None when it has ended."""
    parts = _stat(pid)
    return (int(parts[19]), (int(parts[11]) + int(parts[12])) / TICKS) if parts else None


def _stat(pid: int) -> list[str]:
    """Fields 3 and on of proc(5)'s stat: the name before them may hold blanks and brackets."""
    return _read(pid, "stat").rpartition(")")[2].split()


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text(errors="replace")
    except OSError:
        return ""
