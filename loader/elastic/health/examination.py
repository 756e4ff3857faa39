"""The checks of a cluster, in the order in which one thing needs the other."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from typing import Any

from elasticsearch import ApiError, AuthorizationException, Elasticsearch, TransportError

from eland_models.capacity import describe, read_capacity
from loader.elastic.assets import KINDS
from loader.elastic.error_sentences import explain
from loader.elastic.health.contents import Contents
from loader.elastic.health.finding import Finding, Verdict, run_check
from loader.elastic.indices import ALIASES

OLDEST = (8, 19)  # the oldest server that the templates and the exported models are for
# The licences with machine learning and with field-level security (elastic.co/subscriptions).
FULL_LICENCES = ("trial", "platinum", "enterprise")


def examine(client: Elasticsearch, address: str, model_id: str | None = None) -> Iterator[Finding]:
    """Look at everything that this project needs of a cluster, and change nothing.

    Args:
        client: of the cluster.
        address: the cluster's, for people.
        model_id: the text model that is looked at; None for that of the photos' index.
    """
    server = None
    try:
        server = client.info()["version"]
    except AuthorizationException:  # it answers, and may permit other things
        pass
    except (ApiError, TransportError) as error:
        yield Finding("connection", "wrong", explain(error).message)
        yield Finding("all others", "–", "not asked")
        return
    yield Finding("connection", "ok", f"Elasticsearch answers at {address}")
    contents = Contents(client, model_id)
    checks: list[tuple[str, Callable[[], Verdict]]] = [
        ("versions", partial(_versions, server)),
        ("licence", partial(_licence, client)),
        ("ML memory", partial(_memory, client)),
        ("model", contents.model),
        ("deployment", contents.deployment),
        ("warm-up", contents.warm_up),
        *((f"index {alias}", partial(contents.index, alias)) for alias in ALIASES),
        *((f"{name}s", partial(contents.assets, kind)) for kind, name in KINDS.items()),
        ("disk", partial(_disk, client)),
    ]
    yield from (run_check(*each) for each in checks)


def _versions(server: dict[str, Any] | None) -> Verdict:
    told = f"peaks {version('peaks-in-elasticsearch')}, client {version('elasticsearch')}, server "
    if server is None:
        return "–", f"{told}does not tell its own", ""
    number = server["number"]
    is_old = tuple(map(int, number.split(".")[:2])) < OLDEST and server.get("build_flavor") != "serverless"
    mend = f"upgrade Elasticsearch to {'.'.join(map(str, OLDEST))} or later" if is_old else ""
    return "wrong" if is_old else "ok", told + number, mend


def _licence(client: Elasticsearch) -> Verdict:
    licence = client.license.get()["license"]
    told = f"{licence['type']}, {licence['status']}"
    if until := licence.get("expiry_date"):
        told += f" until {until[:10]}"
    if licence["status"] == "active" and licence["type"] in FULL_LICENCES:
        return "ok", told, ""
    return "wrong", f"{told}: no machine learning", "POST _license/start_trial?acknowledge=true"


def _memory(client: Elasticsearch) -> Verdict:
    capacity = read_capacity(client)
    if capacity is None:
        return "–", "Elasticsearch does not tell it", ""
    return ("ok", describe(capacity), "") if capacity.total else ("wrong", "no node has the role ml", "")


def _disk(client: Elasticsearch) -> Verdict:
    """Elasticsearch's own opinion, by its watermarks and blocks."""
    disk = client.health_report(feature="disk")["indicators"]["disk"]
    told = disk["symptom"].rstrip(".")
    if disk["status"] in ("yellow", "red"):
        return "wrong", told, "add disk capacity, or free some"
    return "ok" if disk["status"] == "green" else "–", told, ""
