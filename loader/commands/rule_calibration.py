"""`peaks calibrate`: how much each clue counts, measured on a library whose photos are labelled."""
from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import click
from elasticsearch import Elasticsearch

from loader.elastic.connection import Connection, connection_options

if TYPE_CHECKING:
    from evaluation.calibration import Measurement


@click.command("calibrate")
@click.option("--labels", metavar="sight|folders|FILE",
              help="What photos show: `sight` (peaks in frame by EXIF, weak), `folders` (the first one is a "
                   "peak's or concept's id), or a JSON file.")
@click.option("--precision", type=click.FloatRange(0, 1, min_open=True), default=0.9, show_default=True,
              help="Share of the names given that must be right.")
@click.option("--dry-run", is_flag=True, help="Measure and print; the rule in force stays.")
@click.option("--reset", is_flag=True, help="Return to the rule that ships; measures nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the measurement as one JSON document.")
@connection_options
def calibrate(
    connection: Connection,
    labels: str | None,
    precision: float,
    dry_run: bool,
    reset: bool,
    as_json: bool,
) -> None:
    """Measure how much each clue counts when mountains are named, and from when on.

    The rule's weights and thresholds and the cut-off of searches by words are fitted to labelled photos of
    the index and kept in its _meta. Photos that are loaded already keep their names until `peaks predict`
    gives them new ones.
    """
    if reset == (labels is not None):
        raise click.UsageError("Give --labels to measure, or --reset to return to the rule that ships.")
    client = connection.client()
    if labels is None:
        _reset(client)
        return
    # SciPy and the report's packages take a second to import: not for `--help`
    from evaluation.calibration_table import describe_measurement, show_measurement

    measured = _measure(client, labels, precision)
    if not dry_run:
        _keep(client, measured, labels, precision)
    if as_json:
        click.echo(json.dumps(describe_measurement(measured), ensure_ascii=False, indent=2))
    else:
        click.echo(show_measurement(measured, kept=not dry_run))


def _reset(client: Elasticsearch) -> None:
    from loader.peaks.identification.calibration_store import forget_calibrated

    forget_calibrated(client)
    click.echo("The rule that ships is in force; run `peaks predict` to name the stored photos by it.")


def _measure(client: Elasticsearch, source: str, precision: float) -> Measurement:
    from evaluation.calibration import Calibration
    from evaluation.dataset import read_dataset
    from evaluation.labels import read_labels
    from evaluation.retrieval import ask_by_name, open_encoder
    from loader.peaks.identification.calibration_store import read_calibrated

    dataset = read_dataset(client)
    labels = read_labels(source, dataset)
    calibration = Calibration(dataset, labels, read_calibrated(client).rule, precision)
    encode = open_encoder(client, dataset.model.model_id)
    peaks = ask_by_name(dataset, labels, dataset.peaks, encode)
    return calibration.measure([*peaks, *ask_by_name(dataset, labels, dataset.concepts, encode)])


def _keep(client: Elasticsearch, measured: Measurement, labels: str, precision: float) -> None:
    from loader.peaks.identification.calibration_store import Calibrated, write_calibrated

    origin = {
        "labels": labels,
        "photos": measured.photos,
        "precision": precision,
        "date": date.today().isoformat(),
    }
    write_calibrated(client, Calibrated(measured.rule, measured.min_similarity, origin))
