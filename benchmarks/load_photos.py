"""`peaks load-photos` beside a script that loads one photo after the other, in one run on one node.

    python -m benchmarks.load_photos FOLDER --checkpoint DIR [--copies N] [--sample N] [--url URL]

Five measurements: (a) one at a time (`benchmarks.one_at_a_time`); (b) the command on an empty index, with the
memory of all its processes; (c) the floor: decoding alone plus embedding alone (`benchmarks.loading_floor`);
(d) the same command again, nothing changed; (e) the cosines of the vectors that it stored to those of (a).
(a) and (c) run before and after (b), so that a machine whose speed drifts favours none; their means are told.
Seconds are those of whole processes, start and model included; with --sample, (a) is told for all photos from
those. Without --url an embedded node is started, prepared and stopped (the checkpoint's text model goes into
it); with it the node must hold the checkpoint's model, indices and peaks, and no photos, and is left so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import click
import numpy as np
from elasticsearch import Elasticsearch

from benchmarks.process_tree import Usage, run_measured
from eland_models.checkpoint import open_checkpoint
from loader.connection import Connection
from loader.cores import usable_cores
from loader.image_vectors import read_vector
from loader.library import PhotoFile, list_files
from loader.photo_index import PHOTOS, delete_photos, read_stored_photos

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
class Agreement:
    """(e): how many stored vectors were compared, and their least and mean cosine."""

    photos: int
    least: float
    mean: float


@dataclass(frozen=True)
class Results:
    """All five measurements of one library of ``photos`` files; (a) and (c) twice."""

    photos: int
    scripts: list[Script]
    first: Usage
    report: dict[str, Any]
    floors: list[dict[str, Any]]
    second: Usage
    agreement: Agreement

    @property
    def script(self) -> float:
        """Seconds of (a)."""
        return mean([script.seconds for script in self.scripts])

    def floor(self, *stages: str) -> float:
        """Seconds of stages of (c)."""
        return mean([sum(float(floor[stage]) for stage in stages) for floor in self.floors])


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of the checkpoint; random weights will do.")
@click.option("--copies", type=click.IntRange(1), default=1, show_default=True,
              help="How often each photo stands in the library, by hard links.")
@click.option("--sample", type=click.IntRange(1), help="Photos that are loaded one at a time [default: all].")
@click.option("--url", help="Prepared node without photos [default: an embedded one of its own].")
@click.option("--home", type=click.Path(path_type=Path), help="Where the embedded node lives.")
@click.option("--port", default=9399, show_default=True, help="Of the embedded node.")
def main(
    folder: Path,
    checkpoint: Path,
    copies: int,
    sample: int | None,
    url: str | None,
    home: Path | None,
    port: int,
) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(dir=folder.resolve().parent, prefix=".peaks-benchmark-") as scratch:
        library = make_library(folder, Path(scratch) / "photos", copies)
        with prepared_node(checkpoint, url, home, port) as address, empty_index(address) as client:
            print_results(measure(library, checkpoint, sample, address, client))


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


PEAKS_COMMAND = (sys.executable, "-m", "loader")


@contextmanager
def empty_index(url: str) -> Iterator[Elasticsearch]:
    """Yield a client of a node whose index of photos is empty, and empty it again."""
    client = Connection(url=url).client()
    if read_stored_photos(client):
        raise click.ClickException(f"[{PHOTOS}] at {url} holds photos: give a node whose photos may go.")
    try:
        yield client
    finally:
        delete_photos(client, list(read_stored_photos(client)))
        client.indices.refresh(index=PHOTOS)


def measure(library: Path, checkpoint: Path, sample: int | None, url: str, client: Elasticsearch) -> Results:
    """Take all five measurements, each in processes of its own."""
    files = list_files(library).files
    vectors = library.parent / "vectors.npz"
    scripts = [run_script(library, checkpoint, sample, url, vectors, len(files))]
    floors = [run_floor(library, checkpoint)]
    first = run_load(library, checkpoint, url)
    report = json.loads(first.stdout)
    if report["embedded"] != len(files):
        raise click.ClickException(f"Of {len(files)} photos {report['embedded']} were embedded: {report}")
    agreement = compare_vectors(client, files, vectors)
    second = run_load(library, checkpoint, url)
    if json.loads(second.stdout)["unchanged"] != len(files):
        raise click.ClickException(f"The second run found changed photos: {second.stdout}")
    floors.append(run_floor(library, checkpoint))
    scripts.append(run_script(library, checkpoint, sample, url, vectors, len(files)))
    return Results(len(files), scripts, first, report, floors, second, agreement)


def run_script(
    library: Path, checkpoint: Path, sample: int | None, url: str, vectors: Path, photos: int
) -> Script:
    """(a), in seconds for all photos: start and model once, each photo as the sample's mean."""
    some = ["--sample", str(sample)] if sample else []
    given = ["--checkpoint", str(checkpoint), "--url", url, "--vectors", str(vectors), *some]
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


