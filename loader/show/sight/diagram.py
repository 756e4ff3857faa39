"""The picture of a sight: the photo with the names of its peaks above it, and a compass beside it.

Drawn with matplotlib's objects, without pyplot and its global state. The same sight gives the same bytes.
The figure is one inch by one, so that its coordinates are inches; the file is cut to what is drawn. The
photo's lower left corner is at 0, 0.
"""
from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Wedge
from matplotlib.transforms import Bbox
from PIL import Image

from loader.peaks.sight.camera import place_in_picture
from loader.peaks.sight.geometry import COMPASS_ERROR_DEG, Camera, Sight
from loader.peaks.sight.photo import SightedPhoto
from loader.show.sight.layout import choose_names, choose_peaks, choose_rings, dial_point, dial_radius, spread
from loader.show.sight.lettering import FONT, drawable_name, drawable_text
from loader.show.sight.words import describe_missing, describe_shot, headline
from loader.show.values import format_metres
from loader.text import format_count, list_words, shorten

PEAK, PALE_PEAK, PHOTO = "#c62828", "#e3a3a3", "#2e7d32"
INK, GREY, PALE = "#263238", "#78909c", "#cfd8dc"

# Inches, but for the pixels an inch.
DPI, MARGIN = 110, 0.25
PICTURE = 10.0  # the photo's longer side
DIAL, GAP = 4.0, 0.45  # the dial's diameter, and what is between the photo and it
NAME_GAP = 0.46  # between the slanted names above the photo, which have two lines each
SLANT = 50  # degrees, of these names
WORD_GAP, FARTHEST_MOVE = 0.2, 1.5  # between level names, and of one from its peak: else all are slanted
LINE, LONGEST_HEADING = 54, 72  # characters, LINE of one below the dial
MOST_UNNAMED = 8  # names below the dial for which it has no room: the table has them all

# Where a name may stand beside its peak on the dial, whose radius is 1.
BESIDE = ((0.055, 0.0, "left"), (-0.055, 0.0, "right"), (0.0, 0.075, "center"), (0.0, -0.085, "center"))

Kind = Literal["png", "svg"]

