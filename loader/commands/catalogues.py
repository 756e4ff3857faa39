"""Catalogues of peaks and concepts: make one, check it, and load them."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from loader.commands.options import (
    FILE,
    FOLDER,
    NEW_FILE,
    ModelId,
    json_option,
    print_json,
    write_output,
)
from loader.elastic.connection import Connection, connection_options
from loader.elastic.indices import PHOTOS
from loader.elastic.models import (
    find_ingest_deployment,
    read_deployed_model,
    read_index_model,
    refuse_other_checkpoint,
    refuse_other_model,
)
from loader.elastic.photo_index import read_positions
from loader.errors import PeaksError
from loader.peaks.catalogue import ALPHA_TEXT, MOST_REFERENCES, Concept, Entry, Peak
from loader.peaks.catalogue_file import LANGUAGE, format_catalogue, read_catalogue
from loader.peaks.catalogue_index import require_entries
from loader.peaks.gazetteers.summit import parse_height
from loader.place import parse_length
from loader.show.progress import Progress, track

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from loader.peaks.catalogue_writer import CatalogueReport
    from loader.peaks.checks.entries import Entries
    from loader.peaks.checks.names import NameVectors
    from loader.vision.local_vision import LocalVision

# The modules that bring numpy, SciPy or matplotlib are imported when a command runs: `--help` must not wait.

Given = TypeVar("Given")

OWN_CONCEPTS = Path(__file__).resolve().parents[2] / "catalogues" / "concepts.yaml"

_references_option = click.option(
    "--reference-images", "folder", metavar="DIR", type=FOLDER,
    help="Folder with one sub-folder of photos for each peak, named by its id.",
)


@click.command("load-peaks")
@click.argument("file", type=FILE)
@_references_option
@click.option("--alpha-text", type=click.FloatRange(0, 1), default=ALPHA_TEXT, show_default=True,
              help="Weight of a peak's names against its reference photos: 1 is names only.")
@click.option("--max-images", type=click.IntRange(min=1), default=MOST_REFERENCES, show_default=True,
              help="Reference photos used for one peak, the first by name.")
@click.option("--es-model-id", type=ModelId(), metavar="ID",
              help="Deployed text model that embeds the names [default: the one the index was made for].")
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="Checkpoint of that model, which embeds the reference photos here [env PEAKS_CHECKPOINT].")
@json_option
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
    """Load a catalogue of peaks (YAML).

    They go into the index peaks_catalog. The names of a peak are embedded inside the cluster; its reference
    photos, when given, are embedded here and blended in. A mistake in FILE is named with its line, and
    nothing is written. Exit status: 0 when every peak is in, 1 when one was refused or nothing could be done.
    """
    from loader.peaks import catalogue_writer
    from loader.peaks.reference_images import References, find_references
    from loader.vision.local_vision import LocalVision

    peaks = read_catalogue(file, Peak)
    references = find_references(folder, peaks) if folder else References()
    client, vision = connection.client(), LocalVision(checkpoint)
    index = read_index_model(client, Peak.index)
    model = read_deployed_model(client, es_model_id or index.model_id)
    refuse_other_model(Peak.index, index, model)
    if references.images:
        refuse_other_checkpoint(index, Peak.index, vision.checkpoint)
    deployment = find_ingest_deployment(client, model.model_id)
    prototypes = catalogue_writer.PrototypeMaker(
        client, deployment, references, vision, alpha_text, max_images
    )
    with Progress("peaks", len(peaks)) as progress:
        report = catalogue_writer.load_peaks(client, peaks, prototypes, progress.advance)
    _end(client, report, Peak, file, as_json)


@click.command("load-concepts")
@click.argument("file", type=FILE, default=OWN_CONCEPTS)
@json_option
@connection_options
def load_concepts(connection: Connection, file: Path, as_json: bool) -> None:
    """Load a catalogue of what photos may show besides peaks.

    FILE is YAML; without it, the 48 concepts of a Himalayan trek that come with the program. The names of a
    concept become its vector inside the cluster, by the pipeline of the index concepts. A mistake in FILE is
    named with its line, and nothing is written. Exit status: 0 when every concept is in, 1 when one was
    refused or nothing could be done.
    """
    from loader.peaks import catalogue_writer

    concepts = read_catalogue(file, Concept)
    client = connection.client()
    index = read_index_model(client, Concept.index)
    refuse_other_model(Concept.index, index, read_deployed_model(client, index.model_id))
    with Progress("concepts", len(concepts)) as progress:
        report = catalogue_writer.load_concepts(client, concepts, progress.advance)
    _end(client, report, Concept, file, as_json)


def _end(
    client: Elasticsearch, report: CatalogueReport, kind: type[Entry], file: Path, as_json: bool
) -> None:
    from loader.show.summary import summarize_catalogue

    if as_json:
        print_json(asdict(report))
    else:
        click.echo(summarize_catalogue(report, kind.noun, str(file)))
        if client.count(index=PHOTOS, ignore_unavailable=True)["count"]:
            click.echo("Photos that are loaded already get these names by `peaks predict`.")
    if report.rejected:
        raise click.exceptions.Exit(1)


@click.group()
def catalog() -> None:
    """Make and check a catalogue of peaks."""


@catalog.command("import")
@click.argument("file", type=FILE)
@click.option("--output", metavar="FILE", type=NEW_FILE, default=Path("peaks.yaml"), show_default=True,
              help="The catalogue to write; a file that is there stays as it is.")
@click.option("--around-photos", metavar="DISTANCE",
              help="Only summits at most so far (40km) from the position of a photo of the index.")
@click.option("--min-elevation", metavar="HEIGHT",
              help="Only summits that are at least so high (3000m, 12000ft).")
@click.option("--language", metavar="CODE", default="en", show_default=True,
              help="Language whose name is shown first, where FILE has one.")
@connection_options
def import_summits(
    connection: Connection,
    file: Path,
    output: Path,
    around_photos: str | None,
    min_elevation: str | None,
    language: str,
) -> None:
    """Make a catalogue of the summits in FILE.

    FILE holds peaks of OpenStreetMap (GeoJSON or an Overpass answer), a country of GeoNames, or waypoints
    (GPX); its content tells which. No cluster is asked without --around-photos.
    """
    from loader.peaks.gazetteers.reader import read_gazetteer
    from loader.peaks.gazetteers.selection import select_peaks
    from loader.show.imported_summits import summarize_import

    if not LANGUAGE.fullmatch(language):
        raise PeaksError(f"--language {language!r} is no language: give its code, such as en or ne.")
    if output.exists():
        raise PeaksError(f"{output} is there already, and may hold your own work: give another --output.")
    lowest = None if min_elevation is None else _read("--min-elevation", min_elevation, parse_height)
    around = None
    if around_photos is not None:
        distance = _read("--around-photos", around_photos, parse_length)
        around = read_positions(connection.client()), distance
    gazetteer = read_gazetteer(file)
    selection = select_peaks(gazetteer, language, lowest, around)
    if selection.peaks:
        write_output(output, format_catalogue(selection.peaks, gazetteer.origin).encode())
    click.echo(summarize_import(gazetteer, selection, str(file), str(output)))
    if not selection.peaks:
        raise click.exceptions.Exit(1)


def _read(option: str, written: str, parse: Callable[[str], Given]) -> Given:
    try:
        return parse(written)
    except ValueError as error:
        examples = "such as 40km" if option == "--around-photos" else "such as 3000m or 12000ft"
        raise PeaksError(f"{option}: {error}; write a number and its unit, {examples}.") from error


@catalog.command()
@click.argument("file", required=False, type=FILE)
@_references_option
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="Checkpoint that embeds the reference photos here [env PEAKS_CHECKPOINT].")
@click.option("--offline", is_flag=True,
              help="Check files, positions and sight lines only; ask no cluster about names.")
@json_option
@connection_options
def check(
    connection: Connection,
    file: Path | None,
    folder: Path | None,
    checkpoint: str | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Say what is wrong with a catalogue of peaks.

    FILE is the catalogue (YAML); without it the peaks of the index are checked. Reference photos are checked
    too. Exit status: 0 when nothing is wrong or there are warnings only, 1 when there is an error or the
    command cannot run.
    """
    from loader.peaks.checks.catalogue_check import check_catalogue
    from loader.show.catalogue_problems import describe_problems, show_problems
    from loader.vision.local_vision import LocalVision

    if file is None and offline:
        raise click.UsageError("--offline reaches no index: give the catalogue's FILE.")
    client = None if offline else connection.client()
    entries = _read_entries(file, client)
    vision = LocalVision(checkpoint) if checkpoint and folder else None
    names = None if client is None else _embed_names(client, entries, vision)
    report = check_catalogue(entries, folder, vision, names, track)
    if as_json:
        print_json(describe_problems(report))
    else:
        click.echo(show_problems(report))
    if report.count("error"):
        raise click.exceptions.Exit(1)


def _read_entries(file: Path | None, client: Elasticsearch | None) -> Entries:
    from loader.peaks.checks.entries import Entries, check_file

    if file is not None:
        return check_file(file)
    assert client is not None
    return Entries(Peak.index, require_entries(client, Peak))


def _embed_names(client: Elasticsearch, entries: Entries, vision: LocalVision | None) -> NameVectors | None:
    """Have the cluster embed the names, by the model that the index was made for."""
    from loader.peaks.checks.names import embed_all_names

    index = read_index_model(client, Peak.index)
    model = read_deployed_model(client, index.model_id)
    refuse_other_model(Peak.index, index, model)
    if vision is not None:
        refuse_other_checkpoint(index, Peak.index, vision.checkpoint)
    if not entries.peaks:
        return None
    with Progress("names", len(entries.peaks)) as progress:
        return embed_all_names(client, model, entries.peaks, progress.advance)
