"""`peaks predict`: peaks and concepts named anew in photos that are in the index."""
from __future__ import annotations

import json
from dataclasses import asdict

import click

from loader.elastic.connection import Connection, connection_options
from loader.show.progress import Progress


@click.command()
@click.option("--top-peaks", type=click.IntRange(1, 10), default=3, show_default=True,
              help="Most peaks named for a photo; none is named that is not likely.")
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="The checkpoint that the photos were loaded with; only needed where its text model is not "
                   "deployed [env PEAKS_CHECKPOINT].")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@connection_options
def predict(connection: Connection, top_peaks: int, checkpoint: str | None, as_json: bool) -> None:
    """Name peaks and concepts anew in every photo of the index.

    For use after `peaks load-peaks`, `peaks load-concepts` or `peaks calibrate`. Nothing is decoded or
    embedded: vectors and EXIF come from the index. Exit status: 0, or 1 when Elasticsearch refused a photo or
    the command cannot run.
    """
    from loader.elastic.indices import PHOTOS
    from loader.elastic.photo_index import read_photo_model
    from loader.peaks.identification.document_fields import open_identification
    from loader.photos import predictions as pipeline  # numpy: not for `--help`
    from loader.search.asked_image import read_siglip
    from loader.show.summary import summarize_predictions
    from loader.vision.image_vectors import LocalVision

    client = connection.client()
    read_photo_model(client)  # refuses peaks of another checkpoint
    identify = open_identification(client, read_siglip(client, LocalVision(checkpoint)), top_peaks)
    with Progress("photos", client.count(index=PHOTOS)["count"]) as progress:
        report = pipeline.predict_photos(client, identify, progress.advance)
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        click.echo(summarize_predictions(report))
    if report.rejected:
        raise click.exceptions.Exit(1)
