"""`peaks search`, `peak`, `similar` and `photos`: questions about photos."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from elasticsearch import Elasticsearch

from loader.commands.options import (
    checkpoint_option,
    combine,
    html_option,
    json_option,
    photo_filter_options,
    plain_filter_options,
    print_json,
    say_limits,
    word_filter_options,
    write_contact_sheet,
)
from loader.elastic.connection import Connection, connection_options
from loader.elastic.models import find_limits
from loader.peaks.identification.calibration_store import read_cut_off
from loader.search.answer import Answer
from loader.search.asking import answer_photos, answer_question, answer_similar
from loader.search.filters import read_filters
from loader.search.question import (
    Order,
    Question,
    Recipe,
    ask_image,
    ask_indexed_image,
    ask_peak,
    ask_peak_name,
    ask_photos,
    ask_text,
)
from loader.search.template_call import format_curl
from loader.show.answer_table import describe_answer, show_nothing, show_photos
from loader.show.contact_sheet import render_photos
from loader.show.tables import fold_line
from loader.vision.local_text import LocalText

curl_option = click.option(
    "--curl", is_flag=True,
    help="Print the search as a curl command, without a cut-off that `peaks calibrate` measured. The cluster "
         "is asked nothing, or which peak (`peak`) or photo (`similar`) is meant.",
)
answer_options = combine(json_option, html_option, curl_option, connection_options)


@click.command()
@click.argument("text")
@click.option("--recipe", type=click.Choice(["none", "photo", "peak"]), default="photo", show_default=True,
              help="Prompts around the text: for any photo, for a mountain, or none.")
@click.option("--hybrid", is_flag=True,
              help="Rank by words too: names of predicted peaks and concepts, file path, EXIF description.")
@click.option("--client-vectors", is_flag=True,
              help="Make the words' vector here, by the exported text model of --checkpoint, for a cluster "
                   "whose licence has no machine learning.")
@checkpoint_option
@word_filter_options
@answer_options
def search(
    connection: Connection,
    text: str,
    recipe: Recipe,
    hybrid: bool,
    client_vectors: bool,
    checkpoint: str | None,
    as_json: bool,
    html: Path | None,
    curl: bool,
    **filters: Any,
) -> None:
    """Find photos that show what TEXT says, in any language."""
    if curl and client_vectors:
        raise click.UsageError("--curl has the cluster make the words' vector: leave --client-vectors out.")
    if curl:
        _print_curl(connection, ask_text(text, recipe, read_filters(None, **filters), hybrid=hybrid))
        return
    client = connection.client()
    chosen = read_filters(client, **filters)
    question = ask_text(text, recipe, chosen, hybrid=hybrid, cut_off=read_cut_off(client))
    local = LocalText(checkpoint) if client_vectors else None
    answer = answer_question(client, question, thumbnails=html is not None, text=local)
    _show_photos(client, answer, as_json, html)


@click.command()
@click.argument("name")
@click.option("--by-name", is_flag=True,
              help="Search by the name alone ('A | B' for several names), without the catalogue's prototype.")
@word_filter_options
@answer_options
def peak(
    connection: Connection,
    name: str,
    by_name: bool,
    as_json: bool,
    html: Path | None,
    curl: bool,
    **filters: Any,
) -> None:
    """Find photos of the peak NAME: any of its names, or its id."""
    if curl and by_name:
        _print_curl(connection, ask_peak_name(name, read_filters(None, **filters)))
        return
    client = connection.client()
    chosen = read_filters(client, **filters)
    question = ask_peak_name(name, chosen) if by_name else ask_peak(client, name, chosen)
    if curl:
        _print_curl(connection, question)
        return
    answer = answer_question(client, question, thumbnails=html is not None)
    _show_photos(client, answer, as_json, html)


@click.command()
@click.argument("image")
@photo_filter_options
@checkpoint_option
@answer_options
def similar(
    connection: Connection,
    image: str,
    checkpoint: str | None,
    as_json: bool,
    html: Path | None,
    curl: bool,
    **filters: Any,
) -> None:
    """Find photos like another one.

    IMAGE is a file, or the path of an indexed photo as the other commands print it, or that path's end. A
    file that is in the index already needs no checkpoint: its vector is taken from there.
    """
    # decoders and numpy, which questions in words do not need
    from loader.search.asked_image import read_asked_image
    from loader.vision.local_vision import LocalVision

    client = connection.client()
    asked = read_asked_image(client, image, LocalVision(checkpoint))
    chosen = read_filters(client, **filters)
    if asked.ids:
        question = ask_indexed_image(client, asked.path, asked.ids[0], chosen)
    else:
        question = ask_image(asked.path, asked.vector[0].tolist(), chosen)
    if curl:
        _print_curl(connection, question)
        return
    answer = answer_similar(client, question, asked.ids, thumbnails=html is not None)
    _show_photos(client, answer, as_json, html, [asked.fields.get("camera")])


@click.command()
@plain_filter_options
@click.option("--page", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
              help="Which part of the photos, --size at a time.")
@click.option("--sort", type=click.Choice(["time", "altitude", "distance"]), default="time",
              show_default=True,
              help="Order: the photo's own clock, its altitude, or its distance from --near.")
@click.option("--reverse", is_flag=True, help="The latest, highest or farthest first.")
@answer_options
def photos(
    connection: Connection,
    page: int,
    sort: Order,
    reverse: bool,
    as_json: bool,
    html: Path | None,
    curl: bool,
    **filters: Any,
) -> None:
    """Browse photos by filters alone, page by page."""
    if curl:
        _print_curl(connection, ask_photos(read_filters(None, **filters), sort, reverse=reverse, page=page))
        return
    client = connection.client()
    question = ask_photos(read_filters(client, **filters), sort, reverse=reverse, page=page)
    answer = answer_photos(client, question, thumbnails=html is not None)
    _show_photos(client, answer, as_json, html)


def _print_curl(connection: Connection, question: Question) -> None:
    click.echo(format_curl(connection, question.template, question.parameters))


def _show_photos(
    client: Elasticsearch, answer: Answer, as_json: bool, html: Path | None, asked: Sequence[str | None] = ()
) -> None:
    """Show an answer, and say the model's limits for its cameras and that of an asked image."""
    is_judged = answer.question.command != "photos"  # which shows the model's names alone
    judged = [hit.camera for hit in answer.hits if is_judged or hit.predictions or hit.concepts]
    cameras = [*asked, *judged]
    if html is not None:
        write_contact_sheet(render_photos(answer, find_limits(client, cameras)), html)
    if as_json:
        print_json(describe_answer(answer))
    else:
        if answer.note:
            click.echo(fold_line(answer.note), err=True)
        click.echo(show_photos(answer) if answer.hits else show_nothing(answer))
    say_limits(client, cameras)
