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
import re
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import torch

from cluster.embedded.worker_messages import Connection, ConnectionEnded, Frame
from eland_models.check import Finding, check
from eland_models.errors import ModelError

# pytorch_inference's sentences, for the rules of eland_models.check.
_REFUSALS = (
    ("Model contains forbidden operations", re.compile(r"operation (\S+) is forbidden")),
    (
        "Model graph does not match any supported architecture. Unrecognised operations",
        re.compile(r"operation (\S+) is not allowed"),
    ),
)
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>: the signal that a process gets when its parent dies


class ModelRefused(Exception):
    """The model cannot or must not run; the message is for the person who deploys it."""


class Deployment:
    """A loaded model and the threads that run it."""

    def __init__(self, model: torch.jit.ScriptModule, threads: int, allocations: int) -> None:
        self._model = model
        self._threads = threads
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
            reply = Frame({"type": "error", "request_id": _request_id(request), "reason": str(error)})
        with contextlib.suppress(OSError):  # the node has ended; the reading thread ends this process
            connection.send(reply)

    def _infer(self, request: dict[str, Any]) -> Frame:
        vectors = run_model(self._model, request)
        header = {
            "type": "result",
            "request_id": request["request_id"],
            "shape": list(vectors.shape),
        }
        return Frame(header, vectors.numpy().astype("<f4").tobytes())


def run_model(model: torch.jit.ScriptModule, request: dict[str, Any]) -> torch.Tensor:
    """Call the model as the ML node does: int64 [1, L] arguments, one call for each row.

    Returns:
        float32 [rows, dims]: of a three-dimensional result the first vector of each row.

    Raises:
        ValueError: the result is nothing that Elasticsearch could read as vectors.
    """
    names = ["tokens", *sorted(name for name in request if name.startswith("arg_"))]
    outputs = []
    with torch.inference_mode():
        for row in zip(*(request[name] for name in names), strict=True):
            output = model(*(torch.tensor([values], dtype=torch.int64) for values in row))
            outputs.append(output[0] if isinstance(output, tuple) else output)
        result = torch.cat(outputs)
    if result.dim() not in (2, 3) or not result.is_floating_point():
        raise ValueError(f"the model's result is {result.dtype} of shape {list(result.shape)}, not vectors")
    return (result[:, 0] if result.dim() == 3 else result).to(torch.float32)


def _request_id(request: bytes) -> str:
    try:
        return str(json.loads(request)["request_id"])
    except (ValueError, KeyError, TypeError):
        return "0"


def load_model(path: Path) -> torch.jit.ScriptModule:
    """Load a TorchScript file that the ML node would run.

    Raises:
        ModelRefused: the ML node would not, or the file is none.
    """
    try:
        findings = check(path).findings
        model = torch.jit.load(path, map_location="cpu")
    except (ModelError, RuntimeError) as error:
        raise ModelRefused(f"Error loading the model: {error}") from error
    if findings:
        raise ModelRefused(explain_refusal(findings))
    model.eval()
    return model


def explain_refusal(findings: Sequence[Finding]) -> str:
    """Return the message of the ML node's process for a file with such findings."""
    for heading, pattern in _REFUSALS:
        operations = [match[1] for finding in findings if (match := pattern.fullmatch(finding.rule))]
        if operations:
            return f"{heading}: {', '.join(operations)}"
    return "; ".join(str(finding) for finding in findings)


def receive_model(connection: Connection, size: int) -> Path:
    """Write the model's parts to a new file in the temporary folder.

    Raises:
        ModelRefused: the parts are not as long together as they should be.
    """
    received = 0
    with tempfile.NamedTemporaryFile(prefix="model-", suffix=".pt", delete=False) as file:
        while (frame := connection.receive()).type == "part":
            received += file.write(frame.body)
    if received != size:
        raise ModelRefused(f"the model's parts have {received} bytes instead of {size}")
    return Path(file.name)


def serve_deployment(connection: Connection) -> None:
    """Load the model that a new connection brings, and answer its requests until it ends."""
    settings = connection.receive().header
    threads, allocations = int(settings["threads"]), int(settings["allocations"])
    torch.set_num_threads(threads)
    path: Path | None = None
    try:
        path = receive_model(connection, int(settings["bytes"]))
        model = load_model(path)
    except ModelRefused as refusal:
        log(f"refused {settings['deployment']}: {refusal}")
        connection.send(Frame({"type": "refused", "reason": str(refusal)}))
        return
    finally:
        if path is not None:
            path.unlink(missing_ok=True)
    deployment = Deployment(model, threads, allocations)
    connection.send(Frame({"type": "loaded"}))
    log(f"loaded {settings['deployment']}: {allocations} allocations of {threads} threads")
    while True:
        frame = connection.receive()
        if frame.type == "resize":
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
