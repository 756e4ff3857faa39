"""Would Elasticsearch's ML node take this TorchScript file? The same rules, before a byte is uploaded.

`pytorch_inference` (elastic/ml-cpp, bin/pytorch_inference/CModelGraphValidator.cc; from Elasticsearch 8.19.20
and 9.4) inlines every method of the model and refuses

- an operation of `limits/forbidden_operations.txt`, then any that is not in
  `limits/allowed_operations.txt`, in the graph or in any block of its loops and branches;
- the words `__setstate__` and `__getstate__` anywhere in a record of the archive;
- a record that is not in the folder of the first one;
- a graph of more than a million nodes;
- from 8.19.21, 9.4.6 and 9.5.2 also a record whose name has 256 bytes or more, or that cannot be read.

Its stream reader counts bytes in 31 bits, in all versions.

The files hold one operation a line, sorted, as in CSupportedOperations.cc.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from eland_models.errors import ModelError

LIMITS = Path(__file__).with_name("limits")
LONGEST_STREAM = 2**31 - 1
MOST_NODES = 1_000_000
FORBIDDEN_WORDS = (b"__setstate__", b"__getstate__")
OVERLAP = max(map(len, FORBIDDEN_WORDS))
LONGEST_NAME = 255  # bytes
UTF8_NAME = 0x800  # flag of a zip entry (APPNOTE.TXT, 4.4.4, bit 11); without it the name is in code page 437

# The servers that apply a rule. Each group contains the next one.
VERSIONS = ALL_VERSIONS, VALIDATING_VERSIONS, RECORD_VERSIONS = (
    "8.19 and 9.x",
    "8.19.20, 9.4 and later",
    "8.19.21, 9.4.6, 9.5.2 and later",
)


@dataclass(frozen=True)
class Finding:
    """One reason for which the ML node would refuse the file.

    Attributes:
        rule: what is broken, e.g. ``operation aten::sort is not allowed``.
        place: where: a source line, or a record of the archive; empty for the file as a whole.
        versions: the servers that refuse it.
    """

    rule: str
    place: str = ""
    versions: str = VALIDATING_VERSIONS

    def __str__(self) -> str:
        return f"{self.rule} ({self.place})" if self.place else self.rule


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        size: bytes of the file.
        nodes: of the inlined graph, sub-blocks included.
        operations: distinct operations, sorted.
        findings: reasons for refusal; none for a file that passes.
    """

    size: int
    nodes: int
    operations: list[str]
    findings: list[Finding]

    @property
    def verdict(self) -> str:
        """Which servers would start the file, or which would refuse it.

        A test loads exports in both releases of PyTorch.
        """
        if not self.findings:
            return f"accepted by Elasticsearch {ALL_VERSIONS}, which run it in PyTorch 2.5.1 or 2.7.1"
        refusing = {finding.versions for finding in self.findings}
        return f"refused by Elasticsearch {min(refusing, key=VERSIONS.index)}"

    def document(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "accepted": not self.findings,
            "verdict": self.verdict,
            "bytes": self.size,
            "nodes": self.nodes,
            "operations": self.operations,
            "findings": [str(finding) for finding in self.findings],
        }


def require_accepted(path: Path) -> Report:
    """Check a file and refuse it for its first finding.

    Raises:
        ModelError: names the operation and its line, or the record, and how many more findings there are.
    """
    report = check(path)
    if report.findings:
        more = f", and for {len(report.findings) - 1} more reasons" if len(report.findings) > 1 else ""
        raise ModelError(
            f"Elasticsearch would refuse {path}: {report.findings[0]}{more}; see `peaks model check` for all."
        )
    return report


def check(path: Path) -> Report:
    """Apply the ML node's rules to a TorchScript file.

    Raises:
        ModelError: the file is not TorchScript.
    """
    module = load(path)
    nodes = [node for graph in inlined_graphs(module) for node in walk(graph)]
    findings = [
        *size_findings(path.stat().st_size, len(nodes)),
        *operation_findings(nodes),
        *record_findings(path),
    ]
    return Report(path.stat().st_size, len(nodes), sorted({node.kind() for node in nodes}), findings)


def load(path: Path) -> Any:
    """Load a TorchScript file onto the CPU."""
    try:
        return torch.jit.load(path, map_location="cpu")
    except (RuntimeError, ValueError, OSError) as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ModelError(
            f"{path} is not a TorchScript file ({reason}): give one that `peaks model export` wrote."
        ) from error


