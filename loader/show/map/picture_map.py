"""The map of the PNG, layer by layer: grid, heat, sight lines, the way, photos, peaks and their labels."""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.path import Path
from matplotlib.patheffects import AbstractPathEffect, Normal, Stroke
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, IdentityTransform
from scipy.ndimage import gaussian_filter

from loader.files.place import Box, Point
from loader.peaks.peak_names import Peak
from loader.show.answer_table import format_metres
from loader.show.lettering import drawable_name, drawable_text
from loader.show.map import colours
from loader.show.map.backdrop import Backdrop
from loader.show.map.clusters import Dot, cluster_radius, directions, gather_dots
from loader.show.map.labels import Placed, Rectangle, Wanted, place_labels
from loader.show.map.mercator import (
    Spot,
    View,
    format_degrees,
    format_length,
    grid_lines,
    scale_length,
    to_point,
    to_spot,
)
from loader.show.map.panels import Panel, points
from loader.show.map.start import start_view
from loader.show.map.trail import walked_ways
from loader.show.map.trek import Trek, TrekPhoto

# Pixels.
DOT, MOST_DOT = 9.0, 24.0  # across, of one photo and of the most
NOTCH, EDGE = 8.5, 2.4
DEGREES_WIDTH, DEGREES_HEIGHT = 46, 16  # of degrees in letters
PEAK, MOST_PEAK = 9.0, 17.0
HEAT_CELL, HEAT_SPREAD = 4, 6.5  # the latter in cells
SCALE = 170
KEPT_WIDTH, KEPT_HEIGHT = 240, 64  # for scale and north, in the lower right corner

HOT = 5  # photos at one place that are as hot as it gets, unless others are hotter
HEAT_OPACITY = 0.42


@dataclass(frozen=True)
class Sheet:
    """The trek with what depends on the view.

    Attributes:
        pixel: metres on the plane.
        dots: photos gathered as far as they do not stand side by side.
        peaks: inside the view: those that photos show first, each kind by elevation.
    """

    trek: Trek
    view: View
    pixel: float
    dots: Sequence[Dot]
    peaks: Sequence[Peak]

    @classmethod
    def lay_out(cls, trek: Trek, box: Box | None, panel: Panel) -> Sheet:
        """Choose the view for a panel."""
        view = start_view(trek, panel.width / panel.height, box)
        pixel = view.width / panel.width
        spots = [to_spot(photo.gps) for photo in trek.photos]
        dots = gather_dots(spots, cluster_radius(len(spots)) * pixel)
        inside = [trek.peaks[peak_id] for peak_id, at in trek.summits.items() if view.holds(to_spot(at))]
        inside.sort(key=lambda peak: (not trek.is_seen(peak.id), -(peak.elev_m or 0), peak.id))
        return cls(trek, view, pixel, dots, inside)

    def photos(self, dot: Dot) -> list[TrekPhoto]:
        """The photos of a dot."""
        return [self.trek.photos[member] for member in dot.members]

    def summit(self, peak: Peak) -> Spot:
        """Where a peak with a position stands."""
        return to_spot(self.trek.summits[peak.id])

    def pixels(self, spot: Spot) -> tuple[float, float]:
        """Pixels from the map's lower left corner, y up."""
        return (spot[0] - self.view.left) / self.pixel, (spot[1] - self.view.bottom) / self.pixel

    def spot(self, x: float, y: float) -> Spot:
        """The place at pixels from the map's lower left corner."""
        return self.view.left + x * self.pixel, self.view.bottom + y * self.pixel


def draw_map(axes: Axes, sheet: Sheet, backdrop: Backdrop | None = None) -> None:
    """Draw every layer."""
    view = sheet.view
    axes.set_xlim(view.left, view.right)
    axes.set_ylim(view.bottom, view.top)
    axes.set_xticks([])
    axes.set_yticks([])
    if backdrop is not None:
        _draw_backdrop(axes, sheet, backdrop)
    _draw_grid(axes, sheet, 0.4 if backdrop else 1.0)
    _draw_heat(axes, sheet)
    _draw_sights(axes, sheet)
    _draw_ways(axes, sheet)
    _draw_dots(axes, sheet)
    _draw_peaks(axes, sheet)
    _draw_scale(axes, sheet)


