"""Start, look at, stop and reset an embedded cluster: one node and one inference worker in one home."""
from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded import node, worker_process
from cluster.embedded.accounts import Account, choose_account
from cluster.embedded.calls import local_url
from cluster.embedded.choice import Choice, choose_stack
from cluster.embedded.distribution import fetch_distribution, require_space
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import (
    REPOSITORY,
    Home,
    create_home,
    explained_disk_errors,
    locate_home,
    locked,
)
from cluster.embedded.java import find_javas
from cluster.embedded.licence import start_trial
from cluster.embedded.node import NodeSettings
from cluster.embedded.plugin_package import (
    build_plugin,
    install_plugin,
    packages,
    remove_plugin,
)
from cluster.embedded.processes import (
    end_processes,
    find_members,
    is_node,
    is_worker,
    require_proc,
)
from cluster.embedded.security import ensure_password
from cluster.embedded.stacks import Stack
from cluster.embedded.status import ClusterStatus, locate_server, read_status
from cluster.embedded.surroundings import (
    require_free_data,
    require_free_port,
    require_memory,
    require_older_data,
)

DEFAULT_PORT = 9200
RUNNING_NEEDS = 500 * 2**20  # bytes: a base-size model in int8 (310 MB), indices, logs
NODE_PATIENCE = 60.0  # seconds a node may take to close its indices
WORKER_PATIENCE = 10.0

Announce = Callable[[str], None]


@dataclass(frozen=True)
class StartOptions:
    """What a person may choose for a start; None stands for the default.

    Attributes:
        home: the cluster's folder; see ``home.locate_home``.
        user: who the node runs as when root starts it; see ``accounts.choose_account``.
        port: HTTP port; 9200.
        heap: Java heap as the JVM writes it.
        bare: leave out plugins and worker: nothing but Elastic's distribution.
        trial: start the trial licence.
        patience: seconds to wait for node and worker.
        stack: the line of Elasticsearch; see ``choice.choose_stack``.
        security: ask for a password or API key; a home that has it keeps it until it is reset.
    """

    home: Path | None = None
    user: str | None = None
    port: int | None = None
    heap: str = "1g"
    bare: bool = False
    trial: bool = True
    patience: float = 180.0
    stack: Stack | None = None
    security: bool = False


def prepare(options: StartOptions, announce: Announce) -> tuple[Home, Stack]:
    """Have everything on disk that a start needs: distribution unpacked, plugins built. Does nothing twice.

    Raises:
        ClusterError: something is missing on this machine; the sentence says what.
    """
    home, account = _open_home(options)
    with locked(home):
        choice = _choose(home, account, options, announce)
        _prepare(home, choice, options, announce)
    return home, choice.stack


def _open_home(options: StartOptions) -> tuple[Home, Account]:
    require_proc()
    account = choose_account(options.user, REPOSITORY)
    home = locate_home(options.home, account)
    create_home(home, account)
    return home, account


def _choose(home: Home, account: Account, options: StartOptions, announce: Announce) -> Choice:
    javas = find_javas(may_run=lambda program: account.can("x", program))
    choice = choose_stack(home, options.stack, javas)
    announce(choice.reason)
    return choice


def _prepare(home: Home, choice: Choice, options: StartOptions, announce: Announce) -> None:
    fetch_distribution(home, choice.stack, java=choice.java, announce=announce)
    for package in () if options.bare else packages(choice.stack):
        build_plugin(home, package, choice.stack, java=choice.java, announce=announce)


def start(options: StartOptions, announce: Announce) -> ClusterStatus:
    """Bring up node and worker and wait until both answer; a cluster that runs already is left as it is.

    Raises:
        ClusterError: with the reason and its fix; what was started is stopped again.
    """
    home, account = _open_home(options)
    with locked(home):
        status = read_status(home)
        if status.running:
            _require_same(status, options)
            return status
        if status.answers and not status.bare:
            _require_same(status, options)
            _revive_worker(home, account, options, announce)
        else:
            _start_all(home, account, options, announce)
    return read_status(home)


def _start_all(home: Home, account: Account, options: StartOptions, announce: Announce) -> None:
    settings = choose_settings(home, options)
    choice = _choose(home, account, options, announce)
    _end_all(home)  # half of a cluster, after a crash
    _check_surroundings(home, choice.stack, settings)
    _prepare(home, choice, options, announce)
    try:
        _bring_up(home, account, choice, settings, options, announce)
    except BaseException:  # also Ctrl-C: nothing half-started stays behind
        _end_all(home)
        raise


