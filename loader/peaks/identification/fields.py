"""The fields of a photo's document that its identification fills."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loader.peaks.identification.identifier import Candidate, Identification
from loader.peaks.sight.fields import sight_fields

_NO_SIGHT_LINES: dict[str, Any] = {"peaks_in_frame": [], "peaks_in_frame_ids": [], "peaks_in_sight": []}


def identification_fields(fields: Mapping[str, Any], found: Identification, top: int) -> dict[str, Any]:
    """Return every field that identification fills; what nothing was found for is empty, so that it replaces
    what an earlier identification wrote.

    Args:
        fields: of the document, what its EXIF says.
        found: what is known of the photo.
        top: most peaks to name.
    """
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
        **_NO_SIGHT_LINES,
        **sight_fields(fields, found.sights),
    }


def _prediction(candidate: Candidate) -> dict[str, Any]:
    return {
        "peak": candidate.peak.id,
        "probability": round(candidate.probability, 4),
        "cosine": round(candidate.cosine, 4),
        "evidence": candidate.evidence,
    }
