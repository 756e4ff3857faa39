"""The picture of a sight: a compass seen from above and the photo, both with the names of the peaks.

Drawn with matplotlib's objects, without pyplot and its global state. The same sight gives the same bytes.
"""
from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle, Wedge
from matplotlib.text import Text
from PIL import Image

from loader.peaks.sight.camera import place_in_picture
from loader.peaks.sight.geometry import COMPASS_ERROR_DEG, Camera, Sight
from loader.peaks.sight.photo import SightedPhoto
from loader.show.sight.layout import (
    HALF_HEIGHT,
    Label,
    choose_peaks,
    choose_rings,
    dial_point,
    dial_radius,
    place_labels,
    spread,
)
from loader.show.sight.lettering import FONT, drawable_name, drawable_text
from loader.show.sight.words import describe_missing, describe_shot, headline
from loader.show.values import format_metres
from loader.text import format_count, shorten

PEAK, PALE_PEAK, PHOTO = "#c62828", "#e3a3a3", "#2e7d32"
INK, GREY, PALE = "#263238", "#78909c", "#cfd8dc"

# Inches, but for the pixels an inch.
WIDTH, HEIGHT, DPI = 13.6, 6.7, 110
MARGIN = 0.3
DIAL_WIDTH, DIAL_HEIGHT = 7.7, 5.7
PICTURE_WIDTH, PICTURE_HEIGHT, NAMES_HEIGHT = 4.6, 4.2, 1.25
PICTURE_ALONE_WIDTH = 7.6  # without a position there is no dial

HALF_WIDTH = HALF_HEIGHT * DIAL_WIDTH / DIAL_HEIGHT  # of the dial's panel; the dial's radius is 1
LABEL_X = 1.12  # where labels begin, on both sides

SLANT = 50  # degrees, of the names above the picture
NAME_GAP = 0.23  # inches between them
LONGEST_HEADING = 100  # characters

Kind = Literal["png", "svg"]

_SETTINGS = {
    "font.family": "sans-serif",
    "font.sans-serif": [FONT, "Verdana", "sans-serif"],
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "peaks sight",
}


def render_diagram(kind: Kind, sighted: SightedPhoto, picture: Image.Image | None) -> bytes:
    """Draw a sight.

    Args:
        kind: of the file.
        sighted: the photo and what its camera had before it.
        picture: the photo upright, RGB; None where its pixels cannot be read.

    Returns:
        The file's bytes, the same whatever settings a person keeps for matplotlib.
    """
    with style.context(["default", _SETTINGS]):
        width = WIDTH if sighted.camera else PICTURE_ALONE_WIDTH + 2 * MARGIN
        figure = Figure(figsize=(width, HEIGHT), dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)  # measures texts
        _draw_heading(figure, sighted)
        if sighted.camera is not None:
            _draw_dial(_panel(figure), sighted.sights, sighted.camera)
        if picture is not None:
            _draw_picture(figure, sighted, picture)
        stream = io.BytesIO()
        metadata = {"Date": None} if kind == "svg" else {}
        figure.savefig(stream, format=kind, dpi=DPI, metadata=metadata)
    return stream.getvalue()


def _draw_heading(figure: Figure, sighted: SightedPhoto) -> None:
    left, top = MARGIN / figure.get_figwidth(), 1 - MARGIN / HEIGHT
    longest = round(LONGEST_HEADING * figure.get_figwidth() / WIDTH)
    heading = _choose_heading(sighted, longest)
    figure.text(left, top - 0.15 / HEIGHT, heading, size=14, weight="bold")
    figure.text(left, top - 0.4 / HEIGHT, describe_shot(sighted), size=9, color=GREY)
    if sighted.camera is not None:
        missing = "\n".join(describe_missing(sighted, is_list=False))
        figure.text(left, 0.15 / HEIGHT, missing, size=9, color=GREY, va="bottom")


def _choose_heading(sighted: SightedPhoto, longest: int) -> str:
    """As many peaks as fit, and the count of the others: no name is cut."""
    name = drawable_text(Path(sighted.photo.path).name)
    peaks = [_name(sight) for sight in sighted.shown]
    for most in range(len(peaks), 0, -1):
        rest = [f"{len(peaks) - most} more"] if most < len(peaks) else []
        heading = f"{name}: {', '.join([*peaks[:most], *rest])}"
        if len(heading) <= longest:
            return heading
    return shorten(f"{name}: {format_count(len(peaks), 'peak') if peaks else headline(sighted)}", longest)


def _name(sight: Sight) -> str:
    return drawable_name(sight.peak.names, sight.peak.id)


