"""Worker processes that read and decode photos ahead of the model.

Image libraries are C code, and hostile files can make them crash, hang or leak. So each file is decoded in a
worker process (pebble's): if a worker dies, one file is lost. Workers are forked from a process that has
imported the decoders but not torch.
"""
from __future__ import annotations

import fcntl
import multiprocessing
import os
import resource
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import tzinfo
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryFile
from types import TracebackType
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from loader.errors import PeaksError
from loader.files.decoding_cost import use_gate
from loader.files.images import ModelInput
from loader.files.library import PhotoFile, Skipped
from loader.files.photo import Known, Photo, decode_photo
from loader.text import shorten

TIME_LIMIT = 120.0  # seconds a file
LARGE_SECONDS = 15.0  # for a large picture of another worker, which this one may have to wait for
LOOK = 0.5  # seconds between two checks whether the pool is broken
MOST_BREAKS = 3  # pools that break one after the other before any file is done

NICENESS = 5  # the model's threads come first, because the load waits for them
OOM_SCORE = 500  # of 1,000 (man 5 proc): the kernel ends a worker before the model or the node
# multiprocessing's resource tracker warns of what a stopped run has left, and then removes it.
# numpy would start a pool of threads, of no use here. libheif decodes in threads: with malloc arenas of their
# own a worker keeps 125 MB after a few photos, with one for all 60.
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "PYTHONWARNINGS": "ignore:resource_tracker",
}

Other = TypeVar("Other")
Decoded = Photo | Known | Skipped


def usable_cores() -> int:
    """Return the cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Task:
    """A file to decode.

    Attributes:
        file: the photo.
        shape: the picture that the vision tower takes.
        zone: the camera's clock where the file does not tell its UTC offset.
        known: keys of contents that need no decoding (`PhotoFile.content_key`).
    """

    file: PhotoFile
    shape: ModelInput
    zone: tzinfo | None = None
    known: frozenset[str] = frozenset()

    def decode(self) -> Decoded:
        """Read and decode the file; runs in a worker."""
        return decode_photo(self.file, self.shape, self.zone, self.known)


class DecodingPool:
    """Worker processes that decode.

    A context manager: on leaving, the workers are killed, whatever they are doing. They start with the first
    task. One thread iterates over `decode`; another may leave the context meanwhile, which ends the iteration
    with a `CancelledError`.

    Args:
        workers: processes, at least 1.
        time_limit: seconds that a file may take.
    """

    def __init__(self, workers: int, time_limit: float = TIME_LIMIT) -> None:
        self._workers = workers
        self._time_limit = time_limit + LARGE_SECONDS * (workers - 1)
        # Nothing is ever written into the pipe. It closes when this process ends, which ends the workers.
        self._alive, self._lifeline = multiprocessing.Pipe(duplex=False)
        with TemporaryFile() as file:
            self._gate = Connection(os.dup(file.fileno()))  # in this form it can be sent to workers
        self._pool = self._make_pool()
        self._breaks, self._is_left = 0, False
        self._running: dict[Future[Decoded], Task] = {}
        self._crashed: set[str] = set()  # ids of files whose worker has died once
        self._done: SimpleQueue[Future[Decoded] | None] = SimpleQueue()

    def __enter__(self) -> DecodingPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_left = True
        self._done.put(None)
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._lifeline.close()
        if kind is not KeyboardInterrupt:  # a person who has stopped the run does not wait
            self._pool.join()

    def decode(self, tasks: Iterable[Task | Other], most: int) -> Iterator[Decoded | Other]:
        """Yield the decoded files in the order in which they are done, and every other item unchanged.

        A file whose decoder crashes twice, fails or takes too long becomes a `Skipped`.

        Args:
            tasks: read in the thread that iterates.
            most: tasks given to the workers whose outcomes have not been taken yet.

        Raises:
            PeaksError: workers cannot be started.
        """
        for task in tasks:
            if not isinstance(task, Task):
                yield task
                continue
            self._give(task)
            if len(self._running) >= most:
                yield self._next()
        while self._running:
            yield self._next()

    def _give(self, task: Task) -> None:
        if not self._running:
            _start_server()
        try:
            future = self._pool.schedule(task.decode, timeout=self._time_limit)
        except RuntimeError:  # the pool is broken
            self._start_again(task)
        else:
            self._running[future] = task
            future.add_done_callback(self._done.put)

    def _next(self) -> Decoded:
        while True:
            try:
                future = self._done.get(timeout=LOOK)
            except Empty:
                if not self._pool.active:  # a broken pool forgets the tasks that it has not started
                    self._start_again(self._running.popitem()[1])
                continue
            if future is None:
                raise CancelledError
            task = self._running.pop(future, None)
            if task is None:  # of a pool that broke
                continue
            if isinstance(future.exception(), BrokenProcessPool):
                self._start_again(task)
                continue
            self._breaks = 0
            if isinstance(future.exception(), ProcessExpired) and task.file.id not in self._crashed:
                # A worker's last answer can be lost with it: only who crashes twice is the one that crashes.
                self._crashed.add(task.file.id)
                self._give(task)
                continue
            return self._outcome(future, task)

    def _outcome(self, future: Future[Decoded], task: Task) -> Decoded:
        try:
            return future.result()
        except TimeoutError:
            reason = f"decoding took longer than {self._time_limit:g} s"
        except ProcessExpired as error:
            status = error.exitcode or 0
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            reason = f"its decoder crashed ({how})"
        except Exception as error:
            reason = f"its decoder failed ({shorten(f'{type(error).__name__}: {error}', 120)})"
        return Skipped(task.file.name, reason)

    def _make_pool(self) -> ProcessPool:
        return ProcessPool(
            self._workers,
            initializer=_prepare_worker,
            initargs=(self._alive, self._gate),
            context=multiprocessing.get_context("forkserver"),
        )

    def _start_again(self, task: Task) -> None:
        """Give a broken pool's tasks to a new one. A pool breaks when a worker dies that has no task."""
        if self._is_left:
            raise CancelledError
        self._breaks += 1
        if self._breaks > MOST_BREAKS:
            raise PeaksError(
                "The processes that decode photos cannot be started, or end at once: look for free memory "
                "and for a limit on processes (ulimit -u), or install this package anew."
            )
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        self._pool = self._make_pool()
        tasks = [task, *self._running.values()]
        self._running.clear()
        for each in tasks:
            self._give(each)


