"""The map's figure: photos, peaks as red triangles, sight lines and the way on foot, on Mercator's plane.

A plain plane of metres, so that it needs no tile server; with one, its tiles lie under the same plane.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from loader.place import Box, Point
from loader.search.trek import Trek, TrekPhoto
from loader.show.map import colours
from loader.show.map.tiles import TileServer
from loader.show.map.trail import walked_ways
from loader.show.map.view import HALF, RADIUS, PlanePoint, View, project, start_view
from loader.show.values import format_time
from loader.text import format_count

CELLS = 20  # of the view's width; photos of one cell are one marker
TILE_ZOOM_MOST, TILES_WIDE = 17, 3
MOST_NAMES = 25  # of peaks, those most photographed first


@dataclass(frozen=True)
class Marker:
    """One marker: the photos of one cell.

    Attributes:
        photos: in the order of time.
        x: metres on the plane, their middle; ``y`` too.
    """

    photos: tuple[TrekPhoto, ...]
    x: float
    y: float


def draw_trek(trek: Trek, box: Box | None, tiles: TileServer | None) -> go.Figure:
    """Return the map; each photo marker's ``customdata`` is its place in `gather_markers`' list.

    Args:
        trek: what is drawn.
        box: degrees of the view; the trek itself without it, or where it crosses the date line.
        tiles: the background.
    """
    view = start_view(trek, box)
    figure = go.Figure()
    _add_lines(figure, "way on foot", (map(project, way) for way in walked_ways(trek.photos)), colours.TRAIL,
               dash="dot")
    if trek.filters:  # of all photos together they would hide the map
        _add_lines(figure, "sight lines", _sight_lines(trek), colours.SIGHT, opacity=0.45)
    _add_peaks(figure, trek)
    _add_photos(figure, gather_markers(trek, box))
    if tiles is not None:
        _add_tiles(figure, view, tiles)
    _lay_out(figure, view)
    return figure


def gather_markers(trek: Trek, box: Box | None) -> list[Marker]:
    """The photos' markers; one for photos that would lie on each other in the view of the map."""
    view = start_view(trek, box)
    side = (view.right - view.left) / CELLS
    cells: dict[tuple[int, int], list[TrekPhoto]] = {}
    for photo in trek.photos:
        x, y = project(photo.gps)
        cells.setdefault((math.floor(x / side), math.floor(y / side)), []).append(photo)
    markers = []
    for photos in cells.values():
        xs, ys = zip(*(project(photo.gps) for photo in photos), strict=True)
        markers.append(Marker(tuple(photos), sum(xs) / len(xs), sum(ys) / len(ys)))
    return markers


def unproject(x: float, y: float) -> Point:
    """The place on Earth of a point on the plane, in metres; the inverse of `project`."""
    longitude = (math.degrees(x / RADIUS) + 180) % 360 - 180
    return Point(math.degrees(2 * math.atan(math.exp(y / RADIUS)) - math.pi / 2), longitude)


def _sight_lines(trek: Trek) -> Iterable[Sequence[PlanePoint]]:
    for photo in trek.photos:
        for peak_id in photo.in_frame:
            if summit := trek.peaks[peak_id].position:
                yield project(photo.gps), project(summit)


