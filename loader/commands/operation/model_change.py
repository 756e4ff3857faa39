"""`peaks reindex` changes the model while people search, and `peaks rollback` takes that back."""
from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from elasticsearch import Elasticsearch

from loader.commands.options import FOLDER, ModelId
from loader.elastic.connection import Connection, connection_options
from loader.elastic.indices import ALIASES, PHOTOS
from loader.elastic.models import DeployedModel, find_ingest_deployment, read_deployed_model
from loader.elastic.renewal.next_indices import NextIndices, create_next, read_set
from loader.elastic.renewal.swap import (
    point_next_at,
    read_model_assets,
    read_replaced,
    repair,
    require_running,
)
from loader.elastic.renewal.two_models import IndexSet
from loader.errors import PeaksError
from loader.peaks.catalogue import TOP_PEAKS, Peak
from loader.peaks.catalogue_index import read_all
from loader.peaks.identification.calibration_store import KEY as CALIBRATION
from loader.peaks.siglip import SiglipSigmoid
from loader.show.progress import track
from loader.text import clean_text, format_count, list_words

if TYPE_CHECKING:
    from loader.peaks.catalogue_writer import PrototypeMaker
    from loader.photos.renewal.build import Build

# The modules that bring numpy and PyTorch are imported when a command runs: `--help` must not wait.


@click.command()
@click.option("--es-model-id", type=ModelId(), metavar="ID", required=True,
              help="The deployed text model to change to; `peaks model deploy --es-model-id ID` puts one "
                   "there beside that in use.")
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="Checkpoint of that model, which embeds the photos [env PEAKS_CHECKPOINT].")
@click.option("--reference-images", "folder", metavar="DIR", type=FOLDER,
              help="Folder of reference photos, as `peaks load-peaks` takes it; without it prototypes are of "
                   "names alone.")
@click.option("--leave-out-missing", "leave_out", is_flag=True,
              help="Swap without the photos whose file is away, has changed or cannot be read.")
@connection_options
def reindex(
    connection: Connection,
    es_model_id: str,
    checkpoint: str | None,
    folder: Path | None,
    leave_out: bool,
) -> None:
    """Change the model of all indices while people search.

    The next indices are built beside those in use: names are embedded by the new text model, photos from
    their files by the checkpoint; all else, such as a person's word, is carried over. Then all three aliases
    move in one step. After a stopped run, start the command again: it goes on. The old indices stay, read
    only, until you delete them, and `peaks rollback` returns to them.
    """
    client, following = connection.client(), connection.client_of(NextIndices)
    model = read_deployed_model(client, es_model_id)
    present = read_set(client)
    if present.model.model_fingerprint == model.model_fingerprint:
        repair(client, present)
        click.echo(f"The indices hold vectors of [{es_model_id}] already; templates and pipelines name it.")
        return
    require_running(client, model)
    build = _open_build(client, following, model, checkpoint, folder)
    old = build.swap(track, leave_out=leave_out)
    _say_swapped(client, build, old)
    _say_due(client, build.prototypes, old, folder)


def _open_build(
    client: Elasticsearch, following: NextIndices, model: DeployedModel, checkpoint: str | None,
    folder: Path | None,
) -> Build:
    from loader.peaks.catalogue_writer import PrototypeMaker
    from loader.peaks.reference_images import References, find_references
    from loader.photos.photo_model import open_photo_model
    from loader.photos.renewal.build import Build
    from loader.vision.local_vision import LocalVision

    photo_model = open_photo_model(following, model, checkpoint, "auto", TOP_PEAKS)
    vision = LocalVision(checkpoint)
    if vision.checkpoint.fingerprint != model.checkpoint_fingerprint:
        raise PeaksError(
            f"Model [{model.model_id}] was made of another checkpoint ({model.checkpoint_fingerprint}) than "
            f"{checkpoint} ({vision.checkpoint.fingerprint}): give that one with --checkpoint."
        )
    references = find_references(folder, read_all(client, Peak)) if folder else References()
    create_next(client, read_model_assets(client, model), model)
    prototypes = PrototypeMaker(client, find_ingest_deployment(client, model.model_id), references, vision)
    return Build(client, following, photo_model.open_field_filler, prototypes, photo_model)


def _say_swapped(client: Elasticsearch, build: Build, old: IndexSet) -> None:
    """Say what stands behind the aliases now, and what is not there any more."""
    present = read_set(client)
    for alias in ALIASES:
        count = client.count(index=alias)["count"]
        click.echo(f"{alias}: {present.names[alias]} in place of {old.names[alias]}, {count:,} documents")
    if left := build.photos.left:
        named = list_words([clean_text(f"{each.name} ({each.reason})") for each in left])
        click.echo(f"Left out: {format_count(len(left), 'photo')}, {named}")
    click.echo(f"Searches use [{present.model.model_id}]. The indices of [{old.model.model_id}] stay, read "
               f"only, until you DELETE {','.join(old.names.values())}; `peaks rollback` returns to them "
               "while they are there and their model runs.")


def _say_due(
    client: Elasticsearch, prototypes: PrototypeMaker, old: IndexSet, folder: Path | None
) -> None:
    """Say what the new indices do not have of the old ones."""
    if prototypes.used:
        click.echo(f"Reference photos in {format_count(len(prototypes.used), 'prototype')}")
    for each in prototypes.skipped:
        click.echo(f"Skipped {each.name}: {each.reason}", err=True)
    if folder is None:
        click.echo("The prototypes are of names alone: if the catalogue was loaded with reference photos, "
                   "run `peaks load-peaks` with them again, then `peaks predict`.", err=True)
    name = old.names[PHOTOS]
    if CALIBRATION in client.indices.get_mapping(index=name)[name]["mappings"]["_meta"]:
        click.echo("What `peaks calibrate` measured holds for the old model: run it again, then `peaks "
                   "predict`.", err=True)


@click.command()
@connection_options
def rollback(connection: Connection) -> None:
    """Return to the model before the last change, and its indices.

    What persons and catalogues said since then is carried over. Photos that were loaded since are named: load
    them again afterwards, with the checkpoint of that model. What was deleted since comes back. Running it
    once more returns to the newer indices.
    """
    from loader.peaks.catalogue_writer import PrototypeMaker
    from loader.peaks.identification.document_fields import open_field_filler
    from loader.photos.renewal.build import Build

    client, following = connection.client(), connection.client_of(NextIndices)
    replaced = read_replaced(client)
    siglip = SiglipSigmoid.of(read_deployed_model(client, replaced.model.model_id))
    if siglip is None:
        raise PeaksError(f"Model [{replaced.model.model_id}] does not carry SigLIP's scale and bias: deploy "
                         "it again with `peaks model deploy --clear-previous`.")
    point_next_at(client, replaced)
    prototypes = PrototypeMaker(client, find_ingest_deployment(client, replaced.model.model_id))
    open_filler = partial(open_field_filler, following, siglip, TOP_PEAKS)
    build = Build(client, following, open_filler, prototypes, keeps_gone=True)
    old = build.swap(track, leave_out=True)
    _say_swapped(client, build, old)
