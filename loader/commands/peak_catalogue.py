"""`peaks load-peaks`: the catalogue of peaks into the cluster."""
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eland_models.checkpoint import open_checkpoint
from loader.elastic.connection import Connection, connection_options
from loader.elastic.models import (
    IndexModel,
    check_checkpoint,
    deployed_model,
    read_index_model,
    refuse_other_model,
)
from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.show.progress import Progress

if TYPE_CHECKING:
    from loader.peaks.peak_writer import Encode


@click.command("load-peaks")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reference-images", "reference_folder", metavar="DIR",
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with one sub-folder of photos for each peak, named by its id.")
@click.option("--alpha-text", type=click.FloatRange(0, 1), default=0.55, show_default=True,
              help="Weight of a peak's names against its reference photos: 1 is names only.")
@click.option("--max-images", type=click.IntRange(min=1), default=3, show_default=True,
              help="Reference photos used for one peak, the first by name.")
@click.option("--es-model-id", metavar="ID",
              help="Deployed text model that embeds the names [default: the one the index was made for].")
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="Checkpoint of that model, which embeds the reference photos here [env PEAKS_CHECKPOINT].")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@connection_options
def load_peaks(
    connection: Connection,
    file: Path,
    reference_folder: Path | None,
    alpha_text: float,
    max_images: int,
    es_model_id: str | None,
    checkpoint: str | None,
    as_json: bool,
) -> None:
    """Load a catalogue of peaks (YAML) into the index peaks_catalog.

    The names of a peak are embedded inside the cluster; its reference photos, when given, are embedded here
    and blended in. A mistake in FILE is named with its line, and nothing is written. Exit status: 0 when
    every peak is in, 1 when one was refused or nothing could be done.
    """
    from loader.elastic.indices import PEAKS
    from loader.peaks import peak_writer as pipeline  # numpy and Pillow: not for `--help`
    from loader.peaks.reference_images import References, find_references
    from loader.show.summary import peaks_as_json, summarize_peaks

    peaks = read_catalogue(file, Peak)
    references = find_references(reference_folder, peaks) if reference_folder else References()
    client = connection.client()
    index = read_index_model(client, PEAKS)
    model = deployed_model(client, es_model_id or index.model_id)
    refuse_other_model(PEAKS, index, model)
    encode = _open_encoder(checkpoint, index) if references.images else None
    with Progress("peaks", len(peaks)) as progress:
        report = pipeline.load_peaks(
            client, peaks, model.model_id, references, encode, alpha_text, max_images, progress.advance
        )
    if as_json:
        click.echo(json.dumps(peaks_as_json(report), ensure_ascii=False, indent=2))
    else:
        click.echo(summarize_peaks(report, str(file)))
    if report.rejected:
        raise click.exceptions.Exit(1)


def _open_encoder(name: str | None, index: IndexModel) -> Encode:
    """Load the vision tower that belongs to the index."""
    from loader.elastic.indices import PEAKS

    if name is None:
        raise PeaksError(
            f"Reference photos are embedded here: name the checkpoint of {index.model_id} with --checkpoint "
            "DIR_OR_HUB_ID (PEAKS_CHECKPOINT)."
        )
    checkpoint = open_checkpoint(name, tower="vision")
    check_checkpoint(index, PEAKS, checkpoint)
    from loader.vision.encoder import VisionEncoder  # torch takes seconds to import

    return VisionEncoder(checkpoint).encode
