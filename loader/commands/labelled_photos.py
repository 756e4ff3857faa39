"""Commands about photos whose labels are known: `peaks confirm`, `peaks calibrate` and `peaks evaluate`."""
from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import date
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
    read_each,
    say_limits,
    write_output,
)
from loader.elastic.connection import Connection, connection_options
from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_index import find_entry, read_by_id
from loader.peaks.confirmed import NO_PEAK, confirm_peaks, read_all_words
from loader.text import format_count, list_words

if TYPE_CHECKING:
    from evaluation.calibration import Measurement

# The modules that bring numpy, SciPy or matplotlib are imported when a command runs: `--help` must not wait.

_LABELS = (
    "What photos show: `confirmed` (what persons said of them), `sight` (peaks in frame by EXIF, weak), "
    "`folders` (the first one is a peak's or concept's id), or a JSON file."
)


@click.command()
@click.argument("photos", metavar="[PHOTO]...", nargs=-1)
@click.option("--peak", "peaks", metavar="PEAK", multiple=True,
              help="Id or name of a peak that it shows; repeat for several.")
@click.option("--none", "no_peak", is_flag=True, help="It shows no peak of the catalogue.")
@click.option("--clear", is_flag=True, help="Take back what was said: the rule names its peaks again.")
@click.option("--labels", "labels", type=FILE, metavar="FILE",
              help="Say what a JSON file of labels says, of the photos that it names.")
@click.option("--output", type=NEW_FILE, metavar="FILE",
              help="Write everything that was said into such a file, and change nothing.")
@checkpoint_option
@connection_options
def confirm(
    connection: Connection,
    photos: Sequence[str],
    peaks: Sequence[str],
    no_peak: bool,
    clear: bool,
    labels: Path | None,
    output: Path | None,
    checkpoint: str | None,
) -> None:
    """Say which peaks a PHOTO of the index shows.

    A person's word wins over what the rule names, replaces an earlier word, and stays through every load and
    `peaks predict`. Copies of a photo get the same word. `--labels confirmed` measures by it. Exit status: 0,
    or 1 when a photo was not found.
    """
    of_photos = (bool(peaks), no_peak, clear).count(True)
    of_files = (labels is not None, output is not None).count(True)
    if (len(photos) > 0, of_photos, of_files) not in ((True, 1, 0), (False, 0, 1)):
        raise click.UsageError("Name photos and say one thing of them: --peak PEAK (once or several times), "
                               "--none or --clear; or give --labels FILE or --output FILE alone.")
    client = connection.client()
    if output is not None:
        _write_words(client, output)
        return
    if labels is not None:
        said = _read_labels(client, labels)
    else:
        shown = {peak.id: peak for peak in (find_entry(client, Peak, name) for name in peaks)}
        said = {photo: list(shown.values()) for photo in photos}
    _confirm_each(client, said, _open_clearing(client, checkpoint) if clear else None)


def _write_words(client: Elasticsearch, output: Path) -> None:
    words = [
        {"file": file, "peaks": [peak for peak in word if peak != NO_PEAK]}
        for file, word in read_all_words(client)
    ]
    write_output(output, f"{json.dumps(words, ensure_ascii=False, indent=2)}\n".encode())
    click.echo(f"{output}: {format_count(len(words), 'photo')}")


def _read_labels(client: Elasticsearch, file: Path) -> dict[str, list[Peak]]:
    """The peaks of each photo of a file of labels that says something of its peaks.

    Raises:
        PeaksError: the file cannot be read, or names a peak that is not in the catalogue.
    """
    from evaluation.labels import read_peaks_of_files

    shown = read_peaks_of_files(file)
    catalogue = read_by_id(client, Peak, {peak for ids in shown.values() for peak in ids})
    if unknown := sorted({peak for ids in shown.values() for peak in ids} - catalogue.keys()):
        raise PeaksError(f"{file} names peaks that are not in the catalogue ({list_words(unknown)}): load "
                         "them first, or correct their ids.")
    return {name: [catalogue[peak] for peak in sorted(ids)] for name, ids in shown.items()}


def _confirm_each(
    client: Elasticsearch, said: Mapping[str, list[Peak]], take_back: Callable[[str], int] | None
) -> None:
    """Write what was said of each photo; a photo that is not found is named, and the others are written."""
    from loader.search.asked_image import find_indexed_image

    refused = dict[str, str]()
    found = read_each(list(said), lambda photo: (photo, find_indexed_image(client, photo).ids[0]), refused)
    for photo, identifier in found:
        shown = said[photo]
        count = take_back(identifier) if take_back else confirm_peaks(client, identifier, shown)
        copies = f" (and its copies, {count - 1:,})" if count > 1 else ""
        words = ", ".join(peak.name for peak in shown) or ("what the rule names" if take_back else "no peak")
        click.echo(f"{photo}{copies}: {words}")
    for sentence in refused.values():
        click.echo(f"Not said: {sentence}", err=True)
    if refused:
        raise click.exceptions.Exit(1)


def _open_clearing(client: Elasticsearch, checkpoint: str | None) -> Callable[[str], int]:
    from loader.peaks.identification.document_fields import take_back_word
    from loader.peaks.identification.identifier import open_identifier
    from loader.search.asked_image import read_siglip
    from loader.vision.local_vision import LocalVision

    identifier = open_identifier(client, read_siglip(client, LocalVision(checkpoint)))
    return lambda photo: take_back_word(client, identifier, photo)


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
