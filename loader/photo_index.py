"""What the two indices already know: which photos are unchanged, and which peaks a photo looks like."""
from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from elasticsearch import Elasticsearch

from eland_models.checkpoint import Checkpoint
from loader.documents import with_retries
from loader.errors import PeaksError
from loader.models import IndexModel, read_index_model
from loader.vectors import Vectors

PHOTOS, CATALOGUE = "photos", "peaks_catalog"

# Candidates a shard looks at for one photo; a catalogue is small, so this is nearly exact and costs nothing.
PEAK_CANDIDATES = 100


def check_checkpoint(index: IndexModel, alias: str, checkpoint: Checkpoint) -> None:
    """Refuse to mix vectors of two checkpoints in one index.

    Raises:
        PeaksError: one sentence with the fix.
    """
    if index.checkpoint_fingerprint == checkpoint.fingerprint and index.dims == checkpoint.dims:
        return
    raise PeaksError(
        f"[{alias}] holds vectors of {index.model_id} ({index.dims} dimensions, checkpoint "
        f"{index.checkpoint_fingerprint}), not of {checkpoint.folder} ({checkpoint.dims} dimensions, "
        f"checkpoint {checkpoint.fingerprint}): give that model's --checkpoint, or deploy this one and run "
        "`peaks apply --next`."
    )


def read_photo_model(client: Elasticsearch) -> IndexModel:
    """Read whose vectors the photos are, and see that the peaks beside them are of the same checkpoint.

    Raises:
        PeaksError: an index is missing, or the two belong to different checkpoints.
    """
    photos, peaks = read_index_model(client, PHOTOS), read_index_model(client, CATALOGUE)
    if photos.checkpoint_fingerprint != peaks.checkpoint_fingerprint:
        raise PeaksError(
            f"[{PHOTOS}] holds vectors of {photos.model_id} (checkpoint {photos.checkpoint_fingerprint}) and "
            f"[{CATALOGUE}] of {peaks.model_id} (checkpoint {peaks.checkpoint_fingerprint}), which cannot be "
            "compared: run `peaks apply --next` for the older one and load it again."
        )
    return photos


def stored_hashes(client: Elasticsearch, ids: Sequence[str]) -> dict[str, str]:
    """Return the content hashes of the documents that exist, by id; seen at once, without a refresh."""
    if not ids:
        return {}
    request = partial(client.mget, index=PHOTOS, ids=ids, source_includes=["content_hash"])
    found = [document for document in with_retries(request)["docs"] if document.get("found")]
    return {document["_id"]: document["_source"].get("content_hash", "") for document in found}


def nearest_peaks(client: Elasticsearch, vectors: Vectors, top: int) -> list[list[tuple[str, list[str]]]]:
    """Find the peaks whose prototypes are nearest to photos, in one request for all of them.

    Args:
        client: of the cluster.
        vectors: float32 ``(n, dims)``, rows of length 1.
        top: peaks for each photo, at least 1.

    Returns:
        For each photo the ids and names of at most ``top`` peaks, the nearest first.
    """
    if not len(vectors):
        return []
    searches = [part for vector in vectors for part in ({}, _peak_search(vector.tolist(), top))]
    answer = with_retries(partial(client.msearch, index=CATALOGUE, searches=searches))
    return [_peaks(response) for response in answer["responses"]]


def _peak_search(vector: list[float], top: int) -> dict[str, Any]:
    return {
        "knn": {
            "field": "text_embed",
            "query_vector": vector,
            "k": top,
            "num_candidates": max(PEAK_CANDIDATES, top),
        },
        "size": top,
        "_source": False,
        "fields": ["id", "names"],
    }


def _peaks(response: dict[str, Any]) -> list[tuple[str, list[str]]]:
    if "error" in response:
        causes = response["error"].get("root_cause") or [response["error"]]
        raise PeaksError(f"The search for a photo's peaks failed ({causes[0].get('reason')}): run again.")
    fields = [hit["fields"] for hit in response["hits"]["hits"]]
    return [(values["id"][0], values.get("names", [])) for values in fields]
