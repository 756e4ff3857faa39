"""The map's figure: photos, peaks as red triangles, sight lines and the way on foot, on Mercator's plane.

A plain plane of metres, so that it needs no tile server; with one, its tiles lie under the same plane. The
page of `peaks browse` and that of `peaks map` both show it.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html import escape
from urllib.parse import unquote

import plotly.graph_objects as go

from loader.peaks.catalogue import Peak
from loader.place import Point
from loader.search.trek import Trek
from loader.show import colours
from loader.show.map import labels
from loader.show.map.graticule import degree_axes
from loader.show.map.markers import Marker, describe_marker, safe_text
from loader.show.map.tiles import TileServer, cover_view
from loader.show.map.trail import walked_ways
from loader.show.map.view import PlanePoint, Screen, View, project
from loader.show.values import format_metres
from loader.text import format_count

PHOTOS, PEAKS, SIGHTS, WAYS, FILTER = "photos", "peaks", "sight lines", "way on foot", "filter"  # layers
_MANY_LINES = 100  # that are drawn paler, and only to chosen peaks
_NAMES = 5  # of a peak that is pointed at
_PLAIN, _CHANGED = re.compile("%(2[4CF]|3[ABDF]|40)"), re.compile("%2[36B]")  # codes in a link's values


def draw_map(
    trek: Trek, view: View, markers: Sequence[Marker], screen: Screen, tiles: TileServer | None = None,
    outline: Sequence[Point] = (),
) -> go.Figure:
    """Return the map; the ``customdata`` of a photo marker is its place in ``markers``, of a peak its id.

    Args:
        trek: what is drawn.
        view: that it opens with.
        markers: the photos'.
        screen: that it is drawn for.
        tiles: the background.
        outline: what the photos are filtered by, on the copy of the world that the view is on: longitudes
            may lie beyond 180.
    """
    figure = go.Figure()
    add_lines(figure, WAYS, map(view.trace, walked_ways(trek.photos)), colours.TRAIL, dash="dot")
    lines = list(sight_lines(trek, view)) if trek.filters else []
    if trek.chosen or 0 < len(lines) < _MANY_LINES:  # more, to many peaks, would hide the map
        add_lines(figure, SIGHTS, lines, colours.SIGHT, opacity=0.5 if len(lines) < _MANY_LINES else 0.2)
    if outline:
        corners = [project(corner, corner.lon) for corner in outline]
        add_lines(figure, FILTER, [corners], colours.PHOTO, dash="dash")
    _add_peaks(figure, trek, view, markers, screen)
    _add_photos(figure, markers)
    if tiles is not None:
        cover_view(figure, view, tiles)
    _lay_out(figure, view)
    return figure


def sight_lines(trek: Trek, view: View) -> Iterable[list[PlanePoint]]:
    """The lines from each photo to the summits in its frame, of these to the chosen ones."""
    for photo in trek.photos:
        for peak_id in (each for each in photo.in_frame if not trek.chosen or each in trek.chosen):
            if summit := trek.peaks[peak_id].position:
                yield view.trace([photo.gps, summit])


def add_lines(
    figure: go.Figure, name: str, lines: Iterable[Iterable[PlanePoint]], colour: str, *, opacity: float = 1.0,
    dash: str = "solid",
) -> None:
    """Add lines as one layer."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for line in map(list, lines):
        xs += [*(x for x, _ in line), None]
        ys += [*(y for _, y in line), None]
    figure.add_scatter(x=xs, y=ys, mode="lines", name=name, uid=name.replace(" ", "-"), opacity=opacity,
                       hoverinfo="skip", line={"color": colour, "width": 1.5, "dash": dash})


