"""The exports in PyTorch 2.5.1, which the ML nodes of Elasticsearch 8.19.0 to 8.19.7, 9.0 and 9.1 have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import torch

from eland_models.check import load
from eland_models.export import ExportedModel, encode
from tests.conftest import REPOSITORY

TORCH = REPOSITORY / ".build" / "torch-2.5.1"
TEXTS = ["prayer flags", "peak: Ama Dablam | अमा दब्लम", "  İstanbul 🏔\n▁", "\U0010ffff", "日本語" * 300]
PROGRAM = """
import json, sys, torch
assert torch.__version__.startswith("2.5.1"), torch.__version__
model = torch.jit.load(sys.argv[1])
texts = [torch.tensor([list(text.encode())]) for text in json.load(sys.stdin)]
with torch.inference_mode():
    print(json.dumps([model(text, torch.ones_like(text))[0].tolist() for text in texts]))
"""


def encode_in_older_torch(path: Path, texts: list[str]) -> list[list[float]]:
    """Vectors of texts, made by a file in a process of its own."""
    # the libraries of CUDA that it wants are those of the newer PyTorch, whose sonames are the same
    libraries = Path(sysconfig.get_path("purelib")).glob("nvidia/*/lib")
    environment = {
        **os.environ,
        "PYTHONPATH": str(TORCH),
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path],
        input=json.dumps(texts),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    vectors: list[list[float]] = json.loads(done.stdout)
    return vectors


@pytest.mark.slow
@pytest.mark.skipif(not TORCH.is_dir(), reason="PyTorch 2.5.1 is not installed: make older-torch")
def test_exports_answer_the_same(exported: ExportedModel, exported_int8: ExportedModel) -> None:
    for path in (exported.path, exported_int8.path):
        model = load(path)
        older = encode_in_older_torch(path, TEXTS)
        newer = torch.cat([encode(model, text) for text in TEXTS])
        assert torch.allclose(torch.tensor(older), newer, atol=1e-6)
