"""How much memory a model takes in a process of its own, for Elasticsearch's planner.

    python -m eland_models.memory MODEL.pt

prints the two figures as JSON. A fresh process is measured, because memory that this one has used before
would hide what the model needs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from eland_models.errors import ModelError

STATUS = Path("/proc/self/status")
CLEAR_PEAK = Path("/proc/self/clear_refs")
KIBIBYTE = 1024
# `peaks model deploy` calls each allocation first with a short text. A long one as the very first call makes
# the profiling executor split the heap so that it grows by several hundred MB, once.
WARMING_TEXT = "warm-up"
# the peak of the same call differs so much from process to process, by where its heap lies
SPREAD_BYTES = 48 * 1024 * KIBIBYTE


@dataclass(frozen=True)
class Memory:
    """Bytes that a model takes on one thread.

    Attributes:
        per_deployment_memory_bytes: resident once loaded, beyond what PyTorch itself takes.
        per_allocation_memory_bytes: what the costliest call adds at its peak, in any process.
    """

    per_deployment_memory_bytes: int
    per_allocation_memory_bytes: int


def measure(path: Path, costliest_text: str) -> Memory:
    """Load the model in a new process and let it encode `costliest_text`.

    Raises:
        ModelError: the process failed, which the model in Elasticsearch would do too.
    """
    command = [
        sys.executable,
        "-m",
        __spec__.name if __spec__ else "eland_models.memory",
        str(path),
        costliest_text,
    ]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise ModelError(f"{path} does not run in a fresh process ({reason}): is there enough memory?")
    memory = Memory(**json.loads(done.stdout))
    return replace(
        memory, per_allocation_memory_bytes=memory.per_allocation_memory_bytes + SPREAD_BYTES
    )


def measure_here(path: Path, costliest_text: str) -> Memory:
    """Measure in this process, which must have done nothing else yet."""
    import torch

    torch.set_num_threads(1)
    # the first calls of each kind also hold what the profiling executor keeps
    texts = [WARMING_TEXT] * 2 + [costliest_text] * 3
    before = resident_bytes("VmRSS")
    model = torch.jit.load(path, map_location="cpu")
    loaded = resident_bytes("VmRSS")
    reset_peak()
    with torch.inference_mode():
        for text in texts:
            octets = torch.tensor([list(text.encode())], dtype=torch.int64)
            model(octets, torch.ones_like(octets))
    peak = resident_bytes("VmHWM")
    if not before:  # no /proc: the size of the file is the nearest figure there is
        return Memory(path.stat().st_size, 0)
    return Memory(loaded - before, max(peak - loaded, 0))


def resident_bytes(field: str) -> int:
    """VmRSS (now) or VmHWM (peak) of this process, bytes; 0 where there is no /proc."""
    if not STATUS.exists():
        return 0
    lines = dict(
        line.split(":", 1) for line in STATUS.read_text(encoding="ascii").splitlines() if ":" in line
    )
    return int(lines[field].split()[0]) * KIBIBYTE


def reset_peak() -> None:
    """Let VmHWM start anew from what is resident now (proc(5), clear_refs, value 5)."""
    if CLEAR_PEAK.exists():
        CLEAR_PEAK.write_text("5", encoding="ascii")


if __name__ == "__main__":
    print(json.dumps(asdict(measure_here(Path(sys.argv[1]), sys.argv[2]))))
