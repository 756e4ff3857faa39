"""Concepts into their index: ids and names; the index's own pipeline makes the vectors inside the cluster."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from elasticsearch import Elasticsearch

from loader.batches import Advance
from loader.elastic.bulk import Rejected, Written, write_documents
from loader.elastic.indices import CONCEPTS
from loader.peaks.catalogue import Concept

# Elasticsearch hands all documents of a request to the model at once, which encodes them one after another,
# and gives up on each after 30 seconds. A dozen names take up to 4 seconds (base size, one thread).
CONCEPTS_A_REQUEST = 2


@dataclass
class ConceptReport:
    """What became of a catalogue of concepts.

    Attributes:
        created: concepts that the index did not hold.
        updated: concepts that it held.
        rejected: concepts that Elasticsearch refused, with the reason.
    """

    created: int = 0
    updated: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def load_concepts(client: Elasticsearch, concepts: Sequence[Concept], advance: Advance) -> ConceptReport:
    """Bring concepts into the index `concepts`, without vectors: the pipeline gives each one its own.

    Args:
        client: of the cluster.
        concepts: the catalogue.
        advance: told how many more concepts are done.
    """
    written = Written()
    for start in range(0, len(concepts), CONCEPTS_A_REQUEST):
        group = concepts[start : start + CONCEPTS_A_REQUEST]
        documents = {concept.id: concept.document() for concept in group}
        written.add(write_documents(client, CONCEPTS, documents))
        advance(len(group))
    client.indices.refresh(index=CONCEPTS)
    return ConceptReport(len(written.created), len(written.updated), written.rejected)
