"""How long a person waits for the page of `peaks browse` in a browser, beside the bare call of its template.

    python -m benchmarks.browse [--photos 10000] [--url URL]

The index is filled up with copies of its own photos, as one library that is removed whatever happens: their
vectors are jittered (see `benchmarks.ann.add_copies`) and their days moved. Each round asks for another
concept by its name. The first round warms up and is not counted.
"""
from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Any
from uuid import uuid4

import click
import numpy as np
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk
from playwright.sync_api import Page, sync_playwright

from benchmarks.ann import add_copies
from browse.parts.grid import SIZE
from demo.screenshots import serve_page
from loader.arrays import Vectors
from loader.elastic.bulk import MOST_BYTES
from loader.elastic.connection import Connection, connection_options
from loader.elastic.indices import PHOTOS, read_pages, read_vector, refresh
from loader.errors import PeaksError
from loader.peaks.catalogue import Concept
from loader.peaks.catalogue_index import require_entries
from loader.search.question import BY_TEXT
from loader.show.tables import Column, format_table

PREFIX = "benchmark-browse-"
CHECKPOINT = "demo/siglip2-trek-tiny"  # the page reads none for what is measured here
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0  # seconds
MOMENTS = ("shot_time", "shot_time_local")
BARE = "bare call of the template"


@dataclass(frozen=True)
class Wait:
    """How long something took.

    Attributes:
        what: in words.
        seconds: median of the rounds.
        least: of the rounds; ``most`` too.
        times_bare: median, over that of the bare call.
    """

    what: str
    seconds: float
    least: float
    most: float
    times_bare: float


@click.command()
@click.option("--photos", type=click.IntRange(min=1), default=10_000, show_default=True,
              help="Photos that the index holds while it is measured.")
@click.option("--rounds", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@connection_options
def main(connection: Connection, photos: int, rounds: int, as_json: bool) -> None:
    """Measure the page over the photos of the cluster and copies of them."""
    client = connection.client(request_timeout=600)
    words = [concept.name for concept in require_entries(client, Concept)]
    with filled_index(client, photos), serve_page(connection.address, CHECKPOINT) as address:
        waits = measure(client, address, [words[turn % len(words)] for turn in range(rounds + 1)])
    if as_json:
        click.echo(json.dumps([asdict(wait) for wait in waits], indent=2))
        return
    click.echo(table(waits))


@contextmanager
def filled_index(client: Elasticsearch, photos: int) -> Iterator[None]:
    """Hold as many photos in the index; the copies are removed at the end.

    Raises:
        PeaksError: the index has no photos to copy.
    """
    library = f"{PREFIX}{uuid4().hex[:8]}"
    own = [hit for page in read_pages(client, PHOTOS, size=200, fields=[{"field": "clip_image"}], source=True)
           for hit in page]
    if not own:
        raise PeaksError("There are no photos to copy: load some with `peaks load-photos DIR`.")
    rounds = -(-photos // len(own)) - 1
    stock = add_copies(np.array([read_vector(hit, "clip_image") for hit in own], dtype=np.float32), rounds, 0)
    ids = [f"{library}-{number}" for number in range(photos - len(own))]
    documents = copies_of(own, stock, library)
    try:
        bulk(client, ({"_id": each, **document} for each, document in zip(ids, documents, strict=False)),
             index=PHOTOS, pipeline="_none", max_chunk_bytes=MOST_BYTES)
        refresh(client, PHOTOS)
        yield
    finally:
        deletions = ({"_op_type": "delete", "_id": each} for each in ids)
        bulk(client, deletions, index=PHOTOS, raise_on_error=False)
        refresh(client, PHOTOS)


def copies_of(own: list[dict[str, Any]], stock: Vectors, library: str) -> Iterator[dict[str, Any]]:
    """Documents like those of an index.

    Args:
        own: hits with their ``_source``.
        stock: their vectors, then those of the first copies of all, of the second and so on:
            ``(rounds · len(own), dims)``.
        library: that the copies are of.
    """
    for number, vector in enumerate(stock[len(own):]):
        days, row = divmod(number, len(own))
        source = own[row]["_source"]
        moved = {name: move_moment(source[name], days + 1) for name in MOMENTS if name in source}
        yield {**source, **moved, "library": library, "clip_image": vector.tolist(),
               "content_hash": f"{number:064x}"}


def move_moment(moment: str, days: int) -> str:
    """An ISO 8601 moment some days earlier."""
    return (datetime.fromisoformat(moment.replace("Z", "+00:00")) - timedelta(days)).isoformat()


def measure(client: Elasticsearch, address: str, words: list[str]) -> list[Wait]:
    """Ask for each of the words in turn, bare and on the page; the first warms up."""
    taken: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900}, base_url=address)
        page.set_default_timeout(PATIENCE * 1000)
        for asked in words:
            for what, step in steps(client, page, asked).items():
                began = time.perf_counter()
                step()
                taken.setdefault(what, []).append(time.perf_counter() - began)
                page.wait_for_timeout(300)  # what is left of the page arrives
        browser.close()
    counted = {what: seconds[1:] for what, seconds in taken.items()}
    bare = median(counted[BARE])
    return [Wait(what, median(seconds), min(seconds), max(seconds), median(seconds) / bare)
            for what, seconds in counted.items()]


def steps(client: Elasticsearch, page: Page, asked: str) -> Mapping[str, Callable[[], object]]:
    """What is measured, in its order: each step begins where the one before ended."""
    parameters = {"text": asked, "size": SIZE, "with_thumbnail": True}

    def search() -> None:
        page.get_by_role("searchbox").fill(asked)
        page.keyboard.press("Enter")
        page.locator(".chips", has_text=asked).wait_for()
        page.locator(".photo .match").first.wait_for()

    def tick() -> None:
        page.locator(".facet a").first.click()
        page.locator(".chips", has_text="shows").wait_for()
        page.locator(".photo, .note").first.wait_for()

    def go_back() -> None:
        page.go_back()
        page.locator(".chips", has_text="shows").wait_for(state="detached")
        page.locator(".photo .match").first.wait_for()

    def open_photo() -> None:
        page.locator(".photo a").first.click()
        page.locator(".stImage img").wait_for()

    def first_page() -> None:
        page.goto("/")
        page.locator(".photo").nth(SIZE // 2).wait_for()

    def show_map() -> None:
        page.goto("/?view=map")
        page.locator(".js-plotly-plot path.point:visible").first.wait_for()

    return {
        BARE: partial(client.search_template, index=PHOTOS, id=BY_TEXT, params=parameters),
        "first page": first_page,
        "search by words": search,
        "a peak is ticked": tick,
        "back": go_back,
        "a photo is opened": open_photo,
        "map of all photos": show_map,
    }


def table(waits: list[Wait]) -> str:
    """The waits with their distance to the bare call."""
    bare = next(wait.seconds for wait in waits if wait.what == BARE)
    return format_table([
        Column("", [wait.what for wait in waits]),
        Column("median", [f"{wait.seconds:.3f} s" for wait in waits], "right"),
        Column("least", [f"{wait.least:.3f} s" for wait in waits], "right"),
        Column("most", [f"{wait.most:.3f} s" for wait in waits], "right"),
        Column("beyond bare", [f"{wait.seconds - bare:.3f} s" for wait in waits], "right"),
        Column("times bare", [f"{wait.times_bare:.1f}" for wait in waits], "right"),
    ])


if __name__ == "__main__":
    main()
