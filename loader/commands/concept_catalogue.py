"""`peaks load-concepts`: the catalogue of concepts into the cluster."""
from __future__ import annotations

import json
from pathlib import Path

import click

from loader.elastic.connection import Connection, connection_options
from loader.elastic.models import deployed_model, read_index_model, refuse_other_model
from loader.peaks.catalogue import Concept
from loader.peaks.catalogue_file import read_catalogue
from loader.show.progress import Progress


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
    from loader.elastic.indices import CONCEPTS
    from loader.peaks import concept_writer as pipeline
    from loader.show.summary import concepts_as_json, summarize_concepts

    concepts = read_catalogue(file, Concept)
    client = connection.client()
    index = read_index_model(client, CONCEPTS)
    refuse_other_model(CONCEPTS, index, deployed_model(client, index.model_id))
    with Progress("concepts", len(concepts)) as progress:
        report = pipeline.load_concepts(client, concepts, progress.advance)
    if as_json:
        click.echo(json.dumps(concepts_as_json(report), ensure_ascii=False, indent=2))
    else:
        click.echo(summarize_concepts(report, str(file)))
    if report.rejected:
        raise click.exceptions.Exit(1)