def halo(width: float) -> list[AbstractPathEffect]:
    """A light edge around letters and lines, so that they can be read over others."""
    return [Stroke(linewidth=width, foreground=colours.PAPER, alpha=0.9), Normal()]


def _draw_backdrop(axes: Axes, sheet: Sheet, backdrop: Backdrop) -> None:
    view = backdrop.view
    axes.imshow(np.asarray(backdrop.picture), extent=(view.left, view.right, view.bottom, view.top),
                origin="upper", aspect="auto", interpolation="antialiased", zorder=0)
    axes.set_xlim(sheet.view.left, sheet.view.right)
    axes.set_ylim(sheet.view.bottom, sheet.view.top)
    axes.annotate(drawable_text(backdrop.attribution), (1, 0), (-4, 4), xycoords="axes fraction",
                  textcoords="offset points", ha="right", size=7, path_effects=halo(2.6), zorder=9)


def _draw_grid(axes: Axes, sheet: Sheet, opacity: float) -> None:
    view = sheet.view
    low, high = to_point(view.left, view.bottom), to_point(view.right, view.top)
    for degrees in grid_lines(low.lon, high.lon, 9):
        x, _ = to_spot(Point(0.0, degrees))
        axes.axvline(x, color=colours.GRID, linewidth=0.8, alpha=opacity, zorder=0.5)
        if x < view.right - DEGREES_WIDTH * sheet.pixel:
            _write_degrees(axes, format_degrees(degrees, "EW"), (x, view.bottom))
    for degrees in grid_lines(low.lat, high.lat, 6):
        _, y = to_spot(Point(degrees, 0.0))
        axes.axhline(y, color=colours.GRID, linewidth=0.8, alpha=opacity, zorder=0.5)
        if y < view.top - DEGREES_HEIGHT * sheet.pixel:
            _write_degrees(axes, format_degrees(degrees, "NS"), (view.left, y))


def _write_degrees(axes: Axes, text: str, spot: Spot) -> None:
    axes.annotate(text, spot, (3, 3), textcoords="offset points", size=7.5, color=colours.QUIET,
                  annotation_clip=True, path_effects=halo(2), zorder=3.5)


def _draw_heat(axes: Axes, sheet: Sheet) -> None:
    view, cell = sheet.view, HEAT_CELL * sheet.pixel
    spots = np.array([to_spot(photo.gps) for photo in sheet.trek.photos])
    bins = [round(view.height / cell), round(view.width / cell)]
    bounds = [[view.bottom, view.top], [view.left, view.right]]
    counts, _, _ = np.histogram2d(spots[:, 1], spots[:, 0], bins=bins, range=bounds)
    heat = gaussian_filter(counts, HEAT_SPREAD, mode="constant")
    most = max(heat.max(), HOT / (2 * math.pi * HEAT_SPREAD**2))
    shares = np.sqrt(heat / most)
    pixels = LinearSegmentedColormap.from_list("heat", colours.HEAT)(shares)
    pixels[..., 3] = HEAT_OPACITY * np.clip(shares * 1.6, 0, 1)
    axes.imshow(pixels, extent=(view.left, view.right, view.bottom, view.top), origin="lower", zorder=1,
                interpolation="bilinear", aspect="auto")


def _draw_sights(axes: Axes, sheet: Sheet) -> None:
    """One line from each dot to each peak, wider for more photos."""
    lines: Counter[tuple[Spot, str]] = Counter()
    for dot in sheet.dots:
        for photo in sheet.photos(dot):
            lines.update((dot.spot, peak_id) for peak_id in photo.in_frame if peak_id in sheet.trek.summits)
    segments = [(spot, to_spot(sheet.trek.summits[peak_id])) for spot, peak_id in lines]
    opacity = max(0.1, min(0.75, 6 / math.sqrt(len(segments) or 1)))
    widths = [min(0.8 + 0.5 * math.log2(count), 2.4) for count in lines.values()]
    axes.add_collection(LineCollection(segments, colors=colours.SIGHT, linewidths=widths, alpha=opacity,
                                       zorder=2), autolim=False)


