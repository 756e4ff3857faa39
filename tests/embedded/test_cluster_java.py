"""Which Javas are found, which are passed over, and in which order they are taken."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cluster.embedded.home import REPOSITORY
from cluster.embedded.java import MODULE, Java, find_javas

ANSWER = """Property settings:
    java.home = {home}
    java.specification.version = {version}
    java.vm.specification.version = {version}
java.base@{version}
{module}@{version}
"""


def install_java(folder: Path, version: str, *, is_jdk: bool = True, module: str = MODULE) -> Path:
    """A `java` that answers as the real one of that version does; returns its home."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    answer = ANSWER.format(home=folder, version=version, module=module)
    (programs / "java").write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{answer}END\n")
    (programs / "java").chmod(0o755)
    if is_jdk:
        (programs / "javac").touch()
    return folder


def test_every_java_is_found_once_and_the_chosen_ones_come_first(tmp_path: Path) -> None:
    system, caller = tmp_path / "jvm", tmp_path / "a home"
    oldest = install_java(system / "java-17", "17")
    newest = install_java(system / "a-25", "25")
    middle = install_java(caller / ".jdks" / "temurin-21", "21")
    on_path = install_java(tmp_path / "on path", "23")
    of_variable = install_java(tmp_path / "of variable", "22")
    (system / "default-java").symlink_to(oldest)
    (on_path / "bin" / "nothing").touch()
    variables = {"JAVA_HOME": str(of_variable), "HOME": str(caller)}
    variables["PATH"] = f".:{tmp_path}/missing:{on_path}/bin:{newest}/bin:/bin"
    found = find_javas(variables, [f"{system}/*", "~/.jdks/*"])
    assert [java for java in found if java.home.is_relative_to(tmp_path)] == [
        Java(of_variable, 22), Java(on_path, 23), Java(newest, 25), Java(oldest, 17), Java(middle, 21)
    ]


def test_the_shim_of_a_version_manager_is_the_java_behind_it(tmp_path: Path) -> None:
    home = install_java(tmp_path / "versions" / "21", "21")
    shim = tmp_path / "shims" / "java"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {home}/bin/java "$@"\n')
    shim.chmod(0o755)
    assert find_javas({"PATH": str(shim.parent)}, [f"{tmp_path}/versions/*"]) == [Java(home, 21)]


def test_what_is_no_java_is_passed_over(tmp_path: Path) -> None:
    whole = install_java(tmp_path / "whole", "17")
    (tmp_path / "broken link").symlink_to(tmp_path / "gone")
    (tmp_path / "a file").write_text("notes")
    (tmp_path / "empty").mkdir()
    for name, program in (("foreign", "\x7fELF of another machine"), ("too old", "#!/bin/sh\nexit 1\n"),
                          ("no interpreter", "#!/nowhere/sh\n"), ("mute", "#!/bin/sh\necho hello\n")):
        other = install_java(tmp_path / name, "21") / "bin" / "java"
        other.write_text(program)
    assert find_javas({"JAVA_HOME": str(tmp_path / "gone")}, [f"{tmp_path}/*"]) == [Java(whole, 17)]


@pytest.mark.parametrize(("version", "fits"), [("11", False), ("17", True), ("25", True)])
def test_a_java_fits_by_its_version(tmp_path: Path, version: str, fits: bool) -> None:
    (java,) = find_javas({"JAVA_HOME": str(install_java(tmp_path / "jdk", version))}, [])
    assert java.fits(17) is fits


def test_a_java_that_lacks_something_fits_nothing_and_says_what(tmp_path: Path) -> None:
    runtime = install_java(tmp_path / "runtime", "21", is_jdk=False)
    small = install_java(tmp_path / "small", "21", module="jdk.incubator.vectors")
    closed = install_java(tmp_path / "closed", "21")
    javas = find_javas({}, [f"{tmp_path}/*"], may_run=lambda program: not program.is_relative_to(closed))
    assert [str(java) for java in javas] == [
        f"21 at {closed}, which the node's account cannot run (see --user)",
        f"21 at {runtime}, which has no compiler",
        f"21 at {small}, which lacks the module jdk.incubator.vector",
    ]
    assert not any(java.fits(17) for java in javas)


def test_the_javas_of_this_machine() -> None:
    javas = find_javas()
    if len(javas) < 2:
        pytest.skip("this machine has one Java")
    assert len({java.home.resolve() for java in javas}) == len(javas)
    for java in javas:
        said = subprocess.run([java.home / "bin" / "java", "-version"], capture_output=True, text=True).stderr
        assert f'version "{java.version}' in said
    compilers = Path("/usr/lib/jvm").glob("*/bin/javac")
    assert {file.parents[1].resolve() for file in compilers} <= {java.home.resolve() for java in javas}


def test_the_search_needs_no_installed_package() -> None:
    """`make setup` asks it which packages are missing, before there is a virtual environment."""
    command = [sys.executable, "-S", "-m", "cluster.embedded.java"]
    done = subprocess.run(command, cwd=REPOSITORY, env={"PATH": "/nowhere"}, capture_output=True, text=True)
    assert (done.returncode in (0, 1), done.stdout, done.stderr) == (True, "", "")
