"""Cores that a process may use, by invented control groups."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from loader.vision.cores import usable_cores


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


def cores(tmp_path: Path, own: str, files: dict[str, str]) -> int:
    """What is found where ``own`` is /proc/self/cgroup and ``files`` lie under /sys/fs/cgroup."""
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        path = tmp_path / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return usable_cores(tmp_path / "groups", tmp_path / "own")


def test_at_least_one_here() -> None:
    assert usable_cores() >= 1


def test_no_groups(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "none", tmp_path / "none either") == 8


def test_affinity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5}, raising=False)
    assert cores(tmp_path, "0::/\n", {"cpu.max": "400000 100000\n"}) == 2


def test_without_affinity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores(tmp_path, "", {}) == 1


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1), ("max 100000", 8), ("", 8), ("x y", 8)],
)
def test_version_2(tmp_path: Path, limit: str, expected: int) -> None:
    assert cores(tmp_path, "0::/work/load\n", {"work/load/cpu.max": f"{limit}\n"}) == expected


def test_a_group_around_it_has_less(tmp_path: Path) -> None:
    files = {"work/load/cpu.max": "max 100000\n", "work/cpu.max": "300000 100000\n"}
    assert cores(tmp_path, "0::/work/load\n", files) == 3


def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    own = "0::/system.slice/docker-1.scope\n"
    assert cores(tmp_path, own, {"cpu.max": "200000 100000\n"}) == 2


@pytest.mark.parametrize(
    ("quota", "expected"), [("250000", 3), ("-1", 8), ("50000", 1)]
)
def test_version_1(tmp_path: Path, quota: str, expected: int) -> None:
    files = {
        "cpu,cpuacct/work/cpu.cfs_quota_us": f"{quota}\n",
        "cpu,cpuacct/work/cpu.cfs_period_us": "100000\n",
        "memory/work/cpu.cfs_quota_us": "100000\n",
        "memory/work/cpu.cfs_period_us": "100000\n",
    }
    own = "9:name=systemd:/\n4:memory:/work\n3:cpuset:/\n1:cpu,cpuacct:/work\n"
    assert cores(tmp_path, own, files) == expected


def test_garbled_groups(tmp_path: Path) -> None:
    assert cores(tmp_path, "\n:\nnonsense\n0::\n1:cpu\n", {"cpu.max": "0 0\n"}) == 8
