"""`peaks evaluate`: how well photos are found and mountains named, as a report."""
from __future__ import annotations

from pathlib import Path

import click

from loader.elastic.connection import Connection, connection_options

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--labels", "source", required=True, metavar="sight|folders|FILE",
              help="What photos show: `sight` (peaks in frame by EXIF, weak), `folders` (the first one is a "
                   "peak's or concept's id), or a JSON file.")
@click.option("--peaks", "peaks_file", type=_FILE, metavar="FILE",
              help="Catalogue of peaks, for the languages of their names.")
@click.option("--concepts", "concepts_file", type=_FILE, metavar="FILE",
              help="Catalogue of concepts, for the languages of their names.")
@click.option("--reference-images", "reference_folder", metavar="DIR",
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of reference photos, as `peaks load-peaks` takes it: photos of the index that are "
                   "among them are not judged.")
@click.option("--output", type=_NEW_FILE, default=Path("docs/evaluation.md"), show_default=True,
              help="The report, Markdown; its plots go into images/ beside it.")
@click.option("--json", "json_file", type=_NEW_FILE, metavar="FILE", help="Write every figure as JSON too.")
@click.option("--precision", type=click.FloatRange(0, 1, min_open=True), default=0.9, show_default=True,
              help="Share of the names given that must be right; thresholds are chosen for it.")
@connection_options
@click.pass_context
def evaluate(
    ctx: click.Context,
    connection: Connection,
    source: str,
    peaks_file: Path | None,
    concepts_file: Path | None,
    reference_folder: Path | None,
    output: Path,
    json_file: Path | None,
    precision: float,
) -> None:
    """Measure how well photos are found and mountains named, and write a report.

    Searches by words in every language, identification by picture and sight line, and concepts, over the
    photos of the index whose labels are known. It changes nothing in the index.
    """
    # SciPy and matplotlib take seconds to import: not for `--help`
    from evaluation.dataset import read_dataset
    from evaluation.labels import read_labels
    from evaluation.measurements import evaluate as measure
    from evaluation.report import Run, describe_versions, write_report, written_command
    from evaluation.retrieval import open_encoder
    from loader.peaks.identification.calibration_store import read_calibrated

    client = connection.client(request_timeout=600)
    dataset = read_dataset(client, peaks_file, concepts_file)
    labels = read_labels(source, dataset)
    references = dataset.photos.find_copies(reference_folder) if reference_folder else frozenset()
    evaluation = measure(
        dataset,
        labels.without(references),
        open_encoder(client, dataset.model.model_id),
        read_calibrated(client),
        precision,
    )
    run = Run(written_command(ctx), precision, dataset.model, len(references), describe_versions(client))
    for path in write_report(evaluation, run, output, json_file):
        click.echo(path)