_PAPER = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.5}  # behind words on lines

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
        sighted: a photo that has a position, and what its camera had before it.
        picture: the photo upright, RGB; None where its pixels cannot be read.

    Returns:
        The file's bytes, the same whatever settings a person keeps for matplotlib.
    """
    assert sighted.camera is not None, "without a position there is nothing to draw"
    with style.context(["default", _SETTINGS]):
        figure = Figure(figsize=(1, 1), dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)  # measures texts
        width, height, top = 0.0, DIAL, DIAL
        if picture is not None:
            scale = PICTURE / max(picture.size)
            width, height = picture.width * scale, picture.height * scale
            top = max(height, _draw_picture(figure, sighted, picture, width, height))
        left = width + GAP if width else 0.0
        axes = figure.add_axes((left, height - DIAL, DIAL, DIAL))
        is_low = height < DIAL  # below a panorama is room, and as wide as it
        x, y, line = (0, -0.5, round(LINE * width / DIAL)) if is_low else (left, height - DIAL - 0.2, LINE)
        facts = _facts(sighted, draw_dial(axes, sighted.sights, sighted.camera), line)
        figure.text(x, y, facts, va="top", color=GREY, linespacing=1.4)
        figure.text(0, top + 0.3, _heading(sighted), size=14, weight="bold")
        stream = io.BytesIO()
        figure.savefig(stream, format=kind, dpi=DPI, metadata={"Date": None} if kind == "svg" else {},
                       bbox_inches="tight", pad_inches=MARGIN)
    return stream.getvalue()


def _heading(sighted: SightedPhoto) -> str:
    shown = len(sighted.shown)
    words = f"{format_count(shown, 'peak')} in the frame" if shown else headline(sighted)
    return shorten(f"{drawable_text(Path(sighted.photo.path).name)}: {words}", LONGEST_HEADING)


def _facts(sighted: SightedPhoto, unnamed: Sequence[str], line: int) -> str:
    """Where the camera stood and looked, and what is not known or written, in lines of so many characters."""
    sentences = [*describe_shot(sighted).split("; "), *describe_missing(sighted, is_list=False)]
    if unnamed:
        sentences.append(f"No room on the compass for the names of {list_words(unnamed, MOST_UNNAMED)}.")
    return "\n".join(textwrap.fill(each[0].upper() + each[1:], line) for each in sentences)


def _name(sight: Sight) -> str:
    return drawable_name(sight.peak.names, sight.peak.id)


def _draw_picture(
    figure: Figure, sighted: SightedPhoto, picture: Image.Image, width: float, height: float
) -> float:
    """Draw the photo with the names of its peaks above it; returns where these end."""
    axes = figure.add_axes((0, 0, width, height), xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    pixels = picture.resize((round(width * DPI), round(height * DPI)), Image.Resampling.LANCZOS)
    axes.imshow(np.asarray(pixels), extent=(0, width, 0, height), aspect="auto", interpolation="none")
    shown = picture_places(sighted)
    if not shown:
        return 0.0
    assert sighted.camera is not None, "peaks are shown to a camera"
    _draw_error(axes, sighted.camera, width)
    ends = _draw_level_names(axes, shown) or _draw_slanted_names(axes, shown)
    return max(ends)


def picture_places(sighted: SightedPhoto) -> list[tuple[Sight, float]]:
    """Return the shown peaks with their places in the picture, 0 to 1, from left to right."""
    width = sighted.camera.field_of_view if sighted.camera else None
    places = [(sight, place_in_picture(sight.offset, width)) for sight in sighted.shown]
    return [(sight, place) for sight, place in places if place is not None]


def _draw_level_names(axes: Axes, shown: Sequence[tuple[Sight, float]]) -> list[float]:
    """Write the names side by side, if there is room near their peaks; returns where they end, or nothing."""
    width = axes.get_xlim()[1]
    wanted = [place * width for _, place in shown]
    widths = [_measure_width(axes, _words(sight)) + WORD_GAP for sight, _ in shown]
    if sum(widths) > width:
        return []
    feet = spread(wanted, widths, 0, width)
    if max(abs(foot - place) for foot, place in zip(feet, wanted, strict=True)) > FARTHEST_MOVE:
        return []
    looks = {"ha": "center", "va": "baseline"}
    return [_draw_name(axes, *named, foot, looks) for named, foot in zip(shown, feet, strict=True)]


def _draw_slanted_names(axes: Axes, shown: Sequence[tuple[Sight, float]]) -> list[float]:
    """Write as many names as stand side by side when slanted; returns where they end."""
    width = axes.get_xlim()[1]
    places = choose_names(shown, int(width / NAME_GAP))
    feet = spread([place * width for _, place in places], [NAME_GAP] * len(places), 0, width)
    looks = {"rotation": SLANT, "rotation_mode": "anchor", "va": "center"}
    return [_draw_name(axes, *named, foot, looks) for named, foot in zip(places, feet, strict=True)]


def _draw_name(axes: Axes, sight: Sight, place: float, foot: float, looks: dict[str, Any]) -> float:
    """Write a peak's name above its place in the photo; returns where it ends."""
    x, height = place * axes.get_xlim()[1], axes.get_ylim()[1]
    line = [0.65 * height, height + 0.1, height + 0.24]
    axes.plot([x, x, foot], line, color=PEAK, linewidth=1, clip_on=False)
    axes.plot(x, height + 0.02, "^", color=PEAK, markersize=9, markeredgecolor="white", clip_on=False)
    name = axes.text(foot, height + 0.3, _words(sight), color=PEAK, linespacing=1.1, **looks)
    return float(name.get_window_extent().y1) / DPI


def _words(sight: Sight) -> str:
    numbers = filter(None, [format_metres(sight.peak.elev_m), f"{sight.distance / 1000:.1f} km"])
    return f"{_name(sight)}\n{' · '.join(numbers)}"


def _measure_width(axes: Axes, words: str) -> float:
    text = axes.text(0, 0, words, linespacing=1.1)
    width = float(text.get_window_extent().width) / DPI
    text.remove()
    return width


def _draw_error(axes: Axes, camera: Camera, width: float) -> None:
    """Draw a bar as long as the compass's error to both sides: the names may be off by so much."""
    reach = place_in_picture(COMPASS_ERROR_DEG, camera.field_of_view) or 0.5
    half = min(reach - 0.5, 0.5) * width
    axes.plot([width / 2 - half, width / 2 + half], [-0.12, -0.12], color=PHOTO, linewidth=2, clip_on=False)
    words = f"±{COMPASS_ERROR_DEG:.0f}°: a phone's compass may be so far off"
    axes.text(width / 2, -0.18, words, ha="center", va="top", size=8, color=PHOTO)


