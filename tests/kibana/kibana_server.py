"""A real HTTP server with Kibana's saved-objects API, written from Kibana's source.

What it does of elastic/kibana (paths under src/core/packages unless they begin with x-pack):

- http/server-internal/src/lifecycle_handlers.ts: `kbn-xsrf` for every POST, `kbn-name` in every answer;
- saved-objects/server-internal/src/routes/{import,export}.ts: query, form field, file name, size, NDJSON;
- saved-objects/import-export-server-internal/src/import: unsupported types, missing references,
  conflicts, ids taken in another space, origins, what is written when something is refused, what is told;
- x-pack/platform/plugins/shared/spaces/server: a space in the path, which is not looked up; the list of them.

What a server or a proxy before it can do wrong is a `Misbehaviour`, put in the place of one path's answer.
"""
from __future__ import annotations

import json
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

SPACES = "/api/spaces/space"
IMPORT = "/api/saved_objects/_import"
EXPORT = "/api/saved_objects/_export"

VALIDATED_REFERENCES = ("index-pattern", "search")  # Kibana looks for no other targets
RESOLVABLE = ("conflict", "ambiguous_conflict", "missing_references")
KNOWN_8_19 = {
    "index-pattern": "8.0.0", "search": "10.5.0", "map": "8.4.0", "lens": "8.9.0", "dashboard": "10.3.0",
}

Json = dict[str, Any]
Key = tuple[str, str]


@dataclass
class Misbehaviour:
    """An answer that no Kibana gives.

    Attributes:
        status: HTTP status.
        body: as it is sent.
        headers: besides Content-Length.
        length: the Content-Length that is declared [default the body's].
        pause: seconds before the answer.
        trickle: seconds before each byte of the body.
        hang_up: whether the connection is closed instead.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    pause: float = 0
    trickle: float = 0
    hang_up: bool = False


class Refused(Exception):
    """An error answer in hapi's form."""

    def __init__(self, status: int, error: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.document = {"statusCode": status, "error": error, "message": message, **more}


def bad_request(message: str, **more: Any) -> Refused:
    return Refused(400, "Bad Request", message, **more)


@dataclass
class KibanaState:
    """What the Kibana is and holds.

    Attributes:
        url: where it is reached, without the base path.
        base_path: `server.basePath`, rewritten by Kibana itself.
        spaces: ids of spaces.
        known: types and their newest versions.
        users: Authorization headers and what each may: "write", "read" or "nothing"; none is no security.
        limit: `savedObjects.maxImportPayloadBytes`.
        objects: by type and id; each knows its `space` and `originId`.
        locked: objects whose overwriting fails when it is written (an alias of another space stands there).
        broken: objects that fail validation, and with what message.
        instead: misbehaviour by path.
        requests: method and whole path of each request.
        files: content of each file that came.
    """

    url: str = ""
    base_path: str = ""
    spaces: list[str] = field(default_factory=lambda: ["default", "trek"])
    known: dict[str, str] = field(default_factory=lambda: dict(KNOWN_8_19))
    users: dict[str, str] = field(default_factory=dict)
    limit: int = 26_214_400
    objects: dict[Key, Json] = field(default_factory=dict)
    locked: set[Key] = field(default_factory=set)
    broken: dict[Key, str] = field(default_factory=dict)
    warnings: list[Json] = field(default_factory=list)
    instead: dict[str, Misbehaviour] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)

    def ids(self, space: str = "default") -> set[str]:
        """Ids of the objects in a space."""
        return {key[1] for key, one in self.objects.items() if one["space"] == space}


