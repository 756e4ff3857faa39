"""What stands around the PNG's map: heading and legend, the peaks by their photos, altitude over time."""
from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from loader.show.answer_table import format_metres
from loader.show.lettering import drawable_name, drawable_text
from loader.show.map import colours
from loader.show.map.panels import HEIGHT, WIDTH, Panel, points
from loader.show.map.trek import Trek, headline
from loader.text import shorten_text

LONGEST_TITLE, LONGEST_LINE = 70, 78  # columns of text
ROW = 27  # pixels of the rail
NAME_LEFT, BAR_LEFT, BAR_WIDTH = 18, 136, 46
MOST_DAYS = 14  # that the profile names


def draw_heading(figure: Figure, trek: Trek, title: str, margin: float) -> None:
    """The title, how many photos of which days, and what the marks mean."""

    def write(text: str, longest: int, top: float, **looks: Any) -> None:
        figure.text(margin / WIDTH, 1 - top / HEIGHT, shorten_text(drawable_text(text), longest, "end"),
                    va="center", **looks)

    write(title, LONGEST_TITLE, 26, size=17, weight="bold")
    write(headline(trek), LONGEST_LINE, 49, size=10, color=colours.QUIET)
    _draw_legend(figure, margin)


def _draw_legend(figure: Figure, margin: float) -> None:
    def mark(marker: Any, colour: str, size: float) -> Line2D:
        return Line2D([], [], linestyle="none", marker=marker, color=colour, markersize=points(size),
                      markeredgewidth=0)

    entries = {
        "peak": mark("^", colours.PEAK, 12),
        "photo, and where it looks": mark(_drop(), colours.PHOTO, 17),
        "sight line": Line2D([], [], color=colours.SIGHT, linewidth=1.6),
        "way on foot": Line2D([], [], color=colours.TRAIL, linewidth=1.8, linestyle=(0, (1, 1.3))),
    }
    figure.legend(list(entries.values()), list(entries), loc="center right", ncols=4, frameon=False,
                  bbox_to_anchor=(1 - margin / WIDTH, 1 - 49 / HEIGHT), fontsize=9, handletextpad=0.4,
                  handlelength=1.6, columnspacing=1.4, borderaxespad=0, borderpad=0)


def _drop() -> Path:
    """A dot with a notch to the upper right, as one photo is drawn."""
    turns = np.radians(np.linspace(90, 360, 28))
    corners = [(1.0, 1.0), *zip(0.6 * np.cos(turns), 0.6 * np.sin(turns), strict=True), (1.0, 1.0)]
    return Path(corners, closed=True)


def draw_rail(figure: Figure, panel: Panel, trek: Trek) -> None:
    """The peaks that most photos show: in how many each is named, and how many had it in their frame."""
    axes = panel.axes(figure)
    axes.set_axis_off()
    axes.set_xlim(0, panel.width)
    axes.set_ylim(panel.height, 0)
    axes.text(0, 10, "Peaks by their photos", size=10.5, weight="bold", va="center")
    _write_key(axes, 32)
    peaks = [peak for peak in trek.peaks.values() if trek.is_seen(peak.id)]
    peaks.sort(key=lambda peak: (-trek.named.get(peak.id, 0), -trek.framed.get(peak.id, 0), peak.id))
    most = max(max(trek.named.get(peak.id, 0), trek.framed.get(peak.id, 0)) for peak in peaks)
    for row, peak in enumerate(peaks[: int((panel.height - 48) / ROW)]):
        y = 60 + row * ROW
        named, framed = trek.named.get(peak.id, 0), trek.framed.get(peak.id, 0)
        axes.plot(6, y, "^", color=colours.PEAK, markersize=points(11), markeredgewidth=0)
        name = axes.text(NAME_LEFT, y, drawable_name(peak.names, peak.id), size=9, va="center_baseline")
        most_width = BAR_LEFT - NAME_LEFT - 6
        if (width := name.get_window_extent().width) > most_width:
            name.set_fontsize(9 * most_width / width)
        axes.barh(y, BAR_WIDTH * framed / most, 10, left=BAR_LEFT, color=colours.SIGHT, alpha=0.5)
        axes.barh(y, BAR_WIDTH * named / most, 10, left=BAR_LEFT, color=colours.PHOTO)
        axes.text(panel.width, y, f"{named:,} / {framed:,}", size=8, ha="right", va="center_baseline",
                  color=colours.QUIET)


def _write_key(axes: Axes, y: float) -> None:
    keys = (0, colours.PHOTO, 1.0, "named"), (72, colours.SIGHT, 0.5, "in its frame")
    for x, colour, opacity, words in keys:
        axes.barh(y, 10, 10, left=x, color=colour, alpha=opacity)
        axes.text(x + 15, y, words, size=8.5, va="center_baseline", color=colours.QUIET)


def has_profile(trek: Trek) -> bool:
    """Whether altitude over time can be drawn."""
    return len({photo.clock for photo in trek.photos if photo.clock and photo.altitude is not None}) > 1


def draw_profile(axes: Axes, trek: Trek) -> None:
    """The photos' altitudes in the order of time."""
    told = sorted((_days(photo.clock), photo.altitude) for photo in trek.photos
                  if photo.clock is not None and photo.altitude is not None)
    times, metres = zip(*told, strict=True)
    room = max(max(metres) - min(metres), 100) * 0.12
    pad = max(times[-1] - times[0], 0.05) * 0.012
    axes.set_xlim(times[0] - pad, times[-1] + pad)
    axes.set_ylim(min(metres) - room, max(metres) + room)
    axes.fill_between(times, min(metres) - room, metres, color=colours.PHOTO, alpha=0.12, linewidth=0)
    axes.plot(times, metres, color=colours.PHOTO, linewidth=1.2, alpha=0.6)
    axes.plot(times, metres, "o", color=colours.PHOTO, markersize=3, markeredgewidth=0)
    axes.tick_params(length=0, labelsize=8, labelcolor=colours.QUIET)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_metres(value)))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.grid(axis="y", color=colours.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    _draw_days(axes, trek)


def _draw_days(axes: Axes, trek: Trek) -> None:
    assert trek.days is not None
    midnights = list(_midnights(*trek.days))
    named = midnights[:: math.ceil(len(midnights) / MOST_DAYS) or 1]
    for midnight in midnights if len(midnights) <= 10 * MOST_DAYS else named:
        axes.axvline(_days(midnight), color=colours.GRID, linewidth=0.8, zorder=0)
    axes.set_xticks([_days(day) for day in named], [f"{day.day} {day:%b}" for day in named])


def _days(clock: datetime) -> float:
    """Days since 1970, by the wall clock."""
    return (clock - datetime(1970, 1, 1)) / timedelta(days=1)


def _midnights(first: datetime, last: datetime) -> Iterator[datetime]:
    day = datetime.combine(first.date(), time()) + timedelta(days=1)
    while day <= last:
        yield day
        day += timedelta(days=1)
