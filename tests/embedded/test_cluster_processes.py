"""Finding and ending processes: ours, all of ours, and nobody else's."""
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.embedded.home import Home
from cluster.embedded.processes import (
    Process,
    end_processes,
    find_members,
    find_workers,
    is_alive,
    is_node,
    is_worker,
    read_process,
)
from cluster.embedded.stacks import STACKS
from tests.embedded.plugin_node import wait_until

HOME = Home(Path("/srv/a home"))
SLEEP = "import time; time.sleep(60)"
# ends only by SIGKILL; says when it is ready
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
# a worker with a child of its own; says the child's number
PARENT = f"""
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", {SLEEP!r}]).pid, flush=True)
{SLEEP}
"""


def process(*arguments: str) -> Process:
    return Process(pid=1, arguments=arguments, session=1, started=1)


@contextmanager
def launch(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a program; it is ended with the block, also when a test fails in it."""
    words = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as child:
        try:
            yield child
        finally:
            child.kill()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[str]]:
    with launch(SLEEP) as child:
        yield child


def seen(child: subprocess.Popen[str]) -> Process:
    wait_until(lambda: read_process(child.pid) is not None)  # it has no command line for an instant
    found = read_process(child.pid)
    assert found is not None
    return found


def test_a_node_is_the_java_of_this_very_home() -> None:
    path = f"-Des.path.home={HOME.elasticsearch(STACKS[0])}"
    assert is_node(process("/opt/jdk/bin/java", "-Xmx1g", path), HOME)
    assert not is_node(process("/opt/jdk/bin/java", path + "x"), HOME)
    assert not is_node(process("/usr/bin/vim", path), HOME)
    assert not is_node(process("/opt/jdk/bin/java", path), Home(Path("/srv")))


def test_a_worker_listens_on_this_homes_socket() -> None:
    words = ("/venv/bin/python", "-m", "cluster.embedded.worker", "--socket", str(HOME.socket))
    assert is_worker(process(*words), HOME)
    assert is_worker(process("python", "-m", "cluster.embedded.unprivileged", "9", "9", *words[3:]), HOME)
    assert not is_worker(process(*words), Home(Path("/srv/other")))
    assert not is_worker(process("tail", "-f", "cluster.embedded.worker", "--socket", str(HOME.socket)), HOME)


def test_read_process_gives_arguments_and_session(sleeper: subprocess.Popen[str]) -> None:
    found = seen(sleeper)
    assert found.arguments == (sys.executable, "-c", SLEEP)
    assert found.session == sleeper.pid
    assert found.resident_bytes > 0


def test_an_ended_process_is_none_even_before_it_is_reaped() -> None:
    with launch("pass") as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert read_process(child.pid) is None


def test_a_number_given_to_another_process_is_not_touched(sleeper: subprocess.Popen[str]) -> None:
    predecessor = replace(seen(sleeper), started=seen(sleeper).started - 1)
    assert not is_alive(predecessor)
    end_processes([predecessor], patience=0.2)
    assert sleeper.poll() is None


def test_end_processes_asks_first_and_insists_later() -> None:
    with launch(SLEEP) as polite, launch(STUBBORN) as stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        end_processes([seen(polite), seen(stubborn)], patience=0.5)
        assert polite.wait(5) == -15
        assert stubborn.wait(5) == -9


def test_members_include_what_a_worker_started(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with launch(PARENT, "-m", "cluster.embedded.worker", "--socket", str(home.socket)) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        wait_until(lambda: {member.pid for member in find_members(home, is_worker)} == {worker.pid, child})
        end_processes(find_members(home, is_worker), patience=5)
        worker.wait(5)
    assert find_workers(home) == []
    wait_until(lambda: read_process(child) is None)
