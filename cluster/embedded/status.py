"""The status of a cluster: its processes, and whether they answer."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cluster.embedded.calls import Server
from cluster.embedded.home import Home
from cluster.embedded.licence import Licence, read_licence
from cluster.embedded.processes import Process, find_nodes, find_workers, node_stack, require_proc
from cluster.embedded.stacks import Stack
from cluster.embedded.worker_process import is_listening


@dataclass(frozen=True)
class ClusterStatus:
    """What there is of a cluster. A bare one has no worker and needs none.

    `stack` is the line that runs, or was started last; None when there is neither.
    """

    home: Home
    stack: Stack | None
    url: str | None
    bare: bool
    security: bool
    node: Process | None
    worker: Process | None
    answers: bool
    listens: bool
    licence: Licence | None
    health: str | None

    @property
    def running(self) -> bool:
        return self.node is not None and self.answers and (self.bare or self.listens)

    @property
    def stopped(self) -> bool:
        return self.node is None and self.worker is None

    def document(self) -> dict[str, Any]:
        """The status as a JSON object; memory in bytes."""
        return {
            "state": "running" if self.running else "stopped" if self.stopped else "incomplete",
            "url": self.url,
            "stack": self.stack and self.stack.name,
            "version": self.stack and self.stack.version,
            "licence": self.licence and {"type": self.licence.type, "active": self.licence.active},
            "health": self.health,
            "home": str(self.home.path),
            "logs": str(self.home.logs),
            "bare": self.bare,
            "security": self.security,
            "node": _describe(self.node, self.answers),
            "worker": _describe(self.worker, self.listens),
        }


def _describe(process: Process | None, answers: bool) -> dict[str, Any] | None:
    if process is None:
        return None
    return {"pid": process.pid, "answers": answers, "memory_bytes": process.resident_bytes}


def read_status(home: Home) -> ClusterStatus:
    """Find the processes and ask them; only the address is read from a file."""
    require_proc()
    state = home.read_state()
    url = state.get("url")
    running = find_nodes(home)
    server = next((process for process in running if "-Dcli.name=server" not in process.arguments), None)
    workers = find_workers(home)
    listener = next((process for process in workers if process.pid == process.session), None)
    address = locate_server(home) if server and url else None
    licence = read_licence(address) if address else None
    return ClusterStatus(
        home=home,
        stack=node_stack(server, home) if server else home.last_stack(),
        url=url if server else None,
        bare=bool(state.get("bare")),
        security=bool(state.get("security")),
        node=server,
        worker=listener,
        answers=licence is not None,
        listens=listener is not None and is_listening(home),
        licence=licence,
        health=read_health(address) if licence and address else None,
    )


def locate_server(home: Home) -> Server:
    """The node that the last start of a home brought up."""
    state = home.read_state()
    return Server(f"{state.get('url')}", home.password if state.get("security") else None)


def read_health(server: Server) -> str | None:
    """Elasticsearch's own word for the state of all indices: green, yellow or red; None without an answer."""
    answer = server.call("/_cluster/health")
    return None if answer is None else answer[1].get("status")
