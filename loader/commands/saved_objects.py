"""`peaks kibana build`: Kibana's objects as one file to import."""
from __future__ import annotations

from pathlib import Path

import click

from loader.elastic.kibana_sources import pack_objects, read_objects
from loader.errors import PeaksError


@click.group()
def kibana() -> None:
    """Data views, map and dashboard for Kibana 8.19 and 9.x."""


@kibana.command()
@click.option("--output", metavar="FILE", default="peaks.ndjson",
              type=click.Path(dir_okay=False, path_type=Path),
              help="The file to write, whose name must end in .ndjson [default peaks.ndjson].")
def build(output: Path) -> None:
    """Pack the files under kibana/ into one file that Kibana imports.

    Import it in Stack Management, Saved Objects; `peaks apply --kibana-url URL` packs and imports in one
    step. The same sources give the same bytes.
    """
    if output.suffix.lower() != ".ndjson":
        renamed = output.with_suffix(".ndjson")
        raise PeaksError(f"Kibana imports only files whose names end in .ndjson: give --output {renamed}.")
    objects = read_objects()
    packed = pack_objects(objects)
    try:
        output.write_bytes(packed)
    except OSError as error:
        raise PeaksError(f"{output} cannot be written ({error.strerror}): give another --output.") from error
    for one in objects:
        click.echo(f"{one.kind:<18}  {one.id}  ({one.title})")
    click.echo(f"{output}: {len(objects)} objects, {len(packed):,} bytes")
