"""`peaks model`: SigLIP-2's text encoder from a checkpoint into Elasticsearch."""
from __future__ import annotations

import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from loader.commands.options import FILE, NEW_FILE, ModelId, combine, json_option, print_json
from loader.elastic.connection import Connection, connection_options
from loader.text import clean_text

if TYPE_CHECKING:
    from eland_models.deployments import DeploymentSettings, Priority
    from eland_models.export import Precision
    from eland_models.parity import Comparison

TABLE_HEADER = (
    f"{'language':<16}{'texts':>8}{'ids equal':>11}{'vectors':>9}{'least cosine':>14}{'max difference':>16}"
)
OUTCOMES = {
    "imported": "imported and started",
    "started": "started",
    "updated": "runs on with other allocations",
    "restarted": "stopped and started, because threads and priority are fixed at the start",
    "unchanged": "already runs",
}


class AllocationRange(click.ParamType[tuple[int, int]]):
    """The numbers of allocations between which Elasticsearch may choose."""

    name = "range"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read the text of the option."""
        found = re.fullmatch(r"(\d{1,4})-(\d{1,4})", value)
        if not found or int(found[1]) >= int(found[2]):
            self.fail(f"{value!r} is not a range such as 1-4, the larger number last.", param, ctx)
        return int(found[1]), int(found[2])


# The modules below are imported when a command runs: they bring torch, and `--help` must not wait for it.
@click.group()
def model() -> None:
    """Export, check, deploy and compare the text model."""


def show_progress(line: str) -> None:
    """Print progress on stderr, only on a terminal."""
    if sys.stderr.isatty():
        click.echo(line, err=True)


checkpoint_options = combine(  # of every command that starts from a checkpoint
    click.option("--checkpoint", required=True, envvar="PEAKS_CHECKPOINT", show_envvar=True,
                 metavar="DIR_OR_HUB_ID", help="SigLIP-2 checkpoint: a folder or a Hugging Face id."),
    click.option("--precision", type=click.Choice(["fp32", "int8"]), default="fp32", show_default=True,
                 help="fp32 is exact; int8 is smaller and faster, for x86-64 ML nodes."),
    click.option("--recipes", "recipes_file", type=FILE,
                 help="YAML of prompt recipes to bake in [default: the built-in peak, photo and none]."),
)
cache_option = click.option(
    "--cache-dir", type=click.Path(file_okay=False, path_type=Path), envvar="PEAKS_CACHE",
    help="Where exported models are kept [env PEAKS_CACHE; default ~/.cache/peaks].",
)


@model.command("export")
@checkpoint_options
@click.option("--output", required=True, type=NEW_FILE, metavar="FILE",
              help="TorchScript file to write; its facts go beside it as .json.")
def export_command(checkpoint: str, precision: Precision, recipes_file: Path | None, output: Path) -> None:
    """Write a checkpoint's text encoder as one TorchScript file."""
    from eland_models.checkpoint import open_checkpoint
    from eland_models.export import export

    opened = open_checkpoint(checkpoint, tower="text")
    show_progress(f"Exporting {opened.name} as {precision}")
    exported = export(opened, precision, output, recipes_file)
    click.echo(
        f"{output}: {output.stat().st_size / 1e6:,.1f} MB, {exported.dims} dimensions, {precision}, "
        f"recipes {', '.join(exported.metadata['recipes']) or 'none'}, "
        f"fingerprint {exported.metadata['fingerprint']}"
    )


@model.command("check")
@click.argument("file", type=FILE)
@json_option
def check_command(file: Path, as_json: bool) -> None:
    """Check whether an ML node would accept this TorchScript FILE. Exit status 1 if not."""
    from eland_models.check import check

    report = check(file)
    if as_json:
        print_json({"file": str(file), **report.document()})
    else:
        click.echo(
            f"{file}: {report.size / 1e6:,.1f} MB, {report.nodes:,} nodes, "
            f"{len(report.operations)} operations: {report.verdict}"
        )
        for finding in report.findings:
            click.echo(f"  {clean_text(str(finding))}")
    if report.findings:
        raise click.exceptions.Exit(1)


@model.command("deploy")
@checkpoint_options
@click.option("--es-model-id", type=ModelId(), metavar="ID",
              help="Id in Elasticsearch [default: by Eland's convention].")
@click.option("--clear-previous", is_flag=True, help="Replace the model that has this id in the cluster.")
@click.option("--number-of-allocations", type=click.IntRange(1), metavar="N",
              help="Copies that answer side by side [default 1].")
@click.option("--adaptive", type=AllocationRange(), metavar="MIN-MAX",
              help="Let Elasticsearch choose the number of allocations by the load, between these.")
@click.option("--threads-per-allocation", type=click.Choice(["1", "2", "4", "8", "16", "32"]), default="1",
              show_default=True, help="Threads of each copy for one text.")
@click.option("--priority", type=click.Choice(["low", "normal"]), default="normal", show_default=True,
              help="low is placed after all others, with one allocation of one thread.")
@click.option("--ingest-allocations", type=click.IntRange(0), metavar="N",
              help="Run a second deployment, ID-ingest, with so many allocations of one thread; `peaks "
                   "apply` names it in the ingest pipelines. 0 stops it [default: as it is].")
@cache_option
@connection_options
def deploy_command(
    connection: Connection, checkpoint: str, precision: Precision, recipes_file: Path | None,
    es_model_id: str | None, clear_previous: bool, number_of_allocations: int | None,
    adaptive: tuple[int, int] | None, threads_per_allocation: str, priority: Priority,
    ingest_allocations: int | None, cache_dir: Path | None,
) -> None:
    """Put the text model into Elasticsearch, start it, and wait.

    It is exported first if needed. The memory that Elasticsearch will ask for is printed, and the ML nodes'
    where they tell it.
    """
    from eland_models.checkpoint import open_checkpoint
    from eland_models.deploy import Deployment, deploy
    from eland_models.export import exported_in_cache

    search = _search_settings(number_of_allocations, adaptive, threads_per_allocation, priority)
    deployment = Deployment(search, _ingest_settings(ingest_allocations), clear_previous)
    client = connection.client()
    client.info()  # an export takes a while: fail before it if there is no cluster
    opened = open_checkpoint(checkpoint, tower="text")
    exported = exported_in_cache(opened, precision, cache_dir, recipes_file, show_progress)
    model_id = es_model_id or exported.model_id
    outcomes = deploy(client, exported, model_id, deployment, show_progress, click.echo)
    click.echo(
        f"Model {model_id} {OUTCOMES[outcomes.pop(model_id)]}: {exported.dims} dimensions, {precision}, "
        f"fingerprint {exported.metadata['fingerprint']}"
    )
    for deployment_id, outcome in outcomes.items():
        click.echo(f"Deployment {deployment_id} {OUTCOMES[outcome]}")
    if ingest_allocations is not None:
        click.echo("Run `peaks apply`, which names the deployment for ingest in the pipelines.")


def _search_settings(
    allocations: int | None, adaptive: tuple[int, int] | None, threads: str, priority: Priority
) -> DeploymentSettings:
    from eland_models.deployments import DeploymentSettings

    if adaptive and allocations:
        raise click.UsageError("Give either --number-of-allocations or --adaptive, not both.")
    least, most = adaptive or (allocations or 1, allocations or 1)
    if priority == "low" and (most > 1 or threads != "1"):
        raise click.UsageError("--priority low takes one allocation of one thread.")
    return DeploymentSettings(least, most, int(threads), priority)


def _ingest_settings(allocations: int | None) -> DeploymentSettings | Literal["keep", "stop"]:
    from eland_models.deployments import DeploymentSettings

    if allocations is None:
        return "keep"
    return DeploymentSettings(allocations, allocations) if allocations else "stop"


@model.command("parity")
@checkpoint_options
@click.option("--model", "file", type=FILE, metavar="FILE",
              help="Exported file to compare [default: export into the cache].")
@click.option("--texts", type=click.IntRange(1), default=50, show_default=True,
              help="Texts a language whose ids are compared; ten times as many of random Unicode.")
@click.option("--vectors", type=click.IntRange(0), default=2, show_default=True,
              help="How many of them a language have their vectors compared.")
@cache_option
@json_option
def parity_command(
    checkpoint: str, precision: Precision, recipes_file: Path | None, file: Path | None, texts: int,
    vectors: int, cache_dir: Path | None, as_json: bool,
) -> None:
    """Compare the exported model with transformers.

    Ids and vectors are compared, language by language. Exit status 1 when any id differs.
    """
    from eland_models.checkpoint import open_checkpoint
    from eland_models.export import exported_in_cache
    from eland_models.parity import compare, total

    opened = open_checkpoint(checkpoint, tower="text")
    path = file or exported_in_cache(opened, precision, cache_dir, recipes_file, show_progress).path
    rows: list[Comparison] = []
    for row in compare(opened, path, texts_a_language=texts, vectors_a_language=vectors):
        if not as_json:
            click.echo(table_line(row) if rows else f"{TABLE_HEADER}\n{table_line(row)}")
        rows.append(row)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        click.echo(table_line(total(rows)))
    if any(row.different for row in rows):
        raise click.exceptions.Exit(1)


def table_line(row: Comparison) -> str:
    """One line under `TABLE_HEADER`."""
    return (
        f"{row.language:<16}{row.texts:>8,}{row.texts - len(row.different):>11,}{row.vectors:>9,}"
        f"{row.least_cosine:>14.7f}{row.largest_difference:>16.1e}"
    )
