"""`peaks evaluate`: how well photos are found and mountains named, as a report."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from loader.elastic.connection import Connection, connection_options
from loader.show.progress import Progress

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from evaluation.bench import Bench
    from evaluation.identification_figures import FoldSettings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--labels", required=True, metavar="sight|folders|FILE",
              help="What photos show: `sight` (peaks in frame by EXIF, weak), `folders` (the first one is a "
                   "peak's or concept's id), or a JSON file.")
@click.option("--peaks", "peaks_file", type=_FILE, metavar="FILE",
              help="Catalogue of peaks, for the languages of their names.")
@click.option("--concepts", "concepts_file", type=_FILE, metavar="FILE",
              help="Catalogue of concepts, for the languages of their names.")
@click.option("--reference-images", "reference_folder", metavar="DIR",
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with one sub-folder of photos for each peak: measures what they add.")
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="Checkpoint of the index, which embeds the reference photos here [env PEAKS_CHECKPOINT].")
@click.option("--output", type=_NEW_FILE, default=Path("docs/evaluation.md"), show_default=True,
              help="The report, Markdown; its plots go into images/ beside it.")
@click.option("--json", "json_file", type=_NEW_FILE, metavar="FILE", help="Write every figure as JSON too.")
@click.option("--precision", type=click.FloatRange(0, 1, min_open=True), default=0.9, show_default=True,
              help="Share of the names given that must be right; thresholds are chosen for it.")
@click.option("--ann/--no-ann", "with_ann", default=True, show_default=True,
              help="Compare approximate with exact search, on indices that are made for it and deleted.")
@click.option("--ann-copies", type=click.IntRange(min=0), default=0, show_default=True,
              help="Jittered copies of each photo's vector, so that approximate search has a large graph.")
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True,
              help="Parts that the photos are cut into; each is judged by weights that the others gave.")
@click.option("--seed", type=int, default=0, show_default=True,
              help="Seed of the folds, the resampling and the jitter.")
@connection_options
@click.pass_context
def evaluate(
    ctx: click.Context,
    connection: Connection,
    labels: str,
    peaks_file: Path | None,
    concepts_file: Path | None,
    reference_folder: Path | None,
    checkpoint: str | None,
    output: Path,
    json_file: Path | None,
    precision: float,
    with_ann: bool,
    ann_copies: int,
    folds: int,
    seed: int,
) -> None:
    """Measure how well photos are found and mountains named, and write a report.

    Searches by words in every language, identification by picture and sight line, what each trick is worth,
    and approximate against exact search, over the photos of the index whose labels are known.
    """
    from evaluation.identification_figures import FoldSettings
    from evaluation.measurements import SECTIONS
    from evaluation.measurements import evaluate as measure
    from evaluation.report import describe_run, write_report

    client = connection.client(request_timeout=600)
    settings = FoldSettings(folds, seed, precision)
    bench = _open_bench(client, labels, peaks_file, concepts_file, reference_folder, checkpoint, settings)
    with Progress("sections", SECTIONS) as progress:
        evaluation = measure(client, bench, ann_copies if with_ann else None, progress.advance)
    run = describe_run(client, ctx, bench)
    for path in write_report(evaluation, run, output, json_file):
        click.echo(path)


def _open_bench(
    client: Elasticsearch,
    source: str,
    peaks_file: Path | None,
    concepts_file: Path | None,
    reference_folder: Path | None,
    checkpoint: str | None,
    settings: FoldSettings,
) -> Bench:
    from evaluation.bench import Bench
    from evaluation.dataset import read_dataset
    from evaluation.labels import read_labels
    from evaluation.reference_vectors import embed_all, find_copies, open_references
    from evaluation.text_vectors import TextEncoder, read_prompts
    from evaluation.views import take_views
    from loader.peaks.identification.calibrated import read_calibrated
    from loader.peaks.reference_images import References

    dataset = read_dataset(client, peaks_file, concepts_file)
    views = take_views(dataset.photos.cameras, dataset.summits)
    labels = read_labels(source, dataset, views)
    references = open_references(dataset, reference_folder) if reference_folder else References()
    encoder, prompts = TextEncoder(client, dataset.model.model_id), read_prompts()
    encoder.check_recipe(prompts["peak"], dataset.peaks.names[0])
    return Bench(
        dataset,
        views,
        labels,
        encoder,
        prompts,
        read_calibrated(client),
        settings,
        embed_all(client, references, checkpoint) if references.images else {},
        find_copies(dataset, references),
    )