def _draw_ways(axes: Axes, sheet: Sheet) -> None:
    ways = [[to_spot(point) for point in way] for way in walked_ways(sheet.trek.photos)]
    axes.add_collection(LineCollection(ways, colors=colours.TRAIL, linewidths=1.8, zorder=3,
                                       linestyles=[(0, (1, 1.3))]), autolim=False)


def dot_size(count: int) -> float:
    """Pixels across the dot of so many photos."""
    return min(MOST_DOT, DOT + 7 * math.log10(count))


def _draw_dots(axes: Axes, sheet: Sheet) -> None:
    """Dots with a notch towards every direction in which their photos look; the larger ones in front."""
    dots = sorted((dot for dot in sheet.dots if sheet.view.holds(dot.spot)), key=lambda dot: len(dot.members))
    shapes = [dot_shape(dot, [photo.bearing for photo in sheet.photos(dot)]) for dot in dots]
    # Each shape twice, one after the other: its light edge, then itself.
    axes.add_collection(PathCollection(
        [shape for shape in shapes for _ in range(2)],
        offsets=[dot.spot for dot in dots for _ in range(2)],
        offset_transform=axes.transData,
        transform=IdentityTransform(),
        facecolors=["white", colours.PHOTO] * len(dots),
        edgecolors=["white", "none"] * len(dots),
        linewidths=[points(EDGE), 0.0] * len(dots),
        zorder=5,
    ), autolim=False)
    for dot in dots:
        if len(dot.members) > 1:
            axes.text(*dot.spot, f"{len(dot.members):,}", color="white", size=6.5, weight="bold",
                      ha="center", va="center_baseline", zorder=6)


def dot_shape(dot: Dot, bearings: Sequence[float | None]) -> Path:
    """A dot with its notches, in pixels around its middle, y up."""
    radius = dot_size(len(dot.members)) / 2
    notch = np.array([(-0.5, 0.0), (0.5, 0.0), (0.0, 1.0), (-0.5, 0.0)]) * NOTCH + (0, radius - 0.2 * NOTCH)
    notches = [Path(Affine2D().rotate_deg(-bearing).transform(notch), closed=True)
               for bearing in directions(bearings)]
    return Path.make_compound_path(Path.unit_circle().transformed(Affine2D().scale(radius)), *notches)


def peak_sizes(peaks: Sequence[Peak]) -> dict[str, float]:
    """Pixels across the peaks' triangles, by their elevations among one another."""
    heights = [peak.elev_m for peak in peaks if peak.elev_m is not None]
    low, high = (min(heights), max(heights)) if heights else (0, 0)
    if high <= low:
        return {peak.id: (PEAK + MOST_PEAK) / 2 for peak in peaks}
    scale = (MOST_PEAK - PEAK) / (high - low)
    return {peak.id: PEAK + scale * ((low if peak.elev_m is None else peak.elev_m) - low) for peak in peaks}


def _draw_peaks(axes: Axes, sheet: Sheet) -> None:
    sizes = peak_sizes(sheet.peaks)
    for peak in reversed(sheet.peaks):
        colour = colours.PEAK if sheet.trek.is_seen(peak.id) else colours.QUIET_PEAK
        axes.plot(*sheet.summit(peak), "^", color=colour, markersize=points(sizes[peak.id]),
                  markeredgecolor="white", markeredgewidth=0.9, zorder=7)
    texts = [_write_label(axes, sheet, peak) for peak in sheet.peaks]
    wanted = [
        _measure(sheet, peak, pair, sizes[peak.id]) for peak, pair in zip(sheet.peaks, texts, strict=True)
    ]
    width, height = sheet.view.width / sheet.pixel, sheet.view.height / sheet.pixel
    kept = [Rectangle(width - KEPT_WIDTH, 0, KEPT_WIDTH, KEPT_HEIGHT)]
    bounds = Rectangle(4, DEGREES_HEIGHT, width - 8, height - DEGREES_HEIGHT - 4)
    places = place_labels(wanted, _marks(sheet, sizes), kept, bounds)
    for pair, place in zip(texts, places, strict=True):
        _put(sheet, pair, place)


