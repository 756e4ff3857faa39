"""Worker processes: whatever a file does to its decoder costs that file, and nothing is left behind."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader.errors import PeaksError
from loader.files.library import PhotoFile, Skipped
from loader.files.photo import Known, Photo
from loader.photos import decoders as decoders_module
from loader.photos.decoders import Decoders, Outcome, Task
from tests.conftest import REPOSITORY
from tests.files.picture_files import quadrants
from tests.photos.bad_decoders import (
    AGES,
    SHAPE,
    FailsToStart,
    decode,
    decode_from_third_start,
    task,
    without_a_module,
)

PATIENCE = 60.0  # seconds after which a test counts as hung

bad = partial(Decoders, SHAPE, None, decode=decode)


def outcomes(decoders: Decoders, tasks: Iterable[Task]) -> list[tuple[Task, Outcome]]:
    """Decode in a thread of its own, so that a hang fails the test instead of stopping it."""
    done: list[tuple[Task, Outcome]] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            done.extend(decoders.decode(tasks))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if thread.is_alive():
        decoders.stop()
        pytest.fail(f"decoding hangs after {len(done)} files")
    if errors:
        raise errors[0]
    return done


def tasks_of(folder: Path, names: Iterable[str]) -> list[Task]:
    return [task(folder, name) for name in names]


def by_name(done: Iterable[tuple[Task, Outcome]]) -> dict[str, Outcome]:
    return {task.file.name: outcome for task, outcome in done}


def pid_of(outcome: Outcome) -> int:
    assert isinstance(outcome, Known), outcome
    return int(outcome.content_hash)


def logged(file: PhotoFile) -> list[int]:
    """The processes that took up a file."""
    return [int(line) for line in file.path.read_text().split()] if file.path.exists() else []


def eventually(true: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return true()


def runs(pid: int) -> bool:
    """Whether a process is there and not dead (a container's first process may not clear the dead away)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return sys.platform != "linux"


class TestDecode:
    def test_the_real_decoder_by_default(self, tmp_path: Path) -> None:
        quadrants().save(tmp_path / "a.png")
        (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        files = {name: PhotoFile(tmp_path / name, name, name) for name in ("a.png", "b.png", "none.png")}
        with Decoders(SHAPE, None, workers=1) as decoders:
            done = by_name(outcomes(decoders, map(Task, files.values())))
            photo = done["a.png"]
            assert isinstance(photo, Photo)
            assert photo.picture.size == (32, 32)
            assert photo.fields["width"] == 96
            assert done["b.png"] == Skipped("b.png", "the PNG file is damaged (its header cannot be read)")
            assert done["none.png"] == Skipped(
                "none.png", "the file cannot be read (No such file or directory)"
            )
            known = frozenset((photo.fields["content_hash"],))
            (again,) = outcomes(decoders, [Task(files["a.png"], known)])
        assert again[1] == Known(files["a.png"], photo.fields["content_hash"])

    def test_no_task_starts_no_worker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subprocess, "Popen", None)
        with bad(workers=2) as decoders:
            assert outcomes(decoders, []) == []

    def test_more_workers_than_tasks(self, tmp_path: Path) -> None:
        with bad(workers=8) as decoders:
            done = outcomes(decoders, tasks_of(tmp_path, ["ok 1", "ok 2"]))
        assert {task.file.name for task, _ in done} == {"ok 1", "ok 2"}

    def test_workers_are_kept(self, tmp_path: Path) -> None:
        with bad(workers=2) as decoders:
            first = outcomes(decoders, tasks_of(tmp_path, [f"ok {n}" for n in range(40)]))
            second = outcomes(decoders, tasks_of(tmp_path, [f"ok {n}" for n in range(40, 80)]))
        assert len({pid_of(outcome) for _, outcome in first + second}) <= 2

    def test_pictures_that_no_pipe_holds(self, tmp_path: Path) -> None:
        with bad(workers=2) as decoders:
            done = outcomes(decoders, tasks_of(tmp_path, [f"photo {n}" for n in range(20)]))
        assert all(isinstance(o, Photo) and o.picture.getpixel((999, 999)) == (255, 0, 0) for _, o in done)
        assert len(done) == 20

    def test_tasks_that_no_pipe_holds(self, tmp_path: Path) -> None:
        known = frozenset(f"{number:064x}" for number in range(20_000))
        tasks = [task(tmp_path, f"photo {n}", known) for n in range(6)]
        with bad(workers=2) as decoders:
            assert len(outcomes(decoders, tasks)) == 6

    def test_tasks_are_pulled_when_they_can_be_taken(self, tmp_path: Path) -> None:
        pulled = []

        def source() -> Iterator[Task]:
            for number in range(30):
                pulled.append(number)
                yield task(tmp_path, f"ok {number}")

        with bad(workers=2) as decoders:
            for count, _ in enumerate(decoders.decode(source()), 1):
                assert len(pulled) <= count + 2 * decoders_module.QUEUED + 1
        assert count == 30

    def test_what_decoders_print_goes_nowhere(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with bad(workers=1) as decoders:
            outcomes(decoders, tasks_of(tmp_path, ["print 1", "print 2", "ok"]))
        assert capfd.readouterr() == ("", "")

    def test_a_worker_stands_back(self, tmp_path: Path) -> None:
        with bad(workers=1) as decoders:
            ((_, photo),) = outcomes(decoders, tasks_of(tmp_path, ["facts"]))
        assert isinstance(photo, Photo)
        assert photo.fields == {
            "torch": False,
            "niceness": min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5),
            "core": 0,
            "silent": True,
            "interrupt ignored": True,
        }


class TestDamage:
    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("crash", "its decoder crashed (signal 11)"),
            ("exit", "its decoder crashed (exit status 3)"),
            ("fail", "its decoder failed (ValueError: a bug of two lines)"),
        ],
    )
    def test_costs_the_file_in_hand(self, tmp_path: Path, name: str, reason: str) -> None:
        with bad(workers=1) as decoders:
            done = outcomes(decoders, tasks_of(tmp_path, ["ok 1", name, "ok 2", "ok 3"]))
        found = by_name(done)
        assert found.pop(name) == Skipped(name, reason)
        assert sorted(found) == ["ok 1", "ok 2", "ok 3"]
        assert all(isinstance(outcome, Known) for outcome in found.values())

    def test_an_outcome_that_cannot_be_sent(self, tmp_path: Path) -> None:
        with bad(workers=1) as decoders:
            found = by_name(outcomes(decoders, tasks_of(tmp_path, ["unpicklable", "ok"])))
        skipped = found["unpicklable"]
        assert isinstance(skipped, Skipped)
        assert skipped.reason.startswith("its decoder failed (")
        assert isinstance(found["ok"], Known)

    def test_a_hang_is_ended(self, tmp_path: Path) -> None:
        with bad(workers=2, time_limit=2.0) as decoders:
            done = outcomes(decoders, tasks_of(tmp_path, ["hang 1", "ok 1", "hang 2", "ok 2", "ok 3"]))
        found = by_name(done)
        for name in ("hang 1", "hang 2"):
            assert found[name] == Skipped(name, "decoding took longer than 2 s")
            assert not any(runs(pid) for pid in logged(task(tmp_path, name).file))
        assert sorted(name for name, outcome in found.items() if isinstance(outcome, Known)) == [
            "ok 1", "ok 2", "ok 3"
        ]

    def test_a_killed_worker_costs_the_file_in_hand(self, tmp_path: Path) -> None:
        tasks = tasks_of(tmp_path, ["hang", "ok"])

        def kill() -> None:
            assert eventually(lambda: bool(logged(tasks[0].file)))
            os.kill(logged(tasks[0].file)[0], signal.SIGKILL)

        with bad(workers=1) as decoders:
            killer = threading.Thread(target=kill)
            killer.start()
            found = by_name(outcomes(decoders, tasks))
            killer.join()
        assert found["hang"] == Skipped("hang", "its decoder crashed (signal 9)")
        assert isinstance(found["ok"], Known)

    def test_a_worker_killed_in_idleness_costs_nothing(self, tmp_path: Path) -> None:
        with bad(workers=1) as decoders:
            ((_, first),) = outcomes(decoders, tasks_of(tmp_path, ["ok 1"]))
            os.kill(pid_of(first), signal.SIGKILL)
            assert eventually(lambda: not runs(pid_of(first)))
            ((_, second),) = outcomes(decoders, tasks_of(tmp_path, ["ok 2"]))
        assert pid_of(second) != pid_of(first)

    def test_ctrl_c_is_the_parents(self, tmp_path: Path) -> None:
        with bad(workers=1) as decoders:
            ((_, first),) = outcomes(decoders, tasks_of(tmp_path, ["ok 1"]))
            os.kill(pid_of(first), signal.SIGINT)
            ((_, second),) = outcomes(decoders, tasks_of(tmp_path, ["ok 2"]))
        assert pid_of(second) == pid_of(first)

    @pytest.mark.slow
    @given(
        st.lists(st.sampled_from(["ok", "photo", "slow", "crash", "exit", "fail", "hang"]), max_size=12),
        st.integers(1, 3),
    )
    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_every_task_comes_back_once(self, kinds: list[str], workers: int) -> None:
        hangs = [n for n, kind in enumerate(kinds) if kind == "hang"]
        kinds = ["ok" if n in hangs[1:] else kind for n, kind in enumerate(kinds)]  # each takes the limit
        with TemporaryDirectory() as folder, bad(workers=workers, time_limit=3.0) as decoders:
            tasks = tasks_of(Path(folder), [f"{kind} {n}" for n, kind in enumerate(kinds)])
            done = outcomes(decoders, tasks)
            assert all(len(logged(task.file)) == 1 for task in tasks)  # no file is tried twice
        assert Counter(task for task, _ in done) == Counter(tasks)
        for one, outcome in done:
            lost = one.file.name.split()[0] in ("crash", "exit", "fail", "hang")
            assert isinstance(outcome, Skipped) is lost, outcome


