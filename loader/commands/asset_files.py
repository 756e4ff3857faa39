"""`peaks apply` puts assets and indices into the cluster; `peaks kibana` packs Kibana's objects."""
from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from loader.commands.options import NEW_FILE, ModelId, print_json, write_output
from loader.elastic.asset_writer import NEEDS_LOOKUP, Change, apply_assets, is_usable
from loader.elastic.assets import LOOKUP_TEMPLATES, NAMED_MODEL, bind_model, read_assets, render_requests
from loader.elastic.connection import Connection, connection_options
from loader.elastic.indices import ALIASES
from loader.elastic.kibana_import import DEFAULT_SPACE, ImportReport, Kibana
from loader.elastic.kibana_sources import SavedObject, pack_objects, read_objects
from loader.elastic.models import DeployedModel, find_ingest_deployment, read_deployed_model
from loader.errors import PeaksError
from loader.text import clean_text


@click.command()
@connection_options
@click.option("--es-model-id", type=ModelId(), metavar="ID",
              help=f"The deployed text model that the assets name [default {NAMED_MODEL}].")
@click.option("--next", "build_next", is_flag=True,
              help="Build the next, empty index behind each alias and move the alias there at once.")
@click.option("--index", "only", type=click.Choice(ALIASES), multiple=True,
              help="With --next: only for this alias (may be repeated).")
@click.option("--kibana-url", metavar="URL",
              help="Import data views, map and dashboard into this Kibana too, over those that are there; "
                   "credentials and certificates are those given for Elasticsearch.")
@click.option("--space", metavar="ID", help="With --kibana-url: Kibana's space [default default].")
@click.option("--kibana-only", is_flag=True, help="With --kibana-url: leave Elasticsearch as it is.")
@click.option("--dry-run", is_flag=True,
              help="Say what would be created, changed (line by line) and left, and do nothing.")
