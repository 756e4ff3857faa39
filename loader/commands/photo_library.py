"""Photos of the index: `peaks load-photos` writes them, `peaks predict` names their peaks anew."""
from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from elasticsearch import ApiError, Elasticsearch, TransportError
from urllib3.exceptions import NewConnectionError

from loader.commands.options import (
    FOLDER,
    PhotoFolder,
    confirm,
    json_option,
    location_option,
    print_json,
    say_limits,
    timezone_option,
    top_peaks_option,
)
from loader.elastic.connection import Connection, connection_options
from loader.elastic.indices import PHOTOS
from loader.elastic.photo_index import check_fields, read_photo_model
from loader.elastic.retries import patience, with_retries
from loader.errors import PeaksError
from loader.files.facts.times import parse_zone
from loader.files.library import library_name, list_files
from loader.files.location import Location
from loader.files.paths import printable_path
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_index import find_empty
from loader.photos.load import PhotoLoad
from loader.photos.report import PhotoReport
from loader.photos.settings import WHOLE, Part, Settings
from loader.show.progress import Progress
from loader.show.summary import describe_load, list_missing, summarize_photos, summarize_predictions
from loader.show.tables import fold_line
from loader.text import format_count

if TYPE_CHECKING:  # numpy: not for an unchanged library
    from loader.photos.photo_model import PhotoModel

NOTHING_LOADED, INTERRUPTED = 2, 130


@dataclass(frozen=True)
class Options:
    """The command's options, as they were given; see their help."""

    folder: Path
    checkpoint: str | None
    library_root: Path | None
    library: str | None
    moved: bool
    exclude: tuple[str, ...]
    timezone: str | None
    location: Location | None
    part: str | None
    top_peaks: int
    batch_size: int
    workers: int | None
    precision: str
    patience: float
    reload: bool
    checksum: bool
    prune: bool
    yes: bool
    dry_run: bool
    as_json: bool


