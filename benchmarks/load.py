"""How long people wait who search by words, alone and while a load writes, beside one of them alone.

    python -m benchmarks.load FOLDER --checkpoint demo/siglip2-trek-tiny [--copies N] [--photos N] [--url URL]

Each client sends its next question when it has the answer to the last one, through the stored template
whose words become a vector inside the cluster. It makes every request once, so that each refusal counts. The
load is `peaks load-photos --reload` of FOLDER in processes of its own, again and again. The index is filled
up with copies (`benchmarks.browse.filled_index`). Ratios are to the first row of the same run: one client,
one allocation, nothing beside it. Clients, load and node share this machine, as its load average says.
Without --url an embedded node is started, prepared and stopped; with it the node must hold the checkpoint's
model, indices, peaks and concepts, and no photos, and is left so.
"""
from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, islice, product
from pathlib import Path
from threading import Event, Thread

import click
import numpy as np
from elasticsearch import ApiError, Elasticsearch, TransportError

from benchmarks.browse import filled_index
from benchmarks.load_photos import PEAKS_COMMAND, empty_index, make_library, prepared_node, run_peaks
from eland_models.deployments import DeploymentSettings, update, wait_for_allocations, warm_up
from loader.elastic.connection import Connection
from loader.elastic.indices import PHOTOS
from loader.elastic.models import read_index_model
from loader.errors import PeaksError
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.catalogue_index import require_entries
from loader.search.question import BY_TEXT
from loader.show.tables import Column, format_table

CONCEPTS = "demo/concepts.yaml"
SIZE = 12  # photos of an answer
WARM_UP = 1.0  # seconds that are not counted
PATIENCE = 120.0  # seconds until a load must have written something
QUIET, LOADING = "nothing", "a load"


@dataclass(frozen=True)
class Row:
    """What some clients saw.

    Attributes:
        allocations: of the text model.
        clients: that searched at the same time.
        beside: what else ran.
        searches: that were answered in full.
        errors: of the others, how many by what they got.
        p50: milliseconds until an answer, the median; ``p95`` and ``p99`` are percentiles.
        a_second: answers of all clients together.
        times: ``p50`` over that of the first row.
        written: documents a second that were indexed meanwhile.
        machine: its load average of one minute at the end.
    """

    allocations: int
    clients: int
    beside: str
    searches: int
    errors: Mapping[str, int]
    p50: float
    p95: float
    p99: float
    a_second: float
    times: float
    written: float
    machine: float


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of the checkpoint; random weights will do.")
@click.option("--copies", type=click.IntRange(1), default=8, show_default=True,
              help="How often the load takes each photo, by hard links.")
@click.option("--photos", type=click.IntRange(1), default=10_000, show_default=True,
              help="Photos that the index holds.")
@click.option("--clients", type=click.IntRange(1), multiple=True, default=(1, 8, 32), show_default=True)
@click.option("--allocations", type=click.IntRange(1), multiple=True, default=(1, 2), show_default=True)
@click.option("--seconds", type=click.FloatRange(min=1), default=20.0, show_default=True,
              help="How long each row is measured.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--url", help="Prepared node without photos [default: an embedded one of its own].")
@click.option("--home", type=click.Path(path_type=Path), help="Where the embedded node lives.")
@click.option("--port", default=9398, show_default=True, help="Of the embedded node.")
def main(
    folder: Path,
    checkpoint: Path,
    copies: int,
    photos: int,
    clients: Sequence[int],
    allocations: Sequence[int],
    seconds: float,
    as_json: bool,
    url: str | None,
    home: Path | None,
    port: int,
) -> None:
    """Measure searches beside a load of FOLDER."""
    with tempfile.TemporaryDirectory(dir=folder.resolve().parent, prefix=".peaks-benchmark-") as scratch:
        held, library = (make_library(folder, Path(scratch) / name, number)
                         for name, number in (("held", 1), ("loaded", copies)))
        with prepared_node(checkpoint, url, home, port) as address, empty_index(address) as client:
            if url is None:
                run_peaks("load-concepts", CONCEPTS, "--url", address)
            load = ("load-photos", "--checkpoint", str(checkpoint), "--url", address)
            run_peaks(*load, str(held))
            with filled_index(client, photos):
                again = (*load, "--reload", str(library))
                rows = measure(client, address, again, clients, allocations, seconds)
    click.echo(json.dumps([asdict(row) for row in rows], indent=2) if as_json else table(rows))


def measure(
    client: Elasticsearch,
    address: str,
    load: Sequence[str],
    clients: Sequence[int],
    allocations: Sequence[int],
    seconds: float,
) -> list[Row]:
    """All rows; the model has as many allocations as before at the end."""
    model_id, words = read_index_model(client, PHOTOS).model_id, make_words(client)
    rows: list[Row] = []
    search_for(client, address, words, max(clients), seconds, 1, QUIET)  # the node's JVM compiles meanwhile
    for number in allocations:
        allocate(client, model_id, number)
        for beside, count in product((QUIET, LOADING), clients):
            with running(client, load if beside == LOADING else None):
                row = search_for(client, address, words, count, seconds, number, beside)
            base = rows[0].p50 if rows else row.p50
            rows.append(Row(**{**asdict(row), "times": row.p50 / base}))
    allocate(client, model_id, 1)
    return rows


def make_words(client: Elasticsearch) -> list[str]:
    """What is asked: each concept with each peak, so that no text comes twice within a short time."""
    concepts, peaks = (require_entries(client, kind) for kind in (Concept, Peak))
    return [f"{concept.name}, {peak.name}" for concept, peak in product(concepts, peaks)]


def allocate(client: Elasticsearch, model_id: str, number: int) -> None:
    """Give the model so many allocations, and have each answer before it is measured."""
    update(client, model_id, DeploymentSettings(number, number))
    wait_for_allocations(client, model_id, model_id)
    warm_up(client, model_id, number)


@contextmanager
def running(client: Elasticsearch, load: Sequence[str] | None) -> Iterator[None]:
    """Run loads one after the other, from the first written photo to the end of the block.

    Raises:
        PeaksError: the first load writes nothing, or one failed.
    """
    if load is None:
        yield
        return
    stopped, failed, started = Event(), [], []

    def repeat() -> None:
        while not stopped.is_set():
            process = subprocess.Popen([*PEAKS_COMMAND, *load], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True)
            started.append(process)
            said, _ = process.communicate()
            if process.returncode and not stopped.is_set():
                failed.append(said)
                stopped.set()

    before, thread = count_written(client), Thread(target=repeat)
    thread.start()
    try:
        until = time.monotonic() + PATIENCE
        while count_written(client) == before and not failed and time.monotonic() < until:
            time.sleep(0.2)
        if count_written(client) == before:
            raise PeaksError(f"The load writes nothing: {''.join(failed)}")
        yield
    finally:
        stopped.set()
        started[-1].terminate()  # as Ctrl-C: what is written stays written
        thread.join()
    if failed:
        raise PeaksError(f"The load failed: {failed[0]}")


def count_written(client: Elasticsearch) -> int:
    """How many documents the index of photos has been given since the node started."""
    stats = client.indices.stats(index=PHOTOS, metric="indexing")["_all"]["primaries"]
    return int(stats["indexing"]["index_total"])


def search_for(
    client: Elasticsearch,
    address: str,
    words: Sequence[str],
    clients: int,
    seconds: float,
    allocations: int,
    beside: str,
) -> Row:
    """Have so many clients search side by side for some seconds, after a moment to warm up."""
    start = time.monotonic() + WARM_UP
    before, end = count_written(client), start + seconds
    with ThreadPoolExecutor(clients) as pool:
        shares = [islice(cycle(words), number * len(words) // clients, None) for number in range(clients)]
        outcomes = [each for found in pool.map(lambda share: search(address, share, start, end), shares)
                    for each in found]
    took = time.monotonic() - start
    answered = [1000 * taken for taken, error in outcomes if error is None]
    p50, p95, p99 = np.percentile(answered, (50, 95, 99)).tolist() if answered else [float("nan")] * 3
    errors = Counter(error for _, error in outcomes if error is not None)
    written = (count_written(client) - before) / (took + WARM_UP)
    return Row(allocations, clients, beside, len(answered), errors, p50, p95, p99, len(answered) / took, 1.0,
               written, os.getloadavg()[0])


def search(address: str, words: Iterator[str], start: float, end: float) -> list[tuple[float, str | None]]:
    """One client: the seconds of each search that began in time, and what it got in place of its answer."""
    client = Connection(url=address).client().options(max_retries=0)
    outcomes = []
    while (begun := time.monotonic()) < end:
        error = search_once(client, next(words))
        if begun >= start:
            outcomes.append((time.monotonic() - begun, error))
    client.close()
    return outcomes


def search_once(client: Elasticsearch, text: str) -> str | None:
    """Search; None where the answer is whole."""
    try:
        answer = client.search_template(index=PHOTOS, id=BY_TEXT, params={"text": text, "size": SIZE})
    except ApiError as error:
        return str(error.status_code)
    except TransportError as error:
        return type(error).__name__
    whole = len(answer["hits"]["hits"]) == SIZE and not answer["_shards"]["failed"]
    return None if whole and not answer["timed_out"] else "not whole"


def table(rows: list[Row]) -> str:
    """What a person reads."""
    def milliseconds(name: str) -> Column:
        return Column(name, [f"{getattr(row, name):.0f} ms" for row in rows], "right")

    return format_table([
        Column("allocations", [str(row.allocations) for row in rows], "right"),
        Column("clients", [str(row.clients) for row in rows], "right"),
        Column("beside", [row.beside for row in rows]),
        *map(milliseconds, ("p50", "p95", "p99")),
        Column("of the first", [f"{row.times:.2f}" for row in rows], "right"),
        Column("answers/s", [f"{row.a_second:.1f}" for row in rows], "right"),
        Column("errors", [", ".join(f"{number} × {what}" for what, number in row.errors.items()) or "0"
                          for row in rows]),
        Column("written/s", [f"{row.written:.1f}" for row in rows], "right"),
        Column("load average", [f"{row.machine:.1f}" for row in rows], "right"),
    ], width=120)


if __name__ == "__main__":
    main()
