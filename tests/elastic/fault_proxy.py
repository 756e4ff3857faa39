"""An HTTP proxy before a real node that does what networks, proxies and busy clusters do, on demand.

    with run_proxy("http://127.0.0.1:9200") as proxy:
        proxy.answer(503, times=2, retry_after=1)          # the next two requests: turned away, not forwarded
        proxy.answer(429, probability=0.2, paths="_bulk")  # one bulk request in five, from now on
        proxy.drop("before", times=1)               # closes the connection; the node never hears of it
        proxy.drop("after", times=1, paths="_bulk")        # the node does the work, its answer is lost
        proxy.cut(times=1)                          # half of the node's answer, then the connection closes
        proxy.delay(0.5)                            # forwards every request half a second late
        proxy.take_at_most(1_000_000)               # 413 for a larger body
        proxy.reject("^a", 429, times=3)            # the next three documents of such ids: turned away
        proxy.reject("^b", 400)                     # documents of such ids: refused for good
        ... Connection(url=proxy.url) or `peaks load-photos --url URL` ...
        proxy.clear()                               # all faults end
    proxy.seen                                      # every request: path and outcome

Faults are asked in the order in which they were given, and the first that fits a request happens; `delay` and
`reject` come on top. A document that is rejected is not forwarded: the node gets the rest of the request, and
its answer gets the rejection put in at that document's place. When the node is away the proxy answers 502, as
proxies do. The first request of a client to an 8.x node comes twice (`NegotiatingNode`):
faults count it twice, unless the client has asked for something before.
"""
from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

UPSTREAM_TIMEOUT = 120.0  # seconds
CUT_OFF, DROPPED = "cut off", "dropped"

_HOP_BY_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding",
                         "host"))
_HEADERS = [("X-Elastic-Product", "Elasticsearch"), ("Content-Type", "application/json")]


