"""The fields of photos' documents that their identification fills."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from elasticsearch import Elasticsearch

from loader.arrays import Vectors
from loader.peaks.identification.identifier import Candidate, Identification, open_identifier
from loader.peaks.sight.camera import read_camera, sight_fields
from loader.peaks.siglip import SiglipSigmoid

# From the vectors of photos, float32 ``(n, dims)``, and their EXIF fields to the fields of their
# identification.
FillFields = Callable[[Vectors, Sequence[Mapping[str, Any]]], list[dict[str, Any]]]


def open_field_filler(client: Elasticsearch, siglip: SiglipSigmoid, top: int) -> FillFields:
    """Return what fills the fields; the catalogue, the concepts and the rule are read now.

    Args:
        client: of the cluster.
        siglip: the checkpoint's scale and bias.
        top: most peaks named for a photo.
    """
    identifier = open_identifier(client, siglip)

    def fill_fields(vectors: Vectors, photos: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        found = identifier.identify(vectors, [read_camera(fields) for fields in photos])
        return [_fields(fields, each, top) for fields, each in zip(photos, found, strict=True)]

    return fill_fields


def _fields(fields: Mapping[str, Any], found: Identification, top: int) -> dict[str, Any]:
    """Return every field that identification fills; what nothing was found for is empty, so that it replaces
    what an earlier identification wrote."""
    named = found.named(top)
    return {
        "predicted_peaks": [candidate.peak.id for candidate in named],
        "predicted_peak_names": [name for candidate in named for name in candidate.peak.names],
        "predicted_peak_labels": [candidate.peak.name for candidate in named],
        "predicted_peaks_evidence": [candidate.evidence for candidate in named],
        "predictions": [_prediction(candidate) for candidate in named],
        "predicted_concepts": [concept.id for concept in found.concepts],
        "predicted_concept_names": [name for concept in found.concepts for name in concept.names],
        "predicted_concept_labels": [concept.names[0] for concept in found.concepts],
        **sight_fields(fields, found.sights),
    }


def _prediction(candidate: Candidate) -> dict[str, Any]:
    return {
        "peak": candidate.peak.id,
        "probability": round(candidate.probability, 4),
        "cosine": round(candidate.cosine, 4),
        "evidence": candidate.evidence,
    }
