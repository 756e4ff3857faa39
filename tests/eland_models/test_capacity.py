"""What Elasticsearch asks for before it starts a model, against what ML nodes have: figures of base size."""

from __future__ import annotations

from pathlib import Path

import pytest

from eland_models.capacity import (
    MEBIBYTE,
    Capacity,
    advise,
    bytes_of,
    describe_need,
    find_shortage,
    required_bytes,
)
from eland_models.deployments import DeploymentSettings, lacks_room
from eland_models.export import ExportedModel
from tests.elastic.answers import refused

# precision: bytes of the file, resident, one allocation
BASE = {"fp32": (924_400_000, 932_000_000, 175_000_000), "int8": (288_400_000, 309_000_000, 133_000_000)}


def base_model(folder: Path, precision: str) -> ExportedModel:
    """A model of base size, whose file is a hole."""
    size, static, each = BASE[precision]
    path = folder / "model.pt"
    with path.open("wb") as file:
        file.truncate(size)
    memory = {"per_deployment_memory_bytes": static, "per_allocation_memory_bytes": each}
    return ExportedModel(path, "base", 768, {"precision": precision, **memory}, {})


@pytest.mark.parametrize(
    ("precision", "allocations", "megabytes"),
    [("fp32", 1, 2100), ("fp32", 4, 2556), ("int8", 1, 828), ("int8", 4, 1129)],
)
def test_asks_for_what_elasticsearch_computes(
    precision: str, allocations: int, megabytes: int, tmp_path: Path
) -> None:
    needed = required_bytes(base_model(tmp_path, precision), allocations)
    assert needed / 1e6 == pytest.approx(megabytes, abs=1)


@pytest.mark.parametrize(
    ("settings", "largest", "total", "processors", "lacking"),
    [
        ([DeploymentSettings()], 2200, 2200, 2, None),
        ([DeploymentSettings()], 2000, 4000, 8, "memory"),  # on no single node
        ([DeploymentSettings()], 2200, 0, 0, None),  # autoscaling brings a node
        ([DeploymentSettings(4, 4)], 2400, 2400, 8, "memory"),  # 2,556 MB
        ([DeploymentSettings(4, 4)], 2400, 4800, 8, None),
        ([DeploymentSettings(4, 4)], 2400, 4800, 3, "processors"),
        ([DeploymentSettings(1, 9)], 2400, 2400, 2, None),  # adaptive: only the first one must fit
        ([DeploymentSettings(1, 1, 4)], 2400, 2400, 2, "processors"),
        ([DeploymentSettings(), DeploymentSettings()], 2400, 4000, 4, "memory"),
        ([DeploymentSettings(), DeploymentSettings()], 2400, 4800, None, None),
        ([DeploymentSettings(), DeploymentSettings()], 2400, 4800, 1, "processors"),
        ([DeploymentSettings(), DeploymentSettings(priority="low")], 2400, 4800, 1, None),
    ],
)
def test_tells_what_can_never_fit(
    settings: list[DeploymentSettings],
    largest: int,
    total: int,
    processors: int | None,
    lacking: str | None,
    tmp_path: Path,
) -> None:
    capacity = Capacity(largest * 10**6, total * 10**6, processors)
    wanted = {str(number): each for number, each in enumerate(settings)}
    assert find_shortage(base_model(tmp_path, "fp32"), wanted, capacity) == lacking


def test_advises_what_helps(tmp_path: Path) -> None:
    fp32 = base_model(tmp_path, "fp32")
    both = {"base": DeploymentSettings(threads=4), "base-ingest": DeploymentSettings()}
    assert advise(fp32, {"base": DeploymentSettings()}, "memory") == (
        "what helps is --precision int8, or ML nodes with more memory"
    )
    assert advise(fp32, both, "processors") == (
        "what helps is one deployment for all (--ingest-allocations 0), or fewer allocations or threads, "
        "or ML nodes with more processors"
    )


def test_says_what_both_deployments_need(tmp_path: Path) -> None:
    wanted = {"base": DeploymentSettings(threads=4), "base-ingest": DeploymentSettings(1, 4)}
    assert describe_need(base_model(tmp_path, "fp32"), wanted) == (
        "Elasticsearch asks for 2,100 MB for base (1 allocation of 4 threads) and 2,100 MB for base-ingest "
        "(1 to 4 allocations of 1 thread), up to 2,556 MB"
    )


def test_reads_sizes_as_elasticsearch_writes_them() -> None:
    assert bytes_of("3896mb") == 3896 * MEBIBYTE
    assert bytes_of("1.5gb") == 1536 * MEBIBYTE
    assert bytes_of("0b") == 0


def test_tells_missing_memory_from_a_full_queue() -> None:
    start, update = "Could not start deployment because ", "Could not update deployment because "
    few = "there are not enough resources to provide all requested allocations"
    assert lacks_room(refused(429, f"{start}no ML nodes with sufficient capacity were found"))
    assert lacks_room(refused(429, start + few)) and lacks_room(refused(429, update + few))
    assert not lacks_room(refused(429, "inference process queue is full"))
    assert not lacks_room(refused(503, f"{start}no ML nodes with sufficient capacity were found"))