def _write_label(axes: Axes, sheet: Sheet, peak: Peak) -> tuple[Text, Text]:
    """The name, and the elevation that stands under it, not in their place yet."""
    seen = sheet.trek.is_seen(peak.id)
    name = axes.text(0, 0, drawable_name(peak.names, peak.id), size=9.5 if seen else 8, zorder=8,
                     weight="bold" if seen else "normal", color=colours.INK if seen else colours.QUIET,
                     path_effects=halo(2.6))
    metres = axes.text(0, 0, format_metres(peak.elev_m), size=8 if seen else 7, zorder=8,
                       color=colours.QUIET, path_effects=halo(2.6))
    return name, metres


def _measure(sheet: Sheet, peak: Peak, pair: tuple[Text, Text], size: float) -> Wanted:
    boxes = [text.get_window_extent() for text in pair if text.get_text()]
    x, y = sheet.pixels(sheet.summit(peak))
    middle_x, middle_y = sheet.view.width / sheet.pixel / 2, sheet.view.height / sheet.pixel / 2
    # Most sight lines come from the middle: behind the peak there is most room.
    length = math.dist((x, y), (middle_x, middle_y)) or 1.0
    return Wanted(
        x, y, max(box.width for box in boxes), sum(box.height + 1 for box in boxes), size / 2 + 3,
        ((x - middle_x) / length, (y - middle_y) / length),
    )


def _marks(sheet: Sheet, sizes: dict[str, float]) -> list[Rectangle]:
    marks = [(sheet.pixels(dot.spot), dot_size(len(dot.members)) / 2 + 3) for dot in sheet.dots]
    marks += [(sheet.pixels(sheet.summit(peak)), sizes[peak.id] / 2) for peak in sheet.peaks]
    return [Rectangle(x - half, y - half, 2 * half, 2 * half) for (x, y), half in marks]


def _put(sheet: Sheet, pair: tuple[Text, Text], place: Placed | None) -> None:
    name, metres = pair
    if place is None:
        name.remove()
        metres.remove()
        return
    sides: dict[int, Literal["left", "center", "right"]] = {1: "left", 0: "center", -1: "right"}
    box, align = place.box, sides[place.side[0]]
    x = box.left + {"left": 0.0, "center": 0.5, "right": 1.0}[align] * box.width
    for text, anchor, y in ((name, "top", box.bottom + box.height), (metres, "bottom", box.bottom)):
        spot = sheet.spot(x, y)
        text.set(x=spot[0], y=spot[1], ha=align, va=anchor)


def _draw_scale(axes: Axes, sheet: Sheet) -> None:
    """A scale bar, true in the map's middle, and north."""
    metres = scale_length(SCALE * sheet.pixel * sheet.view.ground)
    length = metres / sheet.view.ground
    right, y = sheet.spot(sheet.view.width / sheet.pixel - 62, 26)
    tick = 4 * sheet.pixel
    axes.plot([right - length, right - length, right, right], [y + tick, y, y, y + tick], color=colours.INK,
              linewidth=1.5, solid_joinstyle="miter", zorder=9, path_effects=halo(4))
    axes.text(right - length / 2, y + 3 * sheet.pixel, format_length(metres), ha="center", va="bottom",
              size=8.5, zorder=9, path_effects=halo(2.6))
    x = right + 34 * sheet.pixel
    axes.annotate("", (x, y + 26 * sheet.pixel), (x, y - 6 * sheet.pixel), zorder=9,
                  arrowprops={"arrowstyle": "-|>", "color": colours.INK, "linewidth": 1.5, "shrinkA": 0,
                              "shrinkB": 0, "mutation_scale": 13})
    axes.text(x, y + 27 * sheet.pixel, "N", ha="center", va="bottom", size=10, weight="bold", zorder=9,
              path_effects=halo(2.6))
