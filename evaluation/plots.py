"""The report's plots: SVG, the same bytes from the same figures."""
from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.ablations import MEASURES, Ablation
from evaluation.ann import CANDIDATES, AnnFigures
from evaluation.identification_figures import Judgement
from evaluation.library_figures import LibraryFigures
from evaluation.measurements import Evaluation
from evaluation.tricks import USUAL_ALPHA, AlphaRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind readers tell apart (2008, "Color Universal Design").
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
VERDICTS = {"pays": "#009E73", "does not pay": "#888888", "costs": "#D55E00"}
GREY = "#888888"
STYLE = Path(__file__).with_name("plots.mplstyle")


def draw_all(evaluation: Evaluation) -> dict[str, bytes]:
    """Return the plots that the figures allow: name to SVG."""
    ways = evaluation.identification.ways
    wanted: list[tuple[str, bool, Any]] = [
        ("in-frame", bool(evaluation.library.in_frame), lambda: draw_in_frame(evaluation.library)),
        ("identification", bool(ways), lambda: draw_identification(ways)),
        ("ablations", bool(evaluation.ablations), lambda: draw_ablations(evaluation.ablations)),
        ("alpha", bool(evaluation.alphas), lambda: draw_alphas(evaluation.alphas)),
    ]
    if (ann := evaluation.ann) is not None:
        wanted.append(("ann", bool(ann.rows), lambda: draw_ann(ann)))
    plots = {}
    for name, has_figures, draw in wanted:
        if has_figures:
            with _style():
                plots[name] = _save(draw())
    return plots


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a person's own style would change the bytes
        matplotlib.rc_file(STYLE)
        yield


def _figure(
    width: float, height: float, panels: int = 1, *, sharey: bool = False
) -> tuple[Figure, Sequence[Axes]]:
    """A figure of panels side by side, inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, panels, squeeze=False, sharey=sharey)
    return figure, list(axes[0])


def _save(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def draw_in_frame(library: LibraryFigures) -> Figure:
    """How many photos have how many summits in frame."""
    from matplotlib.ticker import MaxNLocator

    figure, (axes,) = _figure(5.2, 2.6)
    sizes = range(len(library.in_frame))
    bars = axes.bar(sizes, library.in_frame, color=COLOURS[2], width=0.8)
    axes.bar_label(bars, fontsize=8)
    axes.set_xticks(sizes)
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("summits in the frame and not hidden")
    axes.set_ylabel("photos")
    return figure


def draw_identification(ways: Sequence[Judgement]) -> Figure:
    """Reliability of the likeliest name, and accuracy by coverage."""
    figure, (left, right) = _figure(8.6, 3.8, 2)
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


def draw_ablations(ablations: Sequence[Ablation]) -> Figure:
    """Each trick's difference with its interval, by measure."""
    measures = [measure for measure in MEASURES if any(one.measure == measure for one in ablations)]
    tricks = list(dict.fromkeys(one.trick for one in ablations))
    figure, panels = _figure(3.0 + 1.7 * len(measures), 0.9 + 0.32 * len(tricks), len(measures), sharey=True)
    for axes, measure in zip(panels, measures, strict=True):
        axes.axvline(0, color="#444444", linewidth=0.8)
        for one in (one for one in ablations if one.measure == measure):
            row, shift, colour = tricks.index(one.trick), one.difference, VERDICTS[one.verdict]
            axes.plot([100 * shift.low, 100 * shift.high], [row, row], color=colour, linewidth=2)
            axes.plot(100 * shift.value, row, "o", color=colour, markersize=5)
        axes.set_title(measure.replace(", ", ",\n"))
        axes.set_xlabel("points")
        axes.set_ylim(len(tricks) - 0.5, -0.5)
        axes.set_yticks(range(len(tricks)), tricks)
        axes.margins(x=0.15)
    return figure


def draw_alphas(rows: Sequence[AlphaRow]) -> Figure:
    """Top-1 by the weight of the names against the reference photos."""
    figure, (axes,) = _figure(5.2, 3.0)
    alphas = [row.alpha for row in rows]
    axes.plot(alphas, [row.picture for row in rows], "o-", color=COLOURS[0], label="picture alone")
    if not math.isnan(rows[0].with_sight):
        axes.plot(alphas, [row.with_sight for row in rows], "o-", color=COLOURS[3], label="with sight lines")
    axes.axvline(USUAL_ALPHA, color=GREY, linewidth=1, linestyle=":")
    axes.set_xlabel("alpha: 0 reference photos alone, 1 names alone (dotted: the default)")
    axes.set_ylabel("top-1")
    axes.legend(loc="best")
    return figure


def draw_ann(figures: AnnFigures) -> Figure:
    """Recall at 10 by num_candidates and index type, for queries of texts and of photos."""
    kinds = list(dict.fromkeys(row.queries for row in figures.rows))
    figure, panels = _figure(8.6, 3.4, len(kinds), sharey=True)
    for axes, kind in zip(panels, kinds, strict=True):
        for place, name in enumerate(dict.fromkeys(row.type for row in figures.rows)):
            chosen = [row for row in figures.rows if (row.type, row.queries, row.k) == (name, kind, 10)]
            counts, recall = [row.num_candidates for row in chosen], [row.recall for row in chosen]
            if name == "flat":
                axes.axhline(recall[0], color=GREY, linewidth=1, linestyle=":", label="flat")
            else:
                axes.plot(counts, recall, "o-", color=COLOURS[place - 1], label=name, markersize=4)
        axes.set(title=f"{kind} as queries, k = 10", xlabel="num_candidates", xscale="log")
        axes.set_xticks(CANDIDATES, map(str, CANDIDATES))
        axes.minorticks_off()
    panels[0].set_ylabel("recall against exact search")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure
