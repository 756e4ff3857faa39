"""The report: Markdown for people with plots beside it, JSON with every figure for programs."""
from __future__ import annotations

import json
import platform
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from elasticsearch import Elasticsearch
from jinja2 import Environment, StrictUndefined

from evaluation.fitting import FOLDS
from evaluation.formats import NOTHING, decimal, percent, span, without_nan
from evaluation.measurements import Evaluation
from evaluation.metrics import RECALL_DEPTHS
from evaluation.plots import draw_all
from loader.elastic.connection import connection_options
from loader.elastic.models import DeployedModel
from loader.errors import PeaksError

TEMPLATE = Path(__file__).with_name("report.md.jinja")
_PACKAGES = ("peaks-in-elasticsearch", "numpy", "scipy", "elasticsearch")


@dataclass(frozen=True)
class Run:
    """How the figures came about.

    Attributes:
        command: that a person can run again; without the cluster's address and credentials.
        precision: share of names that thresholds were chosen for.
        model: the text model.
        references: photos that are not judged because they are reference photos.
        versions: of what ran, by name.
    """

    command: str
    precision: float
    model: DeployedModel
    references: int
    versions: Mapping[str, str]


def describe_versions(client: Elasticsearch) -> dict[str, str]:
    """Return the versions of what runs, by name."""
    return {
        **{package: version(package) for package in _PACKAGES},
        "python": platform.python_version(),
        "Elasticsearch server": str(client.info()["version"]["number"]),
    }


def written_command(context: click.Context) -> str:
    """Return the command as it was called, without one cluster's address and credentials."""
    connection = click.command(connection_options(lambda: None))
    private = {parameter.name for parameter in connection.params}
    words = ["peaks", context.info_name or ""]
    for parameter in context.command.params:
        name = parameter.name or ""
        is_given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if is_given and name not in private:
            words += [parameter.opts[0], str(context.params[name])]
    return shlex.join(words)


def write_report(evaluation: Evaluation, run: Run, output: Path, json_file: Path | None) -> list[Path]:
    """Write the report, its plots into ``images`` beside it, and the figures; return the files.

    Raises:
        PeaksError: a file cannot be written.
    """
    images = output.parent / "images"
    drawn = draw_all(evaluation)
    names = {plot: f"{output.stem}-{plot}.svg" for plot in drawn}
    links = {plot: f"{images.name}/{name}" for plot, name in names.items()}
    contents = {images / names[plot]: content for plot, content in drawn.items()}
    contents[output] = render_report(evaluation, run, links).encode()
    if json_file is not None:
        contents[json_file] = as_json(evaluation, run).encode()
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise PeaksError(
            f"{path} cannot be written ({error.strerror}): give another --output or --json."
        ) from error
    return list(contents)


def as_json(evaluation: Evaluation, run: Run) -> str:
    """Return every figure as one JSON object; what could not be measured is null."""
    document: Any = without_nan({"run": asdict(run), **asdict(evaluation)})
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def render_report(evaluation: Evaluation, run: Run, plots: Mapping[str, str]) -> str:
    """Return the Markdown.

    Args:
        evaluation: what was measured.
        run: how.
        plots: name to the path that the Markdown links.
    """
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"percent": percent, "decimal": decimal, "span": span, "thousands": "{:,}".format}
    environment.globals |= {"depths": RECALL_DEPTHS, "folds": FOLDS, "nothing": NOTHING}
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    text = template.render(run=run, e=evaluation, library=evaluation.library, plots=plots)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"
