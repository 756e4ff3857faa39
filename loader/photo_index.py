"""What the indices already know: whose vectors they hold, and which photos are unchanged."""
from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from elasticsearch import Elasticsearch

from eland_models.checkpoint import Checkpoint
from loader.documents import with_retries
from loader.errors import PeaksError
from loader.models import IndexModel, read_index_model

PHOTOS, CATALOGUE = "photos", "peaks_catalog"


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
