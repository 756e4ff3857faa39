"""Files made to hurt: no crash, no hang, no wrong value, and a reason for each that is not loaded."""
from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import pytest
from pebble import ProcessPool

from loader.files.library import Library
from scripts.hostile_photos.case import Case, Loaded, PassedOver, Refused, Unharmed, Unseen
from scripts.make_hostile_photos import all_cases, make_hostile_photos
from tests.files.hostile_worker import Record, decode_case, limit_memory, walk

TIME_LIMIT = 60.0  # seconds a file; the slowest takes about one
MEGABYTES = 300  # that one file may need; 110 were measured
# The address space is bounded: on a machine of many cores threads alone would fill it.
FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
SNAPSHOT = Path(__file__).parent / "snapshots" / "hostile_photos.txt"
CASES = list(all_cases())
COLOUR_TOLERANCE = 30  # of 255: JPEG and HEVC blur colours at an edge, CMYK knows no profile


@dataclass
class Outcomes:
    """What became of all files.

    Attributes:
        library: what the walk found.
        reads_all: root may read every file, and cannot give that up here.
        records: of the files that the walk took for photos, by name.
    """

    library: Library
    reads_all: bool
    records: dict[str, Record] = field(default_factory=dict)

    @property
    def skipped(self) -> dict[str, str]:
        """Why the walk did not take a file, by name."""
        return {skipped.name: skipped.reason for skipped in self.library.skipped}


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Outcomes]:
    """Every hostile file, written, and decoded by the loader in a process that it may end."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        for variable, value in FEW_THREADS.items():
            patch.setenv(variable, value)
        Path(name).chmod(0o755)  # where root gives up its rights, the walk must still come in
        folder, mask = Path(name) / "library", os.umask(0o022)
        try:
            make_hostile_photos(folder)
        finally:
            os.umask(mask)
        with ProcessPool(1, initializer=limit_memory, context=get_context("spawn")) as pool:
            found = Outcomes(*pool.schedule(walk, args=(folder,), timeout=TIME_LIMIT).result())
            for file in found.library.photos:
                task = pool.schedule(decode_case, args=(folder, file), timeout=TIME_LIMIT)
                harm = task.exception()  # it hung, or ended the process
                found.records[file.name] = Record(harm=repr(harm)) if harm else task.result()
        yield found


def identify(case: Case) -> str:
    """A name that a terminal survives."""
    return ascii(case.printable)[1:-1][:80]


@pytest.mark.parametrize("case", CASES, ids=identify)
def test_what_becomes_of_it(case: Case, outcomes: Outcomes) -> None:
    if case.mode_matters:
        skip_where_all_is_readable(outcomes)
    record, expected = outcomes.records.get(case.printable), case.expected
    skipped = outcomes.skipped.get(case.printable)
    if isinstance(expected, PassedOver | Unseen):
        assert record is None and skipped is None
        return
    assert record is None or record.harm is None
    if isinstance(expected, Refused):
        reason = skipped if record is None else record.reason
        assert reason is not None, f"loaded: {record}"
        assert expected.is_met_by(reason), reason
    else:
        assert record is not None, f"not even tried: {skipped}"
        assert isinstance(expected, Unharmed) or is_loaded(record, expected)


def is_loaded(record: Record, expected: Loaded) -> bool:
    """Assert that every value of a loaded photo is the true one, and that no other is there."""
    assert record.reason is None
    assert record.size == (expected.width, expected.height)
    assert record.fields == {"has_gps": "gps" in expected.fields, **expected.fields}
    assert record.notes == expected.notes
    assert record.shape == (224, 224)
    for colours in record.corners:
        for found, wanted in zip(colours, expected.corners, strict=True):
            distance = max(abs(one - other) for one, other in zip(found, wanted, strict=True))
            assert distance <= COLOUR_TOLERANCE, f"{colours}, not {expected.corners}"
    return True


def test_no_file_is_costly(outcomes: Outcomes) -> None:
    costs = {name: record.megabytes for name, record in outcomes.records.items()}
    assert {name: cost for name, cost in costs.items() if cost > MEGABYTES} == {}


def skip_where_all_is_readable(outcomes: Outcomes) -> None:
    if outcomes.reads_all:
        pytest.skip("root may read every file, and cannot give that up here")


def test_every_file_is_accounted_for(outcomes: Outcomes) -> None:
    skip_where_all_is_readable(outcomes)
    counted = [case for case in CASES if not isinstance(case.expected, Unseen)]
    library = outcomes.library
    assert len(outcomes.records) + len(library.skipped) + library.passed_over == len(counted)
    assert len({photo.id for photo in library.photos}) == len(library.photos)


def test_there_are_many_and_no_two_of_a_name() -> None:
    assert len(CASES) >= 361
    assert len({case.printable for case in CASES}) == len(CASES)


def test_reasons_read_as_kept(outcomes: Outcomes) -> None:
    """The decoders' own words change with their versions: they are kept to be read, and not compared."""
    skip_where_all_is_readable(outcomes)
    text = "\n".join(sorted(_sentences(outcomes))) + "\n"
    kept = SNAPSHOT.read_text(encoding="utf-8")
    assert list(map(_own_words, text.splitlines())) == list(map(_own_words, kept.splitlines()))


def _sentences(outcomes: Outcomes) -> Iterator[str]:
    """What a person reads about each file, names escaped where they would upset a page."""
    reasons: dict[str, tuple[str, ...]] = {name: (reason,) for name, reason in outcomes.skipped.items()}
    for name, record in outcomes.records.items():
        reasons[name] = (record.reason,) if record.reason else record.notes
    for name in (case.printable for case in CASES if not isinstance(case.expected, Unharmed)):
        yield from (f"{ascii(name)[1:-1]}: {reason}" for reason in reasons.get(name, ()))


def _own_words(line: str) -> str:
    start, damaged, _ = line.partition("file is damaged (")
    return start + damaged
