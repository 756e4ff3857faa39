"""`peaks cluster`: a real Elasticsearch on this machine by one command."""
from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from cluster.embedded import control, node
from cluster.embedded.calls import USERNAME, local_url
from cluster.embedded.control import StartOptions
from cluster.embedded.stacks import STACKS, Stack, find_stack
from cluster.embedded.status import ClusterStatus, read_status

NOT_RUNNING = 3  # the exit status that init scripts give for it (LSB)

home_option = click.option(
    "--home",
    type=click.Path(path_type=Path),
    envvar="PEAKS_CLUSTER_HOME",
    help="Folder of the cluster: Elasticsearch, data, logs.  [default: .cluster in the checkout, "
         "or ~/.local/share/peaks/cluster where there is none]",
)
user_option = click.option(
    "--user",
    envvar="PEAKS_CLUSTER_USER",
    help="Who the node runs as when root starts it.  [default: the program's owner, or nobody]",
)

stack_option = click.option(
    "--stack",
    type=click.Choice([stack.name for stack in STACKS]),
    envvar="PEAKS_STACK",
    callback=lambda context, parameter, name: find_stack(name),
    help="Line of Elasticsearch.  [default: the one started last; else 9.5 where there is a JDK 21, or 8.19]",
)


def _check_heap(_: click.Context, __: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"[1-9]\d*[mMgG]", value):
        raise click.BadParameter("write it as 512m or 1g.")
    return value


def _announce(sentence: str) -> None:
    click.echo(sentence, err=True)


@click.group()
def cluster() -> None:
    """Run a real Elasticsearch on this machine, with no Docker."""


@cluster.command()
@home_option
@user_option
@stack_option
def prepare(home: Path | None, user: str | None, stack: Stack | None) -> None:
    """Fetch Elasticsearch and build its plugins; start nothing."""
    prepared, chosen = control.prepare(StartOptions(home=home, user=user, stack=stack), _announce)
    click.echo(f"{chosen} and its plugins are ready in {prepared.path}.")


@cluster.command()
@home_option
@user_option
@stack_option
@click.option("--port", type=click.IntRange(1, 65535), help="HTTP port on 127.0.0.1.  [default: 9200]")
@click.option("--heap", default="1g", show_default=True, callback=_check_heap, help="Java heap of the node.")
@click.option("--wait", default=180, show_default=True, type=click.IntRange(1), help="Seconds to wait.")
@click.option(
    "--licence",
    type=click.Choice(["trial", "basic"]),
    default="trial",
    show_default=True,
    help="basic leaves the licence as it is: machine learning and RRF are then refused.",
)
@click.option("--security", is_flag=True,
              help="Ask for a password or an API key; stays on in this home until `peaks cluster reset`.")
@click.option("--bare", is_flag=True, help="Elastic's distribution alone, without plugins and worker.")
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
def start(
    home: Path | None,
    user: str | None,
    stack: Stack | None,
    port: int | None,
    heap: str,
    wait: int,
    licence: str,
    security: bool,
    bare: bool,
    as_json: bool,
) -> None:
    """Start the node and its worker, and wait until both answer."""
    options = StartOptions(home, user, port, heap, bare, licence == "trial", float(wait), stack, security)
    status = control.start(options, _announce)
    _show(status, as_json, home)


@cluster.command()
@home_option
@user_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(home: Path | None, user: str | None, as_json: bool) -> None:
    """Tell whether the cluster runs: exit status 0, or 3 if not."""
    found = read_status(control.find_home(StartOptions(home=home, user=user)))
    _show(found, as_json, home)
    if not found.running:
        sys.exit(NOT_RUNNING)


@cluster.command()
@home_option
@user_option
def stop(home: Path | None, user: str | None) -> None:
    """Stop the node and the worker. Data and models stay."""
    count = control.stop(control.find_home(StartOptions(home=home, user=user)))
    click.echo("Stopped." if count else "Nothing was running.")


@cluster.command()
@home_option
@user_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(home: Path | None, user: str | None, yes: bool) -> None:
    """Stop the cluster and delete its data, models and logs."""
    found = control.find_home(StartOptions(home=home, user=user))
    if not found.state.exists():
        click.echo(f"There is no cluster in {found.path}.")
        return
    if not yes:
        click.confirm(f"Delete every index, model and log of {found.path}?", abort=True)
    control.reset(found)
    click.echo(f"{found.path} is empty again: the next start makes a new cluster.")


def _show(status: ClusterStatus, as_json: bool, home: Path | None) -> None:
    if as_json:
        click.echo(json.dumps(status.document(), indent=2))
        return
    option = "" if home is None else f" --home {home}"
    for name, value in _lines(status, f"peaks cluster {{}}{option}".format):
        click.echo(f"{name:<14} {value}")


def _lines(status: ClusterStatus, command: Callable[[str], str]) -> Iterator[tuple[str, Any]]:
    version = "" if status.stack is None else f"{status.stack.version} "
    if status.stopped:
        yield "Elasticsearch", f"{version}is not running"
    else:
        licence = "" if status.licence is None else f", {status.licence}"
        refuses = f", or refuses the password in {status.home.password}" if status.security else ""
        address = f"at {status.url}{licence}" if status.answers else f"does not answer{refuses}"
        yield "Elasticsearch", version + ("has ended" if status.node is None else address)
        if not status.bare:
            yield "worker", "listens" if status.listens else "is not running"
    if status.answers and (variables := _variables(status)):
        yield "use with", f"export {' '.join(variables)}"
    if status.health == "red":
        yield "indices", f"red: some cannot be read, see {status.home.logs / node.LOG_NAME}"
    yield "home", status.home.path
    yield "logs", status.home.logs
    yield ("stop with" if status.running else "start with"), command("stop" if status.running else "start")


def _variables(status: ClusterStatus) -> list[str]:
    """What a shell must export for the other commands. It reads the password, which is not shown."""
    address = [] if status.url == local_url(control.DEFAULT_PORT) else [f"ES_URL={status.url}"]
    if not status.security:
        return address
    password = f'"$(cat {shlex.quote(str(status.home.password))})"'
    return [*address, f"ES_USERNAME={USERNAME}", f"ES_PASSWORD={password}"]
