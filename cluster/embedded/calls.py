"""The few plain HTTP calls that starting a node needs; no client library, no proxy."""
from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.embedded.errors import ClusterError

LOOPBACK = "127.0.0.1"
USERNAME = "elastic"  # Elasticsearch's own superuser
# a proxy from the environment is never meant for the loopback interface
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Server:
    """A node's HTTP address, and the file with the password of `elastic` where security is on."""

    url: str
    password_file: Path | None = None

    def call(
        self, path: str, method: str = "GET", timeout: float = 10.0
    ) -> tuple[int, dict[str, Any]] | None:
        """Send a request without a body.

        Returns:
            Status and JSON object (empty when the body is something else); None when nothing answers.

        Raises:
            ClusterError: this user may not read the password.
        """
        request = urllib.request.Request(self.url + path, method=method)
        if self.password_file is not None:
            credentials = f"{USERNAME}:{read_password(self.password_file)}".encode()
            request.add_header("Authorization", f"Basic {base64.b64encode(credentials).decode()}")
        try:
            with _OPENER.open(request, timeout=timeout) as response:
                return response.status, _read_object(response.read())
        except urllib.error.HTTPError as error:
            return error.code, _read_object(error.read())
        except (OSError, ValueError):
            return None


def read_password(file: Path) -> str:
    """The password in a file, which must be no link: the file's folder may be another user's.

    Raises:
        ClusterError: the file is not there, or this user may not read it.
    """
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), encoding="ascii") as opened:
            return opened.read().strip()
    except OSError as error:
        raise ClusterError(
            f"The password in {file} cannot be read ({error.strerror}): run this as the user who started the"
            " cluster, or with sudo."
        ) from error


def local_url(port: int) -> str:
    """The address of a node of this machine."""
    return f"http://{LOOPBACK}:{port}"


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