def basic(user: str, password: str) -> str:
    """The Authorization header of a user."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@contextmanager
def serve_kibana(state: KibanaState, certificate: tuple[str, str] | None = None) -> Iterator[KibanaState]:
    """Run the server for the length of a block; with a certificate and its key it speaks TLS."""

    class Handler(_Handler):
        kibana = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https" if certificate else "http"
    state.url = f"{scheme}://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    kibana: KibanaState

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.kibana.requests.append(f"{method} {self.path}")
        try:
            path, space = self._route()
            if path in self.kibana.instead:
                self._misbehave(self.kibana.instead[path])
                return
            status, document = 200, self._serve(method, path, space, body)
        except Refused as refused:
            status, document = refused.status, refused.document
        if isinstance(document, bytes):
            self._send(status, document, {"content-type": "application/ndjson"})
        else:
            headers = {"content-type": "application/json; charset=utf-8"}
            self._send(status, json.dumps(document).encode(), headers)

    def _route(self) -> tuple[str, str]:
        path = urlsplit(self.path).path
        if not path.startswith(f"{self.kibana.base_path}/"):
            raise Refused(404, "Not Found", "Not Found")
        path = path.removeprefix(self.kibana.base_path)
        if not path.startswith("/s/"):
            return path, "default"
        space, _, rest = path.removeprefix("/s/").partition("/")
        return f"/{rest}", space

    def _serve(self, method: str, path: str, space: str, body: bytes) -> Any:
        may = self._authenticate()
        if method == "POST" and not ("kbn-xsrf" in self.headers or "kbn-version" in self.headers):
            raise bad_request("Request must contain a kbn-xsrf header.")
        if (method, path) == ("GET", SPACES):
            if may == "nothing":
                raise Refused(403, "Forbidden", "Forbidden")
            return [{"id": name, "name": name, "disabledFeatures": []} for name in self.kibana.spaces]
        if (method, path) == ("POST", EXPORT):
            return export_objects(self.kibana, space, json.loads(body))
        if (method, path) == ("POST", IMPORT):
            overwrite = self._query()["overwrite"]
            return Import(self.kibana, space, overwrite, may == "write").run(self._read_file(body))
        raise Refused(404, "Not Found", "Not Found")

    def _authenticate(self) -> str:
        if not self.kibana.users:
            return "write"
        given = self.headers.get("authorization", "")
        if given not in self.kibana.users:
            message = "[security_exception: unable to authenticate user for REST request]"
            raise Refused(401, "Unauthorized", message)
        return self.kibana.users[given]

    def _query(self) -> dict[str, bool]:
        given = parse_qs(urlsplit(self.path).query)
        query = {"overwrite": False, "createNewCopies": False, "compatibilityMode": False}
        for key, values in given.items():
            if key not in query:
                raise bad_request(f"[request query.{key}]: definition for this key is missing")
            if values not in (["true"], ["false"]):
                raise bad_request(f"[request query.{key}]: expected value of type [boolean] but got [string]")
            query[key] = values == ["true"]
        if query["overwrite"] and query["createNewCopies"]:
            raise bad_request("[request query]: cannot use [overwrite] with [createNewCopies]")
        return query

    def _read_file(self, body: bytes) -> list[Json]:
        if len(body) > self.kibana.limit:
            message = f"Payload content length greater than maximum allowed: {self.kibana.limit}"
            raise Refused(413, "Request Entity Too Large", message)
        content_type = self.headers.get("content-type", "")
        if not content_type.startswith("multipart/form-data"):
            raise Refused(415, "Unsupported Media Type", "Unsupported Media Type")
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        form = BytesParser(policy=policy.HTTP).parsebytes(head + body)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
        if set(parts) != {"file"} or parts["file"].get_filename() is None:
            raise bad_request("[request body.file]: expected value of type [Stream] but got [undefined]")
        name = str(parts["file"].get_filename())
        if not name.lower().endswith(".ndjson"):
            raise bad_request(f"Invalid file extension {name[name.rfind('.'):]}")
        content = parts["file"].get_payload(decode=True)
        assert isinstance(content, bytes)
        self.kibana.files.append(content)
        try:
            lines = [json.loads(line) for line in content.decode().split("\n") if line.strip()]
        except ValueError as error:
            raise bad_request(f"Unexpected token in JSON: {error}") from error
        return [line for line in lines if "exportedCount" not in line]

    def _misbehave(self, instead: Misbehaviour) -> None:
        time.sleep(instead.pause)
        self.close_connection = True
        if instead.hang_up:
            return
        length = len(instead.body) if instead.length is None else instead.length
        self.send_response(instead.status)
        for name, value in {**instead.headers, "content-length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for byte in instead.body if instead.trickle else b"":
                time.sleep(instead.trickle)
                self.wfile.write(bytes([byte]))
            if not instead.trickle:
                self.wfile.write(instead.body)
        except OSError:  # nobody listens any more
            return

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "kbn-name": "trek", "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


def export_objects(kibana: KibanaState, space: str, asked: Json) -> bytes:
    """The objects asked for as NDJSON; 400 with those that are not there."""
    unknown = [one for one in asked["objects"] if one["type"] not in kibana.known]
    if unknown:
        names = ", ".join(f"{one['type']}:{one['id']}" for one in unknown)
        raise bad_request(f"Trying to export object(s) with non-exportable types: {names}")
    found, missing = [], []
    for one in asked["objects"]:
        stored = kibana.objects.get((one["type"], one["id"]))
        if stored is None or stored["space"] != space:
            message = f"Saved object [{one['type']}/{one['id']}] not found"
            error = {"statusCode": 404, "error": "Not Found", "message": message}
            missing.append({**one, "error": error})
        else:
            found.append({**one, "attributes": stored["attributes"], "references": stored["references"]})
    if missing:
        raise bad_request("Error fetching objects to export", attributes={"objects": missing})
    return "\n".join(json.dumps(one) for one in found).encode()


@dataclass
class Import:
    """One import into one space."""

    kibana: KibanaState
    space: str
    overwrite: bool
    may_write: bool
    errors: list[Json] = field(default_factory=list)
    destinations: dict[Key, str] = field(default_factory=dict)
    overwriting: set[Key] = field(default_factory=set)

    def run(self, lines: list[Json]) -> Json:
        """The answer to the import."""
        objects = self._collect(lines)
        self._look_for_references(objects)
        self._look_for_conflicts(objects)
        created = self._create(objects)
        answer: Json = {
            "successCount": len(created), "success": not self.errors, "warnings": self.kibana.warnings,
        }
        if created:
            answer["successResults"] = [self._told(one) for one in created]
        if self.errors:
            answer["errors"] = self.errors
        return answer

    def _collect(self, lines: list[Json]) -> list[Json]:
        keys = [_key(line) for line in lines]
        twice = sorted({f"{kind}:{name}" for kind, name in keys if keys.count((kind, name)) > 1})
        if twice:
            raise bad_request(f"Non-unique import objects detected: [{','.join(twice)}]")
        for line in lines:
            if line["type"] not in self.kibana.known:
                self._fail(line, "unsupported_type")
        return [line for line in lines if line["type"] in self.kibana.known]

    def _look_for_references(self, objects: list[Json]) -> None:
        present = {_key(one) for one in objects}
        present |= {key for key, one in self.kibana.objects.items() if one["space"] == self.space}
        for one in objects:
            targets = [_key(reference) for reference in one.get("references", [])]
            missing = [key for key in targets if key[0] in VALIDATED_REFERENCES and key not in present]
            if missing:
                listed = [{"type": kind, "id": name} for kind, name in dict.fromkeys(missing)]
                self._fail(one, "missing_references", references=listed)

    def _look_for_conflicts(self, objects: list[Json]) -> None:
        imported = {_key(one) for one in objects}
        for one in objects:
            key = _key(one)
            stored = self.kibana.objects.get(key)
            if stored is not None and stored["space"] == self.space:
                if self.overwrite:
                    self.overwriting.add(key)
                else:
                    self._fail(one, "conflict")
                continue
            if stored is not None:  # in another space: it gets an id of its own here
                self.destinations[key] = str(uuid4())
            copies = [
                other for other, copy in self.kibana.objects.items()
                if other[0] == one["type"] and copy["space"] == self.space and copy["originId"] == one["id"]
                and other not in imported
            ]
            if len(copies) > 1:
                found = [{"id": name} for _, name in sorted(copies)]
                self._fail(one, "ambiguous_conflict", destinations=found)
            elif copies and self.overwrite:
                self.destinations[key] = copies[0][1]
                self.overwriting.add(key)
            elif copies:
                self._fail(one, "conflict", destinationId=copies[0][1])

    def _create(self, objects: list[Json]) -> list[Json]:
        """What is listed as a success, which is not written when an error could be resolved."""
        failed = {_key(error) for error in self.errors}
        rest = [one for one in objects if _key(one) not in failed]
        if any(error["error"]["type"] in RESOLVABLE for error in self.errors):
            return rest
        if rest and not self.may_write:
            kinds = ",".join(sorted({one["type"] for one in rest}))
            raise Refused(403, "Forbidden", f"Unable to bulk_create {kinds}")
        for one in rest:
            self._look_at_version(one)
        return [one for one in rest if self._write(one)]

    def _look_at_version(self, one: Json) -> None:
        newest = self.kibana.known[one["type"]]
        if _order(one["typeMigrationVersion"]) > _order(newest):
            raise Refused(
                422,
                "Unprocessable Entity",
                f'Document "{one["id"]}" belongs to a more recent version of Kibana '
                f"[{one['typeMigrationVersion']}] when the last known version is [{newest}].",
            )

    def _write(self, one: Json) -> bool:
        key = _key(one)
        if key in self.kibana.locked:
            self._fail(one, "conflict")
            return False
        if key in self.kibana.broken:  # Boom writes the message of a validation error into its payload only
            payload = {"statusCode": 400, "error": "Bad Request", "message": self.kibana.broken[key]}
            self._fail(one, "unknown", isBoom=True, output={"statusCode": 400, "payload": payload})
            return False
        objects_where_text_belongs = [
            name for name, value in one["attributes"].items()
            if name.endswith("JSON") and not isinstance(value, str)
        ]
        if objects_where_text_belongs:
            message = f"failed to parse field [{one['type']}.{objects_where_text_belongs[0]}] of type [text]"
            self._fail(one, "unknown", statusCode=400, message=f"document_parsing_exception: {message}")
            return False
        references = [{**reference, "id": self._moved(reference)} for reference in one.get("references", [])]
        written = self._moved(one)
        origin = one["id"] if written != one["id"] else None
        self.kibana.objects[one["type"], written] = {
            "space": self.space,
            "originId": origin,
            "attributes": one["attributes"],
            "references": references,
        }
        return True

    def _moved(self, one: Json) -> str:
        return self.destinations.get(_key(one), str(one["id"]))

    def _told(self, one: Json) -> Json:
        told = {"type": one["type"], "id": one["id"], "meta": self._meta(one), "managed": False}
        if _key(one) in self.overwriting:
            told["overwrite"] = True
        if _key(one) in self.destinations:
            told["destinationId"] = self.destinations[_key(one)]
        return told

    def _meta(self, one: Json) -> Json:
        return {"title": one["attributes"].get("title"), "icon": "app"}

    def _fail(self, one: Json, kind: str, **more: Any) -> None:
        error = {"type": kind, **more}
        failure = {"type": one["type"], "id": one["id"], "meta": self._meta(one), "error": error}
        if _key(one) in self.overwriting:
            failure["overwrite"] = True
        self.errors.append(failure)


def _key(one: Json) -> Key:
    return one["type"], one["id"]


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
