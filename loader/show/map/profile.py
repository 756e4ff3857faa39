"""The altitudes of a trek over time, which the page of `peaks map` shows under the map."""
from __future__ import annotations

import plotly.graph_objects as go

from loader.search.trek import Trek
from loader.show import colours
from loader.show.map.markers import Marker, describe_marker


def draw_profile(trek: Trek) -> go.Figure | None:
    """Return the photos' altitudes by their own clocks; None where fewer than two tell both."""
    known = sorted(
        (photo.time.clock, photo.altitude, describe_marker(Marker((photo,), 0, 0)))
        for photo in trek.photos if photo.time.clock is not None and photo.altitude is not None
    )
    if len(known) < 2:
        return None
    clocks, metres, told = zip(*known, strict=True)
    figure = go.Figure()
    figure.add_scatter(
        x=clocks, y=metres, mode="lines+markers", line={"color": colours.PHOTO, "width": 1.5},
        marker={"size": 5}, showlegend=False, hovertext=told, hoverinfo="text",
    )
    plain = {"fixedrange": True, "gridcolor": colours.GRID, "zeroline": False,
             "tickfont": {"size": 10, "color": colours.GREY}}
    is_long = (clocks[-1] - clocks[0]).days > 2
    figure.update_layout(
        xaxis={**plain, "tickformat": "%-d %b" if is_long else "%-d %b %H:%M", "nticks": 8},
        yaxis={**plain, "ticksuffix": " m", "separatethousands": True, "nticks": 5}, dragmode=False,
        margin={"l": 8, "r": 12, "t": 8, "b": 4}, hovermode="closest",
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure
