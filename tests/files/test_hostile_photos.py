"""Files made to hurt: no crash, no hang, no wrong value, and a reason for each that is not loaded."""
from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from scripts.hostile_photos.case import Case, Loaded, PassedOver, Refused, Unharmed, Unseen
from scripts.make_hostile_photos import all_cases, make_hostile_photos
from tests.conftest import REPOSITORY

TIME_LIMIT = 60.0  # seconds a file; the slowest takes about one
MEGABYTES = 300  # that one file may need; 110 were measured
# The address space is bounded: on a machine of many cores threads alone would fill it.
FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
SNAPSHOT = Path(__file__).parent / "snapshots" / "hostile_photos.txt"
CASES = list(all_cases())
COLOUR_TOLERANCE = 30  # of 255: JPEG and HEVC blur colours at an edge, CMYK knows no profile

WALK = "the walk"

Record = dict[str, Any]


class Worker:
    """The process that meets the files, started anew whenever one of them ends it.

    Args:
        command: of the process; see `tests.files.hostile_worker` for what it reads and writes.
        time_limit: seconds that it may be silent.
    """

    def __init__(self, command: list[str], time_limit: float = TIME_LIMIT) -> None:
        self.command, self.time_limit = command, time_limit
        self.walk: Record = {}
        self.records: dict[str, Record] = {}

    def run(self) -> None:
        """Have every file decoded, whatever it does to the process."""
        while not self.walk or set(self.walk["photos"]) - set(self.records):
            ended = self._run_once()
            if not self.walk or (ended and ended[0] == WALK):
                raise AssertionError(f"before any file was decoded the worker {ended}")
            if ended:
                self.records[ended[0]] = {"harm": ended[1]}

    def _run_once(self) -> tuple[str, str] | None:
        """Return the file that ended the worker and how, or None when it came to its end."""
        quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
        process = subprocess.Popen(
            self.command, cwd=REPOSITORY, env=os.environ | FEW_THREADS, stdin=pipe, stdout=pipe, stderr=quiet
        )
        assert process.stdin is not None and process.stdout is not None
        started = WALK
        with process, process.stdin as stdin:
            stdin.write(json.dumps(list(self.records)).encode())
            stdin.close()
            try:
                for line in _lines(process.stdout, self.time_limit):
                    started = self._note(line) or started
            except TimeoutError:
                process.kill()
                return started, "hangs"
        return (started, f"ends the process ({process.returncode})") if process.returncode else None

    def _note(self, line: Record) -> str | None:
        if "photos" in line:
            self.walk = line
        elif "name" in line:
            self.records[line["name"]] = line
        return line.get("started")


def _lines(stream: IO[bytes], time_limit: float) -> Iterator[Record]:
    """Yield what a worker writes; `TimeoutError` when it is silent for too long."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        buffer = b""
        while True:
            if not selector.select(time_limit):
                raise TimeoutError
            block = os.read(stream.fileno(), 1 << 16)
            if not block:
                return
            *lines, buffer = (buffer + block).split(b"\n")
            yield from map(json.loads, lines)


@pytest.fixture(scope="module")
def met() -> Iterator[Worker]:
    """Every hostile file, written and met by the loader."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # where root gives up its rights, the walk must still come in
        mask = os.umask(0o022)
        try:
            make_hostile_photos(folder / "library")
        finally:
            os.umask(mask)
        worker = Worker([sys.executable, "-m", "tests.files.hostile_worker", str(folder / "library")])
        worker.run()
        yield worker


def identify(case: Case) -> str:
    """A name that a terminal survives."""
    return ascii(case.printable)[1:-1][:80]


