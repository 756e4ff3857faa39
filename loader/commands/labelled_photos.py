"""Commands about photos whose labels are known: `peaks confirm`, `peaks calibrate` and `peaks evaluate`."""
from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from elasticsearch import Elasticsearch

from loader.commands.options import (
    FILE,
    FOLDER,
    NEW_FILE,
    checkpoint_option,
    json_option,
    print_json,
    say_limits,
    write_output,
)
from loader.elastic.connection import Connection, connection_options
from loader.peaks.catalogue import TOP_PEAKS, Peak
from loader.peaks.catalogue_index import find_entry
from loader.peaks.confirmed import confirm_peaks

if TYPE_CHECKING:
    from evaluation.calibration import Measurement

# The modules that bring numpy, SciPy or matplotlib are imported when a command runs: `--help` must not wait.

_LABELS = (
    "What photos show: `confirmed` (what persons said of them), `sight` (peaks in frame by EXIF, weak), "
    "`folders` (the first one is a peak's or concept's id), or a JSON file."
)


@click.command()
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True)
@click.option("--peak", "peaks", metavar="PEAK", multiple=True,
              help="Id or name of a peak that it shows; repeat for several.")
@click.option("--none", "no_peak", is_flag=True, help="It shows no peak of the catalogue.")
@click.option("--clear", is_flag=True, help="Take back what was said: the rule names its peaks again.")
@checkpoint_option
@connection_options
def confirm(
    connection: Connection,
    photos: Sequence[str],
    peaks: Sequence[str],
    no_peak: bool,
    clear: bool,
    checkpoint: str | None,
) -> None:
    """Say which peaks a PHOTO of the index shows.

    A person's word wins over what the rule names, replaces an earlier word, and stays through every load and
    `peaks predict`. Copies of a photo get the same word. `--labels confirmed` measures by it.
    """
    from loader.search.asked_image import find_indexed_image

    if (bool(peaks), no_peak, clear).count(True) != 1:
        raise click.UsageError("Say one thing: --peak PEAK, once or several times, --none or --clear.")
    client = connection.client()
    shown = list({peak.id: peak for peak in (find_entry(client, Peak, name) for name in peaks)}.values())
    ids = {photo: find_indexed_image(client, photo).ids[0] for photo in photos}
    say = _open_clearing(client, checkpoint) if clear else partial(confirm_peaks, client, peaks=shown)
    words = ", ".join(peak.name for peak in shown) or ("what the rule names" if clear else "no peak")
    for photo, identifier in ids.items():
        count = say(photo=identifier)
        copies = f" (and its copies, {count - 1:,})" if count > 1 else ""
        click.echo(f"{photo}{copies}: {words}")


def _open_clearing(client: Elasticsearch, checkpoint: str | None) -> Callable[..., int]:
    from loader.peaks.identification.document_fields import open_field_filler, take_back_word
    from loader.search.asked_image import read_siglip
    from loader.vision.local_vision import LocalVision

    fill_fields = open_field_filler(client, read_siglip(client, LocalVision(checkpoint)), TOP_PEAKS)
    return partial(take_back_word, client, fill_fields=fill_fields)


@click.command("calibrate")
@click.option("--labels", metavar="confirmed|sight|folders|FILE", help=_LABELS)
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
@click.option("--labels", "source", required=True, metavar="confirmed|sight|folders|FILE", help=_LABELS)
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
