"""The Elasticsearch process: its settings, its start, and the reason when it does not come up."""
from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from cluster.embedded.accounts import Account
from cluster.embedded.calls import Server, local_url
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home, replace_text
from cluster.embedded.java import Java
from cluster.embedded.licence import read_licence
from cluster.embedded.processes import find_nodes
from cluster.embedded.stacks import Stack

TEMPLATES = Path(__file__).resolve().parent / "config"
LOG_NAME = "peaks.log"  # log4j2.properties names it after the cluster
CONSOLE_NAME = "console.log"
RECOVERY_PATIENCE = 30.0  # seconds; half of the time-out of the call that waits
_EVENT = re.compile(r"^\[[^\]]+\]\[(?P<level>[A-Z]+) *\]\[[^\]]*\](?:\[[^\]]*\])? *(?P<message>.*)$")


@dataclass(frozen=True)
class NodeSettings:
    """What a start may choose: HTTP port, Java heap ("1g", "512m"), plugins with the worker, security."""

    port: int
    heap: str
    with_plugins: bool
    security: bool = False

    @property
    def url(self) -> str:
        return local_url(self.port)

    @property
    def heap_bytes(self) -> int:
        return int(self.heap[:-1]) * {"m": 2**20, "g": 2**30}[self.heap[-1].lower()]


def write_settings(home: Home, settings: NodeSettings) -> None:
    """Fill in the templates of ``config/`` and write them into the home."""
    values = {
        "port": str(settings.port),
        "heap": settings.heap,
        "security": str(settings.security).lower(),
        "data": _quote(home.data),
        "socket": _quote(home.socket),
    }
    names = ["elasticsearch.yml", *(["plugin.yml"] if settings.with_plugins else [])]
    text = "".join(_fill(name, {**values, "logs": _quote(home.logs)}) for name in names)
    java = _fill("jvm.options", {**values, "logs": str(home.logs)})
    logging = (TEMPLATES / "log4j2.properties").read_text(encoding="utf-8")
    with home.acting():
        replace_text(home.config / "elasticsearch.yml", text)
        replace_text(home.config / "jvm.options", java)
        replace_text(home.config / "log4j2.properties", logging)


def _fill(name: str, values: Mapping[str, str]) -> str:
    return Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(values)


def _quote(path: Path) -> str:
    """A path as a double-quoted YAML scalar, of which JSON's strings are a subset."""
    return json.dumps(str(path), ensure_ascii=False)


def launch_node(home: Home, stack: Stack, *, java: Java, account: Account) -> subprocess.Popen[bytes]:
    """Start Elasticsearch's own launcher, which ends with status 0 when the node is ready."""
    with home.new_log(CONSOLE_NAME) as console:
        return subprocess.Popen(
            [str(home.elasticsearch(stack) / "bin" / "elasticsearch"), "--daemonize"],
            cwd=home.path,
            env=node_environment(home, java),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **account.identity,
        )


def node_environment(home: Home, java: Java) -> dict[str, str]:
    """Return only what the node needs: it must not see the caller's secrets and Java options."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home.path),
        "LC_ALL": "C.UTF-8",  # or Java could not open paths beyond ASCII
        "ES_JAVA_HOME": str(java.home),
        "ES_PATH_CONF": str(home.config),
        "ES_TMPDIR": str(home.temporary),
        "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1",  # the launcher ends too soon for optimised code to help
    }
    if "ES_JAVA_OPTS" in os.environ:
        environment["ES_JAVA_OPTS"] = os.environ["ES_JAVA_OPTS"]
    return environment


def await_node(home: Home, launcher: subprocess.Popen[bytes], begin: int, deadline: float) -> None:
    """Wait until the launcher ends, which it does when the node is ready.

    Args:
        begin: size of the node's log before the launcher was started, bytes.
        deadline: of the monotonic clock.

    Raises:
        ClusterError: the node ended, or the deadline passed.
    """
    while launcher.poll() is None:
        pause(deadline, "Elasticsearch is not up yet", home.logs / LOG_NAME)
    if launcher.returncode != 0:
        raise explain_failure(home, begin)


def await_answer(home: Home, server: Server, begin: int, deadline: float) -> None:
    """As ``await_node``: wait for the licence service, and a while for every index that was there before."""
    while read_licence(server) is None:
        if not find_nodes(home):
            raise explain_failure(home, begin)
        pause(deadline, "Elasticsearch does not answer yet", home.logs / LOG_NAME)
    # An index that cannot be recovered does not stop the start; the status names it.
    server.call(f"/_cluster/health?wait_for_status=yellow&timeout={RECOVERY_PATIENCE:.0f}s", timeout=60)


def await_models(server: Server, deadline: float) -> None:
    """Wait while models that were deployed before are loaded; a model's statistics say why it is not."""
    while time.monotonic() < deadline:
        answer = server.call("/_ml/trained_models/_stats")
        models = [] if answer is None else answer[1].get("trained_model_stats", [])
        if not any(model.get("deployment_stats", {}).get("state") == "starting" for model in models):
            return
        time.sleep(0.2)


def pause(deadline: float, complaint: str, log: Path) -> None:
    """Wait a moment; raises ClusterError with the complaint when the deadline has passed."""
    if time.monotonic() > deadline:
        raise ClusterError(f"{complaint}: {log} may say why, or a slow machine may need a longer --wait.")
    time.sleep(0.1)


def log_size(home: Home) -> int:
    """Bytes in the node's log: where the next start's lines will begin."""
    log = home.logs / LOG_NAME
    return log.stat().st_size if log.exists() else 0


def explain_failure(home: Home, since: int) -> ClusterError:
    """Why the node did not come up, from what it logged after byte `since`, and from its launcher's words."""
    log, console = home.logs / LOG_NAME, home.logs / CONSOLE_NAME
    logged = log.read_bytes()[since:].decode(errors="replace") if log.exists() else ""
    said = console.read_text(encoding="utf-8", errors="replace") if console.exists() else ""
    reason = find_reason(logged)
    where = log
    if reason is None:
        reason, where = last_words(said), console
    return ClusterError(f"Elasticsearch ended while it started: {reason} (the whole log is {where}).")


def find_reason(logged: str) -> str | None:
    """The reason of the last error in a log of the node: its exception's deepest cause, else its message."""
    events = _split_events(logged)
    failures = [event for event in events if event[0] in ("ERROR", "FATAL")]
    if not failures:
        return None
    _, message, details = failures[-1]
    causes = [line for line in details if line and not line.startswith(("\t", " ", "..."))]
    if not causes:
        return message
    return re.sub(r"^(?:Caused by: )?(?:[\w$]+\.)+([\w$]+): ", "", causes[-1])


def _split_events(logged: str) -> list[tuple[str, str, list[str]]]:
    """Level, message and the lines under it (an exception's), for each event of a log."""
    events: list[tuple[str, str, list[str]]] = []
    for line in logged.splitlines():
        match = _EVENT.match(line)
        if match:
            events.append((match["level"], match["message"], []))
        elif events:
            events[-1][2].append(line)
    return events


def last_words(said: str) -> str:
    """The last line of a program's output that says something: no stack frame, comment or heading."""
    lines = [line.strip() for line in said.splitlines() if not line.startswith(("\t", "#"))]
    return next((line for line in reversed(lines) if line and not line.endswith(":")), "it said nothing")