class TestBackPressure:
    def test_time_that_the_consumer_takes_is_not_the_files(self, tmp_path: Path) -> None:
        seen = []
        with bad(workers=2, time_limit=1.0) as decoders:
            for _, outcome in decoders.decode(tasks_of(tmp_path, [f"photo {n}" for n in range(8)])):
                seen.append(outcome)
                if len(seen) in (1, 4):
                    time.sleep(2.5)  # both workers hold pictures that nobody takes
        assert [type(outcome) for outcome in seen] == [Photo] * 8

    def test_time_that_the_tasks_take_is_not_the_files(self, tmp_path: Path) -> None:
        def source() -> Iterator[Task]:
            yield task(tmp_path, "photo 1")
            time.sleep(2.5)
            yield task(tmp_path, "photo 2")

        with bad(workers=1, time_limit=1.0) as decoders:
            done = outcomes(decoders, source())
        assert [type(outcome) for _, outcome in done] == [Photo, Photo]


    def test_time_in_suspense_is_not_the_files(self, tmp_path: Path) -> None:
        """Ctrl-Z, and later fg: parent and worker stand still and go on together."""
        script = (
            "from tests.photos.bad_decoders import print_outcome; "
            f"print_outcome({str(tmp_path)!r}, 'work', 3.0)"
        )
        command = [sys.executable, "-c", script]
        with subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as load:
            assert eventually(lambda: bool(logged(task(tmp_path, "work").file)))
            os.killpg(load.pid, signal.SIGSTOP)
            time.sleep(4)
            os.killpg(load.pid, signal.SIGCONT)
            assert load.communicate(timeout=PATIENCE)[0] == "Known\n"


