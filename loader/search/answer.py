"""An answer of the cluster: photos, ranked, with what a person wants to know of each.

Elasticsearch's score of a cosine kNN search is (1 + cos) / 2.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from loader.files.place import Point, read_point
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.siglip import Calibration


@dataclass(frozen=True)
class Similarity:
    """How well a hit fits.

    Attributes:
        score: Elasticsearch's ``_score``; only its order means something for hybrid searches.
        cosine: −1…1; None when nobody knows it.
        probability: SigLIP's, 0…1; None where it would not mean anything or the model does not say.
        is_rank: whether the score is not a cosine's but one of ranks or of two legs (hybrid).
    """

    score: float
    cosine: float | None = None
    probability: float | None = None
    is_rank: bool = False

    def beside(self, cosine: float | None, calibration: Calibration) -> Similarity:
        """The same score with a cosine that was asked for apart, and its probability."""
        if cosine is None:
            return self
        return replace(self, cosine=cosine, probability=calibration.probability(cosine))


@dataclass(frozen=True)
class ShotTime:
    """When a photo was taken: the instant (UTC), the camera's wall clock, and its UTC offset, where known."""

    instant: str | None = None
    local: str | None = None
    offset: str | None = None


@dataclass(frozen=True)
class PeakPrediction:
    """A peak that a photo is predicted to show.

    Attributes:
        peak: of the catalogue.
        probability: that it does, 0…1, when the photo was identified by a rule that says so.
        evidence: "visual" (what the picture looks like), "sight" (where the camera looked) or "both".
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
        concepts: what else it is predicted to show, likeliest first.
        altitude: metres.
        bearing: where the camera looked, degrees clockwise from the north that ``bearing_reference``
            ("true" or "magnetic") names.
        thumbnail: base64 JPEG, when it was asked for.
    """

    id: str
    path: str
    similarity: Similarity
    predictions: tuple[PeakPrediction, ...] = ()
    concepts: tuple[Concept, ...] = ()
    time: ShotTime = ShotTime()
    gps: Point | None = None
    altitude: float | None = None
    bearing: float | None = None
    bearing_reference: str | None = None
    camera: str | None = None
    thumbnail: str | None = None


@dataclass(frozen=True)
class Question:
    """What was asked, in a person's words and in the template's.

    Attributes:
        command: "search", "peak" or "similar".
        asked: the text, the peak or the image as the person gave it.
        template: id of the stored search template.
        parameters: the template's parameters, vectors left out.
        filters: the filters that are on, as a person would say them.
    """

    command: str
    asked: str
    template: str
    parameters: Mapping[str, Any]
    filters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A question with its ranked hits; ``took`` is Elasticsearch's own time in milliseconds.

    ``note`` says what a person should know of how the answer came about, such as a fallback.
    """

    question: Question
    took: int
    hits: tuple[PhotoHit, ...]
    note: str | None = None


def read_similarity(score: float, calibration: Calibration | None, *, is_cosine: bool) -> Similarity:
    """Take cosine and probability out of a ``_score``."""
    if not is_cosine:
        return Similarity(score, is_rank=True)
    cosine = 2 * score - 1
    return Similarity(score, cosine, calibration.probability(cosine) if calibration else None)


def read_photo_hit(hit: Mapping[str, Any], calibration: Calibration | None, *, is_cosine: bool) -> PhotoHit:
    """A photo from a search hit with ``fields``; what it shows has ids only until `name_contents`."""
    fields = hit.get("fields", {})

    def first(name: str) -> Any:
        return next(iter(fields.get(name, ())), None)

    return PhotoHit(
        id=hit["_id"],
        path=first("path") or hit["_id"],
        similarity=read_similarity(hit["_score"], calibration, is_cosine=is_cosine),
        predictions=_read_predictions(fields),
        concepts=tuple(Concept(concept_id, ()) for concept_id in fields.get("predicted_concepts", ())),
        time=ShotTime(first("shot_time"), first("shot_time_local"), first("shot_time_offset")),
        gps=read_point(fields.get("gps")),
        altitude=first("altitude"),
        bearing=first("bearing"),
        bearing_reference=first("bearing_reference"),
        camera=first("camera"),
        thumbnail=first("thumbnail"),
    )


def _read_predictions(fields: Mapping[str, Any]) -> tuple[PeakPrediction, ...]:
    """The predicted peaks, with what `predictions` says of them: nested fields are lists inside objects."""
    said = {next(iter(values.get("peak", ())), None): values for values in fields.get("predictions", ())}
    return tuple(
        PeakPrediction(
            Peak(peak_id, ()),
            next(iter(said.get(peak_id, {}).get("probability", ())), None),
            next(iter(said.get(peak_id, {}).get("evidence", ())), None),
        )
        for peak_id in fields.get("predicted_peaks", ())
    )


def name_contents(
    hits: Sequence[PhotoHit], peaks: Mapping[str, Peak], concepts: Mapping[str, Concept]
) -> tuple[PhotoHit, ...]:
    """The hits with peaks and concepts of the catalogues; what left them keeps its id for a name."""
    return tuple(
        replace(
            hit,
            predictions=tuple(
                replace(found, peak=peaks.get(found.peak.id, found.peak)) for found in hit.predictions
            ),
            concepts=tuple(concepts.get(concept.id, concept) for concept in hit.concepts),
        )
        for hit in hits
    )


def describe_answer(answer: Answer) -> dict[str, Any]:
    """The answer as one JSON object: ``query``, ``took`` (ms), ``note`` and ``hits``."""
    question = answer.question
    return {
        "query": {
            "command": question.command,
            "asked": question.asked,
            "template": question.template,
            "parameters": dict(question.parameters),
        },
        "took": answer.took,
        "note": answer.note,
        "hits": [_describe_hit(hit) for hit in answer.hits],
    }


def _describe_hit(hit: PhotoHit) -> dict[str, Any]:
    similarity = {
        "score": hit.similarity.score,
        "cosine": hit.similarity.cosine,
        "probability": hit.similarity.probability,
    }
    return {
        "path": hit.path,
        **similarity,
        "peaks": [
            {**_describe_peak(found.peak), "probability": found.probability, "evidence": found.evidence}
            for found in hit.predictions
        ],
        "concepts": [{"id": concept.id, "name": concept.name} for concept in hit.concepts],
        "time": {"instant": hit.time.instant, "local": hit.time.local, "offset": hit.time.offset},
        "gps": _describe_point(hit.gps),
        "altitude": hit.altitude,
        "bearing": hit.bearing,
        "bearing_reference": hit.bearing_reference,
        "camera": hit.camera,
    }


def _describe_peak(peak: Peak) -> dict[str, Any]:
    return {"id": peak.id, "names": list(peak.names)}


def _describe_point(point: Point | None) -> dict[str, float] | None:
    return None if point is None else {"lat": point.lat, "lon": point.lon}
