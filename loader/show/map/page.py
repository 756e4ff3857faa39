"""The map as one HTML file with everything inside: Plotly, styles, photos and their thumbnails.

The page's own files lie in ``page_parts/``. It has no script beside Plotly's own export: a choice is a link
to a place of the page, and styles show what belongs to it. Every text is escaped.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from loader.place import Box
from loader.search.trek import Trek, TrekPhoto
from loader.show.map.choices import Choice, add_choices, day_of, format_day, list_choices
from loader.show.map.figure import draw_map
from loader.show.map.markers import describe_photo, gather_markers
from loader.show.map.profile import draw_profile
from loader.show.map.tiles import TileServer
from loader.show.map.view import NARROW, SCREENS, Screen, View, main_trek, start_view
from loader.show.pages import open_pages
from loader.text import format_count

# Named one by one: Plotly's own choice holds a button that sends the figure to its company.
_BUTTONS = {"displaylogo": False, "displayModeBar": True,
            "modeBarButtons": [["zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d"]]}
_MAP = {"scrollZoom": True, "doubleClick": False, **_BUTTONS}  # to Plotly a tap is a double click
_PROFILE = {"displayModeBar": False}
# Buttons for what a finger does.
_FINGER = {
    "type": "buttons", "direction": "right", "x": 0, "y": 1, "xanchor": "left", "yanchor": "top",
    "pad": {"l": 4, "t": 4}, "bgcolor": "#c9d0d4", "borderwidth": 0,
    "font": {"color": "#1f2a33", "size": 11},
    "buttons": [{"label": label, "method": "relayout", "args": [{"dragmode": dragmode}]}
                for label, dragmode in (("Scroll the page", False), ("Move the map", "pan"))],
}


def render_page(
    trek: Trek,
    title: str,
    box: Box | None = None,
    tiles: TileServer | None = None,
    limits: str | None = None,
) -> str:
    """Return the map as an HTML document.

    Args:
        trek: what is drawn.
        title: of the page.
        box: degrees of the view that it opens with; the trek itself without it.
        tiles: a background from a tile server; only it needs the network.
        limits: of the model that named the peaks.
    """
    view, groups = start_view(trek, box), list_choices(trek)
    choices = [choice for kinds in groups.values() for choice in kinds]
    profile = draw_profile(trek)
    pages = open_pages("map/page_parts")
    pages.filters |= {
        "describe": _describe_photo, "photos": partial(format_count, noun="photo"),
        "clock": lambda time: (time.local or "")[11:16],
    }
    return pages.get_template("page.html").render(
        title=title,
        line=headline(trek),
        notes=[*describe_rest(trek), *filter(None, [limits])],
        maps={screen.name: _export_map(trek, view, screen, tiles, choices) for screen in SCREENS},
        profile="" if profile is None else _export(profile, "profile", _PROFILE, with_plotly=False),
        groups=groups,
        choices=choices,
        days=_by_day(trek.photos),
        keys={photo.id: [each.key for each in choices if photo.id in each.photos] for photo in trek.photos},
    )


def _export_map(
    trek: Trek, view: View, screen: Screen, tiles: TileServer | None, choices: Sequence[Choice]
) -> str:
    markers = gather_markers(trek, view, screen.cells)
    figure = draw_map(trek, view, markers, screen, tiles)
    add_choices(figure, trek, view, markers, choices)
    if screen is NARROW:
        figure.update_layout(dragmode=False, updatemenus=[_FINGER])
    return _export(figure, f"map-{screen.name}", _MAP, with_plotly=screen is SCREENS[0])


def _export(figure: go.Figure, name: str, config: dict[str, Any], *, with_plotly: bool) -> str:
    """A figure by Plotly's own export, which no text can end."""
    html: str = figure.to_html(config, include_plotlyjs=with_plotly, full_html=False, div_id=name)
    return html


def _describe_photo(photo: TrekPhoto) -> str:
    return "\n".join(filter(None, describe_photo(photo)))


def _by_day(photos: Iterable[TrekPhoto]) -> list[tuple[str, Sequence[TrekPhoto]]]:
    ordered = sorted(photos, key=lambda photo: (not day_of(photo), day_of(photo)))
    return [(format_day(day), list(each)) for day, each in groupby(ordered, day_of)]


def describe_days(trek: Trek) -> str:
    """``27 October to 5 November 2023``, or "" when no photo's time is known."""
    if trek.days is None:
        return ""
    first, last = trek.days
    end = f"{last.day} {last:%B %Y}"
    if first.date() == last.date():
        return end
    if first.year != last.year:
        return f"{first.day} {first:%B %Y} to {end}"
    return f"{first.day} to {end}" if first.month == last.month else f"{first.day} {first:%B} to {end}"


def headline(trek: Trek) -> str:
    """How many photos of which days, and the filters that are on."""
    count = len(trek.photos)
    words = [format_count(count, "photo"), describe_days(trek), *trek.filters]
    return " · ".join(word for word in words if word)


def describe_rest(trek: Trek) -> list[str]:
    """Return sentences about the photos and thumbnails that the page leaves out."""
    said = []
    if trek.left_out:
        said.append(f"{trek.left_out:,} later photos are left out: narrow the choice, with --from for one.")
    if unplaced := trek.without_position:
        are = "is" if unplaced == 1 else "are"
        said.append(f"{format_count(unplaced, 'photo')} without a position {are} not on the map.")
    apart = len(trek.photos) - len(main_trek(trek.photos))
    if apart:
        taken = "1 photo was taken" if apart == 1 else f"{apart:,} photos were taken"
        said.append(f"{taken} far away from the others: outside the view that the page opens with.")
    if trek.without_thumbnail:
        shown = len(trek.photos) - trek.without_thumbnail
        said.append(f"{shown:,} of {len(trek.photos):,} photos have their thumbnail here (--thumbnails).")
    return said
