"""The photos' markers: one for photos that would lie on each other."""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import product

from loader.search.trek import Trek, TrekPhoto
from loader.show.map.view import PlanePoint, View
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
        cells: of the view's width; photos of one cell are one marker, and so are those of two cells whose
            middles are nearer than a cell is wide.
    """
    side = (view.right - view.left) / cells
    places = [view.place(photo.gps) for photo in trek.photos]
    gathered: dict[tuple[int, int], list[int]] = {}
    for number, (x, y) in enumerate(places):
        gathered.setdefault((math.floor(x / side), math.floor(y / side)), []).append(number)
    merged: dict[tuple[int, int], list[int]] = {}
    for (column, row), numbers in gathered.items():
        around = product((column, column - 1, column + 1), (row, row - 1, row + 1))
        near = next((cell for cell in around if cell in merged and math.dist(
            _middle(places, merged[cell]), _middle(places, numbers)) < side), (column, row))
        merged[near] = sorted([*merged.get(near, ()), *numbers])
    return [Marker(tuple(trek.photos[number] for number in numbers), *_middle(places, numbers))
            for numbers in merged.values()]


def _middle(places: Sequence[PlanePoint], numbers: Sequence[int]) -> PlanePoint:
    xs, ys = zip(*(places[number] for number in numbers), strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)


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