def inlined_graphs(module: Any) -> Iterator[Any]:
    """The graph of each of the model's methods, with every call written out."""
    for name in module._c._method_names():
        graph = module._c._get_method(name).graph.copy()
        torch._C._jit_pass_inline(graph)
        yield graph


def walk(block: Any) -> Iterator[Any]:
    """Every node of a graph or block, and of the blocks within its nodes."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from walk(inner)


def size_findings(size: int, nodes: int) -> Iterator[Finding]:
    """Is the file or the graph too large?"""
    if size > LONGEST_STREAM:
        rule = f"the file has {size:,} bytes, the ML node reads at most {LONGEST_STREAM:,}"
        yield Finding(rule, versions=ALL_VERSIONS)
    if nodes > MOST_NODES:
        yield Finding(f"the graph has {nodes:,} nodes, the ML node takes at most {MOST_NODES:,}")


def operation_findings(nodes: list[Any]) -> Iterator[Finding]:
    """Operations that are forbidden, or else those that are not allowed, each with the first line it comes
    from."""
    forbidden, allowed = read_limit("forbidden_operations.txt"), read_limit("allowed_operations.txt")
    places: dict[str, str] = {}
    for node in nodes:
        places.setdefault(node.kind(), source_line(node))
    for operation in sorted(places):
        if operation in forbidden:
            yield Finding(f"operation {operation} is forbidden", places[operation])
        elif operation not in allowed:
            yield Finding(f"operation {operation} is not allowed", places[operation])


def read_limit(name: str) -> frozenset[str]:
    """The operations that a file of `limits/` lists."""
    return frozenset((LIMITS / name).read_text(encoding="ascii").split())


def source_line(node: Any) -> str:
    """``file:line: code`` of a node, from the source that TorchScript keeps beside the graph."""
    lines = node.sourceRange().splitlines()
    place = next((line.strip() for line in lines if line.strip().startswith("File ")), "")
    marked = next((number for number, line in enumerate(lines) if "<--- HERE" in line), 0)
    code = lines[marked - 1].strip() if marked else ""
    return ": ".join(part for part in (place.removeprefix("File "), code) if part)


def record_findings(path: Path) -> Iterator[Finding]:
    """Records of the archive that hold a forbidden word, have a long name or cannot be read."""
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # of many kinds, for damage that PyTorch passes over
        yield Finding(f"the archive's list of records cannot be read ({error})")
        return
    with archive:
        root = archive.namelist()[0].partition("/")[0]
        for record in archive.infolist():
            yield from findings_of(record, archive, root)


def findings_of(record: zipfile.ZipInfo, archive: zipfile.ZipFile, root: str) -> Iterator[Finding]:
    """What the ML node would refuse a record for.

    Args:
        record: of the archive.
        archive: that holds it.
        root: name of the folder that holds all records.
    """
    size = len(record.filename.encode("utf-8" if record.flag_bits & UTF8_NAME else "cp437"))
    if size > LONGEST_NAME:
        rule = f"the record's name has {size} bytes, the ML node takes at most {LONGEST_NAME}"
        yield Finding(rule, record.filename, RECORD_VERSIONS)
    if not record.filename.startswith(f"{root}/"):
        yield Finding(f"the record's name does not begin with {root}/", record.filename)
    try:
        words = words_of(record, archive)
    except Exception as error:  # each decompressor has errors of its own
        yield Finding(f"the record cannot be read ({error})", record.filename, RECORD_VERSIONS)
        return
    for word in sorted(words):
        yield Finding(f"the word {word.decode()} is forbidden", record.filename)


def words_of(record: zipfile.ZipInfo, archive: zipfile.ZipFile) -> set[bytes]:
    """Forbidden words in a record, which must be whole and of a compression that PyTorch reads."""
    if record.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError(f"PyTorch knows no compression {record.compress_type}")
    with archive.open(record) as stream:
        found = words_in(stream)
        if stream.tell() != record.file_size:
            raise EOFError(f"it ends after {stream.tell():,} of {record.file_size:,} bytes")
    return found


def words_in(stream: Any, size: int = 1 << 24) -> set[bytes]:
    """Forbidden words in a stream, also across the ends of the pieces it is read in."""
    found: set[bytes] = set()
    tail = b""
    while piece := stream.read(size):
        found.update(word for word in FORBIDDEN_WORDS if word in tail + piece)
        tail = piece[-OVERLAP:]
    return found
