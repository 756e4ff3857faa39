"""The wheel: what pip builds, installs and runs where there is no checkout."""
from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import DEMO_CHECKPOINT, REPOSITORY, free_port

pytestmark = [pytest.mark.slow, pytest.mark.release]
PACKAGES = (
    "api_keys", "browse", "catalogues", "cluster", "eland_models", "evaluation", "ingest_pipelines", "kibana",
    "loader", "mappings", "search_templates",
)
# What of their folders is for a checkout alone.
LEFT_OUT = ("cluster/compose/", "cluster/embedded/plugin/src/test/")
NOT_SOURCES = shutil.ignore_patterns(".*", "build", "target", "*.egg-info", "__pycache__", "demo", "tests")
# Every requirement, those of the extras too, as this environment fulfils it; prints those that it does not.
REQUIREMENTS = """
from importlib.metadata import requires, version
from packaging.requirements import Requirement
for each in map(Requirement, requires("peaks-in-elasticsearch[browse,fast]".partition("[")[0])):
    if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("browse", "fast")):
        assert version(each.name) in each.specifier, each
        print(each.name)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sources alone: what an earlier build left would get into it."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(REPOSITORY, folder / "sources", ignore=NOT_SOURCES)
    command = ["wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(folder / "sources")]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    command = ["--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    installed = next(folder.glob("lib/python*/site-packages"))
    (installed / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python.parent


def run(scripts: Path, folder: Path, *command: str | Path) -> str:
    """Run a program of the environment as a person without a checkout would; returns its stdout."""
    unwanted = ("PYTHONPATH", "PEAKS_CACHE")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    program, *arguments = command
    done = subprocess.run(
        [scripts / program, *arguments], cwd=folder, text=True, capture_output=True,
        env={**environment, "XDG_CACHE_HOME": str(folder / "cache")},
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_it_holds_every_file_of_its_packages(wheel: Path) -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, text=True, capture_output=True).stdout
    here = {file for file in listed.splitlines() if (REPOSITORY / file).exists()}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == {file for file in here if not file.startswith(LEFT_OUT)}


def test_its_version_is_that_of_setup_cfg(scripts: Path, tmp_path: Path) -> None:
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg")
    assert run(scripts, tmp_path, "peaks", "--version") == f"peaks, version {setup['metadata']['version']}\n"


def test_its_requirements_are_those_that_the_tests_run_with(scripts: Path, tmp_path: Path) -> None:
    fulfilled = run(scripts, tmp_path, "python", "-c", REQUIREMENTS).split()
    assert {"torch", "eland", "streamlit", "av"} <= set(fulfilled) and "pytest" not in fulfilled


@pytest.mark.cluster
def test_it_starts_a_cluster_and_finds_a_photo(
    scripts: Path, session_home: Path, drawn: Path, tmp_path: Path
) -> None:
    """From the plugin's sources in the wheel to an answer; nothing is written to where pip installed it."""
    home, url = session_home.with_name("of the wheel"), f"http://127.0.0.1:{free_port()}"
    photos = tmp_path / "photos"
    photos.mkdir()
    photo = Path(shutil.copy(min(drawn.glob("*.JPG")), photos))
    model, port = ("--checkpoint", DEMO_CHECKPOINT), url.rpartition(":")[2]

    def peaks(*arguments: str | Path) -> str:
        return run(scripts, tmp_path, "peaks", *arguments)

    where = "import loader; print(loader.__file__)"
    assert str(REPOSITORY) not in run(scripts, tmp_path, "python", "-c", where)
    before = installed_files(scripts)
    try:
        peaks("cluster", "start", "--home", home, "--port", port, "--heap", "512m")
        peaks("model", "deploy", *model, "--url", url)
        peaks("apply", "--es-model-id", DEMO_CHECKPOINT.name, "--url", url)
        peaks("load-photos", photos, *model, "--url", url)
        answer = json.loads(peaks("search", "a mountain", "--json", "--url", url))
    finally:
        peaks("cluster", "stop", "--home", home)
        shutil.rmtree(home, ignore_errors=True)
    assert [hit["file"] for hit in answer["hits"]] == [str(photo)]
    assert installed_files(scripts) == before
    assert list((tmp_path / "cache").glob("peaks/cluster/plugin/*/peaks-embedded-plugin.zip"))


def installed_files(scripts: Path) -> set[Path]:
    """The files of the environment, without what Python compiled."""
    return {path for path in scripts.parent.rglob("*") if "__pycache__" not in path.parts}
