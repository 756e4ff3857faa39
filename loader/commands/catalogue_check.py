"""`peaks catalog check`: what is wrong with a catalogue of peaks and its reference photos."""
from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loader.elastic.connection import Connection, connection_options

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from loader.peaks.checks.entries import Entries
    from loader.peaks.checks.names import NameVectors
    from loader.vision.image_vectors import LocalVision


@click.group()
def catalog() -> None:
    """Look after the catalogue of peaks."""


@catalog.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reference-images", "folder", metavar="DIR",
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with one sub-folder of photos for each peak, named by its id.")
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="Checkpoint that embeds the reference photos here [env PEAKS_CHECKPOINT].")
@click.option("--offline", is_flag=True,
              help="Check files, positions and sight lines only; ask no cluster about names.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@connection_options
def check(
    connection: Connection,
    file: Path | None,
    folder: Path | None,
    checkpoint: str | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Say what is wrong with a catalogue of peaks and its reference photos.

    FILE is the catalogue (YAML); without it the peaks of the index are checked. Exit status: 0 when nothing
    is wrong or everything that was found wants a look only, 1 with an error, or when the command cannot run.
    """
    from loader.peaks.checks.catalogue_check import (
        check_catalogue,  # numpy, scipy and Pillow: not for `--help`
    )
    from loader.peaks.checks.report import describe_report, show_report
    from loader.show.progress import track
    from loader.vision.image_vectors import LocalVision

    if file is None and offline:
        raise click.UsageError("--offline reaches no index: give the catalogue's FILE.")
    client = None if offline else connection.client()
    entries = _read_entries(file, client)
    vision = LocalVision(checkpoint) if checkpoint and folder else None
    names = None if client is None else _embed_names(client, entries, vision)
    report = check_catalogue(entries, folder, vision, names, track)
    if as_json:
        click.echo(json.dumps(describe_report(report), ensure_ascii=False, indent=2))
    else:
        click.echo(show_report(report, _terminal_width()))
    if report.count("error"):
        raise click.exceptions.Exit(1)


def _read_entries(file: Path | None, client: Elasticsearch | None) -> Entries:
    from loader.elastic.indices import PEAKS
    from loader.peaks.catalogue import Peak
    from loader.peaks.checks.entries import gather_entries, read_entries
    from loader.peaks.names import read_loaded

    if file is not None:
        return read_entries(file)
    assert client is not None
    return gather_entries(read_loaded(client, Peak), PEAKS)


def _embed_names(client: Elasticsearch, entries: Entries, vision: LocalVision | None) -> NameVectors | None:
    """Have the cluster embed the names, by the model that the index was made for."""
    from loader.elastic.indices import PEAKS
    from loader.elastic.models import check_checkpoint, deployed_model, read_index_model, refuse_other_model
    from loader.peaks.checks.names import embed_all_names
    from loader.show.progress import Progress

    index = read_index_model(client, PEAKS)
    model = deployed_model(client, index.model_id)
    refuse_other_model(PEAKS, index, model)
    if vision is not None:
        check_checkpoint(index, PEAKS, vision.checkpoint)
    if not entries.peaks:
        return None
    with Progress("names", len(entries.peaks)) as progress:
        return embed_all_names(client, model.model_id, model.logit_scale, entries.peaks, progress.advance)


def _terminal_width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
