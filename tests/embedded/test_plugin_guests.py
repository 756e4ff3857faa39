"""What guests may send to the embedded node: hostile models, large bodies. It refuses them and lives on."""
from __future__ import annotations

import contextlib
import http.client
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import torch

from tests.embedded.plugin_node import (
    MODEL_FIELD,
    Api,
    Echo,
    drop_model,
    infer,
    model_config,
    put_model,
    save_model,
    start_model,
    wait_until,
)

pytestmark = pytest.mark.cluster

GUEST = "guest"
START = f"/_ml/trained_models/{GUEST}/deployment/_start?timeout=60s"
INFER = f"/_ml/trained_models/{GUEST}/_infer"


class Demanding(torch.nn.Module):  # type: ignore[misc]
    """Answers one byte with as many dims as its value, two with 150 million; three take 64 GB of memory."""

    def forward(self, tokens: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        length = tokens.size(1)
        if length == 1:
            return torch.ones([1, int(tokens[0, 0])])
        if length == 2:
            return torch.ones([1, 1]).expand(1, 150000000)
        return torch.ones([1, 16000000000])[:, :4]


class Slow(torch.nn.Module):  # type: ignore[misc]
    """Takes some tenths of a second."""

    def forward(self, tokens: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        square = torch.ones([600, 600])
        for _ in range(30):
            square = torch.matmul(square, square) * 0.001
        return torch.ones([1, 4]) + square[0, 0] * 0


@pytest.fixture(scope="module")
def api(node: Any) -> Iterator[Api]:
    api = Api(node.url)
    yield api
    drop_model(api, GUEST)


def test_model_that_unpacks_to_gigabytes_does_not_start(api: Api, tmp_path: Path) -> None:
    bomb = save_model(Echo(), tmp_path)
    with zipfile.ZipFile(bomb, "a") as archive:
        archive.writestr("Echo/constants/9", bytes(200 * 2**20), zipfile.ZIP_DEFLATED)
    put_model(api, GUEST, bomb)
    status, reason = api.refusal("POST", START)
    assert (status, "record Echo/constants/9 is compressed" in reason) == (500, True), reason


def test_damaged_model_is_named_as_damaged(api: Api, tmp_path: Path) -> None:
    data = bytearray(save_model(Echo(), tmp_path).read_bytes())
    data[data.index(b"Echo/data.pkl") + 90] ^= 1
    (tmp_path / "damaged.pt").write_bytes(data)
    put_model(api, GUEST, tmp_path / "damaged.pt")
    status, reason = api.refusal("POST", START)
    assert (status, "The model's file is damaged" in reason) == (500, True), reason
    assert "peaks cluster start" not in reason


def test_answers_of_other_dims_and_too_much_memory_end_only_their_requests(api: Api, tmp_path: Path) -> None:
    put_model(api, GUEST, save_model(Demanding(), tmp_path))
    start_model(api, GUEST)
    for text, complaint in (
        ("!", "the model's vector has 33 dimensions instead of the 4 that it declares"),
        ("!!", "has 150000000 dimensions instead of the 4 that it declares"),
        ("!!!", "can't allocate memory"),
    ):
        status, reason = api.refusal("POST", f"{INFER}?timeout=60s", {"docs": [{MODEL_FIELD: text}]})
        assert (status, complaint in reason) == (500, True), reason
    assert infer(api, GUEST, "\x04") == [[1.0] * 4]


def send(api: Api, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
    """A request as a stranger may send it: status and body of the answer."""
    connection = http.client.HTTPConnection(str(urlsplit(api.url).netloc), timeout=60)
    connection.putrequest(method, path, skip_host="Host" in headers)
    usual = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    for name, value in {**usual, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    with contextlib.suppress(ConnectionError):  # the answer may come before the end of the body
        connection.send(body.encode())
    answer = connection.getresponse()
    status, said = answer.status, answer.read().decode()
    connection.close()
    return status, said


def test_a_body_that_is_too_large_is_refused_and_the_node_lives(api: Api) -> None:
    ids = json.dumps({"ids": ["x"] * 10_000_000})
    for path in ("/_mget", "/_bulk", INFER):
        assert send(api, "POST", path, ids)[0] == 413
    assert api.ok("GET", "/_cluster/health")["status"] in ("green", "yellow")


def parts_of_guest(api: Api) -> int:
    api.call("POST", "/.ml-inference-native-*/_refresh")
    query = {"query": {"term": {"model_id": GUEST}}}
    return int(api.ok("POST", "/.ml-inference-native-*/_count", query)["count"])


def test_deletion_in_the_middle_of_an_upload_leaves_no_parts(api: Api) -> None:
    body = {"definition": "A" * 2**18, "total_definition_length": 2**25, "total_parts": 128}
    left, met = [], set()
    for _ in range(4):
        drop_model(api, GUEST)
        api.ok("PUT", f"/_ml/trained_models/{GUEST}", model_config())
        with ThreadPoolExecutor(8) as pool:
            path = f"/_ml/trained_models/{GUEST}/definition"
            sent = [pool.submit(api.call, "PUT", f"{path}/{number}", body) for number in range(128)]
            sent[5].result()
            drop_model(api, GUEST)
            met |= {future.result()[0] for future in sent}
        left.append(parts_of_guest(api))
        assert api.call("GET", f"/_ml/trained_models/{GUEST}")[0] == 404
    assert (left, met) == ([0] * 4, {200, 404})


def test_work_whose_caller_has_gone_is_skipped(api: Api, tmp_path: Path) -> None:
    put_model(api, GUEST, save_model(Slow(), tmp_path))
    start_model(api, GUEST)
    body = json.dumps({"docs": [{MODEL_FIELD: "abc"}]})
    callers = []
    for _ in range(150):  # of 0.1 or 0.2 s each
        connection = http.client.HTTPConnection(str(urlsplit(api.url).netloc))
        connection.request("POST", f"{INFER}?timeout=100s", body, {"Content-Type": "application/json"})
        callers.append(connection)
    wait_until(lambda: pending(api) > 100)
    for connection in callers:
        connection.close()
    assert api.call("POST", f"{INFER}?timeout=5s", {"docs": [{MODEL_FIELD: "abc"}]})[0] == 200
    assert pending(api) == 0


def pending(api: Api) -> int:
    [stats] = api.ok("GET", f"/_ml/trained_models/{GUEST}/_stats")["trained_model_stats"]
    return int(stats["deployment_stats"]["nodes"][0]["number_of_pending_requests"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},  # of a file, or a frame without rights
        {"Origin": "http://localhost:8000"},  # what else this machine serves is no friend either
        {"Origin": "http://evil.example:1", "Host": "evil.example:1"},  # the page's name leads here
        {"Host": "evil.example:1"},
        {"Sec-Fetch-Site": "cross-site"},  # a picture's address, which names no origin
    ],
)
def test_a_web_page_gets_403(api: Api, headers: dict[str, str]) -> None:
    api.ok("PUT", "/guarded/_doc/1", {"text": "mine"})
    for method, path in (("POST", "/guarded/_close"), ("GET", "/guarded/_search"), ("DELETE", "/guarded")):
        status, said = send(api, method, path, **headers)
        assert status == 403 and "mine" not in said, said
    assert send(api, "GET", "/guarded/_doc/1")[0] == 200
    api.ok("DELETE", "/guarded")


def test_programs_of_this_machine_need_no_origin(api: Api) -> None:
    port = urlsplit(api.url).port
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", "[::1]", f"peaks.localhost:{port}"):
        assert send(api, "GET", "/_cat/health", Host=host)[0] == 200
    assert send(api, "GET", "/_cat/health", **{"Sec-Fetch-Site": "none"})[0] == 200  # typed into a browser
    assert send(api, "GET", "/_cat/health", Origin=api.url)[0] == 200
