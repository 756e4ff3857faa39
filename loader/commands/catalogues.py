"""`peaks load-peaks` and `peaks load-concepts`: the two catalogues into the cluster."""
from __future__ import annotations

from pathlib import Path

import click

from loader.elastic.connection import Connection, connection_options
from loader.elastic.models import check_checkpoint, deployed_model, read_index_model, refuse_other_model
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.show.progress import Progress


@click.command("load-peaks")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reference-images", "folder", metavar="DIR",
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
    folder: Path | None,
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
    # numpy and Pillow: not for `--help`
    from loader.peaks import catalogue_writer
    from loader.peaks.reference_images import References, find_references
    from loader.show.summary import show_catalogue_report
    from loader.vision.image_vectors import LocalVision

    peaks = read_catalogue(file, Peak)
    references = find_references(folder, peaks) if folder else References()
    client, vision = connection.client(), LocalVision(checkpoint)
    index = read_index_model(client, Peak.index)
    model = deployed_model(client, es_model_id or index.model_id)
    refuse_other_model(Peak.index, index, model)
    if references.images:
        check_checkpoint(index, Peak.index, vision.checkpoint)
    with Progress("peaks", len(peaks)) as progress:
        report = catalogue_writer.load_peaks(
            client, peaks, model.model_id, references, vision.embed, alpha_text, max_images, progress.advance
        )
    click.echo(show_catalogue_report(report, Peak.noun, str(file), as_json=as_json))
    if report.rejected:
        raise click.exceptions.Exit(1)


@click.command("load-concepts")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@connection_options
def load_concepts(connection: Connection, file: Path, as_json: bool) -> None:
    """Load a catalogue of concepts (YAML), what photos may show beside peaks, into the index concepts.

    The names of a concept become its vector inside the cluster, by the index's own pipeline. A mistake in
    FILE is named with its line, and nothing is written. Exit status: 0 when every concept is in, 1 when one
    was refused or nothing could be done.
    """
    from loader.peaks import catalogue_writer  # numpy and Pillow: not for `--help`
    from loader.show.summary import show_catalogue_report

    concepts = read_catalogue(file, Concept)
    client = connection.client()
    index = read_index_model(client, Concept.index)
    refuse_other_model(Concept.index, index, deployed_model(client, index.model_id))
    with Progress("concepts", len(concepts)) as progress:
        report = catalogue_writer.load_concepts(client, concepts, progress.advance)
    click.echo(show_catalogue_report(report, Concept.noun, str(file), as_json=as_json))
    if report.rejected:
        raise click.exceptions.Exit(1)
