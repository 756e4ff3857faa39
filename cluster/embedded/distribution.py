"""Elastic's minimal distribution, from Maven Central into a home."""
from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home, explained_disk_errors
from cluster.embedded.java import Java
from cluster.embedded.maven import run_maven
from cluster.embedded.stacks import Stack

# server, x-pack-core, x-pack-security, transport-netty4 and apm: what Elastic's integration tests start from
ARTIFACT = "org.elasticsearch.distribution.integ-test-zip:elasticsearch:{version}:zip"
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
UNPACKING_NEEDS = 400 * 2**20  # bytes: the archive (130 MB), unpacked (150 MB), and air


def fetch_distribution(home: Home, stack: Stack, *, java: Java, announce: Callable[[str], None]) -> None:
    """Unpack `stack` into `home` unless it is there. Maven keeps the archive in its own cache.

    Raises:
        ClusterError: no disk space, no Maven, no download, or a damaged archive.
    """
    folder = home.elasticsearch(stack)
    if folder.is_dir():
        return
    require_space(home.path, UNPACKING_NEEDS, f"unpack {stack}")
    announce(f"Fetching {stack} through Maven ({stack.archive_megabytes} MB the first time) …")
    # The archive comes to the caller, whose Maven writes it, and is unpacked by the home's owner.
    with explained_disk_errors(home), tempfile.TemporaryDirectory(prefix="peaks-") as name:
        _download(Path(name), home, stack, java)
        archive = next(Path(name).glob("*.zip"))
        with opened_archive(archive) as packed, home.acting():
            _unpack_whole(packed, home, folder)


def _unpack_whole(archive: zipfile.ZipFile, home: Home, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=home.temporary) as staging:
        unpack(archive, Path(staging))
        Path(staging, folder.name).rename(folder)  # whole or not at all


def _download(staging: Path, home: Home, stack: Stack, java: Java) -> None:
    run_maven(
        [COPY_GOAL, f"-Dartifact={ARTIFACT.format(version=stack.version)}", f"-DoutputDirectory={staging}"],
        purpose=f"fetch {stack}",
        java=java,
        home=home,
        log_name="maven-distribution.log",
        folder=staging,
    )


@contextmanager
def opened_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip with the caller's rights, whoever unpacks it.

    Raises:
        ClusterError: it is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise ClusterError(
            f"{path.name} is damaged ({error}): remove it from Maven's cache, and try again."
        ) from error


def unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack a zip with its files' permission bits, which ``zipfile`` alone drops."""
    for member in archive.infolist():
        path = Path(archive.extract(member, folder))
        mode = (member.external_attr >> 16) & 0o777
        if mode and not member.is_dir():
            path.chmod(mode)


def require_space(folder: Path, needed: int, purpose: str) -> None:
    """Refuse early what would end half-done.

    Args:
        needed: bytes.
        purpose: a verb phrase for the sentence.

    Raises:
        ClusterError: less than `needed` bytes are free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ClusterError(
            f"{folder} has {free / 2**20:.0f} MB free, and {needed / 2**20:.0f} MB are needed to {purpose}:"
            " free some space, or name a folder on another disk with --home."
        )
