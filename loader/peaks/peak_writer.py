"""Peaks into the catalogue: names to vectors in the cluster, blended with reference photos embedded here."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from elasticsearch import Elasticsearch
from PIL import Image

from loader.batches import Advance
from loader.elastic.bulk import Rejected, write_documents
from loader.elastic.indices import PEAKS
from loader.elastic.models import embed_texts
from loader.files.library import Skipped
from loader.peaks.catalogue import Peak
from loader.peaks.prototypes import blend_prototype
from loader.peaks.reference_images import References, embed_references
from loader.vision.vectors import Vectors

# A request holds the text of so many peaks; each is about a dozen forward passes of the text encoder.
PEAKS_A_REQUEST = 4

Encode = Callable[[Sequence[Image.Image]], Vectors]


@dataclass
class PeakReport:
    """What became of a catalogue.

    Attributes:
        created: peaks that the index did not hold.
        updated: peaks that it held.
        rejected: peaks that Elasticsearch refused, with the reason.
        references: peak id to the number of reference photos in its prototype.
        skipped: reference photos that could not be read.
        strangers: folders of reference photos that are named by no peak.
    """

    created: int = 0
    updated: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    references: dict[str, int] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


def load_peaks(
    client: Elasticsearch,
    peaks: Sequence[Peak],
    model_id: str,
    references: References,
    encode: Encode | None,
    alpha: float,
    max_images: int,
    advance: Advance,
) -> PeakReport:
    """Bring peaks with their prototypes into the index `peaks_catalog`.

    Args:
        client: of the cluster.
        peaks: the catalogue.
        model_id: the deployed text model.
        references: reference photos by peak.
        encode: embeds pictures; only needed when there are references.
        alpha: weight of the names against the photos, 0 to 1.
        max_images: reference photos used for one peak.
        advance: told how many more peaks are done.
    """
    report = PeakReport(strangers=list(references.strangers))
    documents = {}
    for start in range(0, len(peaks), PEAKS_A_REQUEST):
        group = peaks[start : start + PEAKS_A_REQUEST]
        for peak, text in zip(group, embed_names(client, model_id, group), strict=True):
            images = _embed(peak, references, encode, max_images, report)
            prototype = blend_prototype(text, images, alpha) if len(images) else text
            documents[peak.id] = {**peak.document(), "text_embed": prototype.tolist()}
            advance(1)
    # The vectors are ready: the index's own pipeline would replace them by the names' alone.
    written = write_documents(client, PEAKS, documents, pipeline="_none")
    client.indices.refresh(index=PEAKS)
    report.created, report.updated = len(written.created), len(written.updated)
    report.rejected = written.rejected
    return report


def embed_names(client: Elasticsearch, model_id: str, peaks: Sequence[Peak]) -> Vectors:
    """Have the cluster embed peaks by the recipe `peak` over all their names.

    Returns:
        float32 ``(len(peaks), dims)``, rows of length 1.
    """
    texts = [f"peak: {' | '.join(peak.names)}" for peak in peaks]
    return np.asarray(embed_texts(client, model_id, texts), dtype=np.float32)


def _embed(
    peak: Peak, references: References, encode: Encode | None, max_images: int, report: PeakReport
) -> Vectors:
    files = references.images.get(peak.id, [])
    if not files or encode is None:
        return np.zeros((0, 0), dtype=np.float32)
    images, skipped = embed_references(files, max_images, encode)
    report.skipped += skipped
    if len(images):
        report.references[peak.id] = len(images)
    return images
