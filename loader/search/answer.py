"""An answer of the cluster: photos, ranked, with what a person wants to know of each."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from loader.batches import batched
from loader.elastic.indices import PHOTOS
from loader.errors import PeaksError
from loader.files.paths import join_path
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.catalogue_index import read_by_id
from loader.peaks.confirmed import NO_PEAK, read_word
from loader.place import Point, read_point
from loader.search.question import Question

_PAGE = 200  # thumbnails a request
# What is read of one photo: what answers know, and the rest of its facts.
_OWN_FIELDS = (
    *("path", "library", "library_root", "predicted_peaks", "predictions.*", "confirmed_peaks"),
    *("predicted_concepts", "gps", "altitude", "bearing", "bearing_reference", "camera"),
    *("shot_time", "shot_time_local", "shot_time_offset", "content_hash", "thumbnail"),
    *("peaks_in_frame_ids", "description", "keywords", "width", "height", "size_bytes"),
    *("focal_length_35mm", "field_of_view"),
)


@dataclass(frozen=True)
class Similarity:
    """How well a hit fits.

    Attributes:
        score: Elasticsearch's ``_score``; only its order means something for hybrid searches. None without a
            question.
        cosine: −1…1; None when it is not known.
        probability: SigLIP's, 0…1; None where it has no meaning or scale and bias are not known.
        is_rank: whether the score comes from ranks or from two legs (hybrid), not from a cosine.
    """

    score: float | None
    cosine: float | None = None
    probability: float | None = None
    is_rank: bool = False


@dataclass(frozen=True)
class ShotTime:
    """When a photo was taken: the instant (UTC), the camera's wall clock, and its UTC offset, where known."""

    instant: str | None = None
    local: str | None = None
    offset: str | None = None

    @property
    def clock(self) -> datetime | None:
        """The camera's wall clock; the instant in UTC where only that is known."""
        written = self.local or self.instant
        return None if written is None else datetime.fromisoformat(written[:19])

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> ShotTime:
        """The time in the ``fields`` of a hit."""
        names = ("shot_time", "shot_time_local", "shot_time_offset")
        return cls(*(first_value(fields, name) for name in names))


@dataclass(frozen=True)
class PeakPrediction:
    """A peak that a photo is predicted to show.

    Attributes:
        peak: of the catalogue.
        probability: that it does, 0…1, when the photo was identified by a rule that says so.
        evidence: "visual" (what the picture looks like), "sight" (where the camera looked), "both", or
            "person" (a person said so), which has no probability.
    """

    peak: Peak
    probability: float | None = None
    evidence: str | None = None


@dataclass(frozen=True)
class PhotoHit:
    """One photo of an answer.

    Attributes:
        id: the document's ``_id``.
        predictions: the peaks it is predicted to show, likeliest first.
        confirmed: a person's word: ids of peaks, or `NO_PEAK` alone; () without one. `predictions` follow it.
        concepts: what else it is predicted to show, likeliest first.
        altitude: metres.
        bearing: where the camera looked, degrees clockwise from the north that ``bearing_reference``
            ("true" or "magnetic") names.
        distance: metres from the point that the answer is sorted by.
        thumbnail: base64 JPEG, when it was asked for.
        library: the name of its library.
        root: the folder of its library, an absolute path.
        content_hash: SHA-256 of the file, hexadecimal.
        copies: files of the same content (see `loader.search.alike`).
        burst: nearly the same pictures, taken in one go, each with its own copies.
    """

    id: str
    path: str
    similarity: Similarity
    predictions: tuple[PeakPrediction, ...] = ()
    confirmed: tuple[str, ...] = ()
    concepts: tuple[Concept, ...] = ()
    time: ShotTime = ShotTime()
    gps: Point | None = None
    altitude: float | None = None
    bearing: float | None = None
    bearing_reference: str | None = None
    camera: str | None = None
    distance: float | None = None
    thumbnail: str | None = None
    library: str | None = None
    root: str | None = None
    content_hash: str | None = None
    copies: tuple[PhotoHit, ...] = ()
    burst: tuple[PhotoHit, ...] = ()

    @property
    def file(self) -> str | None:
        """The photo's absolute path; None when an earlier version loaded it."""
        return None if self.root is None else join_path(self.root, self.path)

    @property
    def is_without_peak(self) -> bool:
        """Whether a person said that it shows no peak of the catalogue."""
        return NO_PEAK in self.confirmed

    @property
    def count(self) -> int:
        """How many photos the hit stands for: itself, its copies and its burst."""
        return sum(1 for _ in self.members)

    @property
    def members(self) -> Iterator[PhotoHit]:
        """The hit itself, its copies and its burst."""
        yield self
        for other in (*self.copies, *self.burst):
            yield from other.members


@dataclass(frozen=True)
class Answer:
    """A question with its ranked hits; ``took`` is Elasticsearch's own time in milliseconds.

    ``note`` tells a person how the answer was found where that matters, for example by a fallback. ``total``
    is the count of all photos that pass the filters, where nothing else was asked.
    """

    question: Question
    took: int
    hits: tuple[PhotoHit, ...]
    note: str | None = None
    total: int | None = None


