"""Decoded photos to vectors, in a thread of its own ahead of the writing."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, TypeVar

from loader.arrays import Vectors
from loader.files.photo import Photo
from loader.photos.photo_model import Encoder

Other = TypeVar("Other")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Embedded:
    """Photos and their vectors, float32 ``(n, dims)``."""

    photos: Sequence[Photo]
    vectors: Vectors


def embed(
    decoded: Iterable[Photo | Other], make_encoder: Callable[[], Encoder], size: int
) -> Iterator[Embedded | Other]:
    """Embed photos in chunks, and yield every other item unchanged.

    Args:
        decoded: what came of the files.
        make_encoder: called when the first photo is decoded; decoding goes on meanwhile.
        size: photos of a chunk.
    """
    encoder: Encoder | None = None
    chunk: list[Photo] = []
    for outcome in decoded:
        if not isinstance(outcome, Photo):
            yield outcome
            continue
        encoder = encoder or make_encoder()
        chunk.append(outcome)
        if len(chunk) == size:
            yield Embedded(chunk, encoder.encode([photo.picture for photo in chunk]))
            chunk = []
    if encoder and chunk:
        yield Embedded(chunk, encoder.encode([photo.picture for photo in chunk]))


@dataclass(frozen=True)
class _Failure:
    error: BaseException


_END = object()


class RunAhead(Generic[Item]):
    """Iterate in a thread of its own, at most ``most`` items ahead of the caller.

    A context manager. On leaving, the thread ends after its current item. After Ctrl-C the caller does not
    wait for it, because a forward pass of the model cannot be interrupted.

    Args:
        items: iterated in the thread.
        most: items that are in work or not yet taken by the caller.
    """

    def __init__(self, items: Iterable[Item], most: int) -> None:
        self._items, self._room = iter(items), threading.Semaphore(most)
        self._done: SimpleQueue[Any] = SimpleQueue()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> RunAhead[Item]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopped = True
        self._room.release()
        if kind is not KeyboardInterrupt:
            self._thread.join()

    def __iter__(self) -> Iterator[Item]:
        """Yield the items; an error of theirs is raised here."""
        while (item := self._done.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item
            self._room.release()

    def _work(self) -> None:
        item: object = None
        try:
            while item is not _END:
                self._room.acquire()
                if self._is_stopped:
                    return
                item = next(self._items, _END)
                self._done.put(item)
        except BaseException as error:
            self._done.put(_Failure(error))
