"""Decoding and embedding beside each other, ahead of the writing.

    worker processes ──decoded──▶ embedding thread ──messages──▶ the caller's thread, which writes

The queue of decoded photos is bounded, and so are the photos that are embedded and not yet written: a process
that is killed has embedded at most one batch in vain.
"""
from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from PIL import Image

from loader.elastic.retries import patience
from loader.files.library import Skipped
from loader.files.photo import Known, Photo
from loader.photos.decoder_worker import Outcome
from loader.photos.decoders import Decoders, Task
from loader.vision.vectors import Vectors

CHUNKS_A_BATCH = 2  # one is embedded while the other is written
POLL = 0.1  # seconds between two looks at whether the run was stopped


class Encoder(Protocol):
    """What makes vectors of pictures (`loader.vision.encoder.VisionEncoder`)."""

    @property
    def precision(self) -> str: ...

    @property
    def agreement(self) -> float | None: ...

    def encode(self, images: Sequence[Image.Image]) -> Vectors: ...


@dataclass(frozen=True)
class Embedded:
    """Photos and their vectors, float32 ``(n, dims)``."""

    photos: Sequence[Photo]
    vectors: Vectors
    precision: str
    agreement: float | None


@dataclass(frozen=True)
class PassedOver:
    """A file that is no picture, and does not pretend to be one."""


@dataclass(frozen=True)
class Unchanged:
    """A photo that the index holds already, as it is."""


Message = Embedded | Known | Skipped | PassedOver | Unchanged


class _Stopped(Exception):
    """The caller wants no more."""


class _End:
    """The last thing in a queue."""


@dataclass(frozen=True)
class _Failure:
    error: BaseException


class PhotoStages:
    """The stages before the writing, as one iterable of messages.

    Args:
        decoders: worker processes.
        tasks: what to decode; iterated in a thread of its own, where it may call `pass_on`.
        screen: may turn a photo away before it is embedded.
        make_encoder: called once, in the embedding thread, when the first photo is there.
        batch_size: most photos that are embedded and not yet written.
    """

    def __init__(
        self,
        decoders: Decoders,
        tasks: Iterable[Task],
        screen: Callable[[Photo], Photo | Skipped],
        make_encoder: Callable[[], Encoder],
        batch_size: int,
    ) -> None:
        self._decoders, self._tasks = decoders, tasks
        self._screen, self._make_encoder = screen, make_encoder
        self._chunk = max(1, batch_size // CHUNKS_A_BATCH)
        self._unwritten = threading.Semaphore(batch_size // self._chunk)
        self._decoded: queue.Queue[Outcome | _End] = queue.Queue(2 * batch_size)
        self._messages: queue.SimpleQueue[Message | _End | _Failure] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> PhotoStages:
        for work in (self._decode, self._embed):
            # The caller's context carries how patient requests are (`loader.elastic.retries`).
            context = contextvars.copy_context()
            # A daemon: a forward pass cannot be interrupted, and must not hold up a person who stops the run.
            thread = threading.Thread(target=context.run, args=(self._guard, work), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        if kind is not None:
            self._decoders.stop()  # a thread that waits for a file in hand ends at once
        if kind is not KeyboardInterrupt:  # nobody waits for a forward pass who has just stopped the run
            for thread in self._threads:
                thread.join()

    def pass_on(self, message: Message) -> None:
        """Hand over what needs neither decoding nor embedding."""
        self._messages.put(message)

    def __iter__(self) -> Iterator[Message]:
        """Yield what became of each file, embedded photos by the chunk.

        Raises:
            Exception: whatever a stage failed with.
        """
        while True:
            message = self._messages.get()
            if isinstance(message, _End):
                return
            if isinstance(message, _Failure):
                raise message.error
            yield message
            if isinstance(message, Embedded):
                self._unwritten.release()

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            with patience(sleep=self._sleep):
                work()
        except _Stopped:
            pass
        except BaseException as error:
            if not self._stop.is_set():  # what fails after that, fails because its processes were stopped
                self._messages.put(_Failure(error))

    def _sleep(self, seconds: float) -> None:
        """Wait before a request is made again, but not for a run that has ended."""
        if self._stop.wait(seconds):
            raise _Stopped

    def _decode(self) -> None:
        for _, outcome in self._decoders.decode(self._tasks):
            self._put(self._screen(outcome) if isinstance(outcome, Photo) else outcome)
        self._put(_End())

    def _put(self, item: Outcome | _End) -> None:
        while not self._stop.is_set():
            try:
                return self._decoded.put(item, timeout=POLL)
            except queue.Full:
                continue
        raise _Stopped

    def _take(self) -> Outcome | _End:
        while not self._stop.is_set():
            try:
                return self._decoded.get(timeout=POLL)
            except queue.Empty:
                continue
        raise _Stopped

    def _embed(self) -> None:
        make_encoder = cache(self._make_encoder)
        for photos in self._chunks(make_encoder):
            encoder = make_encoder()
            self._await_room()
            vectors = encoder.encode([photo.picture for photo in photos])
            self._messages.put(Embedded(photos, vectors, encoder.precision, encoder.agreement))
        self._messages.put(_End())

    def _chunks(self, prepare: Callable[[], object]) -> Iterator[list[Photo]]:
        """Gather photos; `prepare` while the first chunk is still being decoded."""
        chunk: list[Photo] = []
        while not isinstance(outcome := self._take(), _End):
            if not isinstance(outcome, Photo):
                self._messages.put(outcome)
                continue
            prepare()
            chunk.append(outcome)
            if len(chunk) == self._chunk:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _await_room(self) -> None:
        while not self._unwritten.acquire(timeout=POLL):
            if self._stop.is_set():
                raise _Stopped


