"""What the map shows: photos with a position, in the order of time, and the peaks around them."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from loader.files.place import Point
from loader.peaks.catalogue import Concept, Peak
from loader.search.answer import PeakPrediction, ShotTime
from loader.show.values import format_count

UNTIMED = ShotTime()


@dataclass(frozen=True)
class TrekPhoto:
    """A photo with a position.

    Attributes:
        id: the document's ``_id``.
        time: as the file says it, for people.
        predictions: the peaks it is predicted to show, likeliest first.
        in_frame: ids of the peaks that its camera had in its frame, likeliest first: its sight lines.
        concepts: what else it is predicted to show, likeliest first.
        altitude: metres.
        bearing: where the camera looked, degrees clockwise from true north.
        field_of_view: horizontal, degrees.
        thumbnail: base64 JPEG; None when the photo has none or the map has enough.
    """

    id: str
    path: str
    gps: Point
    time: ShotTime = UNTIMED
    predictions: tuple[PeakPrediction, ...] = ()
    in_frame: tuple[str, ...] = ()
    concepts: tuple[Concept, ...] = ()
    altitude: float | None = None
    bearing: float | None = None
    field_of_view: float | None = None
    description: str | None = None
    thumbnail: str | None = None

    @property
    def clock(self) -> datetime | None:
        """The camera's wall clock; the instant in UTC where only that is known."""
        written = self.time.local or self.time.instant
        return None if written is None else datetime.fromisoformat(written[:19])

    @property
    def moment(self) -> datetime | None:
        """The instant in UTC without its zone; the wall clock where its offset is not known."""
        written = self.time.instant or self.time.local
        return None if written is None else datetime.fromisoformat(written[:19])


@dataclass(frozen=True)
class Trek:
    """Photos and peaks for one map.

    Attributes:
        photos: in the order of time, those without one last.
        peaks: of the catalogue, and every other one that the photos name or a sight line ends at, by id.
        filters: the filters that are on, as a person would say them.
        left_out: photos that the filters let through and the map has no room for.
        without_thumbnail: photos of `photos` whose thumbnail was left out.
    """

    photos: tuple[TrekPhoto, ...]
    peaks: Mapping[str, Peak]
    filters: tuple[str, ...] = ()
    left_out: int = 0
    without_thumbnail: int = 0

    @property
    def days(self) -> tuple[datetime, datetime] | None:
        """The wall clocks of the first and the last photo."""
        clocks = [photo.clock for photo in self.photos if photo.clock]
        return (min(clocks), max(clocks)) if clocks else None


def sort_by_time(photos: Sequence[TrekPhoto]) -> list[TrekPhoto]:
    """Photos in the order in which they were taken; those without a time last, by path."""
    return sorted(photos, key=lambda photo: (photo.moment is None, photo.moment or datetime.min, photo.path))


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
