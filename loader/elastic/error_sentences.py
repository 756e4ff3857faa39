"""Elasticsearch's refusals in plain words: one sentence that names the thing and its fix."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from elasticsearch import ApiError, ConnectionTimeout, SSLError, TransportError, UnsupportedProductError
from elasticsearch import ConnectionError as ElasticConnectionError

from loader.errors import PeaksError
from loader.text import shorten

MOST_CHARACTERS = 300  # of the reasons of one failure

# By the field of the vector that a document lacks.
NO_VECTOR = {
    "text_embed": "[{it}] has no vector in the catalogue: load it with `peaks load-peaks`, or search with "
                  "--by-name.",
    "clip_image": "Photo [{it}] has no vector: load it again with `peaks load-photos`.",
}

_NO_INGEST_DEPLOYMENT = (
    "The pipelines name the deployment [{it}], which does not run: run `peaks apply`, which names one that "
    "does, or start it with `peaks model deploy --ingest-allocations 1`."
)
_NOT_STARTED = (
    "Model [{it}] is not started: start it with POST _ml/trained_models/{it}/deployment/_start, or run "
    "`peaks model deploy`."
)

# What Elasticsearch answers (the joined reasons of its error bodies), and what a person can do about it.
_ANSWERS: tuple[tuple[str, str], ...] = (
    (
        r"license is non-compliant for \[(?P<it>[^\]]+)\]",
        "The cluster's licence does not include [{it}]: start a trial with POST "
        "_license/start_trial?acknowledge=true; for good, machine learning needs Platinum or Enterprise and "
        "the RRF retriever Enterprise (photos-hybrid-basic does without it). `peaks search --client-vectors` "
        "needs no machine learning.",
    ),
    (r"could not find trained model \[(?P<it>[^\]]+-ingest)\]", _NO_INGEST_DEPLOYMENT),
    (r"\[(?P<it>[^\]]+-ingest)\] is not an inference service model", _NO_INGEST_DEPLOYMENT),
    (
        r"(?:no known trained model with model_id|could not find trained model(?: definition)?) "
        r"\[(?P<it>[^\]]+)\]",
        "Model [{it}] is not in the cluster: put it there with `peaks model deploy`, or name another one "
        "with --es-model-id.",
    ),
    (r"model \[(?P<it>[^\]]+)\] must be deployed to use", _NOT_STARTED),
    (
        r"deployment \[(?P<it>[^\]]+)\] is not allocated to any nodes",
        "No node has loaded the model [{it}] yet, as after a restart: wait a little and run again; if that "
        "does not help, see `peaks doctor`.",
    ),
    (
        r"(?:model|deployment)[^\[\n]* \[(?P<it>[^\]]+)\][^\n]*\bnot (?:deployed|started|allocated|running)",
        _NOT_STARTED,
    ),
    (
        r"\[(?P<it>[^\]]+)\] is not an inference service model or a deployed ml model",
        "Model [{it}] is not in the cluster or not started: run `peaks model deploy`, or apply the assets "
        "for another one with `peaks apply --es-model-id MODEL`.",
    ),
    (
        r"dynamic introduction of \[(?P<it>confirmed_peaks)\]",
        "The index of photos has no field {it}: run `peaks apply`, which adds it.",
    ),
    (
        r"(?P<it>inference process queue is full|timeout \[[^\]]+\] waiting for inference result)",
        "The text model has more to do than it can ({it}): wait a little and run again; `peaks model deploy "
        "--number-of-allocations N` makes it answer more texts side by side.",
    ),
    (
        r"index \[(?P<it>[^\]]+)\] blocked by: \[TOO_MANY_REQUESTS/12/",
        "Elasticsearch's disk is nearly full, so index [{it}] takes no more documents: free space there, and "
        "run again a minute later.",
    ),
    (
        r"index \[(?P<it>[^\]]+)\] blocked by: \[FORBIDDEN/8/",
        "Index [{it}] takes no documents, because `peaks reindex` replaces it or has replaced it: run again "
        "a minute later; if that command was killed, run it again.",
    ),
    (r"no such index \[(?P<it>[^\]]+)\]", "Index [{it}] does not exist: run `peaks apply`."),
    (
        r"unable to find script \[(?P<it>[^\]]+)\]",
        "The search template [{it}] is not in the cluster: run `peaks apply`.",
    ),
    (
        r"pipeline with id \[(?P<it>[^\]]+)\] (?:does not exist|is missing)",
        "The ingest pipeline [{it}] is not in the cluster: run `peaks apply`.",
    ),
    *(
        (rf"Field \[{field}\] not found in document with id \[(?P<it>[^\]]+)\]", sentence)
        for field, sentence in NO_VECTOR.items()
    ),
    (
        r"\[fields\] failed to parse field \[(?P<it>\w+[^\]]* takes? [^\]]+)\]",  # checks.mustache
        "The search template refuses a parameter: {it}.",
    ),
    (
        r"different number of dimensions \[(?P<it>\d+)\] than "
        r"(?:the document vectors|defined in the mapping) \[(?P<other>\d+)\]",
        "The vector has {it} dimensions but the index holds {other}: use the model that the index was made "
        "with, or build the next index with `peaks apply --next --es-model-id MODEL` and load again.",
    ),
    (
        r"Index \d+ out of bounds for length (?P<it>\d+)",
        "The vector has {it} numbers, fewer than the vectors of the index: use the model that the index was "
        "made with.",
    ),
    (
        r"zero magnitude",
        "The vector is all zeros, which cosine similarity cannot use: a recipe such as `peak:` needs at "
        "least one name after it.",
    ),
)


# "action [A] is unauthorized for API key id [K] of user [U] on indices [I], this action is granted by the
# index privileges [P,Q]" (org.elasticsearch.xpack.security.authz.AuthorizationDenialMessages)
_UNAUTHORIZED = re.compile(
    r"action \[(?P<action>[^\n]+?)\] is unauthorized for (?P<who>API key|user)[^\n]*?"
    r"(?: on indices \[(?P<indices>[^\]]+)\])?"
    r", this action is granted by the (?P<kind>index|cluster) privileges \[(?P<privilege>\w+)"
)
# Which of the project's keys may do an action, by the beginning of its name.
_KEYS = (
    ("indices:data/read", "search"),
    ("indices:admin/mappings/", "search"),
    ("indices:data/write", "loader"),
    ("indices:admin/refresh", "loader"),
    ("cluster:monitor/xpack/ml/inference/infer", "loader"),
    ("cluster:monitor/xpack/ml/inference/get", "search"),
    ("cluster:monitor/main", "search"),
    ("cluster:admin/xpack/security/", None),
    ("cluster:admin/", "setup"),
    ("cluster:monitor/xpack/ml/", "setup"),
    ("indices:admin/", "setup"),
)


@contextmanager
def explained_errors() -> Iterator[None]:
    """Turn Elasticsearch's exceptions inside the block into a `PeaksError` (see `explain`)."""
    try:
        yield
    except (ApiError, TransportError) as error:
        raise explain(error) from error


