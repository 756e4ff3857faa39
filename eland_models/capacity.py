"""The memory that Elasticsearch asks for before it starts a model, and what the ML nodes have.

Both are Elasticsearch's own figures, the same in 8.19 and 9.x: the formula of
``StartTrainedModelDeploymentAction.estimateMemoryUsageBytes``, and the limits of ``GET _ml/info``. What does
not fit is answered with 429, which no waiting changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from elasticsearch import ApiError

from eland_models.errors import ModelError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from eland_models.deployments import DeploymentSettings
    from eland_models.export import ExportedModel

MEBIBYTE = 1 << 20
PROCESS_BYTES = 240 * MEBIBYTE  # StartTrainedModelDeploymentAction.MEMORY_OVERHEAD
NATIVE_CODE_BYTES = 30 * MEBIBYTE  # MachineLearning.NATIVE_EXECUTABLE_CODE_OVERHEAD, once a node
JOB_BYTES = 10 * MEBIBYTE  # Job.PROCESS_MEMORY_OVERHEAD, which _ml/info takes off the largest node
UNITS = {"b": 1, "kb": 1 << 10, "mb": MEBIBYTE, "gb": 1 << 30, "tb": 1 << 40}  # of ByteSizeValue


@dataclass(frozen=True)
class Capacity:
    """What a cluster's ML nodes have for models.

    Attributes:
        largest: bytes for models on the largest node, or on the largest that autoscaling may bring.
        total: bytes for models on the nodes that are there.
        processors: of all these nodes; None when the server does not tell.
    """

    largest: int
    total: int
    processors: int | None


def required_bytes(exported: ExportedModel, allocations: int) -> int:
    """The memory that Elasticsearch asks for on one node that holds so many allocations of a model."""
    size, metadata = exported.path.stat().st_size, exported.metadata
    static, each = metadata["per_deployment_memory_bytes"], metadata["per_allocation_memory_bytes"]
    return int(max(PROCESS_BYTES + 2 * size, static + allocations * each + size))


def read_capacity(client: Elasticsearch) -> Capacity | None:
    """Ask for the ML nodes' limits; None when the server does not tell them, or not to this user."""
    try:
        limits = client.ml.info()["limits"]
        total = max(bytes_of(limits["total_ml_memory"]) - NATIVE_CODE_BYTES, 0)
    except (ApiError, KeyError):
        return None
    largest = limits.get("effective_max_model_memory_limit")
    if largest is None or "max_model_memory_limit" in limits:  # that setting limits jobs, not models
        return Capacity(total, total, limits.get("total_ml_processors"))
    return Capacity(bytes_of(largest) + JOB_BYTES, total, limits.get("total_ml_processors"))


def bytes_of(size: str) -> int:
    """Read a size as Elasticsearch writes it: ``3896mb``, ``1.5gb``."""
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", size).groups()  # type: ignore[union-attr]
    return int(float(number) * UNITS[unit])


def require_room(
    client: Elasticsearch, exported: ExportedModel, wanted: Mapping[str, DeploymentSettings]
) -> str:
    """Compare what Elasticsearch will ask for with what the ML nodes have.

    Args:
        client: of the cluster.
        exported: the model.
        wanted: its deployments, by their ids.

    Returns:
        Both, in one sentence.

    Raises:
        ModelError: the nodes cannot hold the deployments, whatever else they hold: the figures, and what
            helps.
    """
    need, capacity = describe_need(exported, wanted), read_capacity(client)
    if capacity is None:
        return f"{need}."
    if lacking := find_shortage(exported, wanted, capacity):
        raise ModelError(f"{need}, but {describe(capacity)}: {advise(exported, wanted, lacking)}.")
    return f"{need}; {describe(capacity)}."


def find_shortage(
    exported: ExportedModel, wanted: Mapping[str, DeploymentSettings], capacity: Capacity
) -> Literal["memory", "processors"] | None:
    """Find what nodes lack for the deployments even with nothing else on them.

    Where autoscaling may bring larger nodes than there are, only what one node must hold is certain.
    """
    if required_bytes(exported, 1) > capacity.largest:
        return "memory"
    if capacity.largest > capacity.total:
        return None
    if sum(required_bytes(exported, settings.initial) for settings in wanted.values()) > capacity.total:
        return "memory"
    processors = sum(each.initial * each.threads for each in wanted.values() if each.priority == "normal")
    return "processors" if processors > (capacity.processors or processors) else None


def describe_need(exported: ExportedModel, wanted: Mapping[str, DeploymentSettings]) -> str:
    """Say what Elasticsearch will ask for."""
    needs = []
    for deployment_id, settings in wanted.items():
        need = f"{megabytes(required_bytes(exported, settings.initial))} for {deployment_id} ({settings})"
        if settings.most > settings.initial:
            need += f", up to {megabytes(required_bytes(exported, settings.most))}"
        needs.append(need)
    return f"Elasticsearch asks for {' and '.join(needs)}"


def describe(capacity: Capacity) -> str:
    """Say what the nodes have."""
    processors = "" if capacity.processors is None else f" and {capacity.processors} processors"
    return (
        f"the ML nodes have {megabytes(capacity.total)}{processors} for models, at most "
        f"{megabytes(capacity.largest)} on one"
    )


def advise(exported: ExportedModel, wanted: Mapping[str, DeploymentSettings], lacking: str) -> str:
    """Say what helps against a lack of "memory", "processors", or "memory or processors"."""
    ways = []
    if lacking != "processors" and exported.metadata["precision"] == "fp32":
        ways.append("--precision int8")
    if len(wanted) > 1:
        ways.append("one deployment for all (--ingest-allocations 0)")
    if any(settings.initial * settings.threads > 1 for settings in wanted.values()):
        ways.append("fewer allocations or threads")
    return f"what helps is {', or '.join([*ways, f'ML nodes with more {lacking}'])}"


def explain_refusal(
    client: Elasticsearch, exported: ExportedModel, wanted: Mapping[str, DeploymentSettings]
) -> str:
    """Say why Elasticsearch answered that there is no room: the figures, and what helps."""
    need, capacity = describe_need(exported, wanted), read_capacity(client)
    have = "" if capacity is None else f"; {describe(capacity)}, less what other models and jobs take"
    ways = advise(exported, wanted, "memory or processors")  # Elasticsearch does not say which
    return f"No ML node has room for this model. {need}{have}: {ways}."


def megabytes(size: int) -> str:
    """Bytes for people."""
    return f"{size / 1e6:,.0f} MB"
