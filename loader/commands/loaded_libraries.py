"""`peaks libraries` and `peaks forget`: the libraries that the index holds."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from loader.commands.options import confirm, json_option, print_json
from loader.elastic.connection import Connection, connection_options
from loader.elastic.indices import PHOTOS
from loader.elastic.photo_index import (
    StoredLibrary,
    count_confirmed,
    forget_library,
    read_libraries,
    require_libraries,
)
from loader.files.paths import is_missing, real_path
from loader.search.answer import ShotTime
from loader.show.tables import Column, format_table
from loader.show.values import format_time
from loader.text import clean_text, format_count


@click.command()
@json_option
@connection_options
def libraries(connection: Connection, as_json: bool) -> None:
    """List the libraries: their photos, last loads and folders."""
    found = read_libraries(connection.client())
    if as_json:
        print_json([asdict(each) for each in found])
    elif found:
        click.echo(_show(found))
    else:
        click.echo("The index holds no library: load photos with `peaks load-photos DIR`.")


def _show(found: Sequence[StoredLibrary]) -> str:
    return format_table([
        Column("library", [each.library or "(none)" for each in found]),
        Column("photos", [f"{each.photos:,}" for each in found], "right"),
        Column("last load", [format_time(ShotTime(each.loaded)) for each in found], is_whole=True),
        Column("folder", [_say_root(each.root) for each in found]),
    ])


def _say_root(root: str | None) -> str:
    if root is None:
        return "not known: an earlier version loaded it"
    return f"{root} (not there now)" if is_missing(real_path(root)) else root


@click.command()
@click.argument("library")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connection_options
def forget(connection: Connection, library: str, yes: bool) -> None:
    """Remove a LIBRARY from the index, and touch no file."""
    client = connection.client()
    client.indices.refresh(index=PHOTOS)  # no retries, so that an absent cluster fails at once
    found = require_libraries(client, [library])
    count = format_count(sum(each.photos for each in found), "photo")
    roots = ", ".join(each.root or "a folder that is not known" for each in found)
    question = clean_text(f"Remove the {count} of {library!r} ({roots}) from the index? No file is touched.")
    if words := count_confirmed(client, library):
        question += (
            f" What persons said of {format_count(words, 'photo')} is removed too: `peaks confirm --output "
            "FILE` keeps it."
        )
    agrees = yes or confirm(question)
    if agrees is None:
        raise click.exceptions.Exit(1)
    if agrees:
        removed = format_count(forget_library(client, library), "photo")
        click.echo(clean_text(f"Removed {removed} of {library!r} from the index"))
