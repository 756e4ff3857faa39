"""The inference worker: runs TorchScript models for the embedded node, as `pytorch_inference` does elsewhere.

Elasticsearch's JVM may not start processes, so this one is started beside it and listens on a Unix socket.
The plugin opens one connection for each deployment; each connection gets a process of its own (forked, so
that nothing is read from disk again), which ends with the connection and gives the model's memory back.

The messages are described in `worker_messages`.
"""
from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, NoReturn

import torch

from cluster.embedded.model_file import ModelRefused, load_model
from cluster.embedded.worker_messages import Connection, ConnectionEnded, Frame

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>: the signal that a process gets when its parent dies
_MOST_DIMS = 4096  # of a `dense_vector`: the most where the model's configuration declares none
_LONGEST_REASON = 10_000  # characters; a model can raise an error of any length
# Beside what Elasticsearch counts for a deployment: the file once more than the process needs, so that models
# of 7 to 924 MB stayed 48 to 880 MB below that. It is for models that do not say how much memory they need.
_SPARE_MEMORY = 240 * 2**20  # bytes, what Elasticsearch takes for the smallest


class Deployment:
    """A loaded model and the threads that run it."""

    def __init__(
        self, model: torch.jit.ScriptModule, threads: int, allocations: int, dims: int | None = None
    ) -> None:
        self._model = model
        self._threads = threads
        self._dims = dims
        self._executor = self._start_threads(allocations)

    def _start_threads(self, allocations: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(allocations, initializer=lambda: torch.set_num_threads(self._threads))

    def resize(self, allocations: int) -> None:
        """Run so many requests at a time from now on. Those that run already end as they are."""
        previous, self._executor = self._executor, self._start_threads(allocations)
        previous.shutdown(wait=False)

    def answer(self, request: bytes, connection: Connection) -> None:
        """Run the model on one request as soon as an allocation is free, and send what it says."""
        self._executor.submit(self._answer, request, connection)

    def _answer(self, request: bytes, connection: Connection) -> None:
        try:
            reply = self._infer(json.loads(request))
        except Exception as error:  # any error of a model ends only this request
            reason = str(error)[:_LONGEST_REASON]
            reply = Frame({"type": "error", "request_id": _request_id(request), "reason": reason})
        with contextlib.suppress(OSError):  # the node has ended; the reading thread ends this process
            connection.send(reply)

    def _infer(self, request: dict[str, Any]) -> Frame:
        vectors = run_model(self._model, request, self._dims)
        header = {
            "type": "result",
            "request_id": request["request_id"],
            "shape": list(vectors.shape),
        }
        return Frame(header, vectors.numpy().astype("<f4").tobytes())


def run_model(
    model: torch.jit.ScriptModule, request: dict[str, Any], dims: int | None = None
) -> torch.Tensor:
    """Call the model as the ML node does: int64 [1, L] arguments, one call for each row.

    Args:
        model: loaded.
        request: rows of each argument.
        dims: length of a vector; None: not declared, any up to 4096.

    Returns:
        float32 [rows, dims]: of a three-dimensional result the first vector of each row.

    Raises:
        ValueError: the result is nothing that Elasticsearch could read as vectors of this length.
    """
    names = ["tokens", *sorted(name for name in request if name.startswith("arg_"))]
    outputs = []
    with torch.inference_mode():
        for row in zip(*(request[name] for name in names), strict=True):
            output = model(*(torch.tensor([values], dtype=torch.int64) for values in row))
            outputs.append(_first_vector(output[0] if isinstance(output, tuple) else output, dims))
        return torch.cat(outputs)


def _first_vector(result: torch.Tensor, dims: int | None) -> torch.Tensor:
    """One row's vector, float32 [1, dims]; measured before it is copied, for a view can exceed the memory."""
    shape = list(result.shape)
    if len(shape) not in (2, 3) or shape[0] != 1 or not result.is_floating_point():
        raise ValueError(f"the model's result is {result.dtype} of shape {shape}, not vectors")
    if shape[-1] > _MOST_DIMS if dims is None else shape[-1] != dims:
        declared = f"at most {_MOST_DIMS}" if dims is None else f"the {dims} that it declares"
        raise ValueError(f"the model's vector has {shape[-1]} dimensions instead of {declared}")
    return (result[:, 0] if len(shape) == 3 else result).to(torch.float32)


def _request_id(request: bytes) -> str:
    try:
        return str(json.loads(request)["request_id"])
    except (ValueError, KeyError, TypeError):
        return "0"


def receive_model(connection: Connection, size: int, file: IO[bytes]) -> None:
    """Write the model's parts to a file.

    Raises:
        ModelRefused: the parts are not as long together as they should be.
    """
    received = 0
    while (frame := connection.receive()).type == "part":
        received += len(frame.body)
        if received <= size:  # what is too much is read, or the node would not read our answer
            file.write(frame.body)
    file.flush()
    if received != size:
        raise ModelRefused(f"The model's parts have {received} bytes instead of {size}")


def receive_and_load(connection: Connection, size: int) -> torch.jit.ScriptModule:
    """Load the model that comes over a connection; its file has no name, so that none is ever left behind.

    Raises:
        ModelRefused: the file is not whole, or no model that the ML node would run.
    """
    with tempfile.TemporaryFile() as file:
        receive_model(connection, size, file)
        return load_model(Path(f"/proc/self/fd/{file.fileno()}"))


class MemoryLimit:
    """Bounds what this process may take for a model: a model that wants more gets an error, not the machine.

    Counted are private pages that can be written (RLIMIT_DATA), because PyTorch maps 3 GB of libraries and
    arenas that it never fills, which RLIMIT_AS would count.
    """

    def __init__(self) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[5])  # proc(5): data and stack
        self._used_before = pages * os.sysconf("SC_PAGE_SIZE")

    def allow(self, counted: int) -> None:
        """Let the process take what Elasticsearch counts for its deployment, in bytes, and some more."""
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = self._used_before + counted + _SPARE_MEMORY
        resource.setrlimit(resource.RLIMIT_DATA, (min(wanted, most) if most >= 0 else wanted, most))


