"""The JDK that runs Elasticsearch and builds its plugins."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.errors import ClusterError

LOWEST_VERSION = 17  # Elasticsearch 8.x; see the support matrix of its JVMs
INSTALL_HINT = "install a JDK 17 or later (Debian and Ubuntu: apt-get install openjdk-17-jdk-headless)"


@dataclass(frozen=True)
class Java:
    """A Java installation: its folder (the one that holds ``bin/java``) and its feature version, like 17."""

    home: Path
    version: int

    @property
    def has_compiler(self) -> bool:
        return (self.home / "bin" / "javac").exists()


def find_java(variables: Mapping[str, str] = os.environ) -> Java:
    """The Java of ``JAVA_HOME``, else the ``java`` on ``PATH``.

    Raises:
        ClusterError: there is none, it does not run, or it is older than 17.
    """
    program, source = _locate(variables)
    java = parse_settings(_ask(program, source))
    if java is None:
        raise ClusterError(f"{program} ({source}) does not say which Java it is: {INSTALL_HINT}.")
    if java.version < LOWEST_VERSION:
        raise ClusterError(
            f"Java {java.version} at {java.home} ({source}) is too old for Elasticsearch: {INSTALL_HINT}"
            ", or point JAVA_HOME at one."
        )
    return java


def _locate(variables: Mapping[str, str]) -> tuple[Path, str]:
    home = variables.get("JAVA_HOME")
    if home:
        program = Path(home, "bin", "java")
        if not program.exists():
            raise ClusterError(f"JAVA_HOME is {home}, which holds no bin/java: correct it, or unset it.")
        return program, "JAVA_HOME"
    found = shutil.which("java", path=variables.get("PATH"))
    if found is None:
        raise ClusterError(f"No Java was found on PATH or in JAVA_HOME: {INSTALL_HINT}.")
    return Path(found), "the java on PATH"


def _ask(program: Path, source: str) -> str:
    """Return the settings that Java prints, which also works with the shims of version managers."""
    command = [str(program), "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"{program} ({source}) does not run ({error}): {INSTALL_HINT}.") from error
    return answer.stderr + answer.stdout


def parse_settings(text: str) -> Java | None:
    """Read ``java -XshowSettings:properties -version``; None when home or version is missing.

    Versions before 9 are written 1.8, later ones 17.
    """
    home = re.search(r"^\s*java\.home = (.+?)\s*$", text, re.MULTILINE)
    version = re.search(r"^\s*java\.specification\.version = (?:1\.)?(\d+)", text, re.MULTILINE)
    if home is None or version is None:
        return None
    return Java(Path(home.group(1)), int(version.group(1)))
