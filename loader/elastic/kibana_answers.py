"""Answers that are not the one that was asked for, in words: what answered, and what to do about it."""
from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from loader.elastic.kibana_server import Answer, Kibana, quote
from loader.errors import PeaksError

_WEB_PAGE = re.compile(rb"\s*<(?:!doctype|html|head|body)", re.IGNORECASE)

_OWN_ADDRESS = (
    "Kibana's own address with --kibana-url, and --es-api-key or --es-username and --es-password"
)
_PRIVILEGES = (
    '"Saved Objects Management: All", or "All" on Dashboard, Discover, Maps, Visualize Library and Data View '
    "Management"
)


def refuse(answer: Answer, kibana: Kibana) -> PeaksError:
    """Return the error that a person reads for an answer that cannot be used.

    Args:
        answer: any answer; one with status 200 was not what Kibana answers.
        kibana: whom was asked.
    """
    return PeaksError(
        _other_server(answer, kibana)
        or _refused_by_status(answer, kibana)
        or _not_json(answer, kibana)
        or f"Kibana at {kibana.place} answered {answer.status}{_said(answer)}: see its log for the reason."
    )


def _other_server(answer: Answer, kibana: Kibana) -> str | None:
    """Explain what answers in Kibana's place: Elasticsearch, a login page, another path."""
    if answer.headers.get("x-elastic-product") == "Elasticsearch" or _is_elasticsearch(answer.document()):
        return (
            f"Elasticsearch answers at {kibana.place}, not Kibana: give Kibana's address with --kibana-url; "
            "its usual port is 5601."
        )
    if 300 <= answer.status < 400:
        return _redirected(answer, kibana)
    if answer.status == 404 and "kbn-name" in answer.headers:
        return (
            f"Kibana at {kibana.place} serves another base path: give --kibana-url as it stands in a browser "
            "before /app or /s."
        )
    if answer.status in (404, 405):
        return (
            f"{kibana.place} answers {answer.status}, not as Kibana does: give Kibana's address with "
            "--kibana-url, with its base path if it has one."
        )
    return None


def _is_elasticsearch(document: Any) -> bool:
    """Whether an error has Elasticsearch's form; Kibana's ``error`` is a word."""
    return isinstance(document, dict) and isinstance(document.get("error"), dict) and "status" in document


def _redirected(answer: Answer, kibana: Kibana) -> str:
    target = urlsplit(answer.headers.get("location", ""))._replace(query="", fragment="")
    shown = quote(target._replace(netloc=target.netloc.rpartition("@")[2]).geturl())
    here = urlsplit(kibana.place)
    if (here.scheme, target.scheme, target.hostname) == ("http", "https", here.hostname):
        return f"{kibana.place} sends requests on to https: give --kibana-url with https://."
    return (
        f"{kibana.place} sends requests on to {shown or 'nowhere'}, a login page or another address: give "
        f"{_OWN_ADDRESS}."
    )


def _refused_by_status(answer: Answer, kibana: Kibana) -> str | None:
    status, said = answer.status, _said(answer)
    if "belongs to a more recent version" in said:
        return f"This Kibana is older than 8.19{said}: upgrade it; the objects are for 8.19 and 9.x."
    if status == 401:
        return (
            f"Kibana at {kibana.place} refused the credentials: give --es-api-key (ES_API_KEY), or "
            "--es-username and --es-password (ES_USERNAME, ES_PASSWORD), of the cluster behind this Kibana."
        )
    if status == 403:
        return (
            f"Kibana does not permit this{said}: the user or API key needs, in the space {kibana.space}, "
            f"{_PRIVILEGES}."
        )
    if status == 413:
        return (
            f"The import is too large for {kibana.place}: raise savedObjects.maxImportPayloadBytes in "
            "kibana.yml, or the limit of a proxy before it (nginx: client_max_body_size)."
        )
    if status in (408, 429, 502, 503, 504):
        said = said or f" ({status})"
        return f"Kibana at {kibana.place} is not ready or too busy{said}: wait a little and run again."
    return None


def _said(answer: Answer) -> str:
    """Return Kibana's own words in brackets, or nothing; a web page says nothing."""
    document = answer.document()
    if isinstance(document, dict) and isinstance(document.get("message"), str):
        return f" ({quote(document['message'])})"
    if document is None and answer.headers.get("content-type", "").startswith("text/plain"):
        return f" ({quote(answer.body.decode('utf-8', 'replace'))})"
    return ""


def _not_json(answer: Answer, kibana: Kibana) -> str | None:
    if _WEB_PAGE.match(answer.body) or "html" in answer.headers.get("content-type", ""):
        return (
            f"{kibana.place} answers {answer.status} with a web page, a login or a proxy's: give "
            f"{_OWN_ADDRESS}."
        )
    if answer.status != 200:
        return None
    what = "but not as Kibana does" if answer.body else "with an empty body"
    return f"{kibana.place} answers 200, {what}: give Kibana's own address with --kibana-url."