@dataclass(frozen=True)
class EntriesById:
    """Peaks and concepts by their ids; one that is in no catalogue any more has its id for a name."""

    peaks: Mapping[str, Peak]
    concepts: Mapping[str, Concept]

    @classmethod
    def read(cls, client: Elasticsearch, hits: Iterable[Mapping[str, Any]]) -> EntriesById:
        """Look up what the ``fields`` of hits name."""
        fields = [hit.get("fields", {}) for hit in hits]
        peaks = {name for each in fields for name in each.get("predicted_peaks", ())}
        concepts = {name for each in fields for name in each.get("predicted_concepts", ())}
        return cls(read_by_id(client, Peak, peaks), read_by_id(client, Concept, concepts))

    def predictions(self, fields: Mapping[str, Any]) -> tuple[PeakPrediction, ...]:
        """The predicted peaks in the ``fields`` of a hit, where nested fields are lists inside objects."""
        details = {first_value(each, "peak"): each for each in fields.get("predictions", ())}
        return tuple(
            PeakPrediction(
                self.peaks.get(peak, Peak(peak, ())),
                first_value(details.get(peak, {}), "probability"),
                first_value(details.get(peak, {}), "evidence"),
            )
            for peak in dict.fromkeys(fields.get("predicted_peaks", ()))
        )

    def concepts_of(self, fields: Mapping[str, Any]) -> tuple[Concept, ...]:
        """The predicted concepts in the ``fields`` of a hit."""
        names = fields.get("predicted_concepts", ())
        return tuple(self.concepts.get(concept, Concept(concept, ())) for concept in names)


def first_value(fields: Mapping[str, Any], name: str) -> Any:
    """The first value of a field; None where there is none."""
    return next(iter(fields.get(name, ())), None)


def read_photo_hit(hit: Mapping[str, Any], similarity: Similarity, entries: EntriesById) -> PhotoHit:
    """A photo from a search hit with ``fields``."""
    fields = hit.get("fields", {})
    return PhotoHit(
        id=hit["_id"],
        path=first_value(fields, "path") or hit["_id"],
        similarity=similarity,
        predictions=entries.predictions(fields),
        confirmed=read_word(fields),
        concepts=entries.concepts_of(fields),
        time=ShotTime.of(fields),
        gps=read_point(fields.get("gps")),
        altitude=first_value(fields, "altitude"),
        bearing=first_value(fields, "bearing"),
        bearing_reference=first_value(fields, "bearing_reference"),
        camera=first_value(fields, "camera"),
        thumbnail=first_value(fields, "thumbnail"),
        library=first_value(fields, "library"),
        root=first_value(fields, "library_root"),
        content_hash=first_value(fields, "content_hash"),
    )


@dataclass(frozen=True)
class Photo:
    """A photo that is looked at by itself.

    Attributes:
        hit: what answers know of it, with its thumbnail.
        in_frame: peaks that stood before its camera, likeliest first.
        fields: what else its document says: lists by their names.
    """

    hit: PhotoHit
    in_frame: tuple[Peak, ...]
    fields: Mapping[str, Any]


def read_photo(client: Elasticsearch, identifier: str) -> Photo:
    """One photo with all that the index knows of it.

    Raises:
        PeaksError: it is not in the index.
    """
    query = {"ids": {"values": [identifier]}}
    names = [{"field": name} for name in _OWN_FIELDS]
    hits = client.search(index=PHOTOS, query=query, source=False, fields=names)["hits"]["hits"]
    if not hits:
        raise PeaksError("The index has no such photo any more: go back to the photos.")
    hit, fields = read_photo_hit(hits[0], Similarity(None), EntriesById.read(client, hits)), hits[0]["fields"]
    ids = fields.get("peaks_in_frame_ids", ())
    peaks = read_by_id(client, Peak, ids)
    return Photo(hit, tuple(peaks.get(each, Peak(each, ())) for each in ids), fields)


def add_thumbnails(client: Elasticsearch, hits: Sequence[PhotoHit]) -> tuple[PhotoHit, ...]:
    """The hits with their thumbnails, those of their copies and bursts too."""
    found = read_thumbnails(client, [member.id for hit in hits for member in hit.members])

    def add(hit: PhotoHit) -> PhotoHit:
        copies, burst = tuple(map(add, hit.copies)), tuple(map(add, hit.burst))
        return replace(hit, thumbnail=found.get(hit.id), copies=copies, burst=burst)

    return tuple(map(add, hits))


def read_thumbnails(client: Elasticsearch, ids: Sequence[str]) -> dict[str, str]:
    """Thumbnails of photos, base64 JPEG, by the photos' ids; one without is left out."""
    found: dict[str, str] = {}
    for some in batched(ids, _PAGE):
        query, fields = {"ids": {"values": list(some)}}, [{"field": "thumbnail"}]
        answer = client.search(index=PHOTOS, query=query, source=False, fields=fields, size=len(some))
        found |= {hit["_id"]: hit["fields"]["thumbnail"][0] for hit in answer["hits"]["hits"]
                  if "thumbnail" in hit.get("fields", {})}
    return found
