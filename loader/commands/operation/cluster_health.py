"""`peaks doctor` says what is wrong with a cluster, and what mends it."""
from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

import click

from cluster.embedded.java import find_javas
from cluster.embedded.stacks import STACKS
from loader.commands.options import ModelId, json_option, print_json
from loader.elastic.connection import Connection, connection_options
from loader.elastic.health.examination import examine
from loader.elastic.health.finding import Finding, Verdict, run_check
from loader.elastic.kibana_import import DEFAULT_SPACE, Kibana
from loader.elastic.kibana_sources import read_objects
from loader.show.tables import Column, format_table
from loader.text import list_words

REQUEST_TIMEOUT = 20.0  # seconds that one check waits


@click.command()
@connection_options
@click.option("--es-model-id", type=ModelId(), metavar="ID",
              help="The text model to look at [default: that of the photos' index].")
@click.option("--kibana-url", metavar="URL", help="Look at this Kibana too.")
@click.option("--space", metavar="ID", default=DEFAULT_SPACE, show_default=True,
              help="With --kibana-url: Kibana's space.")
@json_option
def doctor(
    connection: Connection, es_model_id: str | None, kibana_url: str | None, space: str, as_json: bool
) -> None:
    """Say what is wrong with the cluster, and what mends it.

    Looks at all that the product needs: licence, memory, model, indices, assets, disk. Nothing is changed.
    The exit status is 1 when something is wrong.
    """
    findings = list(examine(connection.client(REQUEST_TIMEOUT), connection.address, es_model_id))
    if kibana_url is not None:
        findings.append(run_check("Kibana", partial(_look_at_kibana, Kibana(kibana_url, connection, space))))
    findings.append(run_check("JDK", _look_for_jdk))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        click.echo(format_findings(findings))
    if any(finding.state == "wrong" for finding in findings):
        sys.exit(1)


def format_findings(findings: Sequence[Finding]) -> str:
    """A row for each finding."""
    told = [one.told + (f"; to mend it: {one.mend}" if one.mend else "") for one in findings]
    return format_table([
        Column("", [finding.subject for finding in findings], is_whole=True),
        Column("", [finding.state for finding in findings]),
        Column("", told),
    ])


def _look_at_kibana(kibana: Kibana) -> Verdict:
    kibana.check_space()
    objects = read_objects()
    if missing := kibana.find_missing(objects):
        space = "" if kibana.space == DEFAULT_SPACE else f" --space {kibana.space}"
        mend = f"peaks apply --kibana-only --kibana-url {kibana.address}{space}"
        return "wrong", f"missing in the space {kibana.space}: {list_words(missing)}", mend
    return "ok", f"{len(objects)} objects in the space {kibana.space}", ""


def _look_for_jdk() -> Verdict:
    javas = [java for java in find_javas() if java.fits(STACKS[-1].lowest_java)]
    if javas:
        return "ok", ", ".join(map(str, javas)), ""
    return "–", "none that fits, which `peaks cluster` alone needs", ""