@click.command("load-photos")
@click.argument("folder", metavar="DIR", type=PhotoFolder(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="Checkpoint whose vision tower embeds the photos, the one the index was made for "
                   "[env PEAKS_CHECKPOINT].")
@click.option("--library-root", metavar="DIR", type=FOLDER,
              help="Folder that paths and ids are relative to [default: DIR itself]; give the library's top "
                   "when loading a part of it.")
@click.option("--library", metavar="NAME",
              help="The library's name in the index [default: the name of the root folder].")
@click.option("--moved", is_flag=True, help="The library's folder was moved here from where it was loaded.")
@click.option("--exclude", metavar="PATTERN", multiple=True,
              help="Pass over what fits a pattern in the form of a .gitignore, such as raw/ or *.png; repeat "
                   "for several.")
@timezone_option
@location_option
@click.option("--part", metavar="K/N",
              help="Load only the K-th of N shares, so that N machines load one library together.")
@top_peaks_option
@click.option("--batch-size", type=click.IntRange(1, 256), default=16, show_default=True,
              help="Most photos that are embedded and not yet written.")
@click.option("--workers", type=click.IntRange(1, 256), default=None, metavar="N",
              help="Processes that decode photos [default: one a core].")
@click.option("--precision", type=click.Choice(["auto", "fp32", "int8"]), default="auto", show_default=True,
              help="Of the vision tower. auto: on a CPU int8, if the library's first photos keep a cosine of "
                   "0.999 to float32.")
@click.option("--patience", type=click.FloatRange(0), default=10.0, show_default=True, metavar="MINUTES",
              help="How long to wait for a cluster that is away or busy.")
@click.option("--reload", is_flag=True,
              help="Load unchanged photos too, for instance after a change of --timezone (for new peaks, "
                   "concepts or a calibration, `peaks predict` is enough).")
@click.option("--checksum", is_flag=True,
              help="Read every file, and find changed files by content instead of by size and time.")
@click.option("--prune", is_flag=True,
              help="Afterwards remove the photos of this library whose file is missing; asks first. A photo "
                   "whose file exists stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; open no picture and write nothing.")
@json_option
@connection_options
def load_photos(connection: Connection, **given: Any) -> None:
    """Load the photos under DIR into the index photos.

    JPEG, PNG, WebP, HEIF and TIFF files are recognised by content. Photos that the index holds already are
    not loaded again. After a stopped run, start the command again: it loads the rest, and tries photos again
    that Elasticsearch refused. Exit status: 0 with a summary that names every skipped file, 1 when
    Elasticsearch refused a photo or the command cannot run, 2 when nothing could be loaded, 130 when it was
    stopped.
    """
    options, report = Options(**given), PhotoReport()
    with _stopped_by_sigterm():
        try:
            with patience(options.patience * 60, lambda words: click.echo(words, err=True)):
                is_answered = _load(report, connection, options)
        except KeyboardInterrupt:
            _stop(report, options)
    _say(report, options)
    if report.rejected or not is_answered:
        raise click.exceptions.Exit(1)
    if not report.found:
        click.echo(f"There is no picture in {options.folder} to load: check the folder.", err=True)
    if not report.loaded and not options.dry_run:
        raise click.exceptions.Exit(NOTHING_LOADED)


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Let SIGTERM, which `kill` and service managers send, stop a run as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _load(report: PhotoReport, connection: Connection, options: Options) -> bool:
    """Load the photos; False where it was asked whether to remove some, and nobody answered."""
    settings = _settings(options)
    client = _reach(connection)
    index = with_retries(lambda: read_photo_model(client))
    with_retries(lambda: check_fields(client))
    listing = list_files(
        options.folder, options.library_root, library=settings.library, exclude=options.exclude
    )
    load = PhotoLoad(client, listing, settings, report)
    if options.dry_run:
        load.estimate()
        return True

    def open_model() -> PhotoModel:
        from loader.photos.photo_model import open_photo_model  # numpy: not for an unchanged library

        return open_photo_model(client, index, options.checkpoint, options.precision, options.top_peaks)

    try:
        with Progress("photos", load.files) as progress, patience(announce=progress.say):
            load.run(open_model, progress.advance)
        if report.written:
            with_retries(lambda: _say_empty_catalogue(client))
            with_retries(lambda: say_limits(client))
        return _prune(load, options)
    except Exception:
        if load.report.written or load.report.rejected:
            _say(load.report, options)  # the photos that were loaded before the error
        raise


def _say_empty_catalogue(client: Elasticsearch) -> None:
    if empty := find_empty(client, Peak):
        click.echo(fold_line(f"No peak could be named. {empty} Then run `peaks predict`."), err=True)


def _reach(connection: Connection) -> Elasticsearch:
    """Return a client of a cluster that answers, even if it is busy.

    If nothing listens at the address, it is probably wrong, so this does not wait.
    """
    client = connection.client()
    try:
        client.indices.exists(index=PHOTOS)
    except (ApiError, TransportError) as error:
        if isinstance(error.__cause__, NewConnectionError):
            raise
    return client


def _settings(options: Options) -> Settings:
    root = (options.library_root or options.folder).resolve()
    return Settings(
        library=printable_path(options.library) if options.library else library_name(root),
        root=root,
        batch_size=options.batch_size,
        workers=options.workers or 0,
        zone=parse_zone(options.timezone) if options.timezone else None,
        part=Part.parse(options.part) if options.part else WHOLE,
        reload=options.reload,
        checksum=options.checksum,
        moved=options.moved,
        is_unnamed=not options.library,
        location=options.location,
    )


def _prune(load: PhotoLoad, options: Options) -> bool:
    """Remove the photos without a file, if a person wants that; False where nobody answered."""
    report = load.report
    if not options.prune or not (report.missing or report.out_of_reach):
        return True
    if not load.finds_library:
        raise PeaksError(
            f"No photo of the library has a file in {options.folder}, so nothing was removed: check that its "
            "disk is connected (`peaks forget` removes a whole library)."
        )
    agrees = options.yes or _agrees(report.missing) if report.missing else False
    if agrees:
        load.prune()
    return agrees is not None


def _agrees(missing: list[str]) -> bool | None:
    shown = "\n".join(list_missing(missing))
    question = f"Remove {format_count(len(missing), 'photo')} without a file from the index?"
    return confirm(f"{shown}\n{question}")


def _stop(report: PhotoReport, options: Options) -> NoReturn:
    """Say how to go on, and end the process: a forward pass of the model cannot be interrupted otherwise."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a second Ctrl-C must not cut this message off
        signal.signal(number, signal.SIG_IGN)
    left = "Stopped before the first file."
    if report.found:
        _say(report, options)
        left = f"Stopped; {format_count(report.left, 'file')} left."
    click.echo(f"{left} Run the same command again to go on: what is written stays written.", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _say(report: PhotoReport, options: Options) -> None:
    if options.as_json:
        print_json(describe_load(report))
    else:
        click.echo(summarize_photos(report, str(options.folder)))


@click.command()
@top_peaks_option
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="The checkpoint that the photos were loaded with; only needed where its text model is not "
                   "deployed [env PEAKS_CHECKPOINT].")
@json_option
@connection_options
def predict(connection: Connection, top_peaks: int, checkpoint: str | None, as_json: bool) -> None:
    """Name peaks and concepts again in every photo of the index.

    For use after `peaks load-peaks`, `peaks load-concepts` or `peaks calibrate`. Nothing is decoded or
    embedded: vectors and EXIF come from the index. Exit status: 0, or 1 when Elasticsearch refused a photo or
    the command cannot run.
    """
    # numpy and Pillow: not for `--help`
    from loader.peaks.identification.document_fields import open_field_filler
    from loader.photos import predictions as pipeline
    from loader.search.asked_image import read_siglip
    from loader.vision.local_vision import LocalVision

    client = connection.client()
    read_photo_model(client)  # refuses peaks of another checkpoint
    fill_fields = open_field_filler(client, read_siglip(client, LocalVision(checkpoint)), top_peaks)
    with Progress("photos", client.count(index=PHOTOS)["count"]) as progress:
        report = pipeline.predict_photos(client, fill_fields, progress.advance)
    _say_empty_catalogue(client)
    say_limits(client)
    if as_json:
        print_json(asdict(report))
    else:
        click.echo(summarize_predictions(report))
    if report.rejected:
        raise click.exceptions.Exit(1)
