"""Checks before a start: port and memory are free, the data folder is unused and not too new."""
from __future__ import annotations

import fcntl
import re
import socket
import struct
from contextlib import suppress
from pathlib import Path

from cluster.embedded.calls import LOOPBACK
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.node import NodeSettings
from cluster.embedded.processes import PROC, read_process
from cluster.embedded.stacks import Stack

# Lucene keeps what Elasticsearch says of a commit as strings, each behind its length.
_NODE_VERSION = re.compile(rb"node_version[\x01-\x7f](\d+)")
_LISTENING = "0A"  # the kernel's TCP_LISTEN, as /proc/net/tcp writes it


def require_free_port(port: int) -> None:
    """Raises ClusterError, naming the port and if possible its holder, when nothing can listen on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the node does
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError:
            raise ClusterError(f"Port {port} is for root alone: choose one above 1023 with --port.") from None
        except OSError as error:
            raise ClusterError(
                f"Port {port} is taken{_describe_holder(port)} ({error.strerror}): end that, or choose"
                " another with --port."
            ) from None


def _describe_holder(port: int) -> str:
    pid = find_holder(port)
    process = None if pid is None else read_process(pid)
    return "" if process is None else f" by {process.name} (process {process.pid})"


def find_holder(port: int) -> int | None:
    """The process that listens on `port`; None when nobody does or it may not be seen."""
    wanted = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for entry in PROC.iterdir():
        if entry.name.isdecimal() and wanted & _open_files(entry):
            return int(entry.name)
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in (PROC / "net" / "tcp", PROC / "net" / "tcp6"):
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        for fields in (line.split() for line in lines):
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes


def _open_files(process: Path) -> set[str]:
    names = set()
    with suppress(OSError):  # the process ended, or is another user's
        for handle in (process / "fd").iterdir():
            with suppress(OSError):  # this one was closed meanwhile
                names.add(str(handle.readlink()))
    return names


def require_memory(settings: NodeSettings) -> None:
    """Raises ClusterError when the heap, which the node takes whole at its start, exceeds the free memory."""
    fields = dict(line.split(":", 1) for line in (PROC / "meminfo").read_text().splitlines())
    free = int(fields["MemAvailable"].split()[0]) * 1024  # proc(5): in kB
    if settings.heap_bytes > free:
        raise ClusterError(
            f"A heap of {settings.heap} does not fit into the {free / 2**20:.0f} MB of memory that are free:"
            " choose a smaller one with --heap, or end something."
        )


def require_free_data(home: Home) -> None:
    """Raises ClusterError when a live process holds the data folder; a file alone is no lock."""
    lock = home.data / "node.lock"
    if not lock.exists():
        return
    with home.acting():
        opened = lock.open("r+b")
    with opened as file:
        holder = _find_lock_holder(file.fileno())
    if holder is not None:
        process = read_process(holder)
        name = "a process of another container" if process is None else f"{process.name} (process {holder})"
        raise ClusterError(f"{home.data} is in use by {name}: end that, or name another folder with --home.")


def _find_lock_holder(descriptor: int) -> int | None:
    """Ask the kernel who keeps us from locking the file (fcntl(2), F_GETLK); Lucene locks it the same way."""
    layout = "hhqqi4x"  # struct flock: type, whence, start, length, pid
    question = struct.pack(layout, fcntl.F_WRLCK, 0, 0, 0, 0)
    kind, _, _, _, pid = struct.unpack(layout, fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    return None if kind == fcntl.F_UNLCK else int(pid)


def require_older_data(home: Home, stack: Stack) -> None:
    """Raises ClusterError when a newer Elasticsearch than `stack` wrote the data, which it would not open.

    Older data are Elasticsearch's own to upgrade. Data that we cannot read the version of are too.
    """
    commits = (home.data / "_state").glob("segments_*")
    found = [int(number) for commit in commits for number in _NODE_VERSION.findall(commit.read_bytes())]
    major = max(found, default=0) // 1_000_000  # 8192199 is 8.19.21
    if major > int(stack.version.partition(".")[0]):
        raise ClusterError(
            f"{home.data} was written by Elasticsearch {major}, and {stack} cannot open it: take the other"
            " --stack, delete the data with `peaks cluster reset`, or name another folder with --home."
        )
