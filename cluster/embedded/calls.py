"""The few plain HTTP calls that starting a node needs; no client library, no proxy."""
from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

LOOPBACK = "127.0.0.1"
# a proxy from the environment is never meant for the loopback interface
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(url: str, method: str = "GET", timeout: float = 10.0) -> tuple[int, dict[str, Any]] | None:
    """Send a request without a body.

    Returns:
        Status and JSON object (empty when the body is something else); None when nothing answers.
    """
    request = urllib.request.Request(url, method=method)
    try:
        with _OPENER.open(request, timeout=timeout) as response:
            return response.status, _read_object(response.read())
    except urllib.error.HTTPError as error:
        return error.code, _read_object(error.read())
    except (OSError, ValueError):
        return None


def local_url(port: int) -> str:
    """The address of a node of this machine."""
    return f"http://{LOOPBACK}:{port}"


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
