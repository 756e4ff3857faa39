"""The node's two plugins: built when their sources changed, installed when the build is new."""
from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.distribution import opened_archive, unpack
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import IN_CHECKOUT, Home, explained_disk_errors, user_folder
from cluster.embedded.java import Java
from cluster.embedded.maven import run_maven
from cluster.embedded.stacks import Stack

PROJECTS = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Package:
    """A plugin of Elasticsearch that Maven packages.

    Attributes:
        name: the plugin's own, and of its folder under ``plugins/``.
        title: what people call it, for messages.
        sources: folder of its ``pom.xml``, which has a profile for each line that it is built for.
        target: folder that Maven writes to.
    """

    name: str
    title: str
    sources: Path
    target: Path

    def archive(self, stack: Stack) -> Path:
        """What Maven makes for a line: the plugin's folder as a zip."""
        return self.target / stack.name / f"{self.name}-plugin.zip"

    def archive_sources(self, stack: Stack) -> Path:
        """Names the sources that the archive was made of, by their fingerprint."""
        archive = self.archive(stack)
        return archive.with_name(f"{archive.name}.sources")

    def folder(self, home: Home, stack: Stack) -> Path:
        """Where it is installed."""
        return home.elasticsearch(stack) / "plugins" / self.name

    def installed(self, home: Home, stack: Stack) -> Path:
        """Names the archive that is installed, by its SHA-256."""
        return home.elasticsearch(stack) / f"{self.name}.sha256"


def _target(project: str) -> Path:
    """Beside the sources in a checkout; site-packages may be read-only, and pip would leave it there."""
    if IN_CHECKOUT:
        return PROJECTS / project / "target"
    return user_folder("XDG_CACHE_HOME", ".cache") / "cluster" / project


OWN = Package("peaks-embedded", "the plugin", PROJECTS / "plugin", _target("plugin"))
# Elastic's jars, which Maven fetches as it does the distribution; nothing of them is in the checkout.
ESQL = Package("x-pack-esql", "ES|QL", PROJECTS / "esql", _target("esql"))


def packages(stack: Stack) -> tuple[Package, ...]:
    """The plugins of a line."""
    return (OWN, ESQL) if stack.has_esql else (OWN,)


def build_plugin(
    home: Home, package: Package, stack: Stack, *, java: Java, announce: Callable[[str], None]
) -> bool:
    """Package a plugin for a line with Maven, unless the last build has the same sources.

    The distribution must be in `home`: it has the jars that some lines are compiled with.

    Returns:
        Whether anything had to be done.

    Raises:
        ClusterError: no Maven, no download, or sources that do not compile.
    """
    with _building(package.target):
        stamp, wanted = package.archive_sources(stack), fingerprint_sources(package.sources)
        if package.archive(stack).exists() and stamp.exists() and stamp.read_text() == wanted:
            return False
        announce(f"Building {package.title} with Maven …")
        _run_build(package, home, stack, java)
        stamp.write_text(wanted)
    return True


def _run_build(package: Package, home: Home, stack: Stack, java: Java) -> None:
    archive = package.archive(stack)
    archive.unlink(missing_ok=True)  # a failed build leaves no old plugin behind
    pom = package.sources / "pom.xml"
    folders = [f"-Delasticsearch.home={home.elasticsearch(stack)}", f"-Dtarget.folder={package.target}"]
    run_maven(
        ["-q", "-f", str(pom), f"-Pstack-{stack.name}", *folders, "package"],
        purpose=f"build {package.title}",
        java=java,
        home=home,
        log_name=f"maven-{package.sources.name}.log",
        folder=package.sources,
    )
    if not archive.exists():
        raise ClusterError(f"Maven built {package.title} but made no {archive.name}: check {pom}.")


@contextmanager
def _building(target: Path) -> Iterator[None]:
    """Allow one build at a time in a folder; a second one waits and finds it done."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        lock = (target / "build.lock").open("a")
    except OSError as error:
        raise ClusterError(
            f"{target} cannot be written ({error.strerror}): its owner can run `peaks cluster prepare`."
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


def install_plugin(home: Home, package: Package, stack: Stack) -> None:
    """Put a built plugin into the home's Elasticsearch, in place of an older one. The node must be down."""
    wanted = hashlib.sha256(package.archive(stack).read_bytes()).hexdigest()
    folder, stamp = package.folder(home, stack), package.installed(home, stack)
    if folder.is_dir() and stamp.exists() and stamp.read_text() == wanted:
        return
    with explained_disk_errors(home), opened_archive(package.archive(stack)) as archive, home.acting():
        remove_plugin(home, package, stack)
        unpack(archive, folder)
        stamp.write_text(wanted)


def remove_plugin(home: Home, package: Package, stack: Stack) -> None:
    """Leave the node without it."""
    with home.acting():
        package.installed(home, stack).unlink(missing_ok=True)
        if package.folder(home, stack).is_dir():
            shutil.rmtree(package.folder(home, stack))
