"""The report: Markdown for people with plots beside it, JSON with every figure for programs."""
from __future__ import annotations

import json
import math
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

from evaluation import tables
from evaluation.ablations import sum_up
from evaluation.ann import CANDIDATES, JITTER, LARGE_ENOUGH, AnnFigures
from evaluation.bench import Bench
from evaluation.measurements import Evaluation
from evaluation.metrics import RECALL_DEPTHS
from evaluation.plots import draw_all
from loader.elastic.connection import connection_options
from loader.errors import PeaksError

TEMPLATE = Path(__file__).with_name("report.md.jinja")
_PACKAGES = ("peaks-in-elasticsearch", "numpy", "scipy", "elasticsearch")


@dataclass(frozen=True)
class Run:
    """How the figures came about.

    Attributes:
        command: that a person can run again; without the cluster's address and credentials.
        seed: of folds, resampling and jitter.
        folds: that each rule was judged by.
        precision: share of names that thresholds were chosen for.
        model: id of the text model.
        fingerprint: of the text model.
        dims: of the vectors.
        versions: of what ran, by name.
    """

    command: str
    seed: int
    folds: int
    precision: float
    model: str
    fingerprint: str
    dims: int
    versions: Mapping[str, str]


def describe_run(client: Elasticsearch, context: click.Context, bench: Bench) -> Run:
    """Say how the figures came about."""
    model, settings = bench.dataset.model, bench.settings
    server = str(client.info()["version"]["number"])
    versions = {
        **{package: version(package) for package in _PACKAGES},
        "python": platform.python_version(),
        "Elasticsearch server": server,
    }
    return Run(
        command=written_command(context),
        seed=settings.seed,
        folds=settings.folds,
        precision=settings.precision,
        model=model.model_id,
        fingerprint=model.model_fingerprint,
        dims=model.dims,
        versions=versions,
    )


def written_command(context: click.Context) -> str:
    """Return the command as it was called, without one cluster's address and credentials."""
    private = {parameter.name for parameter in _connection_parameters()}
    words = ["peaks", context.info_name or ""]
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name in private or source is not click.core.ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        if isinstance(value, bool):
            words.append((parameter.opts if value else parameter.secondary_opts)[0])
        else:
            words += [parameter.opts[0], str(value)]
    return shlex.join(words)


def _connection_parameters() -> list[click.Parameter]:
    @click.command()
    @connection_options
    def nothing(**_: Any) -> None:
        """Carries the options."""

    return nothing.params


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
    document = {"run": asdict(run), **asdict(evaluation)}
    return json.dumps(_without_nan(document), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


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
    environment.filters |= {
        "percent": tables.percent,
        "decimal": tables.decimal,
        "span": tables.span,
        "points": tables.points,
        "thousands": lambda number: f"{number:,}",
    }
    environment.globals |= {"table": tables.markdown_table, "nothing": tables.NOTHING}
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    text = template.render(
        run=run,
        e=evaluation,
        library=evaluation.library,
        plots=plots,
        depths=RECALL_DEPTHS,
        tricks=sum_up(evaluation.ablations),
        ann=arrange_ann(evaluation.ann) if evaluation.ann else {},
        ann_large_enough=LARGE_ENOUGH,
        jitter=JITTER,
        candidates=CANDIDATES,
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def arrange_ann(figures: AnnFigures) -> dict[str, list[list[str]]]:
    """Return a table's rows for each kind of query: type and k, then the recall by num_candidates."""
    arranged: dict[str, list[list[str]]] = {}
    for kind in dict.fromkeys(row.queries for row in figures.rows):
        keys = dict.fromkeys((row.type, row.k) for row in figures.rows if row.queries == kind)
        recall = {
            (row.type, row.k, row.num_candidates): row.recall for row in figures.rows if row.queries == kind
        }
        arranged[kind] = [
            [name, str(k), *(tables.decimal(recall.get((name, k, count), math.nan)) for count in CANDIDATES)]
            for name, k in keys
        ]
    return arranged
