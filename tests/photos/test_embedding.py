"""Embedding ahead of the writing: by no more than a batch, and never in the way of the end."""
from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PIL import Image

from loader.arrays import Vectors
from loader.files.photo import Photo
from loader.photos.embedding import Embedded, RunAhead, embed


class Tower:
    """A stand-in that tells how many pictures it was given."""

    precision, agreement = "fp32", None

    def __init__(self) -> None:
        self.pictures = 0

    def encode(self, images: Sequence[Image.Image]) -> Vectors:
        self.pictures += len(images)
        return np.ones((len(images), 2), dtype=np.float32)


def photos(count: int) -> Iterator[Photo | str]:
    for number in range(count):
        yield Photo(f"{number}", f"{number}.jpg", Image.new("RGB", (2, 2)), {}, ())
        if number % 3 == 0:
            yield f"no photo {number}"


def test_at_most_a_batch_is_embedded_and_not_yet_written() -> None:
    tower, written, others = Tower(), 0, 0
    results: Iterator[Embedded | str] = embed(photos(21), lambda: tower, 4)
    with RunAhead(results, 2) as ahead:
        for result in ahead:
            time.sleep(0.01)  # as long as the thread has something to do
            assert tower.pictures - written <= 8
            if isinstance(result, Embedded):
                assert len(result.photos) == len(result.vectors) <= 4
                written += len(result.photos)
            else:
                others += 1
    assert (written, others, tower.pictures) == (21, 7, 21)


def test_the_tower_is_not_loaded_for_what_is_no_photo() -> None:
    def make() -> Tower:
        raise AssertionError("nothing to embed")

    assert list(embed(["a", "b"], make, 4)) == ["a", "b"]


def test_an_error_in_the_thread_is_the_callers() -> None:
    def fails() -> Iterator[int]:
        yield 1
        raise ValueError("no memory")

    with pytest.raises(ValueError, match="no memory"), RunAhead(fails(), 2) as ahead:
        assert list(ahead) == [1]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_leaving_ends_the_thread_but_ctrl_c_does_not_wait_for_it(error: type[BaseException]) -> None:
    at_work = threading.Event()

    def slow() -> Iterator[int]:
        yield 1
        at_work.set()
        time.sleep(0.5)
        yield 2

    ahead = RunAhead(slow(), 2)
    start = time.monotonic()
    with pytest.raises(error), ahead:
        for _ in ahead:
            at_work.wait()
            raise error
    assert ahead._thread.is_alive() is (error is KeyboardInterrupt)
    assert (time.monotonic() - start < 0.4) is (error is KeyboardInterrupt)
