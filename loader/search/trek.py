"""A trek, for the map: every photo with a position that the filters let through, and all peaks.

Photos are read page by page at one point in time, without their thumbnails. Thumbnails are read afterwards,
only as many as the map takes.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from typing import Any

from elasticsearch import Elasticsearch

from loader.elastic.indices import PHOTOS, read_pages
from loader.errors import PeaksError
from loader.files.paths import join_path
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.catalogue_index import read_all, read_by_id
from loader.place import Point, read_point
from loader.search.answer import (
    Answer,
    EntriesById,
    PeakPrediction,
    ShotTime,
    first_value,
    read_thumbnails,
)
from loader.search.filters import Filters, filter_clauses

MOST_PHOTOS = 20_000
PAGE = 2_000

UNTIMED = ShotTime()
_OF_PEAKS = ("predicted_peaks", "peaks_in_frame")  # filters
_HAS_POSITION = {"exists": {"field": "gps"}}
_FIELDS = (
    *("path", "library_root", "gps", "altitude", "bearing_true", "field_of_view", "description"),
    *("shot_time", "shot_time_local", "shot_time_offset"),
    *("predicted_peaks", "predictions.peak", "predictions.probability", "predictions.evidence"),
    *("predicted_concepts", "peaks_in_frame", "peaks_in_frame_ids"),
)


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
        root: the folder of its library, an absolute path.
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
    root: str | None = None

    @property
    def file(self) -> str | None:
        """The photo's absolute path; None when an earlier version loaded it."""
        return None if self.root is None else join_path(self.root, self.path)

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
        chosen: ids of the peaks that the filters name; sight lines end at these alone, at all without one.
        left_out: photos that the filters let through and the map has no room for.
        without_position: photos that the filters let through and that no map can show.
        without_thumbnail: photos of `photos` whose thumbnail was left out.
    """

    photos: tuple[TrekPhoto, ...]
    peaks: Mapping[str, Peak]
    filters: tuple[str, ...] = ()
    chosen: frozenset[str] = frozenset()
    left_out: int = 0
    without_position: int = 0
    without_thumbnail: int = 0

    @property
    def days(self) -> tuple[datetime, datetime] | None:
        """The wall clocks of the first and the last photo."""
        clocks = [photo.time.clock for photo in self.photos if photo.time.clock]
        return (min(clocks), max(clocks)) if clocks else None


def sort_by_time(photos: Sequence[TrekPhoto]) -> list[TrekPhoto]:
    """Photos in the order in which they were taken; those without a time last, by path."""
    return sorted(photos, key=lambda photo: (photo.moment is None, photo.moment or datetime.min, photo.path))


def read_trek(
    client: Elasticsearch,
    filters: Filters,
    thumbnails: int = 0,
    most: int = MOST_PHOTOS,
    answer: Answer | None = None,
) -> Trek:
    """Read what the map shows.

    Args:
        client: of the cluster.
        filters: on photos; parameters that only searches know are ignored.
        thumbnails: most photos to bring a thumbnail for, spread evenly over the trek.
        most: most photos; of more the first in time are taken.
        answer: whose photos are shown, of those that the filters let through; None shows all of these.

    Raises:
        PeaksError: no photo has a position, or none with these filters.
    """
    words = filters.words
    clauses = filter_clauses(client, filters) if filters.parameters else []
    if answer is not None:
        clauses.append({"ids": {"values": [each.id for hit in answer.hits for each in hit.members]}})
        words = (f"“{answer.question.asked}”", *words)
    query = {"bool": {"filter": [_HAS_POSITION, *clauses]}}
    count = client.count(index=PHOTOS, query=query)["count"]
    if not count:
        raise _nothing(client, words)
    hits = list(islice(_read_hits(client, query), most))
    catalogue = {peak.id: peak for peak in read_all(client, Peak)}
    predicted = (identifier for hit in hits for identifier in hit["fields"].get("predicted_concepts", ()))
    entries = EntriesById(catalogue, read_by_id(client, Concept, predicted))
    photos = sort_by_time([_read_photo(hit, entries) for hit in hits])
    chosen = spread_evenly(photos, thumbnails)
    pictures = read_thumbnails(client, [photo.id for photo in chosen])
    return Trek(
        photos=tuple(replace(photo, thumbnail=pictures.get(photo.id)) for photo in photos),
        peaks=_all_peaks(catalogue, hits),
        filters=words,
        chosen=frozenset(chain.from_iterable(filters.parameters.get(each, ()) for each in _OF_PEAKS)),
        left_out=count - len(hits),
        without_position=_count_unplaced(client, clauses),
        without_thumbnail=len(photos) - len(chosen),
    )


def _count_unplaced(client: Elasticsearch, clauses: list[dict[str, Any]]) -> int:
    query = {"bool": {"filter": clauses, "must_not": [_HAS_POSITION]}}
    count: int = client.count(index=PHOTOS, query=query)["count"]
    return count


def _nothing(client: Elasticsearch, filters: Sequence[str]) -> PeaksError:
    """Explain why there is nothing to draw."""
    total = client.count(index=PHOTOS)["count"]
    if not total:
        return PeaksError(f"The index {PHOTOS} is empty: load photos with `peaks load-photos DIR`.")
    placed = client.count(index=PHOTOS, query=_HAS_POSITION)["count"]
    if not placed:
        return PeaksError(f"None of the {total} photos in the index has a position, and a map needs one: "
                          "load photos whose EXIF holds GPS.")
    return PeaksError(f"None of the {placed} photos with a position passes the filters "
                      f"({', '.join(filters)}): widen or leave out one of them.")


def _read_hits(client: Elasticsearch, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the photos in the order of their times."""
    in_time = ({"shot_time": {"order": "asc", "missing": "_last"}}, {"_shard_doc": "asc"})
    fields = [{"field": name} for name in _FIELDS]
    pages = read_pages(client, PHOTOS, size=PAGE, sort=in_time, query=query, source=False, fields=fields)
    return chain.from_iterable(pages)


