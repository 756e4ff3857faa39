"""`peaks keys create` makes an API key that can do one job, and nothing else."""
from __future__ import annotations

import re

import click
from elasticsearch import BadRequestError, Elasticsearch

from loader.elastic.assets import KEY_PURPOSES, read_key_request
from loader.elastic.connection import Connection, connection_options
from loader.elastic.health.examination import FULL_LICENCES
from loader.errors import PeaksError

_REFUSED = "no handler found for uri"  # what Elasticsearch answers while its security is off


class Duration(click.ParamType[str]):
    """A time as Elasticsearch writes it."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text of the option."""
        if not re.fullmatch(r"[1-9]\d{0,5}[dhms]", value):
            self.fail(f"{value!r} is no time: write 90d for days, 12h for hours.", param, ctx)
        return value


@click.group()
def keys() -> None:
    """Make API keys with the least privileges."""


@keys.command("create")
@click.argument("purpose", type=click.Choice(KEY_PURPOSES))
@click.option("--expires", type=Duration(), metavar="TIME",
              help="When the key ends: 90d, 12h [default: never].")
@connection_options
def create_key(connection: Connection, purpose: str, expires: str | None) -> None:
    """Make a key for one purpose, and print it once.

    search asks questions and serves `peaks browse`. loader also loads photos, peaks and concepts, and
    confirms peaks. setup deploys the model, applies the assets, calibrates, and asks `peaks doctor`.
    search-without-location asks questions and sees no positions, sight lines and thumbnails. The user who
    makes a key, such as elastic, must have its privileges.
    """
    request = read_key_request(purpose)
    client = connection.client()
    if "field_security" in str(request):
        _require_field_security(client)
    try:
        key = client.security.create_api_key(**request, expiration=expires)
    except BadRequestError as error:
        if _REFUSED not in str(error.body):
            raise
        raise PeaksError(
            "The cluster asks nobody for a key, because its security is off: set xpack.security.enabled to "
            "true (`peaks cluster start --security`)."
        ) from error
    ends = f"ends in {expires}" if expires else "never ends by itself"
    click.echo(
        f"The key {key['name']} {ends}. It is shown once: put it into ES_API_KEY, and unset ES_USERNAME and "
        f"ES_PASSWORD. DELETE _security/api_key {{\"ids\": [\"{key['id']}\"]}} ends it.",
        err=True,
    )
    click.echo(key["encoded"])


def _require_field_security(client: Elasticsearch) -> None:
    """Refuse to make a key that Elasticsearch would take, and then disable."""
    licence = client.license.get()["license"]
    if licence["type"] not in FULL_LICENCES or licence["status"] != "active":
        raise PeaksError(
            f"The cluster's licence ({licence['type']}, {licence['status']}) has no field-level security, "
            "and this key would see nothing: it needs Platinum, Enterprise or a trial. Without them load the "
            "photos with `peaks load-photos --location none`."
        )
