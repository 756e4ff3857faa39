"""Photos of the index in use, brought into the next one: their files embedded by another checkpoint.

Nothing is read of a file but its pixels. What the index holds beside the model's work is carried over as it
is: time zones, coarse positions and a person's word stay.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from elasticsearch import Elasticsearch

from loader.arrays import Vectors
from loader.batches import Advance, batched
from loader.elastic.bulk import write_documents
from loader.elastic.indices import PHOTOS, refresh
from loader.elastic.photo_index import read_documents
from loader.elastic.renewal.next_indices import NextIndices, read_sources
from loader.files.images import ModelInput
from loader.files.library import NamedReason, PhotoFile, Skipped
from loader.files.paths import is_missing, join_path, real_path
from loader.files.photo import Known, Photo
from loader.peaks.identification.document_fields import FillFields
from loader.photos.decoding import Decoded, DecodingPool, Task, usable_cores
from loader.photos.embedding import Embedded, RunAhead, embed
from loader.photos.photo_model import Encoder, PhotoModel

BATCH, CHUNK = 16, 8  # photos that are embedded and not yet written, and that are embedded at a time
PAGE = 64  # documents read at a time


@dataclass(frozen=True)
class Kept:
    """Documents whose photos the next index has embedded already, and the vectors."""

    ids: Sequence[str]
    vectors: Vectors


class NextPhotos:
    """Brings photos over.

    Args:
        client: of the cluster, at the index in use.
        following: at the next index.
        open_field_filler: reads what the next indices know of peaks and concepts.
        model: embeds; None where no photo is to be embedded.

    Attributes:
        left: photos that could not be brought over by the last call, and why.
    """

    def __init__(
        self,
        client: Elasticsearch,
        following: NextIndices,
        open_field_filler: Callable[[], FillFields],
        model: PhotoModel | None,
    ) -> None:
        self._client, self._next, self._open_field_filler = client, following, open_field_filler
        self._shape: ModelInput | None = model.input if model else None
        self._make_encoder = cache(model.make_encoder) if model else _no_encoder
        self._documents: dict[str, dict[str, Any]] = {}
        self.left: list[NamedReason] = []

    def carry(self, ids: Sequence[str], advance: Advance) -> None:
        """Bring photos over; one that the next index has embedded already is not embedded again."""
        self.left = []
        if not ids:
            return
        pool = DecodingPool(min(usable_cores(), len(ids)))
        decoded = self._check(pool.decode(self._open(ids), 2 * BATCH))
        vectors: Iterator[Embedded | Kept | Skipped] = embed(decoded, self._make_encoder, CHUNK)
        embedded = RunAhead(vectors, BATCH // CHUNK)
        # The pool is left first, which ends a thread that waits for a file.
        with embedded, pool:
            for count in self._write(embedded):
                advance(count)
        refresh(self._next, PHOTOS)

    def _open(self, ids: Iterable[str]) -> Iterator[Task | Kept | Skipped]:
        """Yield the files to embed, the documents that need none, and the photos without a file."""
        for some in batched(ids, PAGE):
            documents = read_sources(self._client, PHOTOS, some)
            embedded = read_documents(self._next, list(documents))
            self._documents |= documents
            kept = {
                each: held["clip_image"]
                for each, held in embedded.items()
                if held.get("content_hash") and held["content_hash"] == documents[each].get("content_hash")
            }
            if kept:
                yield Kept(list(kept), np.array(list(kept.values()), dtype=np.float32))
            yield from (self._find_file(each) for each in documents if each not in kept)

    def _find_file(self, identifier: str) -> Task | Skipped:
        document = self._documents[identifier]
        root, path = document.get("library_root"), document.get("path", identifier)
        name = join_path(root, path) if root else path
        file = real_path(name)
        if not root or is_missing(file):
            return Skipped(name, "its file is away")
        if self._shape is None:
            return Skipped(name, "it is not embedded by this model")
        return Task(PhotoFile(file, name, identifier), self._shape)

    def _check(self, decoded: Iterable[Decoded | Kept | Skipped]) -> Iterator[Photo | Kept | Skipped]:
        """Leave out a file whose content is not that of the index any more."""
        for each in decoded:
            assert not isinstance(each, Known)  # no task names any
            wanted = self._documents[each.id].get("content_hash") if isinstance(each, Photo) else None
            if isinstance(each, Photo) and wanted not in (None, each.fields["content_hash"]):
                yield Skipped(each.name, "its file has changed since it was loaded")
            else:
                yield each

    def _write(self, embedded: Iterable[Embedded | Kept | Skipped]) -> Iterator[int]:
        """Name peaks and concepts anew and write the documents; yield how many photos are done."""
        fill_fields: FillFields | None = None
        for result in embedded:
            if isinstance(result, Skipped):
                self.left.append(result)
                yield 1
                continue
            fill_fields = fill_fields or self._open_field_filler()
            ids = result.ids if isinstance(result, Kept) else [photo.id for photo in result.photos]
            documents = [self._documents.pop(each) for each in ids]
            found = fill_fields(result.vectors, documents)
            rows = zip(ids, documents, found, result.vectors.tolist(), strict=True)
            written = write_documents(self._next, PHOTOS, {
                each: {**document, **fields, "clip_image": vector} for each, document, fields, vector in rows
            })
            self.left += [NamedReason(each.id, each.reason) for each in written.rejected]
            yield len(ids)


def _no_encoder() -> Encoder:
    raise AssertionError("no task is given without a model")