def choose_settings(home: Home, options: StartOptions) -> NodeSettings:
    """The node's settings; ClusterError where --bare meets security, which a home keeps."""
    security = options.security or bool(home.read_state().get("security"))
    if security and options.bare:
        raise ClusterError(
            "A bare node with security could make no API key: leave out --bare, or name another folder with"
            " --home."
        )
    return NodeSettings(options.port or DEFAULT_PORT, options.heap, not options.bare, security)


def _revive_worker(home: Home, account: Account, options: StartOptions, announce: Announce) -> None:
    """Start the worker of a node that lost it; the plugin connects again and loads its models."""
    announce("Starting the inference worker …")
    _end_workers(home)
    worker = worker_process.launch_worker(home, account)
    deadline = time.monotonic() + options.patience
    worker_process.await_worker(home, worker, deadline)
    node.await_models(locate_server(home), deadline)


def _require_same(status: ClusterStatus, options: StartOptions) -> None:
    is_elsewhere = options.port is not None and status.url != local_url(options.port)
    is_other_stack = options.stack is not None and options.stack != status.stack
    is_open = options.security and not status.security
    if is_elsewhere or is_other_stack or is_open or options.bare != status.bare:
        kind = "bare, " if status.bare else ""
        raise ClusterError(
            f"The cluster of {status.home.path} runs already, {kind}{status.stack} at {status.url}:"
            f" use it there (`make demo PORT={(status.url or '').rpartition(':')[2]}`), stop it first with"
            " `peaks cluster stop` (`make stop`), or name another folder with --home (PEAKS_CLUSTER_HOME)."
        )


def _bring_up(
    home: Home,
    account: Account,
    choice: Choice,
    settings: NodeSettings,
    options: StartOptions,
    announce: Announce,
) -> None:
    with explained_disk_errors(home):
        _install(home, choice.stack, settings)
        choices = {"bare": options.bare, "security": settings.security}
        home.write_state({"stack": choice.stack.name, "url": settings.url, **choices})
    if settings.security:
        ensure_password(home, choice.stack, java=choice.java, account=account)
    server = locate_server(home)
    deadline = time.monotonic() + options.patience
    announce(f"Starting {choice.stack} on port {settings.port} …")
    worker = worker_process.launch_worker(home, account) if settings.with_plugins else None
    begin = node.log_size(home)
    launcher = node.launch_node(home, choice.stack, java=choice.java, account=account)
    worker_process.await_worker(home, worker, deadline)
    node.await_node(home, launcher, begin, deadline)
    node.await_answer(home, server, begin, deadline)
    if settings.with_plugins:
        node.await_models(server, deadline)
    if options.trial:
        start_trial(server)


def _check_surroundings(home: Home, stack: Stack, settings: NodeSettings) -> None:
    require_free_port(settings.port)
    require_memory(settings)
    require_space(home.path, RUNNING_NEEDS, "run the cluster")
    require_free_data(home)
    require_older_data(home, stack)


def _install(home: Home, stack: Stack, settings: NodeSettings) -> None:
    for package in packages(stack):
        if settings.with_plugins:
            install_plugin(home, package, stack)
        else:
            remove_plugin(home, package, stack)
    node.write_settings(home, settings)


def find_home(options: StartOptions) -> Home:
    """The home that the other commands speak of; it may not exist."""
    require_proc()
    return locate_home(options.home, choose_account(options.user, REPOSITORY))


def stop(home: Home) -> int:
    """End the node, then the worker, with everything that they started.

    Returns:
        How many processes there were.

    Raises:
        ClusterError: they belong to another user, or another command is at work on this home.
    """
    if not home.state.exists():
        return _end_all(home)
    with locked(home):
        return _end_all(home)


def _end_all(home: Home) -> int:
    nodes = find_members(home, is_node)
    end_processes(nodes, NODE_PATIENCE)
    return len(nodes) + _end_workers(home)


def _end_workers(home: Home) -> int:
    workers = find_members(home, is_worker)
    end_processes(workers, WORKER_PATIENCE)
    with home.acting():
        home.socket.unlink(missing_ok=True)
    return len(workers)


def reset(home: Home) -> None:
    """Stop the cluster and delete its data, licence and logs; the unpacked distribution stays.

    Raises:
        ClusterError: as for ``stop``, or the files belong to another user.
    """
    if not home.state.exists():
        return
    with locked(home):
        _end_all(home)
        with explained_disk_errors(home), home.acting():
            for folder in (home.data, home.logs, home.temporary):
                if folder.exists():
                    shutil.rmtree(folder)
            home.password.unlink(missing_ok=True)
            home.write_state({})
