"""Which Java is found, and what is said when none will do."""
from __future__ import annotations

from pathlib import Path

import pytest

from cluster.embedded.errors import ClusterError
from cluster.embedded.java import Java, find_java

SETTINGS = """Property settings:
    java.home = {home}
    java.specification.version = {version}
    java.vendor = Somebody
openjdk version "{version}"
"""


def install_java(folder: Path, version: str) -> Path:
    """A `java` that answers as the real one of that version does; returns its home."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    answer = SETTINGS.format(home=folder, version=version)
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{answer}END\n")
    program.chmod(0o755)
    return folder


def test_java_home_wins_over_path(tmp_path: Path) -> None:
    chosen = install_java(tmp_path / "a jdk", "21")
    other = install_java(tmp_path / "other", "17")
    java = find_java({"JAVA_HOME": str(chosen), "PATH": f"{other}/bin:/usr/bin:/bin"})
    assert java == Java(chosen, 21)
    assert not java.has_compiler


def test_java_on_path_is_found(tmp_path: Path) -> None:
    home = install_java(tmp_path / "jdk", "17")
    assert find_java({"PATH": f"{home}/bin:/usr/bin:/bin"}) == Java(home, 17)


def test_old_java_is_named_with_its_place_and_the_fix(tmp_path: Path) -> None:
    home = install_java(tmp_path / "jdk", "1.8")
    with pytest.raises(ClusterError, match=r"Java 8 at .*jdk \(JAVA_HOME\) is too old.*JDK 17"):
        find_java({"JAVA_HOME": str(home)})


def test_no_java_at_all(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"No Java was found.*install a JDK 17"):
        find_java({"PATH": str(tmp_path)})


def test_java_home_without_java(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"JAVA_HOME is .* holds no bin/java"):
        find_java({"JAVA_HOME": str(tmp_path)})


def test_java_that_does_not_run(tmp_path: Path) -> None:
    home = install_java(tmp_path / "jdk", "17")
    (home / "bin" / "java").write_text("#!/nowhere/sh\n")
    with pytest.raises(ClusterError, match="does not run"):
        find_java({"JAVA_HOME": str(home)})