def compare_vectors(client: Elasticsearch, files: list[PhotoFile], path: Path) -> Agreement:
    """(e)."""
    with np.load(path) as found:
        plain = dict(zip(found["names"].tolist(), found["vectors"], strict=True))
    wanted = {file.id: file.name for file in files if file.name in plain}
    stored = read_vectors(client, list(wanted))
    cosines = [float(plain[wanted[key]] @ vector / np.linalg.norm(vector)) for key, vector in stored.items()]
    return Agreement(len(cosines), min(cosines), float(np.mean(cosines)))


def read_vectors(client: Elasticsearch, ids: list[str]) -> dict[str, Any]:
    """The vectors of documents that the index holds, by id."""
    found: dict[str, Any] = {}
    for start in range(0, len(ids), PAGE):
        query = {"ids": {"values": ids[start : start + PAGE]}}
        fields = [{"field": "clip_image"}]
        answer = client.search(index=PHOTOS, query=query, fields=fields, source=False, size=PAGE)
        hits = answer["hits"]["hits"]
        found |= {hit["_id"]: np.array(read_vector(hit, "clip_image")) for hit in hits}
    return found


def print_results(results: Results) -> None:
    """Print what a person reads."""
    floor = results.floor("decoding", "embedding")
    report, agreement = results.report, results.agreement
    tried = "" if report["agreement"] is None else f", {report['agreement']:.5f} in its trial"
    cores = usable_cores()
    click.echo(f"{results.photos} photos, {cores} cores; vision tower in {report['precision']}{tried}")
    click.echo(f"\n{'':<26}{'seconds':>9}{'photos/s':>10}{'of (a)':>8}{'peak RSS':>11}{'PSS':>11}")
    print_row("(a) one at a time", results, results.script, results.scripts[0].usage)
    print_row("(b) peaks load-photos", results, results.first.seconds, results.first)
    print_row("(c) floor", results, floor)
    print_row("(d) again, unchanged", results, results.second.seconds, results.second)
    click.echo(
        f"\n(b) takes {floor / results.first.seconds:.2f} of its time by the floor: decoding alone "
        f"{results.floor('decoding'):.1f} s, embedding alone {results.floor('embedding'):.1f} s"
    )
    click.echo(
        f"before and after (b): (a) {spread([script.seconds for script in results.scripts])} s, "
        f"(c) {spread([floor['decoding'] + floor['embedding'] for floor in results.floors])} s"
    )
    click.echo(f"(d) is {results.first.seconds / results.second.seconds:.0f} times as fast as (b)")
    click.echo(
        f"(e) {agreement.photos} stored vectors against (a): least cosine {agreement.least:.5f}, mean "
        f"{agreement.mean:.5f}"
    )
    print_stages(results)


def print_row(name: str, results: Results, seconds: float, usage: Usage | None = None) -> None:
    """One line of the table."""
    rate, ratio = results.photos / seconds, results.script / seconds
    row = f"{name:<26}{seconds:>9.1f}{rate:>10.2f}{ratio:>8.2f}"
    if usage is not None:
        row += "".join(f"{size / MEBIBYTE:>7.0f} MiB" for size in (usage.peak_rss, usage.peak_pss))
    click.echo(row)


def spread(seconds: list[float]) -> str:
    """Every measurement of one thing."""
    return " and ".join(f"{each:.1f}" for each in seconds)


def print_stages(results: Results) -> None:
    """Where the time goes, processor seconds a photo."""
    first, found = results.first, [script.found for script in results.scripts]
    steps = {name: mean([each["cpu"][name] / each["photos"] for each in found]) for name in found[0]["cpu"]}
    click.echo("\nProcessor seconds a photo")
    click.echo("  (a) " + ", ".join(f"{name} {seconds:.3f}" for name, seconds in steps.items()))
    click.echo(
        f"  (b) worker processes {first.others_cpu / results.photos:.3f}, its own process (start, embedding, "
        f"writing) {first.own_cpu / results.photos:.3f}"
    )
    click.echo(f"  (c) embedding {results.floor('embedding_cpu') / results.photos:.3f}")


if __name__ == "__main__":
    main()