def serve_deployment(connection: Connection) -> None:
    """Load the model that a new connection brings, and answer its requests until it ends."""
    settings = connection.receive().header
    threads, allocations = int(settings["threads"]), int(settings["allocations"])
    limit = MemoryLimit()
    limit.allow(int(settings["memory"]))
    torch.set_num_threads(threads)
    try:
        model = receive_and_load(connection, int(settings["bytes"]))
    except ModelRefused as refusal:
        log(f"refused {settings['deployment']}: {refusal}")
        connection.send(Frame({"type": "refused", "reason": str(refusal)[:_LONGEST_REASON]}))
        return
    deployment = Deployment(model, threads, allocations, settings.get("dims"))
    connection.send(Frame({"type": "loaded"}))
    log(f"loaded {settings['deployment']}: {allocations} allocations of {threads} threads")
    while True:
        frame = connection.receive()
        if frame.type == "resize":
            limit.allow(int(frame.header["memory"]))
            deployment.resize(int(frame.header["allocations"]))
        else:
            deployment.answer(frame.body, connection)


def run_child(connected: socket.socket) -> NoReturn:
    """Serve one deployment in a forked process, and end it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    code = 0
    try:
        serve_deployment(Connection.over(connected))
    except (ConnectionEnded, OSError):
        log("a deployment ended")
    except Exception as error:  # an invalid message: log it, and let the node open a new connection
        log(f"a deployment broke: {error!r}")
        code = 1
    os._exit(code)


class Listener:
    """Accepts connections and keeps a process for each, until a signal stops it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._children: set[int] = set()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)  # left by a worker that was killed
        self._socket.bind(str(path))
        self._socket.listen()

    def run(self) -> NoReturn:
        signal.signal(signal.SIGCHLD, self._reap)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        log(f"listening on {self._path}, torch {torch.__version__}")
        while True:
            connected, _ = self._socket.accept()
            self._fork(connected)

    def _fork(self, connected: socket.socket) -> None:
        # A child that ends at once must not be reaped before it is known.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD, signal.SIGTERM, signal.SIGINT])
        child = os.fork()
        if child == 0:
            self._socket.close()
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            run_child(connected)
        self._children.add(child)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        connected.close()

    def _reap(self, *_: object) -> None:
        for child in list(self._children):
            if os.waitpid(child, os.WNOHANG)[0] == child:
                self._children.discard(child)

    def _stop(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)
        for child in self._children:
            os.kill(child, signal.SIGTERM)
        log("stopped")
        os._exit(0)


def log(message: str) -> None:
    """One line on stderr, with the time."""
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {message}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Listen until SIGTERM. The caller may have imported this module as another user."""
    parser = argparse.ArgumentParser("python -m cluster.embedded.worker", description="The inference worker.")
    parser.add_argument("--socket", type=Path, required=True, help="The Unix socket to listen on.")
    Listener(parser.parse_args(arguments).socket).run()


if __name__ == "__main__":
    main()
