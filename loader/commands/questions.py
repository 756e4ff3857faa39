"""`peaks search`, `peak` and `similar`: questions about photos."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from elasticsearch import Elasticsearch

from loader.elastic.connection import Connection, connection_options
from loader.elastic.indices import PHOTOS
from loader.peaks.identification.measured import read_cut_off
from loader.search.answer import Answer, describe_answer
from loader.search.filters import Filters, photo_filter_options, word_filter_options
from loader.search.questions import (
    Call,
    Recipe,
    ask_photos,
    ask_similar,
    check_local_vision,
    peak_call,
    peak_name_call,
    resolve,
    similar_call,
    text_call,
)
from loader.search.template_call import format_curl
from loader.show.answer_table import show_nothing, show_photos
from loader.show.contact_sheet import render_photos, write_sheet
from loader.vision.image_vectors import LocalVision, find_indexed, read_image

json_option = click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON document.")
html_option = click.option(
    "--html", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the answer as a contact sheet, one HTML file with its thumbnails inside.",
)
curl_option = click.option(
    "--curl", is_flag=True, help="Print the same question as a curl command, and ask nothing."
)
checkpoint_option = click.option(
    "--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
    help="The checkpoint that the photos were loaded with [env PEAKS_CHECKPOINT].",
)


@click.command()
@click.argument("text")
@click.option("--recipe", type=click.Choice(["none", "photo", "peak"]), default="photo", show_default=True,
              help="The prompts around the text: those for any photo, for a mountain, or none.")
@click.option("--hybrid", is_flag=True,
              help="Rank by words too: names of predicted peaks and concepts, file path, EXIF description.")
@word_filter_options
@json_option
@html_option
@curl_option
@connection_options
def search(
    connection: Connection,
    text: str,
    recipe: Recipe,
    hybrid: bool,
    filters: Filters,
    as_json: bool,
    html: Path | None,
    curl: bool,
) -> None:
    """Photos that show what TEXT says, in any language, likeliest first."""
    client = connection.client()
    call = text_call(text, recipe, resolve(client, filters), hybrid=hybrid, cut_off=read_cut_off(client))
    if curl:
        _print_curl(connection, call)
        return
    _show_photos(ask_photos(client, call, thumbnails=html is not None), as_json, html)


@click.command()
@click.argument("name")
@click.option("--by-name", is_flag=True,
              help="Search by the name alone ('A | B' for several names), without the catalogue's prototype.")
@word_filter_options
@json_option
@html_option
@curl_option
@connection_options
def peak(
    connection: Connection,
    name: str,
    by_name: bool,
    filters: Filters,
    as_json: bool,
    html: Path | None,
    curl: bool,
) -> None:
    """Photos of the peak NAME: its id or any of its names in the catalogue."""
    if curl and not by_name:
        raise click.UsageError("--curl prints searches by words, and a prototype is a vector: add --by-name.")
    client = connection.client()
    resolved = resolve(client, filters)
    call = peak_name_call(name, resolved) if by_name else peak_call(client, name, resolved)
    if curl:
        _print_curl(connection, call)
        return
    _show_photos(ask_photos(client, call, thumbnails=html is not None), as_json, html)


@click.command()
@click.argument("image")
@photo_filter_options
@checkpoint_option
@json_option
@html_option
@connection_options
def similar(
    connection: Connection,
    image: str,
    filters: Filters,
    checkpoint: str | None,
    as_json: bool,
    html: Path | None,
) -> None:
    """Photos that look like IMAGE: a file, or the path of an indexed photo as the other commands print it.

    A file that is in the index already needs no checkpoint: its vector is taken from there.
    """
    client = connection.client()
    resolved = resolve(client, filters)
    known = find_indexed(client, image)
    vector = known.vector if known else _embed_file(client, LocalVision(checkpoint), image)
    call = similar_call(image, vector, resolved)
    _show_photos(ask_similar(client, call, known, thumbnails=html is not None), as_json, html)


def _embed_file(client: Elasticsearch, vision: LocalVision, image: str) -> list[float]:
    picture = read_image(image)
    check_local_vision(client, PHOTOS, vision)
    return vision.embed([picture])[0]


def _print_curl(connection: Connection, call: Call) -> None:
    click.echo(format_curl(connection, call.index, call.template, call.parameters))


def _show_photos(answer: Answer, as_json: bool, html: Path | None) -> None:
    if html is not None:
        write_sheet(render_photos(answer), html)
    if as_json:
        _print_json(describe_answer(answer))
        return
    if answer.note:
        click.echo(answer.note, err=True)
    click.echo(show_photos(answer) if answer.hits else show_nothing(answer))
    _tell_of_sheet(html)


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _tell_of_sheet(html: Path | None) -> None:
    if html is not None:
        click.echo(f"Contact sheet: {html}", err=True)
