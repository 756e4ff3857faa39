"""A model's file: judged before anything of it is loaded, then loaded as the ML node would.

`torch.jit.save` compresses only code, of which it writes little, and stores every other record as it is. A
file with other compressed records was not made by it: 3 MB of such a file can unpack to 3 GB.
"""
from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import torch

from eland_models.check import Finding, check, record_findings
from eland_models.errors import ModelError

# pytorch_inference's sentences, for the rules of eland_models.check.
_REFUSALS = (
    ("Model contains forbidden operations", re.compile(r"operation (\S+) is forbidden")),
    (
        "Model graph does not match any supported architecture. Unrecognised operations",
        re.compile(r"operation (\S+) is not allowed"),
    ),
)
_MOST_CODE = 8 * 2**20  # bytes unpacked; a text model of SigLIP-2 has 0.12 MB


class ModelRefused(Exception):
    """The model cannot or must not run; the message is for the person who deploys it."""


def judge_archive(path: Path) -> None:
    """Look at a file's list of records, their checksums and names, without unpacking any.

    Raises:
        ModelRefused: it is damaged, or was not written by `torch.jit.save`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            records = archive.infolist()
            code = f"{records[0].filename.partition('/')[0]}/code/"
    except Exception as error:  # damage has many kinds
        raise ModelRefused(f"The model's file is damaged: it is no archive ({error})") from error
    stored, packed, size = 0, 0, path.stat().st_size
    for record in records:
        if record.filename.startswith(code):
            packed += record.file_size
        elif record.compress_type == zipfile.ZIP_STORED and record.compress_size == record.file_size:
            stored += record.file_size
        else:
            raise ModelRefused(f"The model's record {record.filename} is compressed, as only code may be")
    if stored > size or packed > _MOST_CODE:
        raise ModelRefused(
            f"The model's records claim {stored:,} bytes in a file of {size:,}, and {packed:,} bytes of code"
        )
    if len({record.filename for record in records}) < len(records):
        raise ModelRefused("The model's file has two records of one name")
    if findings := list(record_findings(path)):
        raise ModelRefused(f"The model's file is damaged or forbidden: {explain_refusal(findings)}")


def load_model(path: Path) -> torch.jit.ScriptModule:
    """Load a TorchScript file that the ML node would run.

    Raises:
        ModelRefused: the ML node would not, or the file is none.
    """
    judge_archive(path)
    try:
        findings = check(path).findings
        model = torch.jit.load(path, map_location="cpu")
    except (ModelError, RuntimeError) as error:
        raise ModelRefused(f"Error loading the model: {error}") from error
    except Exception as error:  # PyTorch passes on what its parsers throw, MemoryError too
        raise ModelRefused(f"Error loading the model: {error!r}") from error
    if findings:
        raise ModelRefused(explain_refusal(findings))
    model.eval()
    return model


def explain_refusal(findings: Sequence[Finding]) -> str:
    """Return the message of the ML node's process for a file with such findings."""
    for heading, pattern in _REFUSALS:
        operations = [match[1] for finding in findings if (match := pattern.fullmatch(finding.rule))]
        if operations:
            return f"{heading}: {', '.join(operations)}"
    return "; ".join(str(finding) for finding in findings)
