"""A process that gave up its rights and still finds its modules."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.embedded.home import REPOSITORY

CODE = """
import os, sys
from cluster.embedded import unprivileged
opened = unprivileged.open_folders(sys.path)
unprivileged.become(65534, 65534)
unprivileged.find_modules_in(opened)
import closed.later
print(os.getresuid(), os.getresgid(), os.getgroups(), closed.later.text())
try:
    open(sys.argv[1])
except PermissionError:
    print("closed")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_modules_and_their_files_are_found_below_a_closed_folder(tmp_path: Path) -> None:
    package = tmp_path / "shut" / "lib" / "closed"
    package.mkdir(parents=True)
    (tmp_path / "shut").chmod(0o700)
    (package / "__init__.py").touch()
    (package / "note.txt").write_text("read")
    (package / "later.py").write_text(
        "from pathlib import Path\ndef text(): return Path(__file__).with_name('note.txt').read_text()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import closed\n" + CODE, str(package / "note.txt")],
        env={"PYTHONPATH": f"{package.parent}:{REPOSITORY}"},
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout == "(65534, 65534, 65534) (65534, 65534, 65534) [] read\nclosed\n"