def _add_lines(
    figure: go.Figure, name: str, lines: Iterable[Iterable[PlanePoint]], colour: str, *, opacity: float = 1.0,
    dash: str = "solid",
) -> None:
    """Lines of one layer; one that spans half of the plane crosses the date line, and is left out."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for line in map(list, lines):
        if max(x for x, _ in line) - min(x for x, _ in line) < HALF:
            xs += [*(x for x, _ in line), None]
            ys += [*(y for _, y in line), None]
    figure.add_scatter(x=xs, y=ys, mode="lines", name=name, opacity=opacity, hoverinfo="skip",
                       line={"color": colour, "width": 1.5, "dash": dash})


def _add_peaks(figure: go.Figure, trek: Trek) -> None:
    shown: dict[str, int] = {}
    for photo in trek.photos:
        for peak_id in {*photo.in_frame, *(found.peak.id for found in photo.predictions)}:
            shown[peak_id] = shown.get(peak_id, 0) + 1
    peaks = [peak for peak in trek.peaks.values() if peak.position is not None]
    peaks.sort(key=lambda peak: -shown.get(peak.id, 0))
    places = [project(peak.position) for peak in peaks if peak.position is not None]
    hover = [f"{peak.name}<br>{format_count(shown.get(peak.id, 0), 'photo')}" for peak in peaks]
    figure.add_scatter(
        x=[x for x, _ in places], y=[y for _, y in places], mode="markers+text", name="peaks",
        text=[peak.name if rank < MOST_NAMES else "" for rank, peak in enumerate(peaks)],
        textposition="top center", hovertext=hover, hoverinfo="text", customdata=[peak.id for peak in peaks],
        marker={"symbol": "triangle-up", "size": 11, "line": {"color": "white", "width": 1},
                "color": [colours.PEAK if shown.get(peak.id) else colours.PALE_PEAK for peak in peaks]},
    )


def _add_photos(figure: go.Figure, markers: Sequence[Marker]) -> None:
    """Markers with their counts; a photo alone is an arrow towards where its camera looked."""
    bearings = [_bearing(marker) for marker in markers]
    figure.add_scatter(
        x=[marker.x for marker in markers], y=[marker.y for marker in markers], mode="markers+text",
        name="photos", customdata=list(range(len(markers))), hoverinfo="text",
        hovertext=[_say_marker(marker) for marker in markers],
        text=[str(len(marker.photos)) if len(marker.photos) > 1 else "" for marker in markers],
        textfont={"color": "white", "size": 11},
        marker={
            "color": colours.PHOTO, "opacity": 1, "line": {"color": "white", "width": 1.5},
            "symbol": ["circle" if bearing is None else "arrow" for bearing in bearings],
            "angle": [bearing or 0 for bearing in bearings],
            "size": [14 if len(marker.photos) == 1 else min(18 + 4 * math.log2(len(marker.photos)), 44)
                     for marker in markers],
        },
    )


def _bearing(marker: Marker) -> float | None:
    return marker.photos[0].bearing if len(marker.photos) == 1 else None


def _say_marker(marker: Marker) -> str:
    if len(marker.photos) > 1:
        return f"{len(marker.photos)} photos"
    (photo,) = marker.photos
    names = ", ".join(found.peak.name for found in photo.predictions)
    return "<br>".join(filter(None, [names, format_time(photo.time)]))


def _add_tiles(figure: go.Figure, view: View, tiles: TileServer) -> None:
    """Tiles of one zoom under the view and around it."""
    zoom = min(TILE_ZOOM_MOST, max(0, round(math.log2(2 * HALF / (view.right - view.left) * TILES_WIDE))))
    side = 2 * HALF / 2**zoom
    columns = range(math.floor((view.left + HALF) / side) - 1, math.floor((view.right + HALF) / side) + 2)
    rows = range(math.floor((HALF - view.top) / side) - 1, math.floor((HALF - view.bottom) / side) + 2)
    for column in columns:
        for row in (row for row in rows if 0 <= row < 2**zoom):
            places: Mapping[str, int] = {"{X}": column % 2**zoom, "{Y}": row, "{Z}": zoom}
            url = tiles.url
            for place, number in places.items():
                url = url.replace(place, str(number))
            figure.add_layout_image(source=url, xref="x", yref="y", sizex=side, sizey=side, sizing="stretch",
                                    x=column * side - HALF, y=HALF - row * side, layer="below")
    figure.add_annotation(text=tiles.attribution, xref="paper", yref="paper", x=1, y=0, showarrow=False,
                          font={"size": 10}, bgcolor="rgba(255,255,255,0.7)")


def _lay_out(figure: go.Figure, view: View) -> None:
    plain: dict[str, Any] = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_layout(
        xaxis={**plain, "range": [view.left, view.right]},
        yaxis={**plain, "range": [view.bottom, view.top], "scaleanchor": "x"},
        dragmode="pan", showlegend=False, margin={"l": 0, "r": 0, "t": 0, "b": 0}, height=460,
        plot_bgcolor="rgba(128,128,128,0.08)",
    )