class TestGate:
    def test_one_large_decoding_at_a_time(self, tmp_path: Path) -> None:
        with bad(workers=3, time_limit=1.5) as decoders:  # the last of each round has waited 0.8 s
            done = outcomes(decoders, tasks_of(tmp_path, [f"gate {n}" for n in range(6)]))
        photos = [outcome for _, outcome in done if isinstance(outcome, Photo)]
        assert len(photos) == 6
        spans = sorted((photo.fields["start"], photo.fields["end"]) for photo in photos)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))

    def test_waiting_is_not_working(self, tmp_path: Path) -> None:
        tasks = tasks_of(tmp_path, [f"gate {n}" for n in range(5)])
        with bad(workers=5, time_limit=1.2) as decoders:  # the last waits 1.6 s
            done = outcomes(decoders, tasks)
        assert [type(outcome) for _, outcome in done] == [Photo] * 5

    def test_death_inside_opens_it(self, tmp_path: Path) -> None:
        names = ["die-in-gate 1", "gate 1", "hang-in-gate 1", "gate 2"]
        with bad(workers=2, time_limit=2.0) as decoders:
            found = by_name(outcomes(decoders, tasks_of(tmp_path, names)))
        assert found[names[0]] == Skipped(names[0], "its decoder crashed (exit status 3)")
        assert found[names[2]] == Skipped(names[2], "decoding took longer than 2 s")
        assert isinstance(found["gate 1"], Photo)
        assert isinstance(found["gate 2"], Photo)


