"""A call of a stored search template: its parameters are checked before they are sent, or printed for curl.

The schema of each template's parameters lies beside it (``search_templates/<id>.schema.json``).
Elasticsearch renders a missing or misspelt parameter as nothing, so parameters are checked by the schema
here.
"""
from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

from loader.elastic.assets import read_schema
from loader.elastic.connection import Connection
from loader.elastic.indices import PHOTOS
from loader.errors import PeaksError

# What a person gave for each parameter; the others are named as the template names them.
_WORDS = {
    "text": "the text",
    "peak": "the name",
    "photo": "the photo",
    "vector": "the vector",
    "near_lat": "--near",
    "near_lon": "--near",
    "near_distance": "--within",
    "box_top": "--box",
    "box_left": "--box",
    "box_bottom": "--box",
    "box_right": "--box",
    "shot_from": "--from",
    "shot_to": "--to",
    "libraries": "--library",
    "predicted_peaks": "--peak",
    "predicted_concepts": "--concept",
    "peaks_in_frame": "--in-frame",
}
# Where jsonschema's own message would print the whole value.
_SHORT = {
    "maxLength": "longer than the {limit} characters that {template} takes",
    "pattern": "not written as {template} takes it",
    "maxItems": "more than the {limit} values that {template} takes",
}


def check_parameters(template: str, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that the template's schema does not allow.

    Raises:
        PeaksError: one sentence about the most telling violation.
    """
    for name, value in parameters.items():
        if isinstance(value, float) and not math.isfinite(value):  # no bound of the schema refuses NaN
            raise PeaksError(f"{_subject(name)}: {value} is not a number.")
    error = best_match(Draft202012Validator(read_schema(template)).iter_errors(dict(parameters)))
    if error is not None:
        raise PeaksError(_describe_violation(template, error))


def _describe_violation(template: str, error: ValidationError) -> str:
    if not error.absolute_path:
        return f"{template} refuses these parameters: {error.message}."
    subject = _subject(str(error.absolute_path[0]))
    short = _SHORT.get(str(error.validator))
    what = short.format(limit=error.validator_value, template=template) if short else error.message
    return f"{subject}: {what}."


def _subject(parameter: str) -> str:
    words = _WORDS.get(parameter, f"--{parameter.replace('_', '-')}")
    return words[0].upper() + words[1:]


def format_curl(connection: Connection, template: str, parameters: Mapping[str, Any]) -> str:
    """The call as a shell command for curl.

    Credentials appear as the environment variables that hold them, never as themselves.
    """
    body = json.dumps({"id": template, "params": dict(parameters)}, ensure_ascii=False, indent=2)
    lines = [
        f"curl -s {_address(connection)}/{PHOTOS}/_search/template",
        *_credentials(connection),
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(body)}",
    ]
    return " \\\n  ".join(lines)


def _address(connection: Connection) -> str:
    if connection.cloud_id:
        return '"$ES_URL"'  # a cloud id hides the address; the person knows it from the cloud's console
    return shlex.quote(connection.address.rstrip("/"))


def _credentials(connection: Connection) -> list[str]:
    words = []
    if connection.api_key:
        words.append('-H "Authorization: ApiKey $ES_API_KEY"')
    elif connection.username or connection.url_has_credentials:
        words.append('-u "$ES_USERNAME:$ES_PASSWORD"')
    if connection.insecure:
        words.append("--insecure")
    elif connection.ca_certs:
        words.append(f"--cacert {shlex.quote(connection.ca_certs)}")
    return words
