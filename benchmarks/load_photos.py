"""`peaks load-photos` beside a script that loads one photo after the other, in one run on one node.

    python -m benchmarks.load_photos FOLDER --checkpoint DIR [--copies N] [--rounds N] [--url URL]

Five measurements a round: (a) one at a time (`benchmarks.one_at_a_time`); (b) the command on an empty index,
with the memory of all its processes; (c) the floor: decoding alone plus embedding alone
(`benchmarks.loading_floor`); (d) the same command again, nothing changed; (e) the cosines of the vectors that
it stored to those of (a). (b) runs between (a) and (c), and ratios are of one round, since the speed of a
shared machine drifts; medians of the rounds are printed. Seconds are those of whole processes, start and
model included; (a) loads one copy of each photo, from which its time for all copies is computed. Without
--url an embedded node is started, prepared and stopped (the checkpoint's text model goes into it); with it
the node must hold the checkpoint's model, indices and peaks, and no photos, and is left so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

import click
import numpy as np
from elasticsearch import Elasticsearch

from benchmarks.process_tree import Usage, run_measured
from eland_models.checkpoint import open_checkpoint
from loader.elastic.bulk import delete_documents
from loader.elastic.connection import Connection
from loader.elastic.indices import PHOTOS, read_pages, read_vector, refresh
from loader.elastic.photo_index import read_stored_photos
from loader.files.library import list_files
from loader.photos.decoding import usable_cores

PEAKS_COMMAND = (sys.executable, "-m", "loader")
PEAKS = "demo/peaks.yaml"
PAGE = 500  # documents read at a time
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Script:
    """(a): what it used, and how long it would take for all photos."""

    usage: Usage
    found: dict[str, Any]
    seconds: float


@dataclass(frozen=True)
class Round:
    """All five measurements of one library.

    Attributes:
        photos: files of the library.
        script: (a).
        first: (b).
        report: what (b) printed.
        second: (d).
        floor: (c), what `benchmarks.loading_floor` printed.
        cosines: (e).
    """

    photos: int
    script: Script
    first: Usage
    report: dict[str, Any]
    second: Usage
    floor: dict[str, Any]
    cosines: list[float]

    @property
    def seconds(self) -> dict[str, float]:
        """Of (a) to (d)."""
        floor = self.floor["decoding"] + self.floor["embedding"]
        return {"a": self.script.seconds, "b": self.first.seconds, "c": floor, "d": self.second.seconds}

    def ratio(self, one: str, other: str) -> float:
        """How many times as long ``one`` took as ``other``."""
        return self.seconds[one] / self.seconds[other]

    @property
    def processor_seconds(self) -> dict[str, float]:
        """A photo, by what used them."""
        found, first = self.script.found, self.first
        steps = {f"(a) {name}": seconds / found["photos"] for name, seconds in found["cpu"].items()}
        return steps | {
            "(b) worker processes": first.others_cpu / self.photos,
            "(b) its own process: start, embedding, writing": first.own_cpu / self.photos,
            "(c) embedding": self.floor["embedding_cpu"] / self.photos,
        }


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of the checkpoint; random weights will do.")
@click.option("--copies", type=click.IntRange(1), default=1, show_default=True,
              help="How often each photo stands in the library, by hard links.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True,
              help="How often everything is measured.")
@click.option("--url", help="Prepared node without photos [default: an embedded one of its own].")
@click.option("--home", type=click.Path(path_type=Path), help="Where the embedded node lives.")
@click.option("--port", default=9399, show_default=True, help="Of the embedded node.")
def main(
    folder: Path,
    checkpoint: Path,
    copies: int,
    rounds: int,
    url: str | None,
    home: Path | None,
    port: int,
) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(dir=folder.resolve().parent, prefix=".peaks-benchmark-") as scratch:
        library = make_library(folder, Path(scratch) / "photos", copies)
        with prepared_node(checkpoint, url, home, port) as address, empty_index(address) as client:
            print_rounds([measure(library, checkpoint, copies, address, client) for _ in range(rounds)])


def make_library(folder: Path, library: Path, copies: int) -> Path:
    """Link every file ``copies`` times into a new folder, under names of its own."""
    for number in range(copies):
        part = library / f"copy-{number:03d}"
        part.mkdir(parents=True)
        for path in folder.iterdir():
            if path.is_file():
                os.link(path.resolve(), part / path.name)
    return library


@contextmanager
def prepared_node(checkpoint: Path, url: str | None, home: Path | None, port: int) -> Iterator[str]:
    """Yield the address of a node with the checkpoint's text model, the indices and the demo's peaks."""
    if url is not None:
        yield url
        return
    place = ["--home", str(home)] if home else []
    address = f"http://127.0.0.1:{port}"
    run_peaks("cluster", "start", "--port", str(port), *place)
    try:
        run_peaks("model", "deploy", "--checkpoint", str(checkpoint), "--clear-previous", "--url", address)
        model = open_checkpoint(str(checkpoint), tower="vision").model_id
        run_peaks("apply", "--es-model-id", model, "--url", address)
        run_peaks("load-peaks", PEAKS, "--url", address)
        yield address
    finally:
        run_peaks("cluster", "stop", *place)


def run_peaks(*arguments: str) -> None:
    """Run a `peaks` command, and show what it says only when it fails."""
    done = subprocess.run([*PEAKS_COMMAND, *arguments], text=True, capture_output=True, check=False)
    if done.returncode:
        raise click.ClickException(f"peaks {' '.join(arguments)}: {done.stdout}{done.stderr}")


@contextmanager
def empty_index(url: str) -> Iterator[Elasticsearch]:
    """Yield a client of a node whose index of photos is empty, and empty it again."""
    client = Connection(url=url).client()
    if read_stored_photos(client):
        raise click.ClickException(f"[{PHOTOS}] at {url} holds photos: give a node whose photos may go.")
    try:
        yield client
    finally:
        delete_all(client)


def delete_all(client: Elasticsearch) -> None:
    """Empty the index of photos."""
    delete_documents(client, PHOTOS, read_stored_photos(client))
    refresh(client, PHOTOS)


def measure(library: Path, checkpoint: Path, copies: int, url: str, client: Elasticsearch) -> Round:
    """Take all five measurements, each in processes of its own; the index is empty before and after."""
    files = list_files(library).files
    vectors = library.parent / "vectors.npz"
    script = run_script(library, checkpoint, copies, url, vectors, len(files))
    first = run_load(library, checkpoint, url)
    report = json.loads(first.stdout)
    if report["created"] != len(files):
        raise click.ClickException(f"Of {len(files)} photos {report['created']} were loaded: {report}")
    second = run_load(library, checkpoint, url)
    if json.loads(second.stdout)["unchanged"] != len(files):
        raise click.ClickException(f"The second run found changed photos: {second.stdout}")
    floor = run_floor(library, checkpoint)
    cosines = compare_vectors(client, vectors)
    delete_all(client)
    return Round(len(files), script, first, report, second, floor, cosines)


def run_script(
    library: Path, checkpoint: Path, copies: int, url: str, vectors: Path, photos: int
) -> Script:
    """(a), in seconds for all photos: start and model once, each further copy as the first."""
    # The last folder of copies: the first photos of (b) are done in float32 to try 8 bits.
    one = ["--last", str(photos // copies)]
    given = ["--checkpoint", str(checkpoint), "--url", url, "--vectors", str(vectors), *one]
    usage = run_module("one_at_a_time", str(library), *given)
    found = json.loads(usage.stdout)
    start = usage.seconds - found["seconds"]
    return Script(usage, found, start + found["seconds"] / found["photos"] * photos)


def run_floor(library: Path, checkpoint: Path) -> dict[str, Any]:
    """(c)."""
    given = ["--checkpoint", str(checkpoint), "--precision", "auto"]
    found: dict[str, Any] = json.loads(run_module("loading_floor", str(library), *given).stdout)
    return found


def run_load(library: Path, checkpoint: Path, url: str) -> Usage:
    """(b) and (d)."""
    given = ["load-photos", str(library), "--checkpoint", str(checkpoint), "--url", url, "--json"]
    return run_measured([*PEAKS_COMMAND, *given])


def run_module(name: str, *arguments: str) -> Usage:
    """Run one of the benchmarks beside this one."""
    return run_measured([sys.executable, "-m", f"benchmarks.{name}", *arguments])


def compare_vectors(client: Elasticsearch, path: Path) -> list[float]:
    """(e)."""
    with np.load(path) as found:
        plain = dict(zip(found["names"].tolist(), found["vectors"], strict=True))
    fields, cosines = [{"field": "path"}, {"field": "clip_image"}], []
    for hits in read_pages(client, PHOTOS, size=PAGE, fields=fields, source=False):
        for hit in hits:
            if (name := hit["fields"]["path"][0]) in plain:
                vector = np.array(read_vector(hit, "clip_image"))
                cosines.append(float(plain[name] @ vector / np.linalg.norm(vector)))
    return cosines


def print_rounds(rounds: list[Round]) -> None:
    """Print what a person reads."""
    last = rounds[-1]
    trial = last.report["agreement"]
    tried = "" if trial is None else f", {trial:.5f} in its trial"
    precision = f"vision tower in {last.report['precision']}{tried}"
    click.echo(f"{last.photos} photos, {usable_cores()} cores, {len(rounds)} rounds; {precision}")
    click.echo(f"\n{'':<26}{'seconds':>9}{'photos/s':>10}{'of (a)':>8}{'peak RSS':>11}{'PSS':>11}")
    print_row("a", "one at a time", rounds, [each.script.usage for each in rounds])
    print_row("b", "peaks load-photos", rounds, [each.first for each in rounds])
    print_row("c", "floor", rounds)
    print_row("d", "again, unchanged", rounds, [each.second for each in rounds])
    print_ratios(rounds)
    cosines = [cosine for each in rounds for cosine in each.cosines]
    click.echo(
        f"(e) {len(cosines)} stored vectors against (a): least cosine {min(cosines):.5f}, mean "
        f"{mean(cosines):.5f}"
    )
    click.echo("\nProcessor seconds a photo")
    for name in last.processor_seconds:
        click.echo(f"  {name:<48}{median(each.processor_seconds[name] for each in rounds):.3f}")


def print_row(letter: str, name: str, rounds: list[Round], usages: Sequence[Usage] = ()) -> None:
    """One line of the table: medians, and the largest memory of all rounds."""
    seconds = median(each.seconds[letter] for each in rounds)
    ratio = median(each.ratio("a", letter) for each in rounds)
    row = f"({letter}) {name:<22}{seconds:>9.1f}{rounds[0].photos / seconds:>10.2f}{ratio:>8.2f}"
    if usages:
        sizes = max(each.peak_rss for each in usages), max(each.peak_pss for each in usages)
        row += "".join(f"{size / MEBIBYTE:>7.0f} MiB" for size in sizes)
    click.echo(row)


def print_ratios(rounds: list[Round]) -> None:
    """What is claimed of (b) and (d), round by round."""
    parts = [each.floor[stage] for stage in ("decoding", "embedding") for each in rounds]
    decoding, embedding = median(parts[: len(rounds)]), median(parts[len(rounds) :])
    click.echo(f"\n(b) is {spread(rounds, 'a', 'b', 2)} times as fast as (a)")
    click.echo(
        f"(b) takes {spread(rounds, 'c', 'b', 2)} of its time by the floor: decoding alone {decoding:.1f} s, "
        f"embedding alone {embedding:.1f} s"
    )
    click.echo(f"(d) is {spread(rounds, 'b', 'd', 0)} times as fast as (b)")


def spread(rounds: list[Round], one: str, other: str, digits: int) -> str:
    """The median of a ratio, and those of all rounds."""
    ratios = [each.ratio(one, other) for each in rounds]
    each = ", ".join(f"{ratio:.{digits}f}" for ratio in ratios)
    return f"{median(ratios):.{digits}f} ({each})"


if __name__ == "__main__":
    main()
