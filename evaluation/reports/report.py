"""The report of an evaluation: Markdown for people, which links the plots, and JSON for programs."""
from __future__ import annotations

import json
import math
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from jinja2 import Environment, StrictUndefined

from evaluation.fitting import FOLDS
from evaluation.measurements import Evaluation
from evaluation.metrics import RECALL_DEPTHS, Interval, without_nan
from evaluation.reports.plots import draw_all
from loader.elastic.models import DeployedModel
from loader.show.values import UNKNOWN, format_decimal, format_percent

TEMPLATE = Path(__file__).with_name("report.md.jinja")
_PACKAGES = ("peaks-in-elasticsearch", "numpy", "scipy", "elasticsearch")


@dataclass(frozen=True)
class Run:
    """How the figures were made.

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


def render_files(
    evaluation: Evaluation, run: Run, output: Path, json_file: Path | None
) -> dict[Path, bytes]:
    """Return the files to write: the plots in ``images`` beside the report, the report, and the figures."""
    images = output.parent / "images"
    drawn = draw_all(evaluation)
    names = {plot: f"{output.stem}-{plot}.svg" for plot in drawn}
    links = {plot: f"{images.name}/{name}" for plot, name in names.items()}
    contents = {images / names[plot]: content for plot, content in drawn.items()}
    contents[output] = render_report(evaluation, run, links).encode()
    if json_file is not None:
        contents[json_file] = as_json(evaluation, run).encode()
    return contents


def as_json(evaluation: Evaluation, run: Run) -> str:
    """Return every figure as one JSON object; what could not be measured is null."""
    document: Any = without_nan({"run": asdict(run), **asdict(evaluation)})
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def render_report(evaluation: Evaluation, run: Run, plots: Mapping[str, str]) -> str:
    """Return the Markdown, which links plots by their names' paths."""
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "percent": format_percent,
        "decimal": format_decimal,
        "span": format_interval,
        "thousands": "{:,}".format,
    }
    environment.globals |= {"depths": RECALL_DEPTHS, "folds": FOLDS, "nothing": UNKNOWN}
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    text = template.render(run=run, e=evaluation, library=evaluation.library, plots=plots)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def describe_findings(evaluation: Evaluation) -> list[str]:
    """Return a sentence for each finding, and one where there is none."""
    weak = " (weak labels)" if evaluation.are_weak else ""
    poor = ": this is no better than chance"
    return [
        f"{finding.what} in {format_interval(finding.share)}{weak}, guesses in "
        f"{format_percent(finding.chance)}{'' if finding.beats_chance else poor}."
        for finding in evaluation.findings
    ] or ["Too few photos are labelled to find anything."]


def format_interval(interval: Interval) -> str:
    """Return a share with its interval: "84.0 % [79.1, 87.9]"."""
    if math.isnan(interval.value):
        return UNKNOWN
    return f"{format_percent(interval.value)} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
