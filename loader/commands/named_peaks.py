"""`peaks identify`: which mountains does a photo show?"""
from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from elasticsearch import Elasticsearch

from loader.elastic.connection import Connection, connection_options
from loader.elastic.indices import PEAKS
from loader.errors import PeaksError
from loader.search.filters import Filters, ResolvedFilters, peak_filter_options
from loader.search.questions import resolve
from loader.show.contact_sheet import render_identifications, write_sheet

if TYPE_CHECKING:
    from loader.show.identification_table import IdentifiedImage

NOTHING_READ = 2
MOST_PEAKS = 10_000  # a search's own limit


@click.command()
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@peak_filter_options
@click.option("--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
              help="The checkpoint that the photos were loaded with [env PEAKS_CHECKPOINT].")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON document.")
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the answer as a contact sheet, one HTML file with its thumbnails inside.")
@connection_options
def identify(
    connection: Connection,
    images: Sequence[str],
    filters: Filters,
    checkpoint: str | None,
    as_json: bool,
    html: Path | None,
) -> None:
    """Which mountains each IMAGE shows, by the picture and by where the camera looked.

    An IMAGE is a file, or the path of an indexed photo. What its EXIF tells of position, direction and lens
    is weighed with what the picture looks like; a peak is named when it is likely enough, and none may be.
    A photo that is in the index already needs no checkpoint.
    """
    from loader.peaks.identification.opening import open_identifier
    from loader.search.identified_images import open_vision, read_asked_image, read_siglip
    from loader.show.identification_table import IdentifiedImage

    client = connection.client()
    vision = open_vision(client, checkpoint)
    resolved = resolve(client, filters)
    allowed = _allowed_peaks(client, resolved)
    identified: list[IdentifiedImage] = []
    skipped: dict[str, str] = {}
    identifier = None
    for path in images:
        try:
            image = read_asked_image(client, path, vision)
        except PeaksError as error:
            skipped[path] = error.message
            continue
        identifier = identifier or open_identifier(client, read_siglip(client, vision))
        found = identifier.identify(image.vector, [image.camera], allowed)[0]
        identified.append(
            IdentifiedImage(
                path, image.thumbnail if html else "", found.at_least(filters.min_similarity),
                filters.size or len(found.candidates), identifier.threshold, resolved.words,
            )
        )
    _show(identified, skipped, as_json, html)


def _allowed_peaks(client: Elasticsearch, resolved: ResolvedFilters) -> Collection[str] | None:
    """The peaks inside the filters' circle and box; None without such a filter."""
    values, clauses = resolved.parameters, []
    if "near_lat" in values:
        point = {"lat": values["near_lat"], "lon": values["near_lon"]}
        clauses.append({"geo_distance": {"distance": values["near_distance"], "latlon": point}})
    if "box_top" in values:
        sides = {side: values[f"box_{side}"] for side in ("top", "left", "bottom", "right")}
        clauses.append({"geo_bounding_box": {"latlon": sides}})
    if not clauses:
        return None
    answer = client.search(index=PEAKS, source=False, fields=[{"field": "id"}], size=MOST_PEAKS,
                           query={"bool": {"filter": clauses}})
    return {hit["fields"]["id"][0] for hit in answer["hits"]["hits"]}


def _show(
    identified: Sequence[IdentifiedImage], skipped: Mapping[str, str], as_json: bool, html: Path | None
) -> None:
    from loader.show.identification_table import describe_identified, show_identified

    if html is not None and identified:
        write_sheet(render_identifications(identified), html)
    if as_json:
        reasons = [{"path": path, "reason": reason} for path, reason in skipped.items()]
        _print_json({"answers": [describe_identified(image) for image in identified], "skipped": reasons})
    else:
        tables = [show_identified(image) for image in identified]
        click.echo("\n\n".join(tables), nl=bool(tables))
        for reason in skipped.values():
            click.echo(f"Skipped: {reason}", err=True)
        if identified and html is not None:
            click.echo(f"Contact sheet: {html}", err=True)
    if not identified:
        raise click.exceptions.Exit(NOTHING_READ)


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