def _panel(figure: Figure) -> Axes:
    axes = figure.add_axes((MARGIN / WIDTH, 0.2 / HEIGHT, DIAL_WIDTH / WIDTH, DIAL_HEIGHT / HEIGHT))
    axes.set_xlim(-HALF_WIDTH, HALF_WIDTH)
    axes.set_ylim(-HALF_HEIGHT, HALF_HEIGHT)
    axes.set_axis_off()
    return axes


def _draw_dial(axes: Axes, sights: Sequence[Sight], camera: Camera) -> None:
    drawn = choose_peaks(sights)
    farthest = max((sight.distance for sight in drawn), default=10_000.0)
    _draw_rim(axes)
    _draw_frame(axes, camera)
    _draw_rings(axes, camera, farthest)
    for label in place_labels(drawn):
        _draw_leader(axes, label, farthest)
        _draw_label(axes, label)
    for sight in reversed(drawn):
        _draw_peak(axes, sight, farthest)
    axes.plot(0, 0, "o", color=PHOTO, markersize=8, markeredgecolor="white", zorder=6)


def _draw_rim(axes: Axes) -> None:
    axes.add_patch(Circle((0, 0), 1, facecolor="white", edgecolor=GREY, linewidth=1, zorder=0))
    for bearing in range(0, 360, 10):
        long = 0.03 if bearing % 30 == 0 else 0.015
        inner, outer = dial_point(bearing, 1 - long), dial_point(bearing, 1)
        _draw_line(axes, inner, outer, color=GREY, linewidth=0.8, zorder=1)
    for bearing, letter in zip(range(0, 360, 90), "NESW", strict=True):
        x, y = dial_point(bearing, 0.93)
        axes.text(x, y, letter, ha="center", va="center_baseline", size=10, weight="bold", color=GREY,
                  zorder=4, bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.5})


def _draw_frame(axes: Axes, camera: Camera) -> None:
    if camera.bearing is None:
        return
    axis = dial_point(camera.bearing, 1)
    _draw_line(axes, (0, 0), axis, color=PHOTO, linewidth=1, linestyle=(0, (5, 4)), zorder=2)
    if camera.field_of_view is None:
        return
    half = camera.field_of_view / 2
    for wide, opacity in ((half + COMPASS_ERROR_DEG, 0.07), (half, 0.16)):
        reach = min(wide, 180.0)
        edges = 90 - camera.bearing - reach, 90 - camera.bearing + reach
        axes.add_patch(Wedge((0, 0), 1, *edges, color=PHOTO, alpha=opacity, linewidth=0, zorder=1))
    for edge in (camera.bearing - half, camera.bearing + half):
        _draw_line(axes, (0, 0), dial_point(edge, 1), color=PHOTO, linewidth=1.4, zorder=2)


def _draw_line(axes: Axes, *corners: tuple[float, float], **looks: Any) -> None:
    axes.plot(*zip(*corners, strict=True), **looks)


def _draw_rings(axes: Axes, camera: Camera, farthest: float) -> None:
    behind = ((camera.bearing or 0.0) + 180) % 360
    clear = 45 + behind // 90 * 90  # between the letters of the compass, and never in the frame
    for ring in choose_rings(farthest):
        radius = dial_radius(ring, farthest)
        axes.add_patch(Circle((0, 0), radius, fill=False, edgecolor=PALE, linewidth=0.8, zorder=1))
        x, y = dial_point(clear, radius)
        axes.text(x, y, f"{ring / 1000:g} km", ha="center", va="center", size=7.5, color=GREY, zorder=3,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})


def _draw_leader(axes: Axes, label: Label, farthest: float) -> None:
    sight = label.sight
    tip = dial_point(sight.bearing, dial_radius(sight.distance, farthest))
    foot = (label.side * (LABEL_X - 0.015), label.y)
    colour, width, order = (PEAK, 0.8, 3) if sight.is_shown else (PALE, 0.7, 2)
    _draw_line(axes, tip, dial_point(sight.bearing, 1), foot, color=colour, linewidth=width, zorder=order)


def _draw_label(axes: Axes, label: Label) -> None:
    sight, x = label.sight, label.side * LABEL_X
    align: Literal["left", "right"] = "left" if label.side == 1 else "right"
    name = _name(sight)
    if not sight.is_shown:
        words = f"{name} (hidden)" if sight.in_frame else name
        _fit(axes.text(x, label.y, words, ha=align, va="center_baseline", size=8.5, color=GREY))
        return
    _fit(axes.text(x, label.y + 0.006, name, ha=align, va="bottom", size=9.5, weight="bold"))
    numbers = [f"{sight.distance / 1000:.1f} km"]
    if sight.peak.elev_m is not None:
        numbers.insert(0, format_metres(sight.peak.elev_m))
    _fit(axes.text(x, label.y - 0.004, " · ".join(numbers), ha=align, va="top", size=8))


