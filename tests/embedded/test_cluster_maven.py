"""Maven's failures, each in one sentence."""
from __future__ import annotations

from pathlib import Path

import pytest

from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.java import Java
from cluster.embedded.maven import explain_failure, run_maven

JAVA = Java(Path("/opt/jdk"), 17)
LOG = Path("/home/logs/maven.log")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.logs.mkdir(parents=True)
    return home


@pytest.mark.parametrize(
    "line",
    [
        "[ERROR] Failed to execute: Could not transfer artifact a:b:zip:1 from central: Unknown host repo",
        "[ERROR] Could not resolve dependencies for project a:b:jar:1",
        "[ERROR] Plugin a or one of its dependencies could not be resolved: connect timed out",
    ],
)
def test_a_failed_download_points_at_the_network(line: str) -> None:
    said = explain_failure(f"[INFO] Building\n{line}\n[ERROR] \n", "fetch it", LOG)
    assert said.startswith("Maven could not download what is needed to fetch it: check the network")
    assert str(LOG) in said


def test_another_failure_shows_mavens_first_error() -> None:
    said = explain_failure("[ERROR] /src/A.java:[3,1] ';' expected\n[ERROR] later\n", "build the plugin", LOG)
    assert said == (
        "Maven could not build the plugin: /src/A.java:[3,1] ';' expected"
        " (the whole output is in /home/logs/maven.log)."
    )


def test_resets_of_the_terminal_hide_no_error() -> None:
    printed = "\x1b[0m\x1b[0m[ERROR] Could not transfer artifact a:b:pom:1 from central\n[ERROR] \n\x1b[0m"
    said = explain_failure(printed, "build the plugin", LOG)
    assert "check the network" in said and "(Could not transfer artifact a:b:pom:1 from central;" in said


def test_missing_maven(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match=r"Maven is needed to fetch it.*apt-get install maven"):
        run_maven(["package"], purpose="fetch it", java=JAVA, home=home, log_name="log", folder=tmp_path)


def test_output_goes_to_the_log_and_java_is_the_chosen_one(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "mvn"
    program.write_text('#!/bin/sh\necho "$JAVA_HOME $*"; [ "$3" != fail ]\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    run_maven(["package"], purpose="p", java=JAVA, home=home, log_name="log", folder=tmp_path)
    assert (home.logs / "log").read_text() == "/opt/jdk --batch-mode -Dstyle.color=never package\n"
    with pytest.raises(ClusterError, match="no reason given"):
        run_maven(["fail"], purpose="p", java=JAVA, home=home, log_name="log", folder=tmp_path)


def test_maven_is_told_no_secret_of_ours(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mvn").write_text("#!/bin/sh\nenv\n")
    (tmp_path / "mvn").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("MAVEN_OPTS", "-Dhttps.proxyHost=proxy")
    for name in ("ES_API_KEY", "ES_PASSWORD", "HF_TOKEN"):
        monkeypatch.setenv(name, f"canary of {name}")
    run_maven(["package"], purpose="p", java=JAVA, home=home, log_name="log", folder=tmp_path)
    said = (home.logs / "log").read_text()
    assert "MAVEN_OPTS=-Dhttps.proxyHost=proxy" in said and "canary" not in said
