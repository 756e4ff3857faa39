"""`peaks apply`: templates, pipeline and search templates into the cluster, and an index for each alias."""
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from elasticsearch import Elasticsearch

from loader.apply import Change, apply_assets
from loader.assets import ALIASES, NAMED_MODEL, Asset, bind_model, read_assets, write_requests
from loader.concrete_indices import apply_index, read_indices, refuse_other_model, template_mappings
from loader.connection import Connection, connection_options
from loader.models import DeployedModel, deployed_model


@click.command()
@connection_options
@click.option("--es-model-id", metavar="ID",
              help=f"The deployed text model that the assets name [default {NAMED_MODEL}].")
@click.option("--next", "build_next", is_flag=True,
              help="Build the next, empty index behind each alias and move the alias there at once.")
@click.option("--index", "only", type=click.Choice(ALIASES), multiple=True,
              help="With --next: only for this alias (may be given twice).")
@click.option("--dry-run", is_flag=True, help="Say what would be created, changed and left, and do nothing.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write the requests to files whose paths are the URLs to PUT them to, and do nothing "
                   "else; without --es-model-id no cluster is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def apply(
    connection: Connection,
    es_model_id: str | None,
    build_next: bool,
    only: tuple[str, ...],
    dry_run: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Bring the cluster's templates, pipeline, search templates and indices up to date.

    Running it again changes nothing. An index whose vectors another model made is refused: --next builds an
    empty one for the new model, to be loaded again.
    """
    if only and not build_next:
        raise click.UsageError("--index belongs to --next.")
    if output is not None:
        _write(connection, es_model_id, output)
        return
    client = connection.client()
    model = deployed_model(client, es_model_id or NAMED_MODEL)
    assets = bind_model(read_assets(), model)
    renewed = (only or ALIASES) if build_next else ()
    changes = _apply(client, model, assets, renewed, dry_run)
    if as_json:
        click.echo(json.dumps({"model": asdict(model), "dry_run": dry_run,
                               "changes": [asdict(change) for change in changes]}, indent=2))
    else:
        _print(changes, dry_run)


def _apply(
    client: Elasticsearch,
    model: DeployedModel,
    assets: Sequence[Asset],
    renewed: Sequence[str],
    dry_run: bool,
) -> Iterator[Change]:
    """Refuse before anything is written, then apply the assets, then the indices that they shape."""
    indices = read_indices(client, ALIASES)
    for alias, index in indices.items():
        if index is not None and alias not in renewed:
            refuse_other_model(index, model)
    yield from apply_assets(client, assets, dry_run=dry_run)
    for alias, index in indices.items():
        mappings = template_mappings(assets, alias)
        yield apply_index(client, alias, index, mappings, build_next=alias in renewed, dry_run=dry_run)


def _write(connection: Connection, es_model_id: str | None, folder: Path) -> None:
    assets = read_assets()
    if es_model_id is not None:
        assets = bind_model(assets, deployed_model(connection.client(), es_model_id))
    for file in write_requests(assets, folder):
        click.echo(str(file))


_WOULD = {"created": "would create", "changed": "would change", "left": "would leave"}


def _print(changes: Iterator[Change], dry_run: bool) -> None:
    for change in changes:
        action = _WOULD[change.action] if dry_run else change.action
        line = f"{action:<{12 if dry_run else 7}}  {change.kind:<18}  {change.name}"
        click.echo(f"{line}  ({change.note})" if change.note else line)