def _read_photo(hit: Mapping[str, Any], entries: EntriesById) -> TrekPhoto:
    fields = hit["fields"]
    gps = read_point(fields["gps"])
    assert gps is not None, "the query asks for photos with a position"
    return TrekPhoto(
        id=hit["_id"],
        path=first_value(fields, "path") or hit["_id"],
        gps=gps,
        time=ShotTime.of(fields),
        predictions=entries.predictions(fields),
        in_frame=tuple(dict.fromkeys(fields.get("peaks_in_frame_ids", ()))),
        concepts=entries.concepts_of(fields),
        altitude=first_value(fields, "altitude"),
        bearing=first_value(fields, "bearing_true"),
        field_of_view=first_value(fields, "field_of_view"),
        description=first_value(fields, "description"),
        root=first_value(fields, "library_root"),
    )


def _all_peaks(catalogue: Mapping[str, Peak], hits: Iterable[Mapping[str, Any]]) -> dict[str, Peak]:
    """The catalogue's peaks, and former ones that photos still name or that sight lines end at."""
    peaks = dict(catalogue)
    for hit in hits:
        fields = hit["fields"]
        ids, ends = (fields.get(name, ()) for name in ("peaks_in_frame_ids", "peaks_in_frame"))
        if len(ids) == len(ends):  # written together, so the n-th end is that of the n-th id
            for peak_id, end in zip(ids, ends, strict=True):
                peaks.setdefault(peak_id, Peak(peak_id, (), read_point([end])))
        for peak_id in (*ids, *fields.get("predicted_peaks", ())):
            peaks.setdefault(peak_id, Peak(peak_id, ()))
    return peaks


def spread_evenly(photos: Sequence[TrekPhoto], most: int) -> list[TrekPhoto]:
    """Choose at most so many photos, as far apart in the sequence as can be."""
    if len(photos) <= most:
        return list(photos)
    return [photos[place * len(photos) // most] for place in range(most)]
