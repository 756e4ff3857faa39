"""Worker processes that read and decode photos ahead of the model.

Image libraries are C code that meets hostile bytes: they crash, hang and leak. Each worker is a fresh Python
process (never a fork: torch's threads live in the parent) at the other end of a pipe, so whatever a file does
to its decoder costs that file only.
"""
from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo
from multiprocessing import Pipe
from multiprocessing.connection import wait
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO

from loader.errors import PeaksError
from loader.files.images import ModelInput
from loader.files.library import PhotoFile, Skipped
from loader.files.photo import decode_photo
from loader.photos.decoder_worker import Decode, Note
from loader.photos.decoder_worker import Outcome as Outcome
from loader.vision.cores import usable_cores as usable_cores

QUEUED = 2  # tasks a worker: one in hand, one that it finds when the parent is busy
SMALL_TASK = 4096  # bytes that a pipe surely takes though its worker is not reading
TIME_LIMIT = 120.0  # seconds a file
START_LIMIT = 60.0  # seconds until a worker takes files
START_ATTEMPTS = 3
LOOKS_A_LIMIT = 20  # how finely the time of a file is measured
STOP_SECONDS = 0.4  # until a killed worker must be gone

BOOT = (
    "import sys; sys.path[:] = sys.argv[4:]; from loader.photos.decoder_worker import serve; "
    "serve(*map(int, sys.argv[1:4]))"
)
# numpy would start a pool of threads, of no use here. libheif decodes in threads: with malloc arenas of their
# own a worker keeps 125 MB after a few photos, with one for all 60.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


@dataclass(frozen=True)
class Task:
    """A file to decode.

    Attributes:
        file: the photo.
        known: SHA-256 of contents that need no decoding, hexadecimal.
    """

    file: PhotoFile
    known: frozenset[str] = frozenset()


