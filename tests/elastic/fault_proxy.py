"""An HTTP proxy before a real node that does what networks, proxies and busy clusters do, on demand.

    with run_proxy("http://127.0.0.1:9200") as proxy:
        proxy.answer(503, times=2, retry_after=1)          # the next two requests: turned away, not forwarded
        proxy.answer(429, probability=0.2, paths="_bulk")  # one bulk request in five, from now on
        proxy.drop("before", times=1)               # closes the connection; the node never hears of it
        proxy.drop("after", times=1, paths="_bulk")        # the node does the work, its answer is lost
        proxy.cut(times=1)                          # half of the node's answer, then the connection closes
        proxy.delay(0.5)                            # forwards every request half a second late
        proxy.take_at_most(1_000_000)               # 413 for a larger body; reset=True breaks the connection
        proxy.reject("^a", 429, times=3)            # the next three documents of such ids: turned away
        proxy.reject("^b", 400)                     # documents of such ids: refused for good
        ... Connection(url=proxy.url) or `peaks load-photos --url URL` ...
        proxy.clear()                               # all faults end
    proxy.seen                                      # every request: method, path, outcome, ids of a bulk

Faults are asked in the order in which they were given, and the first that fits a request happens; `delay` and
`reject` come on top. A document that is rejected is not forwarded: the node gets the rest of the request, and
its answer gets the rejection put in at that document's place. When the node is away the proxy answers 502, as
proxies do. The first request of a client to an 8.x node comes twice (`NegotiatingNode`):
faults count it twice, unless the client has asked for something before. The draws of ``probability`` come
from a seeded generator.
"""
from __future__ import annotations

import json
import random
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Literal
from urllib.parse import urlsplit

UPSTREAM_TIMEOUT = 120.0  # seconds
CUT_OFF, DROPPED = "cut off", "dropped"

_HOP_BY_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding",
                         "host"))
_ACTIONS = frozenset(("index", "create", "update", "delete"))


@dataclass
class Request:
    """A request on its way to the node."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Response:
    """The node's answer, or one in its place."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Seen:
    """A request that came, and what it got.

    Attributes:
        method, path: of the request, with its query.
        outcome: the status that was answered, "dropped" or "cut off".
        ids: the documents of a bulk request.
        is_forwarded: whether the node got it, or some of its documents.
    """

    method: str
    path: str
    outcome: int | str
    ids: tuple[str, ...]
    is_forwarded: bool


class Dropped(Exception):
    """The connection is to be closed without an answer."""


@dataclass
class Fault:
    """What happens to requests.

    Attributes:
        kind: "answer", "before", "after", "cut", "limit", "delay" or "reject".
        paths: regular expression that a request's path must contain.
        times: how often it still happens; None for always.
        probability: that it happens to a request that fits.
        status: of an answer, or of rejected documents.
        retry_after: seconds or a date, for the header of that name.
        ids: regular expression that a document's id must contain.
        amount: seconds of a delay, bytes of a limit.
        reset: whether a limit breaks the connection instead of answering 413.
    """

    kind: Literal["answer", "before", "after", "cut", "limit", "delay", "reject"]
    paths: str = ""
    times: int | None = None
    probability: float = 1.0
    status: int = 503
    retry_after: str | None = None
    ids: str = ""
    amount: float = 0.0
    reset: bool = False


