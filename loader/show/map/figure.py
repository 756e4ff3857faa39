"""The map's figure: photos, peaks as red triangles, sight lines and the way on foot, on Mercator's plane.

A plain plane of metres, so that it needs no tile server; with one, its tiles lie under the same plane. The
page of `peaks browse` and that of `peaks map` both show it.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from loader.peaks.catalogue import Peak
from loader.search.trek import Trek
from loader.show.map import colours, labels
from loader.show.map.graticule import degree_axes
from loader.show.map.markers import Marker, describe_marker, safe_text
from loader.show.map.tiles import TileServer, cover_view
from loader.show.map.trail import walked_ways
from loader.show.map.view import PlanePoint, View
from loader.show.values import format_metres
from loader.text import format_count

PHOTOS, PEAKS, SIGHTS, WAYS = "photos", "peaks", "sight lines", "way on foot"  # layers
_MANY_LINES = 100  # that are drawn paler, and only to chosen peaks
_NAMES = 5  # of a peak that is pointed at


def draw_map(trek: Trek, view: View, markers: Sequence[Marker], tiles: TileServer | None) -> go.Figure:
    """Return the map; the ``customdata`` of a photo marker is its place in ``markers``, of a peak its id.

    Args:
        trek: what is drawn.
        view: that it opens with.
        markers: the photos'.
        tiles: the background.
    """
    figure = go.Figure()
    add_lines(figure, WAYS, map(view.trace, walked_ways(trek.photos)), colours.TRAIL, dash="dot")
    lines = list(sight_lines(trek, view)) if trek.filters else []
    if trek.chosen or 0 < len(lines) < _MANY_LINES:  # more, to many peaks, would hide the map
        add_lines(figure, SIGHTS, lines, colours.SIGHT, opacity=0.5 if len(lines) < _MANY_LINES else 0.2)
    _add_peaks(figure, trek, view, markers)
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


def _add_peaks(figure: go.Figure, trek: Trek, view: View, markers: Sequence[Marker]) -> None:
    shown = Counter(
        peak_id for photo in trek.photos
        for peak_id in {*photo.in_frame, *(found.peak.id for found in photo.predictions)}
    )
    peaks = sorted((peak for peak in trek.peaks.values() if peak.position is not None),
                   key=lambda peak: (-shown[peak.id], -(peak.elev_m or 0)))
    places = [view.place(peak.position) for peak in peaks if peak.position is not None]
    marks = [*places, *((marker.x, marker.y) for marker in markers)]
    sides = labels.place_labels([peak.name for peak in peaks], places, marks, view)
    figure.add_scatter(
        x=[x for x, _ in places], y=[y for _, y in places], mode="markers+text", name=PEAKS, uid=PEAKS,
        text=["" if side is None else safe_text(peak.name) for peak, side in zip(peaks, sides, strict=True)],
        textposition=[side or "top center" for side in sides], textfont={"size": labels.SIZE},
        hovertext=[_describe_peak(peak, shown[peak.id]) for peak in peaks], hoverinfo="text",
        customdata=[peak.id for peak in peaks],
        zorder=1, marker={"symbol": "triangle-up", "opacity": 1, "line": {"color": "white", "width": 1},
                "size": [_peak_size(peak) for peak in peaks],
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


def _lay_out(figure: go.Figure, view: View) -> None:
    figure.update_layout(
        **degree_axes(view), dragmode="pan", margin={"l": 0, "r": 0, "t": 0, "b": 0}, hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 0.03, "xanchor": "left", "yanchor": "bottom",
                "itemdoubleclick": False},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": colours.GREY, "activecolor": colours.PHOTO},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(128,128,128,0.06)",
    )