def explain(error: ApiError | TransportError) -> PeaksError:
    """Say what Elasticsearch refused and how to put it right."""
    if isinstance(error, UnsupportedProductError):
        return PeaksError(
            f"{error.meta.node.host}:{error.meta.node.port} answers, but not as Elasticsearch does: give "
            "Elasticsearch's own address with --url (ES_URL)."
        )
    if isinstance(error, ApiError):
        return PeaksError(_explain_answer(error))
    return PeaksError(_explain_transport(error))


def describe(error: BaseException) -> str:
    """Return a failure as the beginning of a sentence: "Elasticsearch answers 503 (no master)"."""
    if isinstance(error, ApiError):
        reason = join_reasons(error.body)
        return f"Elasticsearch answers {error.status_code}" + (f" ({reason})" if reason else "")
    if isinstance(error, ConnectionTimeout):
        return "Elasticsearch did not answer in time"
    if isinstance(error, TransportError):
        return f"Elasticsearch does not answer ({_cause(error)})"
    return str(error)


def join_reasons(body: Any) -> str:
    """Return the outermost and the innermost reason of an error body: where it went wrong, and why.

    Args:
        body: of an answer, or the ``error`` in a part of one.
    """
    reasons = _reasons(body)
    ends = dict.fromkeys((*reasons[:1], *reasons[-1:]))
    return shorten(": ".join(ends), MOST_CHARACTERS).rstrip(".")


def _reasons(body: Any) -> list[str]:
    """Every ``reason`` in an error body, the outermost first, each once."""
    found = list(dict.fromkeys(_find_reasons(body)))
    error = body.get("error") if isinstance(body, Mapping) else None
    return [error] if not found and isinstance(error, str) else found