@click.option("--exit-code", is_flag=True,
              help="With --dry-run: exit status 1 when something in Elasticsearch would change.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write the requests to files whose paths are the URLs to PUT them to, and do nothing "
                   "else; without --es-model-id no cluster is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def apply(
    connection: Connection,
    es_model_id: str | None,
    build_next: bool,
    only: tuple[str, ...],
    kibana_url: str | None,
    space: str | None,
    kibana_only: bool,
    dry_run: bool,
    exit_code: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Bring templates, pipelines and indices up to date.

    Running it again changes nothing. An index whose vectors another model made is refused: --next builds an
    empty one for the new model, to be loaded again.
    """
    _refuse_combinations(build_next, only, kibana_url, space, kibana_only)
    if exit_code and not dry_run:
        raise click.UsageError("--exit-code belongs to --dry-run.")
    if output is not None:
        _refuse_with_output(kibana_url, build_next, dry_run, as_json)
        _write(connection, es_model_id, output)
        return
    client = connection.client()
    kibana = None if kibana_url is None else _reach_kibana(kibana_url, connection, space)
    result = ApplyOutput(dry_run=dry_run, as_json=as_json)
    if not kibana_only:
        model = read_deployed_model(client, es_model_id or NAMED_MODEL)
        renewed = (only or ALIASES) if build_next else ()
        result.print_changes(model, apply_assets(client, model, renewed=renewed, dry_run=dry_run))
    failure = None if kibana is None else _import(*kibana, result, dry_run)
    result.end()
    if failure is not None:
        raise failure
    if exit_code and result.has_changes:
        sys.exit(1)


def _refuse_combinations(
    build_next: bool,
    only: tuple[str, ...],
    kibana_url: str | None,
    space: str | None,
    kibana_only: bool,
) -> None:
    """Refuse flags that have no meaning together."""
    if only and not build_next:
        raise click.UsageError("--index belongs to --next.")
    if kibana_url is None and (space is not None or kibana_only):
        raise click.UsageError("--space and --kibana-only belong to --kibana-url.")
    if kibana_only and build_next:
        raise click.UsageError("--next is Elasticsearch's, which --kibana-only leaves as it is.")


def _refuse_with_output(kibana_url: str | None, build_next: bool, dry_run: bool, as_json: bool) -> None:
    """Refuse flags about what --output does not do."""
    if kibana_url is not None:
        raise click.UsageError("--output asks no Kibana: `peaks kibana build` writes the file for it.")
    if build_next or dry_run or as_json:
        raise click.UsageError("--output only writes files: give it without --next, --dry-run and --json.")


def _reach_kibana(url: str, connection: Connection, space: str | None) -> tuple[Kibana, list[SavedObject]]:
    """Check, before anything is written, that nothing would stop the import."""
    objects, kibana = read_objects(), Kibana(url, connection, space or DEFAULT_SPACE)
    kibana.check_space()
    return kibana, objects


def _import(
    kibana: Kibana, objects: Sequence[SavedObject], result: ApplyOutput, dry_run: bool
) -> PeaksError | None:
    """Import and print the outcome of each object; a failure is returned, to be raised at the end."""
    if dry_run:
        would = tuple(Change("imported", one.kind, one.id, one.title) for one in objects)
        result.print_import(kibana, ImportReport(would))
        return None
    try:
        report = kibana.import_objects(objects)
    except PeaksError as error:
        return error
    result.print_import(kibana, report)
    if report.success:
        return None
    return PeaksError(
        f"Kibana at {kibana.address} did not take every object: correct what stands beside the refused ones "
        "and run again, which makes nothing twice."
    )


def _write(connection: Connection, es_model_id: str | None, folder: Path) -> None:
    assets = read_assets()
    if es_model_id is not None:
        client = connection.client()
        model = read_deployed_model(client, es_model_id)
        bound = bind_model(assets, model, find_ingest_deployment(client, es_model_id))
        assets = [asset for asset in bound if is_usable(client, asset)]
    for file, content in render_requests(assets, folder).items():
        write_output(file, content)
        click.echo(str(file))
    for name in LOOKUP_TEMPLATES:
        click.echo(f"search template {name} {NEEDS_LOOKUP}", err=True)


_WOULD = {
    "created": "would create",
    "changed": "would change",
    "left": "would leave",
    "skipped": "would skip",
    "imported": "would import",
}


class ApplyOutput:
    """What a run prints: a line for each thing when it is done, or one JSON document at the end.

    Args:
        dry_run: whether nothing is written.
        as_json: whether to print one document at the end.
    """

    def __init__(self, *, dry_run: bool, as_json: bool) -> None:
        self._dry_run, self._as_json = dry_run, as_json
        self._document: dict[str, Any] = {"dry_run": dry_run}

    def print_changes(self, model: DeployedModel, changes: Iterator[Change]) -> None:
        """Print each change in Elasticsearch when it is done."""
        changed = self._document["changes"] = list[dict[str, Any]]()
        self._document["model"] = asdict(model)
        for change in changes:
            changed.append(asdict(change))
            self._line(change)

    @property
    def has_changes(self) -> bool:
        """Whether anything in Elasticsearch is not as the files have it."""
        done = self._document.get("changes", ())
        return any(change["action"] not in ("left", "skipped") for change in done)

    def print_import(self, kibana: Kibana, report: ImportReport) -> None:
        """Print the outcome of Kibana's objects, and the dashboard's address."""
        place = {"url": kibana.address, "space": kibana.space, "success": report.success}
        self._document["kibana"] = {**place, **asdict(report)}
        for change in report.changes:
            self._line(change)
        if report.dashboard is not None and not self._as_json:
            click.echo(f"Open {report.dashboard}")

    def end(self) -> None:
        """Print the document, if one is wanted."""
        if self._as_json:
            print_json(self._document)

    def _line(self, done: Change) -> None:
        if not self._as_json:
            action = _WOULD[done.action] if self._dry_run else done.action
            line = f"{action:<12}  {done.kind:<18}  {done.name}"
            click.echo(f"{line}  ({done.note})" if done.note else line)
            for changed in done.difference if self._dry_run else ():
                click.echo(f"    {clean_text(changed)}")


@click.group()
def kibana() -> None:
    """Data views, map and dashboard for Kibana 8.19 and 9.x."""


@kibana.command()
@click.option("--output", metavar="FILE", default="peaks.ndjson", type=NEW_FILE,
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
    write_output(output, packed)
    for one in objects:
        click.echo(f"{one.kind:<18}  {one.id}  ({one.title})")
    click.echo(f"{output}: {len(objects)} objects, {len(packed):,} bytes")
