"""How many CPU cores this process may use."""
from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def usable_cores(groups: Path = CGROUPS, own: Path = OWN_GROUPS) -> int:
    """Return the cores that the scheduler lets this process use, at least 1.

    The least of its affinity mask and of the CPU quotas of its control groups (version 1 and 2), a part of a
    core counted as one: a container that is given 1.5 cores keeps two processes busy.

    Args:
        groups: where control groups are mounted.
        own: this process's groups, a line each (``man 7 cgroups``).
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        cores = os.cpu_count() or 1
    return max(1, min([cores, *(math.ceil(quota) for quota in _quotas(groups, own))]))


def _quotas(groups: Path, own: Path) -> Iterator[float]:
    """Yield the quota in cores of each group that this process is in, and of each group around it."""
    for line in _text(own).splitlines():
        number, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if number == "0" and not controllers:
            roots, quota = (groups, groups / "unified"), _quota_v2
        elif "cpu" in controllers.split(","):
            roots, quota = (groups / "cpu", groups / controllers), _quota_v1
        else:
            continue
        path = PurePosixPath(name.lstrip("/"))
        for root in roots:
            yield from filter(None, (quota(root / group) for group in (path, *path.parents)))


def _quota_v2(group: Path) -> float | None:
    limit, _, period = _text(group / "cpu.max").strip().partition(" ")
    return _ratio(limit, period)


def _quota_v1(group: Path) -> float | None:
    limit, period = (_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
    return _ratio(limit, period)


def _ratio(limit: str, period: str) -> float | None:
    """Return a quota in cores; None where there is none (version 1 writes -1, version 2 "max")."""
    if not (limit.isdecimal() and period.isdecimal() and int(period)):
        return None
    return int(limit) / int(period)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
