"""The gate outside of worker processes (inside: tests/photos/test_decoders.py)."""
from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loader.files.decoding_gate import LARGE_BYTES, large_decoding, use_gate

# Takes a file's lock, says so, and keeps it until its input ends.
HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A file's descriptor, and a process that holds its lock."""
    path = tmp_path / "gate"
    path.touch()
    command = [sys.executable, "-c", HOLDER, str(path)]
    with (
        path.open("r+b") as file,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder,
    ):
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield file.fileno(), holder
        holder.kill()
        use_gate(None)


def test_without_a_gate_everything_passes() -> None:
    with large_decoding(10 * LARGE_BYTES), large_decoding(10 * LARGE_BYTES):
        pass


def test_small_decodings_pass(held: tuple[int, subprocess.Popen[str]]) -> None:
    use_gate(held[0], lambda waiting: pytest.fail("it waits"))
    with large_decoding(LARGE_BYTES):
        pass


def test_large_ones_wait_and_say_so(held: tuple[int, subprocess.Popen[str]]) -> None:
    file, holder = held
    said: list[bool] = []

    def on_wait(waiting: bool) -> None:
        said.append(waiting)
        if waiting:
            assert holder.poll() is None
            holder.kill()  # the kernel opens the gate

    use_gate(file, on_wait)
    with large_decoding(LARGE_BYTES + 1):
        assert said == [True, False]
    with large_decoding(LARGE_BYTES + 1):
        assert said == [True, False]


def test_an_error_inside_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "gate"
    path.touch()
    with path.open("r+b") as file:
        use_gate(file.fileno())
        with pytest.raises(ValueError, match="damaged"), large_decoding(LARGE_BYTES + 1):
            raise ValueError("damaged")
        script = 'import fcntl, sys; fcntl.lockf(open(sys.argv[1], "r+b"), fcntl.LOCK_EX | fcntl.LOCK_NB)'
        subprocess.run([sys.executable, "-c", script, str(path)], check=True)
        use_gate(None)
