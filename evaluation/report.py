"""The report: Markdown for people with plots beside it, JSON with every figure for programs."""
from __future__ import annotations

import io
import json
import math
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib
from elasticsearch import Elasticsearch
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.fitting import FOLDS
from evaluation.measurements import Evaluation, LibraryFigures
from evaluation.metrics import RECALL_DEPTHS, Interval, without_nan
from evaluation.naming import NamingFigures
from loader.elastic.models import DeployedModel
from loader.show.values import UNKNOWN, format_decimal, format_percent

TEMPLATE = Path(__file__).with_name("report.md.jinja")
STYLE = Path(__file__).with_name("plots.mplstyle")
# Okabe and Ito's colours, which colour-blind readers tell apart (2008, "Color Universal Design").
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#888888"
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


def format_interval(interval: Interval) -> str:
    """Return a share with its interval: "84.0 % [79.1, 87.9]"."""
    if math.isnan(interval.value):
        return UNKNOWN
    return f"{format_percent(interval.value)} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def draw_all(evaluation: Evaluation) -> dict[str, bytes]:
    """Return the plots that the figures allow: name to SVG, the same bytes from the same figures."""
    plots = {}
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a person's own style would change the bytes
        matplotlib.rc_file(STYLE)
        if evaluation.library.in_frame:
            plots["in-frame"] = _save(draw_in_frame(evaluation.library))
        if evaluation.identification.ways:
            plots["identification"] = _save(draw_identification(evaluation.identification.ways))
    return plots


def _save(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def draw_in_frame(library: LibraryFigures) -> Figure:
    """How many photos have how many summits in frame."""
    figure = Figure(figsize=(5.2, 2.6), layout="constrained")
    axes = figure.subplots()
    sizes = range(len(library.in_frame))
    bars = axes.bar(sizes, library.in_frame, color=COLOURS[2], width=0.8)
    axes.bar_label(bars, fontsize=8)
    axes.set_xticks(sizes)
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("summits in the frame and not hidden")
    axes.set_ylabel("photos")
    return figure


def draw_identification(ways: Sequence[NamingFigures]) -> Figure:
    """Reliability of the likeliest name, and accuracy by coverage."""
    figure = Figure(figsize=(8.6, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
    for way, colour in zip(ways, COLOURS, strict=False):
        chances = [row.probability for row in way.bins]
        outcomes = [row.outcome for row in way.bins]
        left.plot(chances, outcomes, color=colour, linewidth=0.8, alpha=0.5)
        sizes = [8 + 120 * row.count / way.photos for row in way.bins]
        left.scatter(chances, outcomes, s=sizes, color=colour)
        right.plot(*zip(*way.curve, strict=True), color=colour, linewidth=1.6, label=way.way)
    left.set(title="Reliability", xlabel="probability of the likeliest name", ylabel="share that is right")
    left.set(xlim=(0, 1.03), ylim=(0, 1.03))
    lowest = min(accuracy for way in ways for _, accuracy in way.curve)
    right.set(title="Accuracy by coverage", xlabel="share of photos named, the surest first")
    bottom = max(0.0, math.floor(10 * lowest) / 10 - 0.05)
    right.set(ylabel="share that is right", xlim=(0, 1.02), ylim=(bottom, 1.01))
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
