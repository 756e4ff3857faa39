"""`peaks load-photos`: a folder of photos into the cluster."""
from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from loader.elastic.connection import Connection, connection_options
from loader.errors import PeaksError
from loader.show.progress import Progress

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from eland_models.checkpoint import Checkpoint
    from loader.elastic.models import IndexModel
    from loader.photos.comparison import Part
    from loader.photos.load import PhotoLoad
    from loader.photos.report import PhotoReport
    from loader.photos.settings import PhotoModel, Settings

NOTHING_LOADED, INTERRUPTED = 2, 130
SHOWN_GONE = 5  # paths in the question before photos are removed

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_OLD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Options:
    """The command's options, as they were given; see their help."""

    checkpoint: str | None
    es_model_id: str | None
    library_root: Path | None
    library: str | None
    timezone: str | None
    part: str | None
    top_peaks: int
    batch_size: int
    workers: int
    precision: str
    patience: float
    rejected: Path
    reload: bool
    checksum: bool
    prune: bool
    yes: bool
    dry_run: bool
    as_json: bool


@click.command("load-photos")
@click.argument("folder", metavar="[DIR]", required=False, type=_FOLDER)
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="Checkpoint whose vision tower embeds the photos, the one the index was made for "
                   "[env PEAKS_CHECKPOINT].")
@click.option("--es-model-id", metavar="ID", help="Refuse an index that was made for another model.")
@click.option("--library-root", metavar="DIR", type=_FOLDER,
              help="Folder that paths and ids are relative to [default: DIR itself]; give the library's top "
                   "when loading a part of it.")
@click.option("--library", metavar="NAME",
              help="The library's name in the index, by which --prune knows its photos [default: the name of "
                   "the root folder].")
@click.option("--timezone", metavar="ZONE",
              help="Clock of photos that do not tell their UTC offset: Asia/Kathmandu or +05:45.")
@click.option("--part", metavar="K/N",
              help="Load only the K-th of N shares, so that N machines load one library together.")
@click.option("--top-peaks", type=click.IntRange(1, 10), default=3, show_default=True,
              help="Most peaks named for a photo; none is named that is not likely.")
@click.option("--batch-size", type=click.IntRange(1, 256), default=16, show_default=True,
              help="Most photos that are embedded and not yet written.")
@click.option("--workers", type=click.IntRange(1, 256), default=None, metavar="N",
              help="Processes that decode photos [default: one a core].")
@click.option("--precision", type=click.Choice(["auto", "fp32", "int8"]), default="auto", show_default=True,
              help="Of the vision tower. auto: on a CPU int8, if the library's first photos keep a cosine of "
                   "0.999 to float32.")
@click.option("--patience", type=click.FloatRange(0), default=10.0, show_default=True, metavar="MINUTES",
              help="How long to wait for a cluster that is away or busy.")
@click.option("--rejected", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              default="rejected-photos.ndjson", show_default=True,
              help="Where documents are kept that Elasticsearch refuses; made only if there are any.")
@click.option("--retry", type=_OLD_FILE, metavar="FILE",
              help="Write the documents of such a file again, instead of loading DIR.")
@click.option("--reload", is_flag=True,
              help="Load unchanged photos again, for instance after a change of --timezone (for new peaks, "
                   "concepts or a calibration, `peaks predict` is enough).")
@click.option("--checksum", is_flag=True,
              help="Read every file, and tell changed ones by content instead of by size and time.")