@pytest.mark.parametrize("case", CASES, ids=identify)
def test_what_becomes_of_it(case: Case, met: Worker) -> None:
    if case.mode_matters:
        skip_where_all_is_readable(met)
    record, expected = met.records.get(case.printable), case.expected
    skipped = met.walk["skipped"].get(case.printable)
    if isinstance(expected, PassedOver | Unseen):
        assert record is None and skipped is None
    elif isinstance(expected, Refused):
        reason = skipped if record is None else record.get("reason", record)
        assert isinstance(reason, str), f"loaded or worse: {reason}"
        assert expected.is_met_by(reason), reason
    else:
        assert record is not None, f"not even tried: {skipped}"
        assert "harm" not in record, record
        if isinstance(expected, Loaded):
            check_loaded(record, expected)
        else:
            assert isinstance(expected, Unharmed)


def check_loaded(record: Record, expected: Loaded) -> None:
    """Every value of a loaded photo is the true one, and no other is there."""
    assert "reason" not in record, record
    assert record["size"] == [expected.width, expected.height]
    assert record["fields"] == {"has_gps": "gps" in expected.fields, **expected.fields}
    assert record["notes"] == list(expected.notes)
    assert record["shape"] == [224, 224]
    for picture in ("corners", "thumbnail"):
        for found, wanted in zip(record[picture], expected.corners, strict=True):
            distance = max(abs(one - other) for one, other in zip(found, wanted, strict=True))
            assert distance <= COLOUR_TOLERANCE, f"{picture}: {record[picture]}, not {expected.corners}"


def test_no_file_is_costly(met: Worker) -> None:
    costs = {name: record.get("megabytes", 0) for name, record in met.records.items()}
    assert {name: cost for name, cost in costs.items() if cost > MEGABYTES} == {}


def skip_where_all_is_readable(met: Worker) -> None:
    if met.walk["reads_all"]:
        pytest.skip("root may read every file, and cannot give that up here")


def test_every_file_is_accounted_for(met: Worker) -> None:
    skip_where_all_is_readable(met)
    counted = [case for case in CASES if not isinstance(case.expected, Unseen)]
    assert len(met.records) + len(met.walk["skipped"]) + met.walk["passed_over"] == len(counted)
    assert len(set(met.walk["ids"])) == len(met.walk["ids"])


HARMED = """
import json, os, sys, time
done = json.load(sys.stdin)
print(json.dumps({"photos": ["aborts", "hangs", "exits", "is well"]}), flush=True)
for name in ("aborts", "hangs", "exits", "is well"):
    if name not in done:
        print(json.dumps({"started": name}), flush=True)
        {"aborts": os.abort, "hangs": lambda: time.sleep(600), "exits": lambda: os._exit(3)}.get(name, dict)()
        print(json.dumps({"name": name}), flush=True)
"""


def test_the_guard_tells_crashes_and_hangs() -> None:
    worker = Worker([sys.executable, "-c", HARMED], time_limit=2)
    worker.run()
    assert worker.records == {
        "aborts": {"harm": "ends the process (-6)"},
        "hangs": {"harm": "hangs"},
        "exits": {"harm": "ends the process (3)"},
        "is well": {"name": "is well"},
    }


def test_there_are_many_and_no_two_of_a_name() -> None:
    assert len(CASES) >= 80
    assert len({case.printable for case in CASES}) == len(CASES)


def test_reasons_read_as_kept(met: Worker) -> None:
    """The decoders' own words change with their versions: they are kept to be read, and not compared."""
    skip_where_all_is_readable(met)
    text = "\n".join(sorted(_sentences(met))) + "\n"
    kept = SNAPSHOT.read_text(encoding="utf-8")
    assert list(map(_own_words, text.splitlines())) == list(map(_own_words, kept.splitlines()))


def _sentences(met: Worker) -> Iterator[str]:
    """What a person reads about each file, names escaped where they would upset a page."""
    reasons = {name: [reason] for name, reason in met.walk["skipped"].items()}
    for name, record in met.records.items():
        reasons[name] = [record["reason"]] if "reason" in record else record.get("notes", [])
    for name in (case.printable for case in CASES if not isinstance(case.expected, Unharmed)):
        yield from (f"{ascii(name)[1:-1]}: {reason}" for reason in reasons.get(name, []))


def _own_words(line: str) -> str:
    start, damaged, _ = line.partition("file is damaged (")
    return start + damaged
