"""Photos into the index: walk, compare, decode, embed, identify, write.

The stages are iterators over small batches, so memory stays bounded whatever the library's size, and a run
that is broken off continues where it stopped: what is written is unchanged the next time.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

from elasticsearch import Elasticsearch
from PIL import Image

from loader.documents import Written, write_documents
from loader.identification.fields import identification_fields
from loader.identification.identifier import Identifier
from loader.images import ModelInput
from loader.library import Library, PhotoFile, Skipped
from loader.photo import Photo, decode_photos
from loader.photo_index import PHOTOS, stored_hashes
from loader.progress import Progress
from loader.sight.fields import read_camera
from loader.vectors import Vectors

LOOKUP_SIZE = 256  # ids whose hashes one request compares

Item = TypeVar("Item")


class Encoder(Protocol):
    """What makes vectors of pictures (`loader.vision.VisionEncoder`)."""

    @property
    def input(self) -> ModelInput: ...

    def encode(self, images: Sequence[Image.Image]) -> Vectors: ...


@dataclass(frozen=True)
class Settings:
    """How photos are loaded.

    Attributes:
        batch_size: photos embedded and written at a time.
        top_peaks: most peaks named for a photo.
        zone: the camera's clock where a file does not tell its UTC offset.
        reload: load unchanged photos too.
    """

    batch_size: int = 16
    top_peaks: int = 3
    zone: tzinfo | None = None
    reload: bool = False


@dataclass
class PhotoReport:
    """What became of every file that was found.

    Attributes:
        found: photos and unreadable pictures; created + updated + unchanged + skipped + rejected.
        created: photos that the index did not hold.
        updated: photos whose content had changed, or that were reloaded.
        unchanged: photos that the index held already.
        skipped: pictures that could not be read, and folders, with the reason.
        rejected: photos that Elasticsearch refused, with the reason.
        passed_over: hidden files and files that are no pictures.
        with_position, with_bearing, with_offset: of the created and updated.
        with_sight: of these, with a peak in frame by their sight line.
        with_peaks, with_concepts: of these, with one that is named.
        notes: what loaded photos say that cannot be true.
        seconds: from the first file to the last.
    """

    found: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    rejected: list[Skipped] = field(default_factory=list)
    passed_over: int = 0
    with_position: int = 0
    with_bearing: int = 0
    with_offset: int = 0
    with_sight: int = 0
    with_peaks: int = 0
    with_concepts: int = 0
    notes: list[Skipped] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def loaded(self) -> int:
        """Photos that the index holds after the run."""
        return self.created + self.updated + self.unchanged


def load_photos(
    client: Elasticsearch,
    library: Library,
    make_encoder: Callable[[], Encoder],
    identifier: Identifier,
    settings: Settings,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> PhotoReport:
    """Bring a library's photos into the index `photos`.

    Args:
        client: of the cluster.
        library: the files (see `loader.library.walk_library`).
        make_encoder: called once, when the first photo must be embedded: an unchanged library needs no model.
        identifier: names peaks and concepts.
        settings: how.
        progress: told of every photo.
        clock: seconds that only grow.
    """
    start = clock()
    report = PhotoReport(
        found=len(library.photos) + len(library.skipped),
        skipped=list(library.skipped),
        passed_over=library.passed_over,
    )
    encoder: Encoder | None = None
    for batch in batched(_changed(client, library.photos, settings, report, progress), settings.batch_size):
        encoder = encoder or make_encoder()
        _load_batch(client, batch, encoder, identifier, settings, report)
        progress.advance(len(batch))
    client.indices.refresh(index=PHOTOS)
    report.seconds = clock() - start
    return report


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut an iterable into lists of ``size``, the last perhaps shorter (`itertools.batched` is of 3.12)."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _changed(
    client: Elasticsearch,
    photos: Iterable[PhotoFile],
    settings: Settings,
    report: PhotoReport,
    progress: Progress,
) -> Iterator[PhotoFile]:
    """Yield the photos whose content is not in the index; count the others."""
    for group in batched(photos, LOOKUP_SIZE):
        known = {} if settings.reload else stored_hashes(client, [photo.id for photo in group])
        for photo in group:
            if photo.id in known and hash_file(photo.path) == known[photo.id]:
                report.unchanged += 1
                progress.advance(worked=False)
            else:
                yield photo


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, "" when it cannot be read (decoding then says why)."""
    digest = sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _load_batch(
    client: Elasticsearch,
    files: Sequence[PhotoFile],
    encoder: Encoder,
    identifier: Identifier,
    settings: Settings,
    report: PhotoReport,
) -> None:
    photos = []
    for decoded in decode_photos(files, encoder.input, settings.zone):
        if isinstance(decoded, Photo):
            photos.append(decoded)
        else:
            report.skipped.append(decoded)
    vectors = encoder.encode([photo.picture for photo in photos])
    identified = identifier.identify(vectors, [read_camera(photo.fields) for photo in photos])
    documents = {
        photo.id: photo.document(
            vector.tolist(), identification_fields(photo.fields, found, settings.top_peaks)
        )
        for photo, vector, found in zip(photos, vectors, identified, strict=True)
    }
    _count(photos, documents, write_documents(client, PHOTOS, documents), report)


def _count(
    photos: Sequence[Photo], documents: dict[str, dict[str, Any]], written: Written, report: PhotoReport
) -> None:
    names = {photo.id: photo.name for photo in photos}
    refused = {rejected.id for rejected in written.rejected}
    report.created += len(written.created)
    report.updated += len(written.updated)
    report.rejected += [Skipped(names[rejected.id], rejected.reason) for rejected in written.rejected]
    for photo in photos:
        if photo.id not in refused:
            document = documents[photo.id]
            report.with_position += "gps" in document
            report.with_bearing += "bearing" in document
            report.with_offset += "shot_time_offset" in document
            report.with_sight += bool(document["peaks_in_frame"])
            report.with_peaks += bool(document["predicted_peaks"])
            report.with_concepts += bool(document["predicted_concepts"])
            report.notes += [Skipped(photo.name, note) for note in photo.notes]
