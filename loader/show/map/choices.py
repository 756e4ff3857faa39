"""What a person can choose on the page of `peaks map`: a peak, a concept or a day.

The page has no script of its own. A choice is a link to a place of the page, and styles show the photos and
the layer of the map that belong to it. The layers lie in the figure, hidden, one for each choice.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from loader.search.trek import Trek, TrekPhoto
from loader.show import colours
from loader.show.map.markers import Marker
from loader.show.map.view import PlanePoint, View, unproject

MOST = 60  # choices of one kind


@dataclass(frozen=True)
class Choice:
    """A line of the page's rail.

    Attributes:
        key: names it in the page and in the figure.
        name: for a person.
        photos: ids of the photos that belong to it.
        peak: id of the one that its sight lines end at; None draws those to all peaks.
    """

    key: str
    name: str
    photos: frozenset[str]
    peak: str | None = None


def list_choices(trek: Trek) -> dict[str, list[Choice]]:
    """The choices by their kinds: of each those with the most photos, and days in the order of time."""
    named = _gather(trek, lambda photo: [found.peak.id for found in photo.predictions])
    framed = _gather(trek, lambda photo: photo.in_frame)
    shown = _gather(trek, lambda photo: [concept.id for concept in photo.concepts])
    names = {concept.id: concept.name for photo in trek.photos for concept in photo.concepts}
    days = sorted(_gather(trek, lambda photo: filter(None, [day_of(photo)])).items())
    return {
        "Peaks": _choose_peaks(trek, "peak", named),
        "Peaks in the frame": _choose_peaks(trek, "frame", framed),
        "Also shown": [
            Choice(f"concept-{place}", names[concept], photos)
            for place, (concept, photos) in enumerate(_most(shown))
        ],
        "Days": [Choice(f"day-{day}", format_day(day), photos) for day, photos in days],
    }


def day_of(photo: TrekPhoto) -> str:
    """The day by the photo's own clock, as ``2023-10-05``; "" when its time is not known."""
    return "" if photo.time.clock is None else f"{photo.time.clock:%Y-%m-%d}"


def format_day(day: str) -> str:
    """``2023-10-05`` gives ``5 October 2023``."""
    return f"{datetime.fromisoformat(day):%-d %B %Y}" if day else "Without a time"


def _gather(trek: Trek, read: Callable[[TrekPhoto], Iterable[str]]) -> dict[str, frozenset[str]]:
    """Ids of photos by what is read of each."""
    gathered = defaultdict[str, set[str]](set)
    for photo in trek.photos:
        for value in read(photo):
            gathered[value].add(photo.id)
    return {value: frozenset(ids) for value, ids in gathered.items()}


def _most(gathered: Mapping[str, frozenset[str]]) -> list[tuple[str, frozenset[str]]]:
    return sorted(gathered.items(), key=lambda entry: -len(entry[1]))[:MOST]


def _choose_peaks(trek: Trek, kind: str, gathered: Mapping[str, frozenset[str]]) -> list[Choice]:
    return [
        Choice(f"{kind}-{place}", trek.peaks[peak_id].name, photos, peak_id)
        for place, (peak_id, photos) in enumerate(_most(gathered))
    ]


def add_choices(
    figure: go.Figure, trek: Trek, view: View, markers: Sequence[Marker], choices: Iterable[Choice]
) -> None:
    """Add a hidden layer for each choice: its photos' markers, and their sight lines."""
    for choice in choices:
        xs: list[float | None] = []
        ys: list[float | None] = []
        sizes: list[float] = []
        texts: list[str] = []
        for marker in markers:
            photos = [photo for photo in marker.photos if photo.id in choice.photos]
            if not photos:
                continue
            line = [(marker.x, marker.y)]  # there and back for each sight line
            for end in _line_ends(trek, view, choice, photos, marker):
                line += [end, line[0]]
            xs += [*(x for x, _ in line), None]
            ys += [*(y for _, y in line), None]
            sizes += [marker.size, *[0] * len(line)]
            texts += [f"{len(photos):,}" if len(marker.photos) > 1 else "", *[""] * len(line)]
        figure.add_scatter(
            x=xs, y=ys, text=texts, mode="lines+markers+text", uid=choice.key, showlegend=False,
            hoverinfo="skip", textfont={"color": "white", "size": 11},
            line={"color": colours.SIGHT, "width": 1.5},
            marker={"color": colours.PHOTO, "opacity": 1, "size": sizes,
                    "line": {"color": "white", "width": 1.5}},
        )


def _line_ends(
    trek: Trek, view: View, choice: Choice, photos: Iterable[TrekPhoto], marker: Marker
) -> list[PlanePoint]:
    """Where the sight lines of a marker's photos end, each summit once."""
    framed = {peak_id for photo in photos for peak_id in photo.in_frame if choice.peak in (None, peak_id)}
    summits = [trek.peaks[peak_id].position for peak_id in sorted(framed)]
    return [view.trace([unproject(marker.x, marker.y), summit])[1] for summit in summits if summit]
