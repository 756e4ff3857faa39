"""Photos that are in the index, identified again: after a change of the catalogue, the concepts or the rule.

Nothing is decoded or embedded; vectors and EXIF come from the index, and only what has changed is written.
"""
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from elasticsearch import Elasticsearch

from loader.batches import Advance
from loader.elastic.bulk import write_documents
from loader.elastic.indices import PHOTOS, read_pages, read_vector, refresh, refuse_replaced
from loader.files.library import NamedReason
from loader.peaks.confirmed import count_lost_peaks, read_word, read_words
from loader.peaks.identification.document_fields import FillFields

PAGE = 64  # photos read, identified and written at a time


@dataclass
class PredictionReport:
    """What became of the photos.

    Attributes:
        photos: in the index; changed + unchanged + without_vector + rejected.
        changed: whose fields were written.
        unchanged: whose fields are already right.
        without_vector: documents without an embedding.
        rejected: that Elasticsearch refused, with the reason.
        with_sight: photos with a peak in frame by their sight line.
        with_peaks, with_concepts: photos with one that is named.
        lost_peaks: ids of peaks that persons named and the catalogue has no longer, and in how many photos.
        seconds: from the first photo to the last.
    """

    photos: int = 0
    changed: int = 0
    unchanged: int = 0
    without_vector: int = 0
    rejected: list[NamedReason] = field(default_factory=list)
    with_sight: int = 0
    with_peaks: int = 0
    with_concepts: int = 0
    lost_peaks: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def predict_photos(client: Elasticsearch, fill_fields: FillFields, advance: Advance) -> PredictionReport:
    """Identify every photo of the index; ``advance`` is called with how many more are done."""
    start, report = time.monotonic(), PredictionReport()
    vector = [{"field": "clip_image"}]
    unread = ["clip_image", "thumbnail"]
    for hits in read_pages(client, PHOTOS, size=PAGE, source_excludes=unread, fields=vector):
        _predict_page(client, hits, fill_fields, report)
        advance(len(hits))
    refresh(client, PHOTOS)
    report.lost_peaks = count_lost_peaks(client)
    report.seconds = time.monotonic() - start
    return report


def _predict_page(
    client: Elasticsearch, hits: Sequence[dict[str, Any]], fill_fields: FillFields, report: PredictionReport
) -> None:
    embedded = [(hit, vector) for hit in hits if (vector := read_vector(hit, "clip_image"))]
    report.photos += len(hits)
    report.without_vector += len(hits) - len(embedded)
    if not embedded:
        return
    vectors = np.array([vector for _, vector in embedded], dtype=np.float32)
    found = fill_fields(vectors, [hit["_source"] for hit, _ in embedded])
    fields = {hit["_id"]: each for (hit, _), each in zip(embedded, found, strict=True)}
    changed = {hit["_id"]: fields[hit["_id"]] for hit, _ in embedded if _differs(hit, fields[hit["_id"]])}
    for identifier in _find_changed_words(client, [hit for hit, _ in embedded if hit["_id"] in changed]):
        del changed[identifier]
    refuse_replaced(client, PHOTOS, hits[0]["_index"])
    written = write_documents(client, PHOTOS, changed, merge=True)
    names = {hit["_id"]: hit["_source"].get("path", hit["_id"]) for hit, _ in embedded}
    report.rejected += [NamedReason(names[rejected.id], rejected.reason) for rejected in written.rejected]
    report.changed += len(written.updated)
    report.unchanged += len(embedded) - len(changed)
    report.with_sight += sum(bool(each["peaks_in_frame"]) for each in fields.values())
    report.with_peaks += sum(bool(each["predicted_peaks"]) for each in fields.values())
    report.with_concepts += sum(bool(each["predicted_concepts"]) for each in fields.values())


def _differs(hit: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    return any(hit["_source"].get(name) != value for name, value in fields.items())


def _find_changed_words(client: Elasticsearch, hits: Sequence[Mapping[str, Any]]) -> list[str]:
    """Ids of photos of which a person has said something else since they were read: that stays."""
    words = read_words(client, [hit["_id"] for hit in hits])
    return [hit["_id"] for hit in hits if read_word(words.get(hit["_id"], {})) != read_word(hit["_source"])]
