"""An identifier from what the cluster holds: the catalogue, the concepts, the rule in force."""
from __future__ import annotations

from elasticsearch import Elasticsearch, NotFoundError

from loader.peaks.catalogue import Concept, Peak
from loader.peaks.identification.calibrated import read_calibrated
from loader.peaks.identification.identifier import Identifier
from loader.peaks.names import read_all
from loader.peaks.siglip import Calibration


def open_identifier(client: Elasticsearch, siglip: Calibration) -> Identifier:
    """Read catalogue, concepts and rule.

    Args:
        client: of the cluster.
        siglip: the checkpoint's temperature and bias.

    Raises:
        PeaksError: the index of photos does not exist or carries a damaged calibration.
    """
    return Identifier(
        client, siglip, read_calibrated(client), list(read_all(client, Peak)), read_concept_names(client)
    )


def read_concept_names(client: Elasticsearch) -> dict[str, tuple[str, ...]]:
    """Return every concept's names by its id; nothing when there is no index of concepts yet."""
    try:
        return {concept.id: concept.names for concept in read_all(client, Concept)}
    except NotFoundError:
        return {}
