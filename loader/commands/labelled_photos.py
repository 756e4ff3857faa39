"""Commands about photos whose labels are known: `peaks calibrate` and `peaks evaluate`."""
from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
from elasticsearch import Elasticsearch

from loader.commands.options import (
    FILE,
    FOLDER,
    NEW_FILE,
    json_option,
    print_json,
    say_limits,
    write_output,
)
from loader.elastic.connection import Connection, connection_options

if TYPE_CHECKING:
    from evaluation.calibration import Measurement

# The modules that bring numpy, SciPy or matplotlib are imported when a command runs: `--help` must not wait.

_LABELS = (
    "What photos show: `sight` (peaks in frame by EXIF, weak), `folders` (the first one is a peak's or "
    "concept's id), or a JSON file."
)


@click.command("calibrate")
@click.option("--labels", metavar="sight|folders|FILE", help=_LABELS)
@click.option("--precision", type=click.FloatRange(0, 1, min_open=True), default=0.9, show_default=True,
              help="Share of the names given that must be right.")
@click.option("--dry-run", is_flag=True, help="Measure and print; the rule in force stays.")
@click.option("--reset", is_flag=True, help="Return to the rule that ships; measures nothing.")
@json_option
@connection_options
def calibrate(
    connection: Connection,
    labels: str | None,
    precision: float,
    dry_run: bool,
    reset: bool,
    as_json: bool,
) -> None:
    """Measure how much each clue counts to name a mountain.

    The rule's weights and thresholds and the cut-off of searches by words are fitted to labelled photos of
    the index and kept in its _meta. Loaded photos keep their names until `peaks predict` names them again.
    """
    if reset == (labels is not None):
        raise click.UsageError("Give --labels to measure, or --reset to return to the rule that ships.")
    if reset and (dry_run or as_json):
        raise click.UsageError("--reset measures nothing: give it without --dry-run and --json.")
    client = connection.client()
    if labels is None:
        _reset(client)
        return
    from evaluation.reports.calibration_table import describe_measurement, show_measurement

    measured = _measure(client, labels, precision)
    say_limits(client)
    if not dry_run:
        _keep(client, measured, labels, precision)
    if as_json:
        print_json(describe_measurement(measured))
    else:
        click.echo(show_measurement(measured, kept=not dry_run))


def _reset(client: Elasticsearch) -> None:
    from loader.peaks.identification.calibration_store import reset_rule_in_force

    reset_rule_in_force(client)
    click.echo("The rule that ships is in force; run `peaks predict` to name the stored photos by it.")


def _measure(client: Elasticsearch, source: str, precision: float) -> Measurement:
    from evaluation.calibration import Calibration
    from evaluation.dataset import read_dataset
    from evaluation.labels import read_labels
    from evaluation.retrieval import ask_by_name, open_encoder
    from loader.peaks.identification.calibration_store import read_rule_in_force

    dataset = read_dataset(client)
    labels = read_labels(source, dataset)
    calibration = Calibration(dataset, labels, read_rule_in_force(client).rule, precision)
    encode = open_encoder(client, dataset.model.model_id)
    peaks = ask_by_name(dataset, labels, dataset.peaks, encode)
    return calibration.measure([*peaks, *ask_by_name(dataset, labels, dataset.concepts, encode)])


def _keep(client: Elasticsearch, measured: Measurement, labels: str, precision: float) -> None:
    from loader.peaks.identification.calibration_store import RuleInForce, write_rule_in_force

    origin = {
        "labels": labels,
        "photos": measured.photos,
        "precision": precision,
        "date": date.today().isoformat(),
    }
    write_rule_in_force(client, RuleInForce(measured.rule, measured.min_similarity, origin))


@click.command()
@click.option("--labels", "source", required=True, metavar="sight|folders|FILE", help=_LABELS)
@click.option("--peaks", "peaks_file", type=FILE, metavar="FILE",
              help="Catalogue of peaks, for the languages of their names.")
@click.option("--concepts", "concepts_file", type=FILE, metavar="FILE",
              help="Catalogue of concepts, for the languages of their names.")
@click.option("--reference-images", "reference_folder", metavar="DIR", type=FOLDER,
              help="Folder of reference photos, as `peaks load-peaks` takes it: photos of the index that are "
                   "among them are not judged.")
@click.option("--output", type=NEW_FILE, default=Path("evaluation-report/evaluation.md"), show_default=True,
              help="The report, Markdown; its plots go into images/ beside it.")
@click.option("--json", "json_file", type=NEW_FILE, metavar="FILE", help="Write every figure as JSON too.")
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
    """Measure how well photos are found and mountains named.

    It measures searches by words in every language, identification by picture and sight line, and concepts,
    on the labelled photos of the index; it prints the finding and writes a report. The index stays as it is.
    """
    from evaluation.dataset import read_dataset
    from evaluation.labels import read_labels
    from evaluation.measurements import evaluate as measure
    from evaluation.reports.report import Run, describe_findings, describe_versions, render_files
    from evaluation.retrieval import open_encoder
    from loader.peaks.identification.calibration_store import read_rule_in_force

    client = connection.client(request_timeout=600)
    dataset = read_dataset(client, peaks_file, concepts_file)
    labels = read_labels(source, dataset)
    references = dataset.photos.find_copies(reference_folder) if reference_folder else frozenset()
    evaluation = measure(
        dataset,
        labels.without(references),
        open_encoder(client, dataset.model.model_id),
        read_rule_in_force(client),
        precision,
    )
    run = Run(written_command(ctx), precision, dataset.model, len(references), describe_versions(client))
    for sentence in describe_findings(evaluation):
        click.echo(sentence)
    say_limits(client)
    for path, content in render_files(evaluation, run, output, json_file).items():
        write_output(path, content)
        click.echo(path)


def written_command(context: click.Context) -> str:
    """Return the command as it was called, without one cluster's address and credentials."""
    connection = click.command(connection_options(lambda: None))
    private = {parameter.name for parameter in connection.params}
    words = ["peaks", context.info_name or ""]
    for parameter in context.command.params:
        name = parameter.name or ""
        is_given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if is_given and name not in private:
            words += [parameter.opts[0], str(context.params[name])]
    return shlex.join(words)
