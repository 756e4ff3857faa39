"""An HTTP server with three of Kibana's addresses: the spaces, and import and export of saved objects.

It takes what it is sent and answers as Kibana's source says; what it should answer instead is set by a test.
"""
from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

SPACES = "/api/spaces/space"
IMPORT = "/api/saved_objects/_import?overwrite=true"
EXPORT = "/api/saved_objects/_export"


@dataclass
class FakeKibana:
    """What was asked of the server, and what it answers.

    Attributes:
        url: where it is reached.
        instead: status and body of the answer, by path.
        requests: method and whole path of each request.
        headers: of the last request.
        files: content of each file that came.
    """

    url: str = ""
    instead: dict[str, tuple[int, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    files: list[bytes] = field(default_factory=list)

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON of an answer, bytes as they stand."""
        if path in self.instead:
            return self.instead[path]
        if path == SPACES:
            return 200, [{"id": name, "name": name} for name in ("default", "trek")]
        if path.endswith(EXPORT):
            return self._export(json.loads(body)["objects"])
        if not path.endswith(IMPORT) or "kbn-xsrf" not in self.headers:
            return 404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
        form = message_from_bytes(f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode() + body)
        (part,) = [one for one in form.walk() if not one.is_multipart()]
        named = part.get_param("name", header="content-disposition"), str(part.get_filename())[-7:]
        assert named == ("file", ".ndjson")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        self.files.append(content)
        again = {"overwrite": True} if len(self.files) > 1 else {}
        written = [
            {"type": one["type"], "id": one["id"], "meta": {}, **again}
            for one in map(json.loads, self.files[-1].splitlines())
        ]
        return 200, {"success": True, "successCount": len(written), "successResults": written}

    def _export(self, wanted: list[dict[str, str]]) -> tuple[int, Any]:
        """The objects of the last file, a line each; 400 and those that are not there, where some are not."""
        lines = self.files[-1].splitlines() if self.files else []
        here = {(one["type"], one["id"]): line for line in lines for one in [json.loads(line)]}
        lacking = [
            {**one, "error": {"error": "Not Found", "message": "Saved object not found", "statusCode": 404}}
            for one in wanted if (one["type"], one["id"]) not in here
        ]
        if not lacking:
            return 200, b"\n".join(here[one["type"], one["id"]] for one in wanted)
        said = {"message": "Error fetching objects to export", "attributes": {"objects": lacking}}
        return 400, {"statusCode": 400, "error": "Bad Request", **said}


@contextmanager
def serve_kibana(certificate: tuple[str, str] | None = None) -> Iterator[FakeKibana]:
    """Run the server for the length of a block; with a certificate and its key it speaks TLS."""
    kibana = FakeKibana()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            kibana.requests.append(f"{self.command} {self.path}")
            kibana.headers = {name.lower(): value for name, value in self.headers.items()}
            status, document = kibana.answer(self.path, body)
            sent = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(sent)))
            if 300 <= status < 400:
                self.send_header("location", "https://sso.example/login?token=secret")
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    kibana.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield kibana
    finally:
        server.shutdown()
        server.server_close()