@click.option("--prune", is_flag=True,
              help="Afterwards remove the photos of this library that have no file any more; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@connection_options
def load_photos(connection: Connection, folder: Path | None, retry: Path | None, **given: Any) -> None:
    """Load the photos under DIR into the index photos.

    JPEG, PNG, WebP, HEIF and TIFF files are recognised by content. Photos that the index holds already are
    left alone, and a run that was stopped goes on where it was when it is started again. Exit status: 0 with
    a summary that names every skipped file, 1 when Elasticsearch refused a photo or the command cannot run,
    2 when nothing could be loaded, 130 when it was stopped.
    """
    options = Options(**given)
    with _stoppable():
        if retry is not None:
            return _retry(connection, retry, options)
        if folder is None:
            raise click.UsageError("Missing argument 'DIR' (or --retry FILE).")
        _load(connection, folder, options)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM, which `kill` and service managers send, stop a run as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _load(connection: Connection, folder: Path, options: Options) -> None:
    from loader.elastic.retries import patience
    from loader.photos.report import PhotoReport

    report = PhotoReport()
    try:
        with patience(options.patience * 60, _announce):
            _load_into(report, connection, folder, options)
    except KeyboardInterrupt:
        _stop(report, str(folder), options)
    _say(report, str(folder), options)
    if not report.loaded and not options.dry_run:
        raise click.exceptions.Exit(NOTHING_LOADED)
    if report.rejected:
        raise click.exceptions.Exit(1)


def _load_into(report: PhotoReport, connection: Connection, folder: Path, options: Options) -> None:
    from loader.elastic.photo_index import check_fields, read_photo_model
    from loader.elastic.retries import with_retries
    from loader.files.library import list_files
    from loader.photos import load as pipeline  # numpy and Pillow: not for `--help`

    settings = _settings(folder, options)
    client = _reach(connection)
    index = with_retries(lambda: read_photo_model(client))
    _refuse_other_model(index, options.es_model_id)
    with_retries(lambda: check_fields(client))
    listing = list_files(folder, options.library_root)
    load = pipeline.PhotoLoad(client, listing, settings, index.checkpoint_fingerprint, report)
    if options.dry_run:
        load.foresee()
    else:
        _run(client, load, index, options, str(folder))


def _announce(words: str) -> None:
    click.echo(words, err=True)


def _reach(connection: Connection) -> Elasticsearch:
    """Return a client of a cluster that may be busy, but is there.

    Where nobody listens, the address is wrong more often than the cluster is away: that is told at once.
    """
    from elasticsearch import ApiError, TransportError
    from urllib3.exceptions import NewConnectionError

    from loader.elastic.indices import PHOTOS

    client = connection.client()
    try:
        client.indices.exists(index=PHOTOS)
    except (ApiError, TransportError) as error:
        if isinstance(error.__cause__, NewConnectionError):
            raise
    return client


def _settings(folder: Path, options: Options) -> Settings:
    from loader.files.photo import parse_zone
    from loader.photos.comparison import WHOLE
    from loader.photos.settings import Settings

    root = (options.library_root or folder).resolve()
    return Settings(
        library=options.library or os.fsencode(root.name).decode("utf-8", "backslashreplace") or "/",
        root=root,
        batch_size=options.batch_size,
        workers=options.workers or 0,
        zone=parse_zone(options.timezone) if options.timezone else None,
        part=parse_part(options.part) if options.part else WHOLE,
        reload=options.reload,
        checksum=options.checksum,
    )


def parse_part(written: str) -> Part:
    """Return the share that a person names: "2/5".

    Raises:
        PeaksError: not of that form, or a number out of range.
    """
    from loader.photos.comparison import Part

    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", written)
    part = Part(int(found[1]), int(found[2])) if found else Part(0, 0)
    if not 1 <= part.number <= part.count:
        raise PeaksError(f"--part {written} is no share: give K/N with K from 1 to N, such as 2/5.")
    return part


def _run(
    client: Elasticsearch, load: PhotoLoad, index: IndexModel, options: Options, place: str
) -> None:
    """Load and prune; when that fails, the summary is printed first."""
    from loader.elastic.retries import patience
    from loader.photos.dead_letters import DeadLetters

    try:
        with (
            DeadLetters(options.rejected) as dead_letters,
            Progress("photos", load.files) as progress,
            patience(announce=progress.say),
        ):
            load.run(lambda: _open_model(client, index, options), dead_letters, progress.advance)
        _prune(load, options)
    except Exception:
        if load.report.embedded or load.report.rejected:
            _say(load.report, place, options)
        raise


def _open_model(client: Elasticsearch, index: IndexModel, options: Options) -> PhotoModel:
    from loader.elastic.retries import with_retries
    from loader.peaks.identification.photo_identification import PhotoIdentification
    from loader.peaks.siglip import Calibration
    from loader.photos.settings import PhotoModel
    from loader.vision.model_input import read_model_input

    checkpoint = _open_checkpoint(options.checkpoint, index)
    calibration = Calibration(checkpoint.logit_scale, checkpoint.logit_bias)
    return PhotoModel(
        read_model_input(checkpoint),
        lambda: _make_encoder(checkpoint, index, options.precision),
        lambda: with_retries(lambda: PhotoIdentification(client, calibration, options.top_peaks)),
    )


def _refuse_other_model(index: IndexModel, es_model_id: str | None) -> None:
    from loader.elastic.indices import PHOTOS

    if es_model_id is not None and es_model_id != index.model_id:
        raise PeaksError(
            f"[{PHOTOS}] was made for {index.model_id}, not for {es_model_id}: leave --es-model-id out, or "
            f"run `peaks apply --next --es-model-id {es_model_id}` first."
        )


def _open_checkpoint(name: str | None, index: IndexModel) -> Checkpoint:
    from eland_models.checkpoint import open_checkpoint

    if name is None:
        raise PeaksError(
            f"Photos are embedded here: name the checkpoint of {index.model_id} with --checkpoint "
            "DIR_OR_HUB_ID (PEAKS_CHECKPOINT)."
        )
    return open_checkpoint(name, tower="vision")


def _make_encoder(checkpoint: Checkpoint, index: IndexModel, precision: str) -> Any:
    """Load the tower, once it is the one whose vectors the index holds.

    That is told by reading the whole checkpoint, seconds in which the first photos are decoded.
    """
    from loader.elastic.indices import PHOTOS
    from loader.elastic.models import check_checkpoint

    check_checkpoint(index, PHOTOS, checkpoint)
    from loader.vision.encoder import VisionEncoder  # torch takes seconds to import

    return VisionEncoder(checkpoint, precision=precision)


def _prune(load: PhotoLoad, options: Options) -> None:
    """Remove the photos without a file, if a person wants that."""
    gone = load.report.gone
    if not options.prune or not gone:
        return
    if not load.files:
        raise PeaksError(
            "No file was found at all, so nothing was removed: see that the disk of the library is there."
        )
    if options.yes or _agrees(gone):
        load.prune()


def _agrees(gone: list[str]) -> bool:
    from loader.text import clean_text

    shown = "".join(f"  {clean_text(path)}\n" for path in gone[:SHOWN_GONE])
    more = f"  … and {len(gone) - SHOWN_GONE:,} more\n" if len(gone) > SHOWN_GONE else ""
    noun = "photo" if len(gone) == 1 else "photos"
    try:
        question = f"Remove {len(gone):,} {noun} without a file from the index?"
        return click.confirm(f"{shown}{more}{question}", err=True)
    except click.Abort:
        click.echo("Nobody answers, so nothing was removed; --yes removes without asking.", err=True)
        return False


def _stop(report: PhotoReport, place: str, options: Options) -> NoReturn:
    """Say how to go on, and end at once: a forward pass of the model cannot be interrupted otherwise."""
    _refuse_more_stops()
    if report.found:
        _say(report, place, options)
        left = f"Stopped; {report.left:,} {'file is' if report.left == 1 else 'files are'} left."
    else:
        left = "Stopped before the first file."
    _end(f"{left} Run the same command again to go on: what is written stays written.")


def _refuse_more_stops() -> None:
    """Let nobody who presses Ctrl-C twice cut off the words that say how to go on."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _end(words: str) -> NoReturn:
    click.echo(words, err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _say(report: PhotoReport, place: str, options: Options) -> None:
    from loader.show.summary import photos_as_json, summarize_photos

    if options.as_json:
        click.echo(json.dumps(photos_as_json(report), ensure_ascii=False, indent=2))
    else:
        click.echo(summarize_photos(report, place))


def _retry(connection: Connection, path: Path, options: Options) -> None:
    """Write the documents of a file of rejected ones again."""
    from loader.elastic.photo_index import read_photo_model
    from loader.elastic.retries import patience, with_retries
    from loader.photos.dead_letters import retry_dead_letters
    from loader.show.summary import retries_as_json, summarize_retries

    try:
        with patience(options.patience * 60, _announce):
            client = _reach(connection)
            index = with_retries(lambda: read_photo_model(client))
            report = retry_dead_letters(client, path, index.checkpoint_fingerprint)
    except KeyboardInterrupt:
        _refuse_more_stops()
        _end(f"Stopped; what is not written is still in {path}. Run the same command again to go on.")
    if options.as_json:
        click.echo(json.dumps(retries_as_json(report), ensure_ascii=False, indent=2))
    else:
        click.echo(summarize_retries(report, str(path)))
    if report.rejected:
        raise click.exceptions.Exit(1)


