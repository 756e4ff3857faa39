"""`peaks identify`: which mountains does a photo show?"""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from elasticsearch import Elasticsearch

from loader.commands.options import (
    checkpoint_option,
    html_option,
    json_option,
    peak_filter_options,
    read_each,
    show_each,
)
from loader.elastic.connection import Connection, connection_options
from loader.elastic.indices import PEAKS
from loader.search.filters import Filters, filter_clauses, read_filters

if TYPE_CHECKING:
    from loader.show.identification_table import IdentifiedImage

MOST_PEAKS = 10_000  # a search's own limit


@click.command()
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@peak_filter_options
@checkpoint_option
@json_option
@html_option
@connection_options
def identify(
    connection: Connection,
    images: Sequence[str],
    checkpoint: str | None,
    as_json: bool,
    html: Path | None,
    **filters: Any,
) -> None:
    """Which mountains each IMAGE shows, by the picture and by where the camera looked.

    An IMAGE is a file, or the path of an indexed photo. What its EXIF tells of position, direction and lens
    is weighed with what the picture looks like; a peak is named when it is likely enough, and none may be.
    A photo that is in the index already needs no checkpoint.
    """
    from loader.show.contact_sheet import render_identifications, write_html  # numpy: not for `--help`
    from loader.show.identification_table import describe_identified, show_identified

    found, skipped = _identify_all(connection.client(), images, filters, checkpoint)
    if html is not None and found:
        write_html(render_identifications(found), html)
        click.echo(f"Contact sheet: {html}", err=True)
    show_each(found, skipped, show=show_identified, describe=describe_identified,
              json_key="answers" if as_json else None)


def _identify_all(
    client: Elasticsearch, images: Sequence[str], given: Mapping[str, Any], checkpoint: str | None
) -> tuple[list[IdentifiedImage], dict[str, str]]:
    from loader.peaks.identification.identifier import open_identifier
    from loader.search.asked_image import read_asked_image, read_siglip
    from loader.show.identification_table import IdentifiedImage
    from loader.vision.image_vectors import LocalVision

    vision = LocalVision(checkpoint)
    filters = read_filters(client, **given)
    allowed = _allowed_peaks(client, filters)
    asked, skipped = read_each(images, lambda path: read_asked_image(client, path, vision))
    if not asked:
        return [], skipped
    identifier = open_identifier(client, read_siglip(client, vision))
    found = []
    for image in asked:
        identified = identifier.identify(image.vector, [image.camera], allowed)[0]
        identified = identified.at_least(filters.parameters.get("min_similarity"))
        found.append(IdentifiedImage(
            image.path, image.thumbnail, identified, given["size"],
            identifier.threshold, filters.words,
        ))
    return found, skipped


def _allowed_peaks(client: Elasticsearch, filters: Filters) -> Collection[str] | None:
    """The peaks inside the filters' circle and box; None without such a filter."""
    if not {"near_lat", "box_top"} & filters.parameters.keys():
        return None
    query = {"bool": {"filter": filter_clauses(client, filters, "peaks-by-text")}}
    answer = client.search(index=PEAKS, source=False, fields=[{"field": "id"}], size=MOST_PEAKS, query=query)
    return {hit["fields"]["id"][0] for hit in answer["hits"]["hits"]}
