"""Loads that start in a tenth of a second: forked from a process that has imported all that they need.

Importing PyTorch takes most of a short load's time, and nothing can go wrong in it that a test of faults
looks for. `multiprocessing`'s fork server does it once for the session; each load is a process of its own all
the same.
"""
from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

IMPORTED = ("pytest", "loader.vision.encoder", "loader.photos.pipeline",
            "loader.peaks.identification.document_fields",
            "loader.show.summary", "tests.photos.loader_process")

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(list(IMPORTED))


class WarmProcess:
    """What `subprocess.Popen` would be for the same command.

    Args:
        words: what follows ``python -m tests.photos.loader_process``.
        out: file for stdout.
        err: file for stderr.
        environment: variables of its own.
    """

    def __init__(self, words: Sequence[str], out: Path, err: Path, environment: Mapping[str, str]) -> None:
        self._process = _server.Process(target=_become_loader, args=(words, out, err, dict(environment)))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("a warm load", timeout or 0.0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to it, not to its workers."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _become_loader(words: Sequence[str], out: Path, err: Path, environment: Mapping[str, str]) -> None:
    from tests.photos import loader_process

    os.setsid()  # a process group of its own, as a terminal gives it
    for descriptor, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.update(environment)
    sys.argv[1:] = words
    loader_process.main()
