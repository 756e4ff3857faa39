"""The Javas of this machine. Each is asked what it is, because the one on PATH is often not the newest.

Standard library only: scripts/install_system_packages.sh asks here before there is a virtual environment.
"""
from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.stacks import STACKS

# Debian's and Fedora's packages, Oracle's, archives unpacked by hand, SDKMAN's, IntelliJ's.
FOLDERS = ("/usr/lib/jvm/*", "/usr/java/*", "/opt/*jdk*", "~/.sdkman/candidates/java/*", "~/.jdks/*")
MODULE = "jdk.incubator.vector"  # the node's launcher asks for it; runtimes made for one program lack it
PATIENCE = 30.0  # seconds that a Java may take to say what it is


@dataclass(frozen=True)
class Java:
    """A Java that runs.

    Attributes:
        home: the folder that holds ``bin/java``.
        version: its feature version, like 17.
        flaw: what keeps us from using it, as "has no compiler"; None for a whole JDK.
    """

    home: Path
    version: int
    flaw: str | None = None

    def __str__(self) -> str:
        return f"{self.version} at {self.home}" + ("" if self.flaw is None else f", which {self.flaw}")

    def fits(self, lowest: int) -> bool:
        """Whether Elasticsearch can be run by it, and its plugins built."""
        return self.flaw is None and self.version >= lowest


def find_javas(
    variables: Mapping[str, str] = os.environ,
    folders: Sequence[str] = FOLDERS,
    may_run: Callable[[Path], bool] = lambda program: True,
) -> list[Java]:
    """Every Java that runs, in the order in which they are to be tried.

    Those of ``JAVA_HOME`` and ``PATH`` come first, because somebody chose them. The rest follows from the
    lowest version to the highest: a release of Elasticsearch may not run on a JDK that is newer than itself.

    Args:
        variables: the environment.
        folders: patterns of Java homes; ``~`` stands for the caller's home.
        may_run: whether the account that the node runs as can run a program.
    """
    # By the file behind all links, so that each is asked once.
    chosen = {os.path.realpath(program): program for program in _programs_of(variables)}
    others = {os.path.realpath(program): program for program in _programs_in(folders, variables)}
    programs = {**chosen, **others}
    javas = {file: java for file in programs if (java := _ask(programs[file], may_run))}
    in_order = sorted(javas, key=lambda file: 0 if file in chosen else javas[file].version)
    return list(dict.fromkeys(javas[file] for file in in_order))


def _programs_of(variables: Mapping[str, str]) -> Iterator[Path]:
    if home := variables.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    for folder in map(Path, variables.get("PATH", "").split(os.pathsep)):
        if folder.is_absolute():
            yield folder / "java"


def _programs_in(folders: Sequence[str], variables: Mapping[str, str]) -> Iterator[Path]:
    for name in folders:
        folder = Path(name.replace("~", variables.get("HOME", "/"), 1))
        with suppress(OSError):  # the home of somebody else
            yield from (home / "bin" / "java" for home in sorted(folder.parent.glob(folder.name)))


def _ask(program: Path, may_run: Callable[[Path], bool]) -> Java | None:
    """What a Java prints of itself, so that the shims of version managers work too; None: it does not run."""
    command = [str(program), "-XshowSettings:properties", "--list-modules"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return None
    java = parse_answer(answer.stderr + answer.stdout)
    if java is not None and java.flaw is None and not may_run(java.home / "bin" / "java"):
        return Java(java.home, java.version, "the node's account cannot run (see --user)")
    return java


def parse_answer(text: str) -> Java | None:
    """Read ``java -XshowSettings:properties --list-modules``; None when home or version is missing."""
    home = re.search(r"^\s*java\.home = (.+?)\s*$", text, re.MULTILINE)
    version = re.search(r"^\s*java\.specification\.version = (\d+)\s*$", text, re.MULTILINE)
    if home is None or version is None:
        return None
    folder, flaw = Path(home.group(1)), None
    if not (folder / "bin" / "javac").exists():
        flaw = "has no compiler"
    elif re.search(rf"^{re.escape(MODULE)}(@|$)", text, re.MULTILINE) is None:
        flaw = f"lacks the module {MODULE}"
    return Java(folder, int(version.group(1)), flaw)


if __name__ == "__main__":  # exit status 0: there is a JDK here that one of the lines runs on
    sys.exit(not any(java.fits(stack.lowest_java) for java in find_javas() for stack in STACKS))