@dataclass
class FaultProxy:
    """The proxy's address, its faults and what it saw; used from any thread.

    Attributes:
        url: where clients connect.
        target: where the node is; may be changed when it has moved.
        seen: every request, in the order of their ends.
    """

    url: str
    target: str
    seed: int = 0
    seen: list[Seen] = field(default_factory=list)
    _faults: list[Fault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def answer(
        self,
        status: int,
        *,
        times: int | None = None,
        probability: float = 1.0,
        paths: str = "",
        retry_after: str | float | None = None,
    ) -> None:
        """Turn requests away with a status; the node does not get them."""
        header = None if retry_after is None else str(retry_after)
        self._add(Fault("answer", paths, times, probability, status, header))

    def drop(
        self,
        when: Literal["before", "after"],
        *,
        times: int | None = None,
        probability: float = 1.0,
        paths: str = "",
    ) -> None:
        """Close the connection without an answer, before or after the node has done the request."""
        self._add(Fault(when, paths, times, probability))

    def cut(self, *, times: int | None = None, probability: float = 1.0, paths: str = "") -> None:
        """Send half of the node's answer, then close the connection."""
        self._add(Fault("cut", paths, times, probability))

    def take_at_most(self, size: int, *, paths: str = "", reset: bool = False) -> None:
        """Refuse bodies of more bytes with 413, or break the connection before they are read."""
        self._add(Fault("limit", paths, amount=size, reset=reset))

    def delay(
        self, seconds: float, *, times: int | None = None, probability: float = 1.0, paths: str = ""
    ) -> None:
        """Forward requests late."""
        self._add(Fault("delay", paths, times, probability, amount=seconds))

    def reject(
        self, ids: str, status: int, *, times: int | None = None, probability: float = 1.0
    ) -> None:
        """Reject single documents of bulk requests; ``times`` and ``probability`` count documents."""
        self._add(Fault("reject", "_bulk", times, probability, status, ids=ids))

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def bulk_ids(self) -> list[str]:
        """Return the id of every document of every bulk request, as often as it came."""
        return [identifier for seen in list(self.seen) for identifier in seen.ids]

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def take(self, kinds: tuple[str, ...], fits: Callable[[Fault], bool]) -> Fault | None:
        """Return the first fault of some kinds that fits and happens now, and count it."""
        with self._lock:
            for fault in self._faults:
                happens = fault.kind in kinds and fault.times != 0 and fits(fault)
                if happens and self._random.random() < fault.probability:
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
        return None


@contextmanager
def run_proxy(target: str, seed: int = 0) -> Iterator[FaultProxy]:
    """Run a proxy before the node at ``target`` for the length of a block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.proxy = FaultProxy(f"http://127.0.0.1:{server.server_port}", target, seed)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # idle connections of clients that are still open
    proxy: FaultProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet: clients that were killed break their connections."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        proxy, size = self.server.proxy, int(self.headers.get("content-length", 0))
        limit = proxy.take(("limit",), lambda fault: _fits(fault, self.path) and size > fault.amount)
        if limit and limit.reset:
            self._note(Request(self.command, self.path, {}, b""), DROPPED, False)
            self._reset()
            return
        request = Request(self.command, self.path, dict(self.headers.items()), self.rfile.read(size))
        if limit:
            self._send(request, _refusal(413, "request body is too large"), False)
        else:
            self._handle(request)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def _handle(self, request: Request) -> None:
        fault = self.server.proxy.take(
            ("answer", "before", "after", "cut"), lambda fault: _fits(fault, request.path)
        )
        if late := self.server.proxy.take(("delay",), lambda fault: _fits(fault, request.path)):
            time.sleep(late.amount)
        if fault and fault.kind == "answer":
            self._send(request, _refusal(fault.status, "turned away by a fault", fault.retry_after), False)
        elif fault and fault.kind == "before":
            self._drop(request, is_forwarded=False)
        else:
            response, is_forwarded = self._forward(request)
            if fault and fault.kind == "after":
                self._drop(request, is_forwarded)
            else:
                self._send(request, response, is_forwarded, is_cut=fault is not None)

    def _forward(self, request: Request) -> tuple[Response, bool]:
        rejected = _Rejections(self.server.proxy, request)
        if rejected.is_all:
            return rejected.put_into(None), False
        try:
            response = _ask(self.server.proxy.target, request, rejected.rest)
        except (OSError, HTTPException):
            return _refusal(502, "the node is away"), False
        return (rejected.put_into(response) if rejected.found else response), True

    def _send(self, request: Request, response: Response, is_forwarded: bool, is_cut: bool = False) -> None:
        self._note(request, CUT_OFF if is_cut else response.status, is_forwarded)
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body[: len(response.body) // 2] if is_cut else response.body)
        if is_cut:
            self.close_connection = True

    def _drop(self, request: Request, is_forwarded: bool) -> None:
        self._note(request, DROPPED, is_forwarded)
        self.close_connection = True

    def _reset(self) -> None:
        """Break the connection at once, whatever the client is still sending (TCP's RST)."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _note(self, request: Request, outcome: int | str, is_forwarded: bool) -> None:
        ids = tuple(identifier for identifier, _ in _documents(request))
        self.server.proxy.seen.append(Seen(request.method, request.path, outcome, ids, is_forwarded))

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


class _Rejections:
    """The documents of a bulk request that do not reach the node.

    Attributes:
        found: place in the request to the item that answers for the document.
        rest: the body without them.
    """

    def __init__(self, proxy: FaultProxy, request: Request) -> None:
        self._documents = _documents(request)
        self.found: dict[int, dict[str, Any]] = {}
        for place, (identifier, lines) in enumerate(self._documents):
            fault = proxy.take(("reject",), partial(_concerns, identifier))
            if fault:
                self.found[place] = _rejection(lines[0], identifier, fault.status)
        kept = [lines for place, (_, lines) in enumerate(self._documents) if place not in self.found]
        self.rest = b"".join(line + b"\n" for lines in kept for line in lines) if self.found else request.body

    @property
    def is_all(self) -> bool:
        """Whether nothing is left to forward."""
        return bool(self.found) and len(self.found) == len(self._documents)

    def put_into(self, response: Response | None) -> Response:
        """Return the node's answer with an item for every document of the request."""
        if response is not None and response.status != 200:
            return response
        answer = json.loads(response.body) if response else {"took": 0, "items": []}
        taken = iter(answer["items"])
        items = [self.found[place] if place in self.found else next(taken)
                 for place in range(len(self._documents))]
        body = json.dumps({**answer, "errors": True, "items": items}).encode()
        return Response(200, response.headers if response else _HEADERS, body)


def _documents(request: Request) -> list[tuple[str, list[bytes]]]:
    """Return id and lines of each document of a bulk request; nothing for other requests."""
    found: list[tuple[str, list[bytes]]] = []
    if not re.search(r"/_bulk(\?|$)", request.path):
        return found
    lines = iter(line for line in request.body.split(b"\n") if line)
    for line in lines:
        action, parameters = next(iter(json.loads(line).items()))
        assert action in _ACTIONS, f"{action} is no action of a bulk request"
        found.append((str(parameters.get("_id", "")), [line] if action == "delete" else [line, next(lines)]))
    return found


def _rejection(action: bytes, identifier: str, status: int) -> dict[str, Any]:
    ((name, parameters),) = json.loads(action).items()
    kind = "es_rejected_execution_exception" if status == 429 else "document_parsing_exception"
    error = {"type": kind, "reason": f"rejected by a fault ({status})"}
    return {name: {"_index": parameters.get("_index", "photos"), "_id": identifier, "status": status,
                   "error": error}}


_HEADERS = [("X-Elastic-Product", "Elasticsearch"), ("Content-Type", "application/json")]


def _refusal(status: int, reason: str, retry_after: str | None = None) -> Response:
    cause = {"type": "fault", "reason": reason}
    body = json.dumps({"error": {"root_cause": [cause], **cause}, "status": status}).encode()
    extra = [] if retry_after is None else [("Retry-After", retry_after)]
    return Response(status, [*_HEADERS, *extra], body)


def _ask(target: str, request: Request, body: bytes) -> Response:
    """Have the node do a request; raises OSError or HTTPException when it is away."""
    parts = urlsplit(target)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=UPSTREAM_TIMEOUT)
    try:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        connection.request(request.method, request.path, body or None, headers)
        answer = connection.getresponse()
        data = answer.read()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
        return Response(answer.status, kept, data)
    finally:
        connection.close()


def _concerns(identifier: str, fault: Fault) -> bool:
    return re.search(fault.ids, identifier) is not None


def _fits(fault: Fault, path: str) -> bool:
    return re.search(fault.paths, path) is not None
