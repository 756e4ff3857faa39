"""Refusals as elasticsearch-py raises them, for tests without a cluster."""
from __future__ import annotations

from typing import Any

from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError


def answered(status: int, kind: type[ApiError] = ApiError, body: Any = None, **headers: str) -> ApiError:
    """An answer of a status and a body; in the name of a header, ``_`` stands for ``-``."""
    named = HttpHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    meta = ApiResponseMeta(status, "1.1", named, 0.1, NodeConfig("http", "127.0.0.1", 9200))
    return kind("x", meta, body)


def refused(status: int, reason: str, caused_by: str | None = None) -> ApiError:
    """A refusal, whose body is Elasticsearch's own."""
    error: dict[str, Any] = {"type": "x", "reason": reason, "root_cause": [{"type": "x", "reason": reason}]}
    if caused_by:
        error["caused_by"] = {"type": "y", "reason": caused_by}
    return answered(status, body={"error": error, "status": status})
