"""Deployments of a model that is in the cluster: how they run, started, changed, warmed and stopped.

A model may have two: one by its own id for searches, and one for the ingest pipelines, so that loading does
not slow searches down. Elastic advises more threads for the first and more allocations for the second.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from elasticsearch import ApiError, TransportError

from eland_models.errors import ModelError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

START_TIMEOUT_SECONDS = 300
# PyTorch's profiling executor optimises a graph during its first two calls, in each allocation by itself;
# as many again, because the process gives a text to whichever allocation is free
WARM_UP_CALLS = 4
NO_ROOM = re.compile("sufficient capacity|not enough resources")

Priority = Literal["low", "normal"]
Outcome = Literal["imported", "started", "updated", "restarted", "unchanged"]


@dataclass(frozen=True)
class DeploymentSettings:
    """How one deployment runs.

    Attributes:
        least: allocations, which answer side by side; 0 only where `most` is more.
        most: the same, or more where Elasticsearch may add and remove some by the load.
        threads: of each allocation for one text, a power of two up to 32.
        priority: Elasticsearch places deployments of priority `low` last, with one allocation of one thread.
    """

    least: int = 1
    most: int = 1
    threads: int = 1
    priority: Priority = "normal"

    @property
    def initial(self) -> int:
        """Allocations that it starts with (StartTrainedModelDeploymentAction.computeNumberOfAllocations)."""
        return max(self.least, 1)

    @property
    def allocations(self) -> dict[str, Any]:
        """The part of a request that sets the number of allocations."""
        if self.least == self.most:
            return {"number_of_allocations": self.least}
        bounds = {"min_number_of_allocations": self.least, "max_number_of_allocations": self.most}
        return {"adaptive_allocations": {"enabled": True, **bounds}}

    def __str__(self) -> str:
        number = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        return (
            f"{number} allocation{'s' if self.most > 1 else ''} of "
            f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        )


ONE_ALLOCATION = DeploymentSettings()


def ingest_id(model_id: str) -> str:
    """The id of a model's deployment for the ingest pipelines."""
    return f"{model_id}-ingest"


def read_running(client: Elasticsearch, model_id: str) -> dict[str, DeploymentSettings]:
    """How a model's deployments run that are started or starting, by their ids."""
    return {
        deployment_id: read_settings(stats)
        for deployment_id, stats in deployments(client, model_id)
        if stats.get("state") not in ("stopping", "failed")
    }


def deployments(client: Elasticsearch, model_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ids and statistics of a model's deployments; none where there is no such model."""
    answer = client.options(ignore_status=404).ml.get_trained_models_stats(model_id=model_id)
    for entry in answer.get("trained_model_stats", []):
        if stats := entry.get("deployment_stats"):
            yield stats.get("deployment_id", model_id), stats


def read_settings(stats: dict[str, Any]) -> DeploymentSettings:
    """Read settings from a deployment's statistics."""
    least = most = stats.get("number_of_allocations", 1)
    adaptive = stats.get("adaptive_allocations") or {}
    if adaptive.get("enabled"):
        least = adaptive.get("min_number_of_allocations", 0)
        most = adaptive.get("max_number_of_allocations", least)
    threads, priority = stats.get("threads_per_allocation", 1), stats.get("priority", "normal")
    return DeploymentSettings(least, most, threads, priority)


def bring_up(
    client: Elasticsearch, model_id: str, deployment_id: str, wanted: DeploymentSettings
) -> Outcome:
    """Have a deployment run as wanted, with every allocation started.

    Another number of allocations is changed while it runs. Threads and priority are fixed at the start, so
    it stops and starts for them.

    Raises:
        elasticsearch.ApiError, elastic_transport.TransportError: Elasticsearch refuses, with 429 where no ML
            node has room, or did not start it in time. What ran before then runs again.
        ModelError: allocations that an update asked for did not start in time.
    """
    present = read_running(client, model_id).get(deployment_id)
    if present == wanted:
        return "unchanged"
    if present and (present.threads, present.priority) == (wanted.threads, wanted.priority):
        update(client, deployment_id, wanted)
        wait_for_allocations(client, model_id, deployment_id)
        return "updated"
    if not present:
        start(client, model_id, deployment_id, wanted)
        return "started"
    stop(client, deployment_id)
    try:
        start(client, model_id, deployment_id, wanted)
    except (ApiError, TransportError):
        stop(client, deployment_id)  # a start that was too slow goes on
        start(client, model_id, deployment_id, present)
        raise
    return "restarted"


def start(
    client: Elasticsearch, model_id: str, deployment_id: str, wanted: DeploymentSettings
) -> None:
    """Start a deployment and wait until every allocation runs."""
    once = client.options(request_timeout=START_TIMEOUT_SECONDS + 10, max_retries=0)
    once.ml.start_trained_model_deployment(
        model_id=model_id,
        deployment_id=deployment_id,
        wait_for="fully_allocated",
        timeout=f"{START_TIMEOUT_SECONDS}s",
        threads_per_allocation=wanted.threads,
        priority=wanted.priority,
        **wanted.allocations,
    )


def update(client: Elasticsearch, deployment_id: str, wanted: DeploymentSettings) -> None:
    """Change how many allocations a started deployment has."""
    fixed = {"adaptive_allocations": {"enabled": False}}
    client.options(max_retries=0).ml.update_trained_model_deployment(
        model_id=deployment_id, **{**fixed, **wanted.allocations}
    )


def wait_for_allocations(client: Elasticsearch, model_id: str, deployment_id: str) -> None:
    """Wait until all allocations run that an update asked for."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        status = dict(deployments(client, model_id))[deployment_id].get("allocation_status", {})
        if status.get("allocation_count", 0) >= status.get("target_allocation_count", 0):
            return
        time.sleep(0.5)
    raise ModelError(
        f"The allocations of {deployment_id} have not all started in {START_TIMEOUT_SECONDS} s: see why with "
        f"GET _ml/trained_models/{model_id}/_stats, or ask for fewer."
    )


def warm_up(client: Elasticsearch, deployment_id: str, allocations: int) -> None:
    """Have every allocation answer before the first person asks.

    The texts differ, because Elasticsearch keeps the answers to texts that it has seen.
    """
    docs = [{"text_field": f"warm-up {number}"} for number in range(WARM_UP_CALLS * allocations)]
    client.ml.infer_trained_model(model_id=deployment_id, docs=docs, timeout=f"{START_TIMEOUT_SECONDS}s")


def lacks_room(error: BaseException) -> bool:
    """Whether an answer says that no ML node has room: a 429 that does not pass by waiting."""
    return isinstance(error, ApiError) and error.status_code == 429 and bool(NO_ROOM.search(str(error.body)))


def stop(client: Elasticsearch, deployment_id: str) -> None:
    """Stop a deployment, also one that pipelines name."""
    client.options(ignore_status=404).ml.stop_trained_model_deployment(model_id=deployment_id, force=True)