def _add_peaks(
    figure: go.Figure, trek: Trek, view: View, markers: Sequence[Marker], screen: Screen
) -> None:
    shown = Counter(
        peak_id for photo in trek.photos
        for peak_id in {*photo.in_frame, *(found.peak.id for found in photo.predictions)}
    )
    peaks = sorted((peak for peak in trek.peaks.values() if peak.position is not None),
                   key=lambda peak: (-shown[peak.id], -(peak.elev_m or 0)))
    places = [view.place(peak.position) for peak in peaks if peak.position is not None]
    sizes = [_peak_size(peak) for peak in peaks]
    marks = [(*place, size) for place, size in zip(places, sizes, strict=True)]
    marks += [(marker.x, marker.y, marker.size) for marker in markers]
    sides = labels.place_labels([peak.name for peak in peaks], places, marks, view, screen.width)
    figure.add_scatter(
        x=[x for x, _ in places], y=[y for _, y in places], mode="markers+text", name=PEAKS, uid=PEAKS,
        text=["" if side is None else safe_text(peak.name) for peak, side in zip(peaks, sides, strict=True)],
        textposition=[side or "top center" for side in sides], textfont={"size": labels.SIZE},
        hovertext=[_describe_peak(peak, shown[peak.id]) for peak in peaks], hoverinfo="text",
        customdata=[peak.id for peak in peaks],
        zorder=1, marker={"symbol": "triangle-up", "opacity": 1, "line": {"color": "white", "width": 1},
                "size": sizes,
                "color": [colours.PEAK if shown[peak.id] else colours.PALE_PEAK for peak in peaks]},
    )


def _describe_peak(peak: Peak, photos: int) -> str:
    names = ", ".join(peak.names[:_NAMES]) or peak.name
    lines = (names, format_metres(peak.elev_m), f"named or in the frame: {format_count(photos, 'photo')}")
    return "<br>".join(safe_text(line) for line in lines if line)


def _peak_size(peak: Peak) -> float:
    """In pixels: larger the higher."""
    return 9 + (peak.elev_m or 0) / 1500


def _add_photos(figure: go.Figure, markers: Sequence[Marker]) -> None:
    """Markers with their counts; a photo alone is an arrow towards where its camera looked."""
    figure.add_scatter(
        x=[marker.x for marker in markers], y=[marker.y for marker in markers], mode="markers+text",
        name=PHOTOS, uid=PHOTOS, customdata=list(range(len(markers))), hoverinfo="text",
        hovertext=[describe_marker(marker) for marker in markers],
        text=[f"{len(marker.photos):,}" if len(marker.photos) > 1 else "" for marker in markers],
        textfont={"color": "white", "size": 11},
        marker={
            "color": colours.PHOTO, "opacity": 1, "line": {"color": "white", "width": 1.5},
            "symbol": ["circle" if marker.bearing is None else "arrow" for marker in markers],
            "angle": [marker.bearing or 0 for marker in markers],
            "size": [marker.size for marker in markers],
        },
    )


def add_links(figure: go.Figure, link: Callable[[str | int], str]) -> None:
    """Lay links over the marks of photos and peaks: a finger follows them where it has no other use.

    Plotly decodes and encodes a link once more, which changes ``&``, ``#`` and ``+`` inside a value: a mark
    has no link with one of these.

    Args:
        figure: as `draw_map` returns it.
        link: the query of a mark's page, by the mark's ``customdata``.
    """
    for layer in [*figure.select_traces({"mode": "markers+text"})]:
        links = [_PLAIN.sub(lambda code: unquote(code[0]), link(data)) for data in layer.customdata]
        figure.add_scatter(
            x=layer.x, y=layer.y, mode="text", hoverinfo="skip", showlegend=False,
            text=["" if _CHANGED.search(each) else f'<a href="{escape(each)}" target="_self">⬤</a>'
                  for each in links],
            textfont={"size": [size + 4 for size in layer.marker.size], "color": "rgba(0,0,0,0)"},
        )


def _lay_out(figure: go.Figure, view: View) -> None:
    figure.update_layout(
        **degree_axes(view), dragmode="pan", margin={"l": 0, "r": 0, "t": 0, "b": 0}, hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 0.03, "xanchor": "left", "yanchor": "bottom",
                "itemdoubleclick": False},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": colours.GREY, "activecolor": colours.PHOTO},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(128,128,128,0.06)",
    )
