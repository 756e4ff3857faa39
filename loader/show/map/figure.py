"""The interactive drawing: Bokeh's figures with their layers, which the page's scripts fill.

Layers stand in the order in which they are painted. A source is found in the page by its name.
"""
from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from bokeh.core.properties import value
from bokeh.layouts import column
from bokeh.models import (
    ColumnDataSource,
    CustomJSTickFormatter,
    DatetimeTickFormatter,
    Grid,
    LayoutDOM,
    LinearAxis,
    MercatorTicker,
    PanTool,
    Range1d,
    RangeTool,
    WheelZoomTool,
    WMTSTileSource,
)
from bokeh.plotting import figure

from loader.show.map import colours
from loader.show.map.tiles import TileServer
from loader.show.map.view import HALF, View

PROFILE_HEIGHT = 132  # pixels
LEAST_WIDTH = 60.0  # metres on the plane that the wheel zooms in to
FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"

_FORMATS = Path(__file__).parent / "page_parts"


def draw_figures(view: View, tiles: TileServer | None, with_profile: bool) -> LayoutDOM:
    """Return the map and, under it, the photos' altitudes over time with the window that filters them.

    Args:
        view: that the map opens with.
        tiles: a background from a tile server; the map needs the network then.
        with_profile: whether a photo's time is known.
    """
    drawing = _draw_map(view, tiles)
    parts = [drawing, _draw_profile()] if with_profile else [drawing]
    return column(*parts, sizing_mode="stretch_both", spacing=4, name="figures")


def _draw_map(view: View, tiles: TileServer | None) -> figure:
    drawing = figure(
        name="map",
        x_range=_range("x", view.left, view.right),
        y_range=_range("y", view.bottom, view.top),
        x_axis_type=None,
        y_axis_type=None,
        toolbar_location=None,
        sizing_mode="stretch_both",
        background_fill_color=colours.PAPER,
        border_fill_color="white",
        outline_line_color=colours.FRAME,
        min_border=2, min_border_right=14,
    )
    wheel = WheelZoomTool(zoom_on_axis=False)
    drawing.tools = [PanTool(), wheel]
    drawing.toolbar.active_scroll = wheel
    if tiles is not None:
        drawing.add_tile(WMTSTileSource(url=tiles.url, attribution=html.escape(tiles.attribution)))
    _add_grid(drawing, over_tiles=tiles is not None)
    _add_layers(drawing)
    return drawing


def _range(axis: str, start: float, end: float) -> Range1d:
    return Range1d(start, end, name=axis, bounds=(-HALF, HALF), min_interval=LEAST_WIDTH)


def _add_grid(drawing: figure, *, over_tiles: bool) -> None:
    for dimension, (side, letters) in enumerate((("below", "EW"), ("left", "NS"))):
        ticker = MercatorTicker(dimension="lon" if side == "below" else "lat", desired_num_ticks=6)
        axis = LinearAxis(
            ticker=ticker,
            formatter=_formatter("degrees_axis.js", letters=letters),
            axis_line_color=None, major_tick_line_color=None, minor_tick_line_color=None,
            major_label_text_color=colours.GREY, major_label_text_font_size="10px",
            major_label_text_font=FONT, major_label_standoff=2,
        )
        drawing.add_layout(axis, side)
        drawing.add_layout(Grid(
            dimension=dimension, ticker=ticker, grid_line_color=colours.GRID,
            grid_line_alpha=0.4 if over_tiles else 1.0,
        ))


def _formatter(file: str, **values: str) -> CustomJSTickFormatter:
    """The JavaScript of a file as the formatter of an axis's numbers."""
    return CustomJSTickFormatter(code=(_FORMATS / file).read_text(encoding="utf-8"), args=values)


def _source(name: str, *columns: str) -> ColumnDataSource:
    return ColumnDataSource({each: [] for each in columns}, name=name)


def _add_layers(drawing: figure) -> None:
    heat = _source("heat", "url", "x", "y", "w", "h")
    drawing.image_url("url", "x", "y", "w", "h", source=heat, anchor="top_left", name="heat-layer")
    sights = _source("sights", "x0", "y0", "x1", "y1", "width")
    drawing.segment("x0", "y0", "x1", "y1", source=sights, line_width="width", line_color=colours.SIGHT,
                    line_alpha=0.55, name="sights-layer")
    drawing.multi_line("xs", "ys", source=_source("ways", "xs", "ys"), line_color=colours.TRAIL, line_width=2,
                       line_dash="2 3", name="ways-layer")
    drawing.patches("xs", "ys", source=_source("cones", "xs", "ys"), fill_color=colours.PHOTO,
                    fill_alpha=0.16, line_color=colours.PHOTO, line_alpha=0.5)
    drawing.segment("x0", "y0", "x1", "y1", source=_source("lit", "x0", "y0", "x1", "y1"), line_width=2.4,
                    line_color=colours.DEEP_SIGHT)
    _add_photos(drawing)
    _add_peaks(drawing)


