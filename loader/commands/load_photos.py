"""`peaks load-photos`: a folder of photos into the cluster."""
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eland_models.checkpoint import Checkpoint, open_checkpoint
from eland_models.errors import ModelError
from loader.connection import Connection, connection_options
from loader.errors import PeaksError
from loader.models import IndexModel
from loader.progress import Progress

if TYPE_CHECKING:
    from loader.vision import VisionEncoder

NOTHING_LOADED = 2


@click.command("load-photos")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="Checkpoint whose vision tower embeds the photos, the one the index was made for "
                   "[env PEAKS_CHECKPOINT].")
@click.option("--es-model-id", metavar="ID", help="Refuse an index that was made for another model.")
@click.option("--library-root", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder that paths and ids are relative to [default: DIR itself]; give the library's top "
                   "when loading a part of it.")
@click.option("--timezone", metavar="ZONE",
              help="Clock of photos that do not tell their UTC offset: Asia/Kathmandu or +05:45.")
@click.option("--top-peaks", type=click.IntRange(1, 10), default=3, show_default=True,
              help="Most peaks named for a photo; none is named that is not likely.")
@click.option("--batch-size", type=click.IntRange(1, 256), default=16, show_default=True,
              help="Photos embedded and written at a time.")
@click.option("--reload", is_flag=True,
              help="Load unchanged photos again, for instance after a change of --timezone (for new peaks, "
                   "concepts or a calibration, `peaks predict` is enough).")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@connection_options
def load_photos(
    connection: Connection,
    folder: Path,
    checkpoint: str | None,
    es_model_id: str | None,
    library_root: Path | None,
    timezone: str | None,
    top_peaks: int,
    batch_size: int,
    reload: bool,
    as_json: bool,
) -> None:
    """Load the photos under DIR into the index photos.

    JPEG, PNG, WebP, HEIF and TIFF files are recognised by content. Photos that the index holds already are
    left alone. Exit status: 0 with a summary that names every skipped file, 1 when Elasticsearch refused a
    photo or the command cannot run, 2 when nothing could be loaded.
    """
    from loader import load_photos as pipeline  # numpy and Pillow: not for `--help`
    from loader.answer import Calibration
    from loader.identification.opening import open_identifier
    from loader.library import walk_library
    from loader.photo import parse_zone
    from loader.photo_index import read_photo_model
    from loader.summary import photos_as_json, summarize_photos

    zone = parse_zone(timezone) if timezone else None
    settings = pipeline.Settings(batch_size, top_peaks, zone, reload)
    client = connection.client()
    opened = _open_checkpoint(checkpoint, read_photo_model(client), es_model_id)
    identifier = open_identifier(client, Calibration(opened.logit_scale, opened.logit_bias))
    library = walk_library(folder, library_root)
    with Progress("photos", len(library.photos)) as progress:
        report = pipeline.load_photos(
            client, library, lambda: _make_encoder(opened), identifier, settings, progress
        )
    if as_json:
        click.echo(json.dumps(photos_as_json(report), ensure_ascii=False, indent=2))
    else:
        click.echo(summarize_photos(report, str(folder)))
    if not report.loaded:
        raise click.exceptions.Exit(NOTHING_LOADED)
    if report.rejected:
        raise click.exceptions.Exit(1)


def _open_checkpoint(name: str | None, index: IndexModel, es_model_id: str | None) -> Checkpoint:
    """Open the checkpoint and see that the index holds vectors of the very same one."""
    from loader.photo_index import PHOTOS, check_checkpoint

    if es_model_id is not None and es_model_id != index.model_id:
        raise PeaksError(
            f"[{PHOTOS}] was made for {index.model_id}, not for {es_model_id}: leave --es-model-id out, or "
            f"run `peaks apply --next --es-model-id {es_model_id}` first."
        )
    if name is None:
        raise PeaksError(
            f"Photos are embedded here: name the checkpoint of {index.model_id} with --checkpoint "
            "DIR_OR_HUB_ID (PEAKS_CHECKPOINT)."
        )
    try:
        checkpoint = open_checkpoint(name, tower="vision")
    except ModelError as error:
        raise PeaksError(str(error)) from error
    check_checkpoint(index, PHOTOS, checkpoint)
    return checkpoint


def _make_encoder(checkpoint: Checkpoint) -> VisionEncoder:
    from loader.vision import VisionEncoder  # torch takes seconds to import

    return VisionEncoder(checkpoint)
