"""scripts/install_system_packages.sh, on machines made of a folder of programs."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "install_system_packages.sh"


class Machine:
    """A PATH with only the programs that were put there; each notes its call in `calls`."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.log = folder / "calls"
        self.log.touch()
        for name in ("sed", "env", "id", "dirname"):
            self.link(name)

    def link(self, name: str) -> None:
        """Lend a real program of this machine."""
        source = next(p for p in (Path("/usr/bin", name), Path("/bin", name)) if p.exists())
        (self.programs / name).symlink_to(source)

    def put(self, name: str, body: str = "") -> None:
        program = self.programs / name
        program.unlink(missing_ok=True)
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.log}"\n{body}\n')
        program.chmod(0o755)

    def put_python(self, version: str = "3, 11", has_venv: bool = True, has_jdk: bool = True) -> None:
        """A python3 that answers the script's questions: its version, whether it has venv and finds a JDK."""
        answer = "exit 0" if has_venv else "exit 1"
        major, minor = version.split(", ")
        fits = "0" if (3, 10) <= (int(major), int(minor)) <= (3, 13) else "1"
        self.put(
            "python3",
            f'case "$2" in *ensurepip*) {answer} ;; *print*) echo {major}.{minor} ;;'
            f" *cluster.embedded.java) exit {int(not has_jdk)} ;; *) exit {fits} ;; esac",
        )

    def remove(self, *names: str) -> None:
        for name in names:
            (self.programs / name).unlink()

    def run(self) -> tuple[int, str]:
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT)], env={"PATH": str(self.programs)}, capture_output=True, text=True
        )
        assert done.stdout == ""
        return done.returncode, done.stderr

    @property
    def calls(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith(("apt", "sudo"))]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.put_python()
    machine.put("mvn")
    return machine


def test_nothing_missing_is_no_work_and_no_words(machine: Machine) -> None:
    machine.put("apt-get")
    assert machine.run() == (0, "")
    assert machine.calls == []


def test_the_launcher_itself_looks_for_a_jdk(machine: Machine) -> None:
    machine.put_python(has_jdk=False)
    assert machine.run() == (1, "Please install a JDK 17 or later, then run this again.\n")
    (machine.programs / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert machine.run() == (0, "")


def test_without_apt_one_sentence_names_everything(machine: Machine) -> None:
    machine.put_python(has_venv=False, has_jdk=False)
    machine.remove("mvn")
    code, said = machine.run()
    assert code == 1
    assert said == "Please install Python's venv package, a JDK 17 or later, Maven, then run this again.\n"


@pytest.mark.parametrize("version", ["3, 9", "3, 14"])
def test_an_unsupported_python_is_refused_before_any_installation(machine: Machine, version: str) -> None:
    machine.put_python(version)
    machine.remove("mvn")
    machine.put("apt-get")
    code, said = machine.run()
    assert code == 1 and "from 3.10 to 3.13" in said
    assert machine.calls == []


def test_root_installs_after_saying_so(machine: Machine) -> None:
    machine.put("id", "echo 0")
    machine.remove("mvn")
    machine.put_python(has_venv=False)
    machine.put("apt-cache")
    maven = machine.programs / "mvn"
    install = f"case \"$*\" in *install*) : > '{maven}'; chmod +x '{maven}' ;; esac"
    for name in ("chmod", "cat"):
        machine.link(name)
    machine.put("apt-get", install)
    code, said = machine.run()
    assert "Missing: Python's venv package, Maven." in said
    announced = said.index("Running: apt-get install python3.11-venv maven")
    assert announced > said.index("Running: apt-get update")
    assert machine.calls[-1] == "apt-get install -y -qq --no-install-recommends python3.11-venv maven"
    # the venv package of this apt-get installs nothing: that is noticed
    assert code == 1 and "Still missing after the installation: Python's venv package" in said


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        ("openjdk-17-jdk-headless", "openjdk-17-jdk-headless"),
        ("openjdk-17-jdk-headless openjdk-21-jdk-headless", "openjdk-21-jdk-headless"),
        ("openjdk-25-jdk-headless", "default-jdk-headless"),
    ],
)
def test_a_release_gets_the_jdk_of_the_newest_line_that_it_has(
    machine: Machine, offers: str, chosen: str
) -> None:
    machine.put("id", "echo 0")
    machine.put_python(has_jdk=False)
    machine.put("apt-cache", f'case " {offers} " in *" $2 "*) ;; *) exit 100 ;; esac')
    machine.put("apt-get")
    _, said = machine.run()
    assert f"Running: apt-get install {chosen}\n" in said


def test_python_comes_before_the_search_for_a_jdk(machine: Machine) -> None:
    machine.put("id", "echo 0")
    python = machine.programs / "python3"
    python.rename(machine.programs / "hidden")
    machine.link("mv")
    machine.put("apt-get", f"case \"$*\" in *install*) mv '{machine.programs}/hidden' '{python}' ;; esac")
    code, said = machine.run()
    assert code == 0 and "Missing: Python 3.10 to 3.13 with venv.\n" in said
    assert machine.calls[-1] == "apt-get install -y -qq --no-install-recommends python3 python3-venv"


def test_an_ordinary_user_installs_with_sudo(machine: Machine) -> None:
    machine.put("id", "echo 1000")
    machine.remove("mvn")
    machine.put("apt-get")
    machine.put("sudo", "exit 1")
    code, said = machine.run()
    assert code == 1
    assert "Running: sudo apt-get install maven" in said
    assert "apt-get could not install maven" in said
    assert [call.split()[0] for call in machine.calls] == ["sudo", "sudo"]


def test_an_ordinary_user_without_sudo_is_told_what_to_ask_for(machine: Machine) -> None:
    machine.put("id", "echo 1000")
    machine.remove("mvn")
    machine.put("apt-get")
    code, said = machine.run()
    assert (code, said) == (1, "Missing: Maven. Ask an administrator to run: apt-get install maven\n")
    assert machine.calls == []


@pytest.mark.skipif(not os.access("/usr/bin/dash", os.X_OK), reason="no dash, the strictest common sh")
def test_the_script_is_posix() -> None:
    subprocess.run(["/usr/bin/dash", "-n", str(SCRIPT)], check=True)
