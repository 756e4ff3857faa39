"""The map as one HTML file with everything inside: library, styles, photos and their thumbnails.

The page's own files lie in ``page_parts/``. The data of photos and catalogues is one JSON document in the
page. It is written so that no text can end the script element, and it is shown as text, never as markup.
"""
from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import Any

from bokeh.embed import json_item
from bokeh.resources import Resources

from loader.place import Box
from loader.search.answer import PeakPrediction
from loader.search.trek import Trek, TrekPhoto
from loader.show.map import colours
from loader.show.map.figure import draw_figures
from loader.show.map.tiles import TileServer
from loader.show.map.trail import walked_ways
from loader.show.map.view import PlanePoint, main_trek, project, start_view
from loader.show.pages import open_pages, thumbnail_uri
from loader.show.values import format_probability, format_time
from loader.text import format_count, format_direction

EVIDENCE = {"visual": "by its look", "sight": "by the sight line", "both": "by look and sight line",
            "person": "you said"}


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
    figures = draw_figures(start_view(trek, box), tiles, trek.days is not None)
    pages = open_pages("map/page_parts")
    pages.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False,
                                           "separators": (",", ":")}
    return pages.get_template("page.html").render(
        title=title,
        line=headline(trek),
        notes=[*describe_rest(trek), *filter(None, [limits])],
        bokeh=Resources(mode="inline", components=["bokeh"]).render_js(),
        figures=json_item(figures, "figures"),
        trek=describe_trek(trek),
        palette={name.lower(): value for name, value in vars(colours).items() if name.isupper()},
    )


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


def describe_trek(trek: Trek) -> dict[str, Any]:
    """Everything that the page shows, ready for JSON; peaks and concepts are named by their places."""
    peaks = {peak_id: place for place, peak_id in enumerate(trek.peaks)}
    names = {concept.id: concept.name for photo in trek.photos for concept in photo.concepts}
    counts = Counter(concept.id for photo in trek.photos for concept in photo.concepts)
    concepts = {concept_id: place for place, (concept_id, _) in enumerate(counts.most_common())}
    return {
        "peaks": [_describe_peak(trek, peak_id) for peak_id in trek.peaks],
        "concepts": [names[concept_id] for concept_id in concepts],
        "photos": [_describe_photo(photo, peaks, concepts) for photo in trek.photos],
        "ways": [[_rounded(project(point)) for point in way] for way in walked_ways(trek.photos)],
    }


def _describe_peak(trek: Trek, peak_id: str) -> dict[str, Any]:
    peak = trek.peaks[peak_id]
    described: dict[str, Any] = {"names": list(peak.names) or [peak.id]}
    if peak.elev_m is not None:
        described["metres"] = peak.elev_m
    if peak.position is not None:
        described["x"], described["y"] = _rounded(project(peak.position))
    return described


def _describe_photo(photo: TrekPhoto, peaks: dict[str, int], concepts: dict[str, int]) -> dict[str, Any]:
    x, y = _rounded(project(photo.gps))
    known = {
        "path": photo.path,
        "x": x,
        "y": y,
        "t": None if photo.time.clock is None else _milliseconds(photo.time.clock),
        "when": format_time(photo.time),
        "metres": None if photo.altitude is None else round(photo.altitude),
        "bearing": None if photo.bearing is None else round(photo.bearing, 1),
        "looks": None if photo.bearing is None else format_direction(photo.bearing),
        "view": None if photo.field_of_view is None else round(photo.field_of_view, 1),
        "named": [_describe_prediction(found, peaks) for found in photo.predictions],
        "framed": [peaks[peak_id] for peak_id in photo.in_frame],
        "concepts": [concepts[concept.id] for concept in photo.concepts],
        "words": photo.description,
        "picture": thumbnail_uri(photo.thumbnail),
    }
    return {name: value for name, value in known.items() if value not in (None, "", [])}


def _describe_prediction(found: PeakPrediction, peaks: dict[str, int]) -> dict[str, Any]:
    return {
        "peak": peaks[found.peak.id],
        "sure": format_probability(found.probability),
        "evidence": EVIDENCE.get(found.evidence or "", found.evidence or ""),
    }


def _milliseconds(clock: datetime) -> int:
    """The wall clock as JavaScript counts time, as if it were UTC: the page shows it as it stands."""
    return int(clock.replace(tzinfo=timezone.utc).timestamp() * 1000)


def _rounded(place: PlanePoint) -> list[float]:
    return [round(place[0], 1), round(place[1], 1)]