class TestStart:
    def test_a_missing_module_is_named(self, tmp_path: Path) -> None:
        with (
            Decoders(SHAPE, None, workers=2, decode=without_a_module()) as decoders,
            pytest.raises(PeaksError, match="No module named 'a_module_that_is_not_there'"),
        ):
            outcomes(decoders, tasks_of(tmp_path, ["ok"]))

    def test_a_worker_that_does_not_answer(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(decoders_module, "START_LIMIT", 0.5)
        with (
            Decoders(SHAPE, None, workers=1, decode=FailsToStart(time.sleep, AGES)) as decoders,
            pytest.raises(PeaksError, match="they do not answer"),
        ):
            outcomes(decoders, tasks_of(tmp_path, ["ok"]))

    def test_no_process_is_left(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
        with (
            bad(workers=2) as decoders,
            pytest.raises(PeaksError, match=r"cannot be started \(No such file or directory\): look for"),
        ):
            outcomes(decoders, tasks_of(tmp_path, ["ok"]))

    def test_two_failed_starts_cost_nothing(self, tmp_path: Path) -> None:
        start = FailsToStart(decode_from_third_start, tmp_path / "starts")
        with Decoders(SHAPE, None, workers=1, decode=start) as decoders:
            done = outcomes(decoders, tasks_of(tmp_path, ["ok 1", "ok 2", "ok 3"]))
        assert all(isinstance(outcome, Known) for _, outcome in done)
        assert len(done) == 3


class TestStop:
    def test_whatever_workers_are_doing(self, tmp_path: Path) -> None:
        tasks = tasks_of(tmp_path, ["hang 1", "hang 2", "photo 1", "ok 1"])
        done: list[tuple[Task, Outcome]] = []
        with bad(workers=2) as decoders:
            thread = threading.Thread(target=lambda: done.extend(decoders.decode(tasks)))
            thread.start()
            assert eventually(lambda: all(logged(one.file) for one in tasks[:2]))
            start = time.monotonic()
        seconds = time.monotonic() - start
        assert seconds < 2, seconds  # 0.05 on an idle machine
        thread.join(PATIENCE)
        assert not thread.is_alive()
        assert done == []
        assert not any(runs(pid) for one in tasks for pid in logged(one.file))

    def test_an_error_in_the_tasks_is_the_callers(self, tmp_path: Path) -> None:
        tasks = tasks_of(tmp_path, ["ok", "hang"])

        def source() -> Iterator[Task]:
            yield from tasks
            assert eventually(lambda: bool(logged(tasks[1].file)))
            raise PeaksError("the index is away")

        with pytest.raises(PeaksError, match="the index is away"), bad(workers=2) as decoders:
            outcomes(decoders, source())
        assert not any(runs(pid) for one in tasks for pid in logged(one.file))

    def test_an_iteration_given_up_leaves_nothing_to_the_next(self, tmp_path: Path) -> None:
        with bad(workers=2, time_limit=3.0) as decoders:
            for _ in decoders.decode(tasks_of(tmp_path, ["ok 1", "hang 1", "slow 1", "slow 2", "photo 1"])):
                break
            done = outcomes(decoders, tasks_of(tmp_path, ["ok 2", "ok 3"]))
        assert sorted(task.file.name for task, _ in done) == ["ok 2", "ok 3"]

    @pytest.mark.skipif(sys.platform != "linux", reason="other kernels ignore SIGIO by default")
    def test_a_killed_parent_leaves_no_orphan(self, tmp_path: Path) -> None:
        script = f"from tests.photos.bad_decoders import hang_for_ever; hang_for_ever({str(tmp_path)!r})"
        parent = subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY)
        files = [task(tmp_path, f"hang {n}").file for n in range(2)]
        try:
            assert eventually(lambda: all(logged(file) for file in files))
        finally:
            parent.kill()
            parent.wait()
        orphans = [pid for file in files for pid in logged(file)]
        try:
            assert eventually(lambda: not any(map(runs, orphans)))
        finally:
            for pid in filter(runs, orphans):
                os.kill(pid, signal.SIGKILL)
