"""What tests of the embedded cluster share: plain HTTP to the node, and tiny TorchScript models."""
from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from eland_models.utf8 import carrier_vocabulary

MODEL_FIELD = "text_field"


class Echo(torch.nn.Module):  # type: ignore[misc]
    """Says how many tokens it got, and their sum: the vector [n, sum, 1, 0.5]."""

    def forward(self, tokens: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        one = torch.ones([1, 1])
        total = tokens.to(torch.float32).sum(1, keepdim=True)
        return torch.cat([one * attention_mask.size(1), total, one, one * 0.5], 1)


class Sorting(torch.nn.Module):  # type: ignore[misc]
    """Uses an operation that the ML node does not know."""

    def forward(self, tokens: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return torch.sort(tokens.to(torch.float32))[0][:, :4]


class Failing(torch.nn.Module):  # type: ignore[misc]
    """Cannot look up a byte above 63."""

    def forward(self, tokens: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return torch.ones([64, 4])[tokens[0]][:1]


class Endless(torch.nn.Module):  # type: ignore[misc]
    """Answers texts of one byte at once, and longer ones never."""

    def forward(self, tokens: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        length = tokens.size(1)
        while length > 1:
            length += 1
        return torch.ones([1, 4])


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; tenacity's RetryError after a minute."""
    Retrying(retry=retry_if_result(lambda met: not met), wait=wait_fixed(0.05), stop=stop_after_delay(60))(
        condition
    )


class Api:
    """HTTP to one node, without a client's interpretation of what comes back."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """Send a request with a JSON body; a string goes as it stands. Returns status and parsed answer."""
        text = body if isinstance(body, str) else json.dumps(body)
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else text.encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, _parse(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _parse(error.read())

    def ok(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """As `call`, for what must succeed."""
        status, answer = self.call(method, path, body)
        assert status in (200, 201), answer
        return answer

    def refusal(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """As `call`, for what must fail; returns the status and the reason."""
        status, answer = self.call(method, path, body)
        assert status >= 400, answer
        return status, str(answer["error"]["reason"])


def _parse(data: bytes) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(data or b"{}")
    return parsed


def save_model(module: torch.nn.Module, folder: Path) -> Path:
    """Write a module as TorchScript."""
    path = folder / f"{type(module).__name__}.pt"
    torch.jit.script(module).save(str(path))
    return path


def model_config(**changes: object) -> dict[str, object]:
    """A configuration for models of four dimensions over the vocabulary of bytes."""
    tokenization = {"with_special_tokens": False, "truncate": "first", "max_sequence_length": 1024}
    return {
        "model_type": "pytorch",
        "metadata": {"fingerprint": "0123456789abcdef"},
        "input": {"field_names": [MODEL_FIELD]},
        "inference_config": {
            "text_embedding": {"embedding_size": 4, "tokenization": {"roberta": tokenization}}
        },
        **changes,
    }


def put_model(api: Api, model_id: str, path: Path, *, parts: int = 2, **changes: object) -> None:
    """Store a model with its vocabulary and definition, in place of any of that id."""
    drop_model(api, model_id)
    api.ok("PUT", f"/_ml/trained_models/{model_id}", model_config(**changes))
    api.ok("PUT", f"/_ml/trained_models/{model_id}/vocabulary", carrier_vocabulary())
    put_definition(api, model_id, path, parts)


def put_definition(api: Api, model_id: str, path: Path, parts: int = 1) -> None:
    """Store a model's file in so many parts."""
    data = path.read_bytes()
    size = -(-len(data) // parts)
    for part in range(parts):
        piece = base64.b64encode(data[part * size : (part + 1) * size]).decode()
        body = {"definition": piece, "total_definition_length": len(data), "total_parts": parts}
        api.ok("PUT", f"/_ml/trained_models/{model_id}/definition/{part}", body)


def drop_model(api: Api, model_id: str) -> None:
    """Delete a model whether it exists, runs, is used, or not."""
    api.call("DELETE", f"/_ml/trained_models/{model_id}?force=true")


def start_model(api: Api, model_id: str, parameters: str = "") -> dict[str, Any]:
    """Deploy a stored model and wait until it runs."""
    return api.ok("POST", f"/_ml/trained_models/{model_id}/deployment/_start?timeout=120s{parameters}")


def infer(api: Api, model_id: str, *texts: str) -> list[list[float]]:
    """The model's vectors of some texts."""
    body = {"docs": [{MODEL_FIELD: text} for text in texts]}
    answer = api.ok("POST", f"/_ml/trained_models/{model_id}/_infer?timeout=60s", body)
    return [result["predicted_value"] for result in answer["inference_results"]]
