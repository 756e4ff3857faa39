"""Peaks and concepts into their indices; the vectors of names are made inside the cluster."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from elasticsearch import Elasticsearch

from loader.arrays import Vectors
from loader.batches import Advance, batched
from loader.elastic.bulk import Rejected, Written, write_documents
from loader.elastic.indices import CONCEPTS, PEAKS, find_name, refresh, refuse_replaced
from loader.elastic.models import embed_texts, escape_masks
from loader.files.library import Skipped
from loader.peaks.catalogue import ALPHA_TEXT, MOST_REFERENCES, Concept, Entry, Peak
from loader.peaks.catalogue_index import is_called, read_by_id
from loader.peaks.prototypes import blend_prototype
from loader.peaks.reference_images import References, embed_references
from loader.vision.local_vision import LocalVision

# A request holds the text of so many peaks; each is about a dozen forward passes of the text encoder.
PEAKS_A_REQUEST = 4
# Elasticsearch hands all documents of a request to the model at once, which encodes them one after another,
# and gives up on each after 30 seconds. A dozen names take up to 4 seconds (base size, one thread).
CONCEPTS_A_REQUEST = 2


@dataclass
class CatalogueReport:
    """What became of a catalogue.

    Attributes:
        created: entries that the index did not hold.
        updated: entries that it held.
        rejected: entries that Elasticsearch refused, with the reason.
        references: peak id to the number of reference photos in its prototype.
        skipped: reference photos that could not be read.
        unknown_folders: folders of reference photos that are named by no peak.
        lost_names: id of a replaced peak to the names that the index had and no longer has.
    """

    created: int = 0
    updated: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    references: dict[str, int] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    unknown_folders: list[str] = field(default_factory=list)
    lost_names: dict[str, list[str]] = field(default_factory=dict)

    def add(self, written: Written) -> None:
        """Count what became of documents."""
        self.created += len(written.created)
        self.updated += len(written.updated)
        self.rejected += written.rejected


class PrototypeMaker:
    """Makes the prototypes of peaks: the cluster embeds their names, this machine their reference photos.

    Args:
        client: of the cluster.
        model_id: the deployed text model, or one of its deployments.
        references: reference photos by peak.
        vision: embeds pictures; it is not asked without references.
        alpha: weight of the names against the photos, 0 to 1.
        most: reference photos used for one peak.

    Attributes:
        used: peak id to the number of reference photos in its prototype.
        skipped: reference photos that could not be read.
    """

    def __init__(
        self,
        client: Elasticsearch,
        model_id: str,
        references: References | None = None,
        vision: LocalVision | None = None,
        alpha: float = ALPHA_TEXT,
        most: int = MOST_REFERENCES,
    ) -> None:
        self._client, self.model_id, self._alpha, self._most = client, model_id, alpha, most
        self.references, self._vision = references or References(), vision or LocalVision(None)
        self.used: dict[str, int] = {}
        self.skipped = list(self.references.skipped)

    def make(self, peaks: Sequence[Peak]) -> Vectors:
        """Make the prototypes of a few peaks: float32 ``(len(peaks), dims)``, rows of length 1."""
        prototypes = embed_names(self._client, self.model_id, peaks)
        for row, peak in enumerate(peaks):
            if files := self.references.images.get(peak.id):
                vision = self._vision
                images, skipped = embed_references(files, self._most, vision.input, vision.embed)
                self.skipped += skipped
                if len(images):
                    self.used[peak.id] = len(images)
                    prototypes[row] = blend_prototype(prototypes[row], images, self._alpha)
        return prototypes


def load_peaks(
    client: Elasticsearch, peaks: Sequence[Peak], prototypes: PrototypeMaker, advance: Advance
) -> CatalogueReport:
    """Bring peaks into their index, with prototypes of their names and reference photos.

    Args:
        client: of the cluster.
        peaks: the catalogue.
        prototypes: makes the vectors.
        advance: called with how many more peaks are done.
    """
    documents, index = {}, find_name(client, PEAKS)
    for group in batched(peaks, PEAKS_A_REQUEST):
        for peak, prototype in zip(group, prototypes.make(group), strict=True):
            documents[peak.id] = {**peak.document(), "text_embed": prototype.tolist()}
        advance(len(group))
    known = read_by_id(client, Peak, documents)
    refuse_replaced(client, PEAKS, index)
    # The vectors are ready: the index's own pipeline would replace them by the names' alone.
    written = write_documents(client, PEAKS, documents, pipeline="_none")
    updated = set(written.updated)
    report = CatalogueReport(
        references=prototypes.used,
        skipped=prototypes.skipped,
        unknown_folders=prototypes.references.unknown,
        lost_names=find_lost_names(known, [peak for peak in peaks if peak.id in updated]),
    )
    report.add(written)
    refresh(client, PEAKS)
    return report


def find_lost_names(known: Mapping[str, Peak], replaced: Iterable[Peak]) -> dict[str, list[str]]:
    """Return the names that peaks had and no longer have, by the peaks' ids.

    Args:
        known: the peaks as the index had them, by id.
        replaced: the peaks that it holds now.
    """
    lost = {
        peak.id: [name for name in known[peak.id].names if not is_called(peak, name)]
        for peak in replaced
        if peak.id in known
    }
    return {peak_id: names for peak_id, names in lost.items() if names}


def load_concepts(client: Elasticsearch, concepts: Sequence[Concept], advance: Advance) -> CatalogueReport:
    """Bring concepts into their index, without vectors: its own pipeline gives each one its vector.

    Args:
        client: of the cluster.
        concepts: the catalogue.
        advance: called with how many more concepts are done.
    """
    report = CatalogueReport()
    for group in batched(concepts, CONCEPTS_A_REQUEST):
        documents = {
            concept.id: concept.document() | {"names": [escape_masks(name) for name in concept.names]}
            for concept in group
        }
        report.add(write_documents(client, CONCEPTS, documents))
        advance(len(group))
    refresh(client, CONCEPTS)
    return report


def embed_names(
    client: Elasticsearch, model_id: str, entries: Sequence[Entry], recipe: str = "peak"
) -> Vectors:
    """Have the cluster embed entries by a recipe over all their names.

    Returns:
        float32 ``(len(entries), dims)``, rows of length 1.
    """
    texts = [f"{recipe}: {' | '.join(entry.names)}" for entry in entries]
    return np.asarray(embed_texts(client, model_id, texts), dtype=np.float32)
