"""A real HTTP server that answers as a busy, starting or refusing Elasticsearch does, in a given order."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

# From the lines of a request's NDJSON body to a status and an answer; or a closed connection.
Answer = Callable[[list[dict[str, Any]]], tuple[int, dict[str, Any]]]
HANG_UP = None


@dataclass
class Script:
    """What the server will answer, and what it was asked.

    Attributes:
        url: of the server.
        answers: one for each request, in order; the last one stays.
        requests: path and body lines of each request.
    """

    url: str
    answers: list[Answer | None]
    requests: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)

    def next(self) -> Answer | None:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def serve(*answers: Answer | None) -> Iterator[Script]:
    """Run the server for the length of a block."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            lines = [json.loads(line) for line in body.splitlines() if line]
            script.requests.append((self.path, lines))
            answer = script.next()
            if answer is None:
                self.close_connection = True
                return
            status, document = answer(lines)
            self._send(status, json.dumps(document).encode())

        do_POST = do_PUT

        def _send(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script = Script(f"http://127.0.0.1:{server.server_port}", list(answers))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
