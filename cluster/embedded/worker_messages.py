"""The messages between the embedded node and its inference worker.

A message is two big-endian 32-bit lengths, then a header in JSON, then a body of bytes::

    node    {"type": "load", "deployment": ID, "bytes": N, "threads": T, "allocations": A, "memory": BYTES,
             "dims": DIMS, which may be left out}
            {"type": "part"} + body                      until N bytes of the model file are there
            {"type": "start"}
    worker  {"type": "loaded"}  or  {"type": "refused", "reason": SENTENCE}, and the connection ends
    node    {"type": "infer"} + body, the request in JSON as pytorch_inference gets it:
            {"request_id": "1", "tokens": [[…]], "arg_1": [[1, …]]}
    worker  {"type": "result", "request_id": "1", "shape": [1, DIMS]} + float32, little-endian
            or {"type": "error", "request_id": "1", "reason": TEXT}
    node    {"type": "resize", "allocations": A, "memory": BYTES}  at any time after `loaded`

`memory` is what Elasticsearch counts for the deployment; the worker refuses to take much more. A vector that
is not of `dims` is an error.
`infer` messages may overlap: A (number_of_allocations) of them run at a time, each with T
(threads_per_allocation) threads, and the answers come as they are ready. The node keeps the queue.
"""
from __future__ import annotations

import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import IO, Any

_LENGTHS = struct.Struct(">II")


@dataclass(frozen=True)
class Frame:
    """One message: a JSON header that always has a `type`, and a body that is empty for most types."""

    header: dict[str, Any]
    body: bytes = b""

    @property
    def type(self) -> str:
        return str(self.header.get("type"))


class ConnectionEnded(Exception):
    """The node closed the connection: the deployment was stopped, or the node went."""


@dataclass
class Connection:
    """Frames over a connected socket. One thread reads; any thread may send."""

    reader: IO[bytes]
    writer: IO[bytes]
    _sending: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def over(cls, connected: socket.socket) -> Connection:
        return cls(connected.makefile("rb"), connected.makefile("wb"))

    def receive(self) -> Frame:
        """Wait for the next message.

        Raises:
            ConnectionEnded: there is none.
        """
        header_length, body_length = _LENGTHS.unpack(self._read(_LENGTHS.size))
        header = json.loads(self._read(header_length))
        return Frame(header, self._read(body_length))

    def send(self, frame: Frame) -> None:
        header = json.dumps(frame.header).encode()
        with self._sending:
            self.writer.write(_LENGTHS.pack(len(header), len(frame.body)) + header + frame.body)
            self.writer.flush()

    def _read(self, size: int) -> bytes:
        data = self.reader.read(size)
        if len(data) < size:
            raise ConnectionEnded
        return data