def _add_photos(drawing: figure) -> None:
    """Markers with notches towards where the photos look, each with a white edge around both."""
    markers = _source("markers", "x", "y", "size", "halo", "count")
    notches = _source("notches", "x", "y", "angle")
    plain: dict[str, Any] = {"line_color": None}
    for colour, size, notch in (("white", "halo", 14), (colours.PHOTO, "size", 10.5)):
        drawing.scatter("x", "y", source=notches, marker="triangle", angle="angle", size=notch,
                        fill_color=colour, name="photos-layer", **plain)
        drawing.scatter("x", "y", source=markers, size=size, fill_color=colour, name="photos-layer", **plain)
    drawing.text("x", "y", "count", source=markers, text_color="white", text_font=value(FONT),
                 text_font_size="10px", text_font_style="bold", text_align="center", text_baseline="middle",
                 name="photos-layer")
    drawing.scatter("x", "y", source=_source("ring", "x", "y", "size"), size="size", fill_color=None,
                    line_color=colours.INK, line_width=2)


def _add_peaks(drawing: figure) -> None:
    peaks = _source("peaks", "x", "y", "size", "colour")
    drawing.scatter("x", "y", source=peaks, marker="triangle", size="size", fill_color="colour",
                    line_color="white", name="peaks-layer")
    labels = _source("labels", "x", "y", "text", "right", "down", "align", "font", "style", "colour")
    drawing.text("x", "y", "text", source=labels, x_offset="right", y_offset="down", text_align="align",
                 text_baseline="middle", text_font=value(FONT), text_font_size="font",
                 text_font_style="style", text_color="colour", background_fill_color=colours.PAPER,
                 background_fill_alpha=0.65, border_radius=3, name="peaks-layer")


def _draw_profile() -> figure:
    """Altitude over time; the window on it is the time filter."""
    profile = figure(
        name="profile", title="Altitude of the photos: drag here to choose days",
        height=PROFILE_HEIGHT, sizing_mode="stretch_width", x_axis_type="datetime",
        x_range=Range1d(0, 1, name="days"), y_range=Range1d(0, 1, name="metres"), toolbar_location=None,
        tools="", background_fill_color=colours.PAPER, outline_line_color=colours.FRAME, min_border=2,
        min_border_right=14,
    )
    heights = _source("heights", "t", "metres")
    profile.varea("t", 0, "metres", source=heights, fill_color=colours.PHOTO, fill_alpha=0.12)
    profile.line("t", "metres", source=heights, line_color=colours.PHOTO, line_alpha=0.6)
    moments = _source("moments", "t", "metres", "alpha")
    profile.scatter("t", "metres", source=moments, size=5, fill_color=colours.PHOTO, fill_alpha="alpha",
                    line_color=None)
    profile.scatter("t", "metres", source=_source("pointed", "t", "metres"), size=11, fill_color=None,
                    line_color=colours.INK, line_width=2)
    window = RangeTool(x_range=Range1d(0, 1, name="window"), start_gesture="pan")
    window.overlay.fill_color = colours.SIGHT
    window.overlay.fill_alpha = 0.16
    window.overlay.line_color = colours.DEEP_SIGHT
    profile.add_tools(window)
    _style_profile(profile)
    return profile


def _style_profile(profile: figure) -> None:
    profile.title.text_color, profile.title.text_font = colours.GREY, FONT
    profile.title.text_font_size, profile.title.text_font_style = "11px", "normal"
    profile.title.standoff = 3
    days, metres = profile.xaxis[0], profile.yaxis[0]
    days.formatter = DatetimeTickFormatter(
        minutes="%H:%M", hourmin="%H:%M", hours="%H:%M", days="%-d %b", months="%b %Y", years="%Y"
    )
    days.ticker.desired_num_ticks, metres.ticker.desired_num_ticks = 8, 3
    metres.formatter = _formatter("metres_axis.js")
    for axis in (days, metres):
        axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = None
        axis.major_label_text_color = colours.GREY
        axis.major_label_text_font_size = "10px"
        axis.major_label_text_font = FONT
    profile.grid.grid_line_color = colours.GRID
