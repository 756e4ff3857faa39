"""What runs in a worker process of `decoders`: take a file, decode it, hand over what came of it.

Nothing here may import torch: a worker holds pictures, never a model.
"""
from __future__ import annotations

import fcntl
import os
import pickle
import resource
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import tzinfo
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path

from loader.files.decoding_gate import use_gate
from loader.files.images import ModelInput
from loader.files.library import PhotoFile, Skipped
from loader.files.photo import Known, Photo

NICENESS = 5  # the model's threads go first: they are what a load waits for
OOM_SCORE = 500  # of 1,000 (man 5 proc): a worker's death costs one photo, the model's or the node's the run

Outcome = Photo | Known | Skipped
Decode = Callable[[PhotoFile, ModelInput, "tzinfo | None", Collection[str]], Outcome]


class Note(Enum):
    """What a worker says beside outcomes."""

    READY = "it takes files"
    WAITING = "another worker decodes a large picture"
    WORKING = "it goes on"


def serve(connection: int, lifeline: int, gate: int) -> None:
    """Decode what comes until the parent is gone.

    Args:
        connection: descriptor of this end of the pipe to the parent.
        lifeline: descriptor of a pipe that the parent never writes to; it ends with the parent.
        gate: descriptor of the file of `loader.files.decoding_gate`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then ends its workers
    _die_with_parent(lifeline)
    _stand_back()
    pipe = Connection(connection)
    use_gate(gate, lambda waiting: _send(pipe, Note.WAITING if waiting else Note.WORKING))
    try:
        decode, shape, zone = pickle.loads(pipe.recv_bytes())
        _send(pipe, Note.READY)
        _silence()
        while True:
            file, known = pickle.loads(pipe.recv_bytes())
            pipe.send_bytes(_outcome(decode, file, shape, zone, known))
    except (EOFError, ConnectionError):  # the parent is gone
        return


def _outcome(
    decode: Decode, file: PhotoFile, shape: ModelInput, zone: tzinfo | None, known: Collection[str]
) -> bytes:
    """Return what came of a file, pickled; an exception costs this file only."""
    try:
        return pickle.dumps(decode(file, shape, zone, known), pickle.HIGHEST_PROTOCOL)
    except (EOFError, ConnectionError):
        raise  # of the gate's notes to the parent
    except Exception as error:
        detail = " ".join(f"{type(error).__name__}: {error}".split())[:120]
        return pickle.dumps(Skipped(file.name, f"its decoder failed ({detail})"))


def _send(pipe: Connection, note: Note) -> None:
    pipe.send_bytes(pickle.dumps(note))


def _die_with_parent(lifeline: int) -> None:
    """Ask the kernel for SIGIO, which ends this process, when the parent's end of a pipe is closed.

    Reading the end of the other pipe is not enough: a decoder that hangs never reads. Linux's
    PR_SET_PDEATHSIG would not do, since it strikes when the *thread* that started the worker ends.
    Where SIGIO is ignored by default (BSD, macOS) a worker ends after the file in hand.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _stand_back() -> None:
    """Let the model's threads go first, and be what the kernel ends when memory is short; dump no core."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # not Linux, or not allowed
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))


def _silence() -> None:
    """Send what C libraries print about damaged files nowhere: the summary names each file with a reason."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