def _start_server() -> None:
    """Start the process that workers are forked from, if it does not run already.

    It imports the decoders only; by default it would import the program's main module, too.
    """
    forkserver.set_forkserver_preload([__name__])
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    resource_tracker.ensure_running()  # by the next call, it would let Ctrl-C through again
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Ctrl-C is the parent's; children inherit this
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        for name in ENVIRONMENT:
            if name in before:
                os.environ[name] = before[name]
            else:
                del os.environ[name]


def _prepare_worker(alive: Connection, gate: Connection) -> None:
    """Make a new worker end with its parent, run at a low priority, and print nothing.

    Args:
        alive: a pipe that ends with the parent.
        gate: a file whose lock is held by the worker that decodes a large picture.
    """
    _die_with_parent(alive.fileno())
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # not Linux, or not allowed
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    use_gate(lambda: _locked(gate.fileno()))
    # The summary names each damaged file with a reason; messages of C libraries are dropped.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _die_with_parent(alive: int) -> None:
    """Ask the kernel for SIGIO, which ends this process, when the parent's end of a pipe is closed.

    Reading the pipe is not enough: a decoder that hangs never reads. Linux's PR_SET_PDEATHSIG would only
    signal the death of the process that workers are forked from. Where SIGIO is ignored by default (BSD,
    macOS) a worker ends after its current file.
    """
    with suppress(OSError):  # no /proc
        # Opened again, because all workers share the one that was sent to them, and it has one owner.
        alive = os.open(f"/proc/self/fd/{alive}", os.O_RDONLY)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(alive, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(alive, fcntl.F_SETFL, fcntl.fcntl(alive, fcntl.F_GETFL) | os.O_ASYNC)


@contextmanager
def _locked(file: int) -> Iterator[None]:
    """Hold a file's lock, which the kernel takes from a process that dies."""
    fcntl.lockf(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)
