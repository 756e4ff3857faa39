"""The plugin: built when its sources changed, installed when the built one is another."""
from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.embedded.distribution import unpack
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home, explained_disk_errors
from cluster.embedded.java import INSTALL_HINT, Java
from cluster.embedded.maven import run_maven

SOURCES = Path(__file__).resolve().parent / "plugin"
NAME = "peaks-embedded"
ZIP_NAME = "peaks-embedded-plugin.zip"


def build_plugin(
    home: Home, *, java: Java, announce: Callable[[str], None], sources: Path = SOURCES
) -> bool:
    """Package the plugin with Maven unless the last build is of these very sources.

    Returns:
        Whether anything had to be done.

    Raises:
        ClusterError: no JDK (a JRE has no compiler), no Maven, no download, or sources that do not compile.
    """
    with _building(sources):
        stamp = sources / "target" / f"{ZIP_NAME}.sources"
        wanted = fingerprint_sources(sources)
        if (sources / "target" / ZIP_NAME).exists() and stamp.exists() and stamp.read_text() == wanted:
            return False
        if not java.has_compiler:
            raise ClusterError(f"{java.home} has no Java compiler for building the plugin: {INSTALL_HINT}.")
        announce("Building the plugin with Maven …")
        _package(sources, home, java)
        stamp.write_text(wanted)
    return True


def _package(sources: Path, home: Home, java: Java) -> None:
    (sources / "target" / ZIP_NAME).unlink(missing_ok=True)  # a failed build leaves no old plugin behind
    run_maven(
        ["-q", "-f", str(sources / "pom.xml"), "package"],
        purpose="build the plugin",
        java=java,
        log=home.logs / "maven-plugin.log",
        folder=sources,
    )
    if not (sources / "target" / ZIP_NAME).exists():
        raise ClusterError(f"Maven built the plugin but made no {ZIP_NAME}: check {sources / 'pom.xml'}.")


@contextmanager
def _building(sources: Path) -> Iterator[None]:
    """One build at a time in a checkout, whichever homes ask for it; the second waits and finds it done."""
    target = sources / "target"
    try:
        target.mkdir(exist_ok=True)
        lock = (target / "build.lock").open("a")
    except OSError as error:
        raise ClusterError(
            f"{target} cannot be written ({error.strerror}): the checkout's owner can run `make setup`."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint_sources(sources: Path) -> str:
    """SHA-256 (hex) over the names and bytes of everything but Maven's own ``target``."""
    digest = hashlib.sha256()
    for path in sorted(sources.rglob("*")):
        relative = path.relative_to(sources)
        if relative.parts[0] == "target" or not path.is_file():
            continue
        digest.update(f"{relative}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install_plugin(home: Home, sources: Path = SOURCES) -> None:
    """Put the built plugin into the home's Elasticsearch, in place of an older one. The node must be down."""
    archive = sources / "target" / ZIP_NAME
    wanted = hashlib.sha256(archive.read_bytes()).hexdigest()
    stamp = home.path / "plugin.sha256"
    folder = home.elasticsearch / "plugins" / NAME
    if folder.is_dir() and stamp.exists() and stamp.read_text() == wanted:
        return
    with explained_disk_errors(home):
        remove_plugin(home)
        unpack(archive, folder)
        stamp.write_text(wanted)


def remove_plugin(home: Home) -> None:
    """Leave the bare node."""
    (home.path / "plugin.sha256").unlink(missing_ok=True)
    folder = home.elasticsearch / "plugins" / NAME
    if folder.is_dir():
        shutil.rmtree(folder)
