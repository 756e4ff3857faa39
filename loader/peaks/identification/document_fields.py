"""The fields of photos' documents that their identification fills."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from elasticsearch import Elasticsearch

from loader.arrays import Vectors
from loader.elastic.photo_index import CONFIRMED, read_documents
from loader.errors import PeaksError
from loader.peaks.catalogue import TOP_PEAKS, Peak
from loader.peaks.confirmed import name_by_word, read_word, write_word
from loader.peaks.identification.identifier import Candidate, Identification, Identifier, open_identifier
from loader.peaks.sight.camera import read_camera, sight_fields
from loader.peaks.siglip import SiglipSigmoid

# From the vectors of photos, float32 ``(n, dims)``, and their EXIF fields, beside these a person's word where
# there is one, to the fields of their identification.
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
        pairs = zip(photos, found, strict=True)
        return [_fields(fields, each, top, identifier.peaks) for fields, each in pairs]

    return fill_fields


def identify_indexed(
    client: Elasticsearch, identifier: Identifier, photo: str
) -> tuple[Identification, dict[str, Any]]:
    """Identify an indexed photo by its id, whatever a person said of it; return its document too.

    Raises:
        PeaksError: the photo is not in the index, or has no vector.
    """
    document = read_documents(client, [photo]).get(photo, {})
    if not document.get("clip_image"):
        raise PeaksError("The photo has no vector to name it by: load it again with `peaks load-photos`.")
    vector = np.array([document["clip_image"]], dtype=np.float32)
    return identifier.identify(vector, [read_camera(document)])[0], document


def take_back_word(client: Elasticsearch, identifier: Identifier, photo: str) -> int:
    """Forget a person's word: the rule names the photo and its copies again; return how many they are.

    Raises:
        PeaksError: the photo is not in the index, or has no vector.
    """
    found, document = identify_indexed(client, identifier, photo)
    fields = _fields({**document, CONFIRMED: ()}, found, TOP_PEAKS, identifier.peaks)
    return write_word(client, photo, (), fields)


def _fields(
    fields: Mapping[str, Any], found: Identification, top: int, peaks: Mapping[str, Peak]
) -> dict[str, Any]:
    """Return every field that identification fills; what nothing was found for is empty, so that it replaces
    what an earlier identification wrote."""
    word = read_word(fields)
    return {
        **(name_by_word(word, peaks) if word else _name_by_rule(found.named(top))),
        "predicted_concepts": [concept.id for concept in found.concepts],
        "predicted_concept_names": [name for concept in found.concepts for name in concept.names],
        "predicted_concept_labels": [concept.names[0] for concept in found.concepts],
        **sight_fields(fields, found.sights),
    }


def _name_by_rule(named: Sequence[Candidate]) -> dict[str, Any]:
    return {
        "predicted_peaks": [candidate.peak.id for candidate in named],
        "predicted_peak_names": [name for candidate in named for name in candidate.peak.names],
        "predicted_peak_labels": [candidate.peak.name for candidate in named],
        "predicted_peaks_evidence": [candidate.evidence for candidate in named],
        "predictions": [_prediction(candidate) for candidate in named],
    }


def _prediction(candidate: Candidate) -> dict[str, Any]:
    return {
        "peak": candidate.peak.id,
        "probability": round(candidate.probability, 4),
        "cosine": round(candidate.cosine, 4),
        "evidence": candidate.evidence,
    }
