"""Vectors of images that a person asks about: from the index when it has the file, else computed here."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elasticsearch import Elasticsearch

from eland_models.checkpoint import Checkpoint, open_checkpoint
from loader.elastic.indices import PHOTOS
from loader.errors import PeaksError
from loader.files.content import hash_file

if TYPE_CHECKING:
    from PIL.Image import Image

    from loader.files.images import ModelInput
    from loader.vision.encoder import VisionEncoder

# More copies of one file than anybody has; their ids are left out of the answer.
_MOST_COPIES = 100


@dataclass(frozen=True)
class IndexedPhoto:
    """A photo of the index: its vector, and the ids of every document that holds the very same file."""

    vector: list[float]
    ids: tuple[str, ...]


class LocalVision:
    """The vision tower of a checkpoint, opened when the first image needs it.

    Args:
        name: the checkpoint's folder or hub id; None when the person named none.
    """

    def __init__(self, name: str | None) -> None:
        self.name = name

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint's settings.

        Raises:
            PeaksError: none was named, or it cannot be opened.
        """
        if self.name is None:
            raise PeaksError("The image's vector must be made here: name the checkpoint that the photos were "
                             "loaded with, --checkpoint DIR_OR_HUB_ID (PEAKS_CHECKPOINT).")
        return open_checkpoint(self.name, tower="vision")

    @cached_property
    def _encoder(self) -> VisionEncoder:
        # torch is slow to import, and most questions need none
        from loader.vision.encoder import VisionEncoder

        return VisionEncoder(self.checkpoint)

    @property
    def input(self) -> ModelInput:
        """What the tower takes; for this its weights are not read.

        Raises:
            PeaksError: as for `checkpoint`, or it asks for another preprocessing than SigLIP's.
        """
        from loader.vision.model_input import read_model_input  # numpy and Pillow

        return read_model_input(self.checkpoint)

    def embed(self, images: Sequence[Image]) -> list[list[float]]:
        """L2-normalised vectors of upright RGB images, one of the checkpoint's ``dims`` floats an image."""
        vectors: list[list[float]] = self._encoder.encode(images).tolist()
        return vectors


def find_indexed(client: Elasticsearch, image: str) -> IndexedPhoto | None:
    """The indexed photo with the same content as a file, or with this path when there is no such file.

    Returns:
        None when the index does not hold it.
    """
    path = Path(image)
    term = {"content_hash": hash_file(path)} if path.is_file() else {"path": image}
    hits = _find(client, PHOTOS, "clip_image", {"bool": {"filter": [{"term": term}]}}, _MOST_COPIES)
    vector = read_vector(hits[0], "clip_image") if hits else None
    return IndexedPhoto(vector, tuple(hit["_id"] for hit in hits)) if vector else None


def stored_vector(client: Elasticsearch, index: str, document: str, field: str) -> list[float] | None:
    """The vector of one document; None when it has none."""
    hits = _find(client, index, field, {"ids": {"values": [document]}}, 1)
    return read_vector(hits[0], field) if hits else None


def _find(
    client: Elasticsearch, index: str, field: str, query: dict[str, Any], most: int
) -> list[dict[str, Any]]:
    """Documents with one field.

    ``fields`` gives vectors on 8.19, where ``_source`` holds them, and on 9.2 and later, where it does not
    ("Accessing dense_vector fields in search responses", Elasticsearch reference).
    """
    answer = client.search(index=index, source=False, fields=[{"field": field}], size=most, query=query)
    hits: list[dict[str, Any]] = answer["hits"]["hits"]
    return hits


def read_vector(hit: dict[str, Any], field: str) -> list[float] | None:
    """A vector from a hit's ``fields``, which hold it flat or as the one element of a list."""
    values = hit.get("fields", {}).get(field)
    if not values:
        return None
    flat = values[0] if isinstance(values[0], list) else values
    return [float(value) for value in flat]
