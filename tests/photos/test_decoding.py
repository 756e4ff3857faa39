"""Worker processes: whatever a file does to its decoder costs that file, and nothing is left behind."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from ast import literal_eval
from collections.abc import Iterable
from itertools import islice, pairwise
from pathlib import Path

import pytest

from loader.errors import PeaksError
from loader.files.images import ModelInput
from loader.files.library import PhotoFile, Skipped
from loader.files.photo import Known, Photo
from loader.photos import decoding
from loader.photos.decoding import Decoded, DecodingPool, Task
from tests.conftest import REPOSITORY
from tests.files.picture_files import quadrants
from tests.photos.bad_tasks import bad_task
from tests.photos.running_load import MARK, await_end, processes_with


def outcomes(pool: DecodingPool, names: Iterable[str], most: int = 20) -> dict[str, Decoded]:
    found = list(pool.decode(map(bad_task, names), most))
    by_name: dict[str, Decoded] = {}
    for outcome in found:
        assert not isinstance(outcome, Photo)
        by_name[outcome.name if isinstance(outcome, Skipped) else outcome.file.name] = outcome
    assert len(by_name) == len(found)
    return by_name


def answer(outcome: Decoded) -> str:
    assert isinstance(outcome, Known), outcome
    return outcome.content_hash


def test_what_is_decoded(tmp_path: Path) -> None:
    quadrants().save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    files = [PhotoFile(tmp_path / name, name, name) for name in ("a.png", "b.png", "none.png")]
    with DecodingPool(1) as pool:
        handed_on = "no task"
        photo, *others = pool.decode([handed_on, *(Task(file, ModelInput(32, 32)) for file in files)], 1)
        assert photo == handed_on
        decoded, *damaged = others
        assert isinstance(decoded, Photo) and decoded.picture.size == (32, 32)
        assert damaged == [
            Skipped("b.png", "the PNG file is damaged (its header cannot be read)"),
            Skipped("none.png", "the file cannot be read (No such file or directory)"),
        ]
        known = frozenset((decoded.fields["content_hash"],))
        (again,) = pool.decode([Task(files[0], ModelInput(32, 32), None, known)], 1)
        assert again == Known(files[0], decoded.fields["content_hash"])


def test_a_crash_and_an_error_cost_one_file_each() -> None:
    names = ["pid 1", "crash", "pid 2", "fail", "crash 2", *(f"pid {n}" for n in range(3, 12))]
    with DecodingPool(2) as pool:
        found = outcomes(pool, names)
    assert {name: outcome.reason for name, outcome in found.items() if isinstance(outcome, Skipped)} == {
        "crash": "its decoder crashed (signal 11)",
        "crash 2": "its decoder crashed (signal 11)",
        "fail": "its decoder failed (ValueError: a bug of two lines)",
    }
    assert {answer(outcome) for outcome in found.values() if isinstance(outcome, Known)}


def test_beside_a_hang_the_others_are_decoded() -> None:
    names = ["hang", *(f"pid {n}" for n in range(9))]
    with DecodingPool(2) as pool:
        found = list(islice(pool.decode(map(bad_task, names), most=20), 9))
    assert all(isinstance(outcome, Known) for outcome in found)


def test_every_hang_is_ended_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["hang 1", "hang 2", "hang 3"]  # one more than there are workers
    monkeypatch.setattr(decoding, "LARGE_SECONDS", 0.2)
    with DecodingPool(2, time_limit=0.3) as pool:
        found = outcomes(pool, names)
    assert found == {name: Skipped(name, "decoding took longer than 0.5 s") for name in names}


def test_a_worker_that_dies_in_idleness_costs_nothing() -> None:
    with DecodingPool(1) as pool:
        first = answer(outcomes(pool, ["pid"])["pid"])
        os.kill(int(first), signal.SIGKILL)
        time.sleep(0.3)
        assert answer(outcomes(pool, ["pid"])["pid"]) != first


def test_workers_that_cannot_be_started_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_prepare_worker", os.link)  # fails in the worker
    with DecodingPool(2) as pool, pytest.raises(PeaksError, match="cannot be started, or end at once"):
        outcomes(pool, ["pid"])


def test_a_worker_stands_back_and_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with DecodingPool(1) as pool:
        facts = literal_eval(answer(outcomes(pool, ["facts"])["facts"]))
    niceness = min(19, os.getpriority(os.PRIO_PROCESS, 0) + decoding.NICENESS)
    assert facts == {"torch": False, "niceness": niceness, "core": 0, "interrupt": True}
    assert capfd.readouterr() == ("", "")


def test_one_large_picture_at_a_time_and_a_crash_inside_opens_the_gate() -> None:
    with DecodingPool(3) as pool:
        found = outcomes(pool, ["large 1", "crash-large", "large 2", "large 3", "large 4"])
    assert isinstance(found.pop("crash-large"), Skipped)
    spans = sorted(literal_eval(answer(outcome)) for outcome in found.values())
    assert all(end <= start for (_, end), (start, _) in pairwise(spans)) and len(spans) == 4


def test_tasks_are_pulled_when_there_is_room() -> None:
    pulled: list[str] = []
    with DecodingPool(2) as pool:
        names = (pulled.append(name) or name for name in [f"pid {n}" for n in range(20)])  # type: ignore[func-returns-value]
        for done, _ in enumerate(pool.decode(map(bad_task, names), most=4), 1):
            assert len(pulled) <= done + 4
    assert done == 20


def test_leaving_does_not_wait_for_a_file() -> None:
    with DecodingPool(2) as pool:
        first = next(pool.decode(map(bad_task, ["pid", "hang", "hang"]), most=3))
        start = time.monotonic()
    assert time.monotonic() - start < 2 and answer(first)


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels ignore SIGIO by default")
def test_a_killed_parent_leaves_no_process_and_no_warning() -> None:
    mark = f"{MARK}={os.getpid()}-orphans"
    parent = subprocess.Popen(
        [sys.executable, "-c", "from tests.photos.bad_tasks import decode_for_ever; decode_for_ever()"],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, MARK: mark.partition("=")[2]},
    )
    with parent:
        assert parent.stdout is not None and parent.stdout.readline()  # both workers are at a hang, or soon
        time.sleep(0.3)
        assert len(list(processes_with(mark))) >= 4
        parent.kill()
        assert parent.stdout.read() == b""  # to its end: all processes have closed it
    await_end(mark)
