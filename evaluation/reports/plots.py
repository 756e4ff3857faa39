"""The plots of a report, as SVG; the same figures give the same bytes."""
from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.measurements import Evaluation, LibraryFigures
from evaluation.naming import NamingFigures

STYLE = Path(__file__).with_name("plots.mplstyle")
# Okabe and Ito's colours, which colour-blind readers tell apart (2008, "Color Universal Design").
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#888888"


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
