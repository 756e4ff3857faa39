"""The photos' markers: one for photos that would lie on each other."""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from loader.search.trek import Trek, TrekPhoto
from loader.show.map.view import View
from loader.show.values import format_metres, format_prediction, format_time
from loader.text import clean_text, format_count, format_direction

_NAMED = 4  # peaks that a marker of many photos names


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

    @property
    def bearing(self) -> float | None:
        """Where a photo alone looks, degrees clockwise from true north."""
        return self.photos[0].bearing if len(self.photos) == 1 else None

    @property
    def size(self) -> float:
        """Its width in pixels, which grows with the logarithm of its photos."""
        return 13 if len(self.photos) == 1 else min(15 + 3 * math.log2(len(self.photos)), 40)


def gather_markers(trek: Trek, view: View, cells: int) -> list[Marker]:
    """The photos' markers, in the order of their first photos.

    Args:
        trek: whose photos they are.
        view: of the map.
        cells: of the view's width; photos of one cell are one marker.
    """
    side = (view.right - view.left) / cells
    gathered: dict[tuple[int, int], list[TrekPhoto]] = {}
    for photo in trek.photos:
        x, y = view.place(photo.gps)
        gathered.setdefault((math.floor(x / side), math.floor(y / side)), []).append(photo)
    markers = []
    for photos in gathered.values():
        xs, ys = zip(*(view.place(photo.gps) for photo in photos), strict=True)
        markers.append(Marker(tuple(photos), sum(xs) / len(xs), sum(ys) / len(ys)))
    return markers


def describe_marker(marker: Marker) -> str:
    """What a marker tells a person who points at it, in Plotly's kind of HTML."""
    lines = _describe_photos(marker.photos) if len(marker.photos) > 1 else describe_photo(marker.photos[0])
    return "<br>".join(safe_text(line) for line in lines if line)


def _describe_photos(photos: Sequence[TrekPhoto]) -> list[str]:
    days = [f"{photo.time.clock:%-d %B %Y}" for photo in photos if photo.time.clock]
    named = Counter(found.peak.name for photo in photos for found in photo.predictions)
    return [
        format_count(len(photos), "photo"),
        days[0] if len(set(days)) == 1 else f"{days[0]} to {days[-1]}" if days else "",
        *(f"{name} in {count:,}" for name, count in named.most_common(_NAMED)),
    ]


def describe_photo(photo: TrekPhoto) -> list[str]:
    """What is known of a photo, line by line; "" for what is not."""
    return [
        *(format_prediction(found) for found in photo.predictions),
        format_time(photo.time),
        format_metres(photo.altitude),
        "" if photo.bearing is None else f"looks {format_direction(photo.bearing)}",
        photo.path,
    ]


def safe_text(text: str) -> str:
    """A text that Plotly shows as it stands: neither markup nor an entity."""
    return escape(clean_text(text), quote=False)