class Response(NamedTuple):
    """The node's answer, or one in its place."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Seen(NamedTuple):
    """A request that came, and what it got: the status that was answered, "dropped" or "cut off"."""

    path: str
    outcome: int | str


@dataclass
class Fault:
    """What happens to requests.

    Attributes:
        kind: "answer", "before", "after", "cut", "limit", "delay" or "reject".
        paths: regular expression that a request's path must contain.
        times: how often it still happens (documents, of "reject"); None for always.
        probability: that it happens to a request that fits.
        status: of an answer, or of rejected documents.
        retry_after: seconds, for the header of that name.
        ids: regular expression that a document's id must contain.
        amount: seconds of a delay, bytes of a limit.
    """

    kind: str
    paths: str = ""
    times: int | None = None
    probability: float = 1.0
    status: int = 503
    retry_after: float | None = None
    ids: str = ""
    amount: float = 0.0


class FaultProxy:
    """The proxy's address, its faults and what it saw; used from any thread.

    Attributes:
        url: where clients connect.
        target: where the node is; may be changed when it has moved.
        seen: every request, in the order of their ends.
    """

    def __init__(self, url: str, target: str, seed: int) -> None:
        self.url, self.target = url, target
        self.seen: list[Seen] = []
        self._faults: list[Fault] = []
        self._lock, self._random = Lock(), random.Random(seed)

    # Each takes ``paths``, ``times`` and ``probability`` of a `Fault`.

    def answer(self, status: int, **which: Any) -> None:
        self._faults.append(Fault("answer", status=status, **which))

    def drop(self, when: Literal["before", "after"], **which: Any) -> None:
        self._faults.append(Fault(when, **which))

    def cut(self, **which: Any) -> None:
        self._faults.append(Fault("cut", **which))

    def take_at_most(self, size: int, **which: Any) -> None:
        self._faults.append(Fault("limit", amount=size, **which))

    def delay(self, seconds: float, **which: Any) -> None:
        self._faults.append(Fault("delay", amount=seconds, **which))

    def reject(self, ids: str, status: int, **which: Any) -> None:
        self._faults.append(Fault("reject", ids=ids, status=status, **which))

    def clear(self) -> None:
        self._faults.clear()

    def take(
        self, path: str, *kinds: str, fits: Callable[[Fault], bool] = lambda fault: True
    ) -> Fault | None:
        """Return the first fault of some kinds that fits and happens now, and count it."""
        with self._lock:
            for fault in self._faults:
                happens = fault.kind in kinds and fault.times != 0 and re.search(fault.paths, path)
                if happens and fits(fault) and self._random.random() < fault.probability:
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
        proxy, body = self.server.proxy, self.rfile.read(int(self.headers.get("content-length", 0)))
        fault = proxy.take(self.path, "limit", fits=lambda fault: len(body) > fault.amount)
        fault = fault or proxy.take(self.path, "answer", "before", "after", "cut")
        if late := proxy.take(self.path, "delay"):
            time.sleep(late.amount)
        kind = fault.kind if fault else ""
        if kind == "limit":
            self._send(_refusal(413, "request body is too large"))
        elif fault and kind == "answer":
            self._send(_refusal(fault.status, "turned away by a fault", fault.retry_after))
        elif kind == "before":
            self._drop()
        else:
            response = self._forward(body)
            if kind == "after":
                self._drop()
            else:
                self._send(response, is_cut=kind == "cut")

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def _forward(self, body: bytes) -> Response:
        """Have the node do the request, without the documents that a fault rejects."""
        documents = list(_documents(body)) if re.search(r"/_bulk(\?|$)", self.path) else []
        rejections = [self._rejection(document) for document in documents]
        answer = Response(200, _HEADERS, b'{"took": 0, "items": []}')
        try:
            if not any(rejections):
                return self._ask(body)
            kept = [each for each, rejected in zip(documents, rejections, strict=True) if not rejected]
            if kept:
                answer = self._ask(b"".join(each.lines for each in kept))
        except (OSError, HTTPException):
            return _refusal(502, "the node is away")
        if answer.status != 200:
            return answer
        content = json.loads(answer.body)
        taken = iter(content["items"])
        items = [rejection or next(taken) for rejection in rejections]
        return answer._replace(body=json.dumps({**content, "errors": True, "items": items}).encode())

    def _rejection(self, document: _Document) -> dict[str, Any] | None:
        """The item that answers for a document which a fault rejects."""
        fault = self.server.proxy.take(
            self.path, "reject", fits=lambda fault: re.search(fault.ids, document.id) is not None
        )
        if not fault:
            return None
        kind = "es_rejected_execution_exception" if fault.status == 429 else "document_parsing_exception"
        error = {"type": kind, "reason": f"rejected by a fault ({fault.status})"}
        item = {"_index": "photos", "_id": document.id, "status": fault.status, "error": error}
        return {document.action: item}

    def _ask(self, body: bytes) -> Response:
        """Have the node do the request; raises OSError or HTTPException when it is away."""
        parts = urlsplit(self.server.proxy.target)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=UPSTREAM_TIMEOUT)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
            return Response(answer.status, kept, answer.read())
        finally:
            connection.close()

    def _send(self, response: Response, is_cut: bool = False) -> None:
        self.server.proxy.seen.append(Seen(self.path, CUT_OFF if is_cut else response.status))
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body[: len(response.body) // 2] if is_cut else response.body)
        self.close_connection = self.close_connection or is_cut

    def _drop(self) -> None:
        self.server.proxy.seen.append(Seen(self.path, DROPPED))
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


class _Document(NamedTuple):
    """One document of a bulk request."""

    action: str
    id: str
    lines: bytes


def _documents(body: bytes) -> Iterator[_Document]:
    lines = iter(body.splitlines(keepends=True))
    for line in lines:
        ((action, parameters),) = json.loads(line).items()
        content = b"" if action == "delete" else next(lines)
        yield _Document(action, str(parameters.get("_id", "")), line + content)


def _refusal(status: int, reason: str, retry_after: float | None = None) -> Response:
    cause = {"type": "fault", "reason": reason}
    body = json.dumps({"error": {"root_cause": [cause], **cause}, "status": status}).encode()
    extra = [] if retry_after is None else [("Retry-After", str(retry_after))]
    return Response(status, [*_HEADERS, *extra], body)