class Decoders:
    """Worker processes that read and decode photos ahead of the model.

    A context manager: on leaving, every worker is killed, whatever it is doing. Workers start when there is
    something for them to do. One thread iterates over `decode`; another may leave the context meanwhile, and
    the iteration then ends.

    Args:
        shape: the picture that the vision tower takes.
        zone: the camera's clock where a file does not tell its UTC offset.
        workers: most processes, at least 1.
        time_limit: seconds that a file may take; waiting for another worker's large picture, for tasks and
            for the consumer does not count.
        decode: what to do with a file; found by its module and name in the workers.
    """

    def __init__(
        self,
        shape: ModelInput,
        zone: tzinfo | None,
        *,
        workers: int,
        time_limit: float = TIME_LIMIT,
        decode: Decode = decode_photo,
    ) -> None:
        self._setup = pickle.dumps((decode, shape, zone))
        self._count, self._time_limit = max(1, workers), time_limit
        self._look = min(1.0, time_limit / LOOKS_A_LIMIT)
        self._workers: list[_Worker] = []
        self._returned: deque[Task] = deque()  # were queued at a worker that died
        self._failed_starts = 0
        self._looked = 0.0
        self._gate: IO[bytes] | None = None
        self._lock = threading.Lock()  # between a start and the stop
        self._stopped = False

    def __enter__(self) -> Decoders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every worker within half a second; an iteration in another thread then ends early."""
        with self._lock:
            self._stopped = True
            workers = list(self._workers)
        _kill(workers)  # their pipes are left open: that other thread may be waiting at them

    def decode(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Decode files, in the order in which they are done; every task comes back exactly once.

        A file whose decoder crashes, fails or takes too long becomes a `Skipped`.

        Args:
            tasks: pulled one by one when a worker can take one, in the thread that iterates.

        Raises:
            PeaksError: workers cannot be started.
        """
        source = iter(tasks)
        self._looked = time.monotonic()
        try:
            while not self._stopped:
                fed = self._feed(source)
                if not fed and not self._unfinished():
                    return
                for done in self._collect(0.0 if fed else self._look):
                    self._feed(source)  # a consumer that takes its time must not leave the worker idle
                    yield done
        finally:
            self._drop_unfinished()

    def _feed(self, source: Iterator[Task]) -> bool:
        """Hand one task to the worker with the least to do; False: no room, or no task left."""
        if self._stopped or not self._has_room():
            return False
        task = self._returned.popleft() if self._returned else next(source, None)
        if task is None:
            return False
        worker = self._freest()
        if worker is None or not worker.give(task):
            self._returned.appendleft(task)
            return False
        return True

    def _unfinished(self) -> bool:
        return bool(self._returned) or any(worker.tasks for worker in self._workers)

    def _has_room(self) -> bool:
        return len(self._workers) < self._count or any(len(w.tasks) < QUEUED for w in self._workers)

    def _freest(self) -> _Worker | None:
        """Return the worker with the least to do, a new one when all are busy; None: stopped."""
        freest = min(self._workers, key=lambda worker: (len(worker.tasks), not worker.ready), default=None)
        if freest is None or (freest.tasks and len(self._workers) < self._count):
            return self._start()
        return freest

    def _start(self) -> _Worker | None:
        with self._lock:
            if self._stopped:
                return None
            try:
                self._gate = self._gate or TemporaryFile()  # noqa: SIM115 - as long as the workers
                worker = _Worker(self._setup, self._gate)
            except OSError as error:  # no process, descriptor, memory or temporary folder left
                self._count_failed_start(error.strerror or str(error))
                return None
            self._workers.append(worker)
            return worker

    def _collect(self, timeout: float) -> list[tuple[Task, Outcome]]:
        """Take what workers have to say, waiting at most ``timeout`` seconds for the first."""
        ready = set(wait([worker.pipe for worker in self._workers], timeout))
        if self._stopped:
            return []
        talking = [worker for worker in self._workers if worker.pipe in ready]
        silent = [worker for worker in self._workers if worker.pipe not in ready]
        done = [self._receive(worker) for worker in talking]
        done += [self._bury(worker, late=True) for worker in self._late(silent)]
        return [pair for pair in done if pair is not None]

    def _receive(self, worker: _Worker) -> tuple[Task, Outcome] | None:
        try:
            message = worker.receive()
        except Exception:  # the end, or what a broken process has left in the pipe
            return self._bury(worker)
        if message is Note.READY:
            self._failed_starts = 0
        return None if isinstance(message, Note) else (worker.tasks.popleft(), message)

    def _late(self, silent: Iterable[_Worker]) -> list[_Worker]:
        """Return the workers that have been at one file for too long, or that do not start.

        Time is summed up look by look, and a look counts no more than its due: the workers' time does not
        pass while the consumer blocks the parent, a person has suspended it or the computer sleeps.
        """
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, self._look), now
        late = []
        for worker in silent:
            worker.pass_time(passed)
            if worker.seconds > (self._time_limit if worker.ready else START_LIMIT):
                late.append(worker)
        return late

    def _bury(self, worker: _Worker, *, late: bool = False) -> tuple[Task, Outcome] | None:
        """Remove a worker that died or must die; the file in hand is lost, those behind it go to others."""
        _kill([worker], grace=0.0 if late else STOP_SECONDS)
        worker.pipe.close()
        with self._lock:
            self._workers.remove(worker)
        if self._stopped:
            return None
        tasks = worker.tasks
        if not worker.ready:
            self._returned.extend(tasks)
            self._count_failed_start("they do not answer" if late else worker.last_words())
            return None
        if not tasks:
            return None
        lost = tasks.popleft()
        self._returned.extend(tasks)
        reason = f"decoding took longer than {self._time_limit:g} s" if late else (
            f"its decoder crashed ({worker.end()})"
        )
        return lost, Skipped(lost.file.name, reason)

    def _count_failed_start(self, reason: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= START_ATTEMPTS:
            raise PeaksError(
                f"The processes that decode photos cannot be started ({reason}): look for free memory and "
                "for a limit on processes (ulimit -u), or install this package anew."
            )

    def _drop_unfinished(self) -> None:
        """End the workers whose files nobody waits for any more."""
        with self._lock:
            unfinished = [worker for worker in self._workers if worker.tasks]
            self._workers = [worker for worker in self._workers if not worker.tasks]
        _kill(unfinished)
        self._returned.clear()


class _Worker:
    """One worker process as the parent sees it.

    Attributes:
        pipe: the parent's end.
        tasks: what it was given and has not answered; the first is in hand.
        seconds: for how long the first has been in hand.
        ready: it takes files.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(self, setup: bytes, gate: IO[bytes]) -> None:
        self.tasks: deque[Task] = deque()
        self.seconds, self.ready, self._waiting = 0.0, False, False
        self._errors: IO[bytes] = TemporaryFile()  # noqa: SIM115 - read when the worker is dead
        self.pipe, theirs = Pipe()
        alive, self._lifeline = Pipe(duplex=False)
        with theirs, alive:
            inherited = (theirs.fileno(), alive.fileno(), gate.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-c", BOOT, *map(str, inherited), *sys.path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=inherited,
                env={**os.environ, **ENVIRONMENT},
            )
        with suppress(OSError):  # it died at once, which reading will tell
            self.pipe.send_bytes(setup)

    def give(self, task: Task) -> bool:
        """Send it a file; False when it cannot take one now, or never again (reading from it then tells)."""
        data = pickle.dumps((task.file, task.known))
        if len(data) > SMALL_TASK and (self.tasks or not self.ready):
            return False  # it is not reading, and when it writes at the same time, both would wait for ever
        try:
            self.pipe.send_bytes(data)
        except OSError:
            return False
        self.tasks.append(task)
        return True

    def receive(self) -> Note | Outcome:
        """Return what it says next.

        Raises:
            Exception: it is dead, or talks nonsense.
        """
        message: Note | Outcome = pickle.loads(self.pipe.recv_bytes())
        self._waiting = message is Note.WAITING
        if message not in (Note.WAITING, Note.WORKING):
            self.ready, self.seconds = True, 0.0
        return message

    def pass_time(self, seconds: float) -> None:
        """Count time in which it worked."""
        if (self.tasks or not self.ready) and not self._waiting:
            self.seconds += seconds

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def gone(self, seconds: float) -> bool:
        """Wait at most so long for its end."""
        try:
            self._process.wait(max(seconds, 0.0))
        except subprocess.TimeoutExpired:  # in the kernel's hands, as on a network drive that is away
            return False
        return True

    def end(self) -> str:
        """Say how it ended: "signal 11", "exit status 3"."""
        status = self._process.returncode
        if status is None:
            return "it does not end"
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    def last_words(self) -> str:
        """Return the last line of its errors, or how it ended."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), self.end())


def _kill(workers: Collection[_Worker], grace: float = 0.0) -> None:
    """End processes, after ``grace`` seconds in which they may end by themselves."""
    until = time.monotonic() + grace
    for worker in workers:
        if not grace or not worker.gone(until - time.monotonic()):
            worker.kill()
    until = time.monotonic() + STOP_SECONDS
    for worker in workers:
        worker.gone(until - time.monotonic())