def _find_reasons(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("reason"), str):
            yield part["reason"]
        for value in part.values():
            yield from _find_reasons(value)
    elif isinstance(part, list):
        for value in part:
            yield from _find_reasons(value)


def explain_part(body: Any) -> str:
    """Say why a part of a request was refused, such as one document of several; no full stop ends it."""
    return (_find_answer("\n".join(_reasons(body))) or join_reasons(body)).rstrip(".")


def _find_answer(reasons: str) -> str | None:
    """What a person can do about some reasons, where that is known."""
    for pattern, sentence in _ANSWERS:
        if found := re.search(pattern, reasons, re.IGNORECASE):
            return sentence.format(**found.groupdict())
    return None


def _explain_answer(error: ApiError) -> str:
    if answer := _find_answer("\n".join(_reasons(error.body)) or str(error)):
        return answer
    reason, status = join_reasons(error.body) or str(error), error.status_code
    if status == 401:
        return (
            "Elasticsearch refused the credentials: give --es-api-key (ES_API_KEY), or --es-username and "
            "--es-password (ES_USERNAME, ES_PASSWORD)."
        )
    if status == 403:
        return _explain_missing_privilege("\n".join(_reasons(error.body))) or (
            f"Elasticsearch does not permit this ({reason}): use a user or API key with that privilege."
        )
    if status in (429, 503):
        return f"Elasticsearch is too busy or not ready ({reason}): wait a little and run again."
    return f"Elasticsearch answered {status}: {reason}."


def _explain_missing_privilege(reasons: str) -> str | None:
    """Say which privilege a user or key lacks, and which key has it; None for a refusal of another kind."""
    found = _UNAUTHORIZED.search(reasons)
    if found is None:
        return None
    action, who, indices, kind, privilege = found.group("action", "who", "indices", "kind", "privilege")
    purpose = next((key for begin, key in _KEYS if action.startswith(begin)), None)
    where = f" on {indices}" if indices else ""
    other = f"a key of `peaks keys create {purpose}`, or a user" if purpose else "a user"
    return (
        f"The {who} may not do this ({action}{where}): take {other} with the {kind} privilege {privilege}."
    )


def _explain_transport(error: TransportError) -> str:
    place = _failed_host(error)
    if isinstance(error, SSLError):
        return (
            f"Elasticsearch's certificate{place} cannot be verified ({_cause(error)}): give its CA with "
            "--ca-certs (ES_CA_CERTS), or --insecure for a test cluster; a node without TLS wants http:// in "
            "--url."
        )
    if isinstance(error, ConnectionTimeout):
        return f"Elasticsearch{place} did not answer in time: see whether it is overloaded, and run again."
    if isinstance(error, ElasticConnectionError):
        return (
            f"Elasticsearch does not answer{place} ({_cause(error)}): start it (`{_start_command(place)}`), "
            "or give its address with --url (ES_URL)."
        )
    return f"The request to Elasticsearch{place} failed: {_cause(error)}."


def _causes(error: BaseException) -> list[BaseException]:
    """The causes of a failure, as elastic_transport, urllib3 and Python keep them."""
    under = [*getattr(error, "errors", ()), *error.args, error.__cause__]
    return [each for each in under if isinstance(each, BaseException)]


def _failed_host(error: BaseException) -> str:
    """Return " at host:port" from urllib3's exception under the error, or nothing."""
    pool = getattr(error, "conn", None) or getattr(error, "pool", None)
    host, port = getattr(pool, "host", None), getattr(pool, "port", None)
    if host:
        return f" at {host}:{port}"
    return next(filter(None, map(_failed_host, _causes(error))), "")


def _start_command(place: str) -> str:
    """The command that starts a node of this machine at a place as `_failed_host` gives it."""
    host, _, port = place.removeprefix(" at ").rpartition(":")
    is_local = host in ("127.0.0.1", "localhost", "::1") and port != "9200"
    return f"peaks cluster start --port {port}" if is_local else "peaks cluster start"


def _cause(error: BaseException) -> str:
    """Return the innermost words of a failure: "Connection refused"."""
    if causes := _causes(error):
        return _cause(causes[-1])
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return re.sub(r"^\[[^\]]*\] | \(_ssl\.c.*$", "", text.splitlines()[0])