def draw_dial(axes: Axes, sights: Sequence[Sight], camera: Camera) -> list[str]:
    """Draw the compass; returns the names for which it has no room."""
    axes.set(xlim=(-1.01, 1.01), ylim=(-1.01, 1.01))
    axes.set_axis_off()
    drawn = choose_peaks(sights)
    farthest = max((sight.distance for sight in drawn), default=10_000.0)
    _draw_rim(axes)
    _draw_frame(axes, camera)
    _draw_rings(axes, camera, farthest)
    for sight in reversed(drawn):
        _draw_peak(axes, sight, farthest)
    axes.plot(0, 0, "o", color=PHOTO, markersize=7, markeredgecolor="white", zorder=6)
    return _write_names(axes, drawn, farthest)


def _draw_rim(axes: Axes) -> None:
    axes.add_patch(Circle((0, 0), 1, facecolor="white", edgecolor=GREY, linewidth=1, zorder=0))
    for bearing, letter in zip(range(0, 360, 90), "NESW", strict=True):
        x, y = dial_point(bearing, 0.93)
        axes.text(x, y, letter, ha="center", va="center_baseline", weight="bold", color=GREY, zorder=4,
                  bbox=_PAPER)


def _draw_frame(axes: Axes, camera: Camera) -> None:
    if camera.bearing is None:
        return
    _draw_line(axes, camera.bearing, linestyle=(0, (5, 4)))
    if camera.field_of_view is None:
        return
    half = camera.field_of_view / 2
    for wide, opacity in ((half + COMPASS_ERROR_DEG, 0.07), (half, 0.16)):
        reach = min(wide, 180.0)
        edges = 90 - camera.bearing - reach, 90 - camera.bearing + reach
        axes.add_patch(Wedge((0, 0), 1, *edges, color=PHOTO, alpha=opacity, linewidth=0, zorder=1))
    for edge in (camera.bearing - half, camera.bearing + half):
        _draw_line(axes, edge)


def _draw_line(axes: Axes, bearing: float, **looks: Any) -> None:
    """Draw a line from the camera to the dial's rim."""
    x, y = dial_point(bearing, 1)
    axes.plot([0, x], [0, y], color=PHOTO, linewidth=1, zorder=2, **looks)


def _draw_rings(axes: Axes, camera: Camera, farthest: float) -> None:
    behind = ((camera.bearing or 0.0) + 180) % 360
    clear = 45 + behind // 90 * 90  # between the letters of the compass, and never in the frame
    for ring in choose_rings(farthest):
        radius = dial_radius(ring, farthest)
        axes.add_patch(Circle((0, 0), radius, fill=False, edgecolor=PALE, linewidth=0.8, zorder=1))
        x, y = dial_point(clear, radius)
        axes.text(x, y, f"{ring / 1000:g} km", ha="center", va="center", size=7, color=GREY, zorder=3,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})


def _draw_peak(axes: Axes, sight: Sight, farthest: float) -> None:
    if sight.is_shown:
        looks: dict[str, Any] = {"color": PEAK, "markersize": 9, "markeredgecolor": "white", "zorder": 5}
    elif sight.in_frame:
        looks = {"markerfacecolor": "white", "markeredgecolor": PEAK, "markersize": 7, "zorder": 4}
    else:
        looks = {"color": PALE_PEAK, "markersize": 6, "markeredgecolor": "white", "zorder": 4}
    x, y = dial_point(sight.bearing, dial_radius(sight.distance, farthest))
    axes.plot(x, y, marker="^", markeredgewidth=1, **looks)


def _write_names(axes: Axes, drawn: Sequence[Sight], farthest: float) -> list[str]:
    """Write names beside their peaks, where they cover nothing, the first of ``drawn`` first.

    Returns:
        The names for which there is no room.
    """
    to_pixels = axes.transData
    taken = [text.get_window_extent() for text in axes.texts]
    places = [dial_point(sight.bearing, dial_radius(sight.distance, farthest)) for sight in drawn]
    taken += [Bbox.from_bounds(x - 7, y - 7, 14, 14) for x, y in to_pixels.transform([*places, (0, 0)])]
    unnamed = []
    for sight, (x, y) in zip(drawn, places, strict=True):
        name = f"{_name(sight)} (hidden)" if sight.in_frame and not sight.is_shown else _name(sight)
        for right, up, align in BESIDE:
            text = axes.text(x + right, y + up, name, ha=align, va="center_baseline", size=7.5, zorder=7,
                             color=INK if sight.is_shown else GREY, bbox=_PAPER)
            extent = text.get_window_extent()
            corners = to_pixels.inverted().transform(extent.corners())
            if np.hypot(*corners.T).max() < 1 and not extent.count_overlaps(taken):
                taken.append(extent.padded(2))
                break
            text.remove()
        else:
            unnamed.append(name)
    return unnamed