def _fit(text: Text) -> None:
    """Make a label smaller that would leave its panel."""
    axes = text.axes
    assert axes is not None
    extent, room = text.get_window_extent(), axes.get_window_extent()
    most = room.x1 - extent.x0 if text.get_horizontalalignment() == "left" else extent.x1 - room.x0
    if extent.width > most:
        text.set_fontsize(text.get_fontsize() * most / extent.width)


def _draw_peak(axes: Axes, sight: Sight, farthest: float) -> None:
    x, y = dial_point(sight.bearing, dial_radius(sight.distance, farthest))
    if sight.is_shown:
        looks: dict[str, Any] = {"color": PEAK, "markersize": 11, "markeredgecolor": "white", "zorder": 5}
    elif sight.in_frame:
        looks = {"markerfacecolor": "white", "markeredgecolor": PEAK, "markersize": 8, "zorder": 4}
    else:
        looks = {"color": PALE_PEAK, "markersize": 7, "markeredgecolor": "white", "zorder": 4}
    axes.plot(x, y, marker="^", markeredgewidth=1, **looks)


def _draw_picture(figure: Figure, sighted: SightedPhoto, picture: Image.Image) -> None:
    """The photo beside the dial, and above it the names of its peaks where they stand in it."""
    widest, highest = PICTURE_WIDTH, PICTURE_HEIGHT
    if sighted.camera is None:
        widest, highest = PICTURE_ALONE_WIDTH, DIAL_HEIGHT
    scale = min(widest / picture.width, highest / picture.height)
    width, height = picture.width * scale, picture.height * scale
    if sighted.camera:
        left, bottom = MARGIN + DIAL_WIDTH + 0.3, 0.2 + (DIAL_HEIGHT - NAMES_HEIGHT - height) / 2
    else:
        left, bottom = MARGIN + (widest - width) / 2, 0.2 + (highest - height) / 2
    whole = figure.get_figwidth()
    axes = figure.add_axes((left / whole, bottom / HEIGHT, width / whole, height / HEIGHT))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.set_axis_off()
    pixels = picture.resize((round(width * DPI), round(height * DPI)), Image.Resampling.LANCZOS)
    axes.imshow(np.asarray(pixels), extent=(0, width, 0, height), aspect="auto", interpolation="none")
    axes.add_patch(Rectangle((0, 0), width, height, fill=False, edgecolor=PHOTO, linewidth=2, clip_on=False))
    places = picture_places(sighted)
    if sighted.camera and places:
        _draw_names(axes, places, width, height)
        _draw_error(axes, sighted.camera, width)


def picture_places(sighted: SightedPhoto) -> list[tuple[Sight, float]]:
    """Return the shown peaks with their places in the picture, 0 to 1, from left to right."""
    width = sighted.camera.field_of_view if sighted.camera else None
    places = [(sight, place_in_picture(sight.offset, width)) for sight in sighted.shown]
    return [(sight, place) for sight, place in places if place is not None]


def _draw_names(axes: Axes, places: Sequence[tuple[Sight, float]], width: float, height: float) -> None:
    places = places[: int((width + 0.8) / NAME_GAP)]
    feet = spread([place * width for _, place in places], [NAME_GAP] * len(places), -0.4, width + 0.4)
    for (sight, place), foot in zip(places, feet, strict=True):
        x = place * width
        line = [0.65 * height, height + 0.1, height + 0.24]
        axes.plot([x, x, foot], line, color=PEAK, linewidth=1, clip_on=False)
        axes.plot(x, height + 0.02, "^", color=PEAK, markersize=9, markeredgecolor="white", clip_on=False)
        name = _name(sight)
        axes.text(foot, height + 0.27, name, rotation=SLANT, rotation_mode="anchor", ha="left", va="center",
                  size=9.5, weight="bold", color=PEAK)


def _draw_error(axes: Axes, camera: Camera, width: float) -> None:
    """Draw a bar as long as the compass's error to both sides: the names may be off by so much."""
    reach = place_in_picture(COMPASS_ERROR_DEG, camera.field_of_view) or 0.5
    half = min(reach - 0.5, 0.5) * width
    axes.plot([width / 2 - half, width / 2 + half], [-0.14, -0.14], color=PHOTO, linewidth=2, clip_on=False)
    axes.text(width / 2, -0.2, f"±{COMPASS_ERROR_DEG:.0f}°, as a phone's compass errs", ha="center", va="top",
              size=8, color=PHOTO)
