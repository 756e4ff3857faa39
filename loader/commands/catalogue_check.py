"""`peaks catalog check`: what is wrong with a catalogue of peaks and its reference photos."""
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loader.elastic.connection import Connection, connection_options
from loader.elastic.models import check_checkpoint, deployed_model, read_index_model, refuse_other_model
from loader.peaks.catalogue import Peak
from loader.peaks.names import read_loaded

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
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
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
    # numpy, scipy and Pillow: not for `--help`
    from loader.peaks.checks.catalogue_check import check_catalogue
    from loader.show.catalogue_problems import describe_problems, show_problems
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
        click.echo(json.dumps(describe_problems(report), ensure_ascii=False, indent=2))
    else:
        click.echo(show_problems(report))
    if report.count("error"):
        raise click.exceptions.Exit(1)


def _read_entries(file: Path | None, client: Elasticsearch | None) -> Entries:
    from loader.peaks.checks.entries import Entries, check_file

    if file is not None:
        return check_file(file)
    assert client is not None
    return Entries(Peak.index, read_loaded(client, Peak))


def _embed_names(client: Elasticsearch, entries: Entries, vision: LocalVision | None) -> NameVectors | None:
    """Have the cluster embed the names, by the model that the index was made for."""
    from loader.peaks.checks.names import embed_all_names
    from loader.show.progress import Progress

    index = read_index_model(client, Peak.index)
    model = deployed_model(client, index.model_id)
    refuse_other_model(Peak.index, index, model)
    if vision is not None:
        check_checkpoint(index, Peak.index, vision.checkpoint)
    if not entries.peaks:
        return None
    with Progress("names", len(entries.peaks)) as progress:
        return embed_all_names(client, model, entries.peaks, progress.advance)
