"""What the index of photos holds: which model's vectors, and which files."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from loader.elastic.bulk import delete_documents
from loader.elastic.indices import PEAKS, PHOTOS, read_pages, read_vector, refresh
from loader.elastic.models import IndexModel, read_index_model
from loader.elastic.retries import with_retries
from loader.errors import PeaksError
from loader.place import Point, read_point
from loader.text import list_words

CONFIRMED = "confirmed_peaks"  # what a person said of a photo (see `loader.peaks.confirmed`)
MOST_LIBRARIES, FORGOTTEN_PAGE = 1_000, 1_000
PAGE = 5_000  # stored photos read at a time; a few hundred bytes each

# The fields that show whether the index holds a file unchanged. They are doc values, so no vector and no
# thumbnail is read.
_STATE = (
    *("path", "library", "library_root", "size_bytes", "modified", "content_hash"),
    *("sidecars", "sidecars_hash", "location"),
)
_WRITTEN = (*_STATE, "loaded")
_FORMATS = {"modified": {"format": "epoch_millis"}}


@dataclass(frozen=True)
class StoredPhoto:
    """A photo as the index has it; None where an earlier version of the loader did not write the field.

    Attributes:
        id: of the document.
        path: from the library's root.
        library: the library's name.
        root: the library's folder, an absolute path.
        size: bytes.
        modified: milliseconds since 1970 (UTC).
        content_hash: SHA-256 of the file, hexadecimal.
        sidecars: names, sizes and times of the files beside it that were read with it.
        sidecars_hash: SHA-256 of their bytes, hexadecimal.
        location: how much of its place the index has (`loader.files.location`).
    """

    id: str
    path: str
    library: str | None
    root: str | None
    size: int | None
    modified: int | None
    content_hash: str | None
    sidecars: str | None = None
    sidecars_hash: str | None = None
    location: str = "exact"


def read_photo_model(client: Elasticsearch) -> IndexModel:
    """Read which model's vectors the photos are, and check that the peaks' come from the same checkpoint.

    Raises:
        PeaksError: an index is missing, or the two belong to different checkpoints.
    """
    photos, peaks = read_index_model(client, PHOTOS), read_index_model(client, PEAKS)
    if photos.checkpoint_fingerprint != peaks.checkpoint_fingerprint:
        raise PeaksError(
            f"[{PHOTOS}] holds vectors of {photos.model_id} (checkpoint {photos.checkpoint_fingerprint}) and "
            f"[{PEAKS}] of {peaks.model_id} (checkpoint {peaks.checkpoint_fingerprint}), which cannot be "
            "compared: run `peaks apply --next` for the older one and load it again."
        )
    return photos


def check_fields(client: Elasticsearch) -> None:
    """Check that the index has the fields by which libraries and unchanged files are recognised.

    Raises:
        PeaksError: an earlier version made the index, without these fields.
    """
    known = client.indices.get_field_mapping(index=PHOTOS, fields=list(_WRITTEN))
    present = {name for index in known.values() for name in index["mappings"]}
    if missing := [name for name in _WRITTEN if name not in present]:
        raise PeaksError(
            f"[{PHOTOS}] lacks the fields {', '.join(missing)}: run `peaks apply`, which adds them."
        )


def read_stored_photos(client: Elasticsearch) -> dict[str, StoredPhoto]:
    """Return every photo of the index as it is now, by id; about 0.4 kB of memory each."""
    refresh(client, PHOTOS)  # a run that was killed may have written in its last second
    try:
        return _read_all(client)
    except NotFoundError:  # a point in time ends with its node
        return _read_all(client)


def _read_all(client: Elasticsearch) -> dict[str, StoredPhoto]:
    formats = [{"field": name, **_FORMATS.get(name, {})} for name in _STATE]
    pages = read_pages(client, PHOTOS, size=PAGE, source=False, docvalue_fields=formats)
    return {photo.id: photo for hits in pages for photo in map(_stored, hits)}


def find_other_root(client: Elasticsearch, library: str, root: str) -> str | None:
    """Another root with which the index holds photos of a library; None: there is none."""
    query = {"bool": {
        "filter": [{"term": {"library": library}}, {"exists": {"field": "library_root"}}],
        "must_not": [{"term": {"library_root": root}}],
    }}
    fields = [{"field": "library_root"}]
    request = partial(client.search, index=PHOTOS, size=1, source=False, fields=fields, query=query)
    hits = with_retries(request)["hits"]["hits"]
    return str(hits[0]["fields"]["library_root"][0]) if hits else None


def read_positions(client: Elasticsearch) -> list[Point]:
    """Return where the photos of the index were taken, one position a photo that has one.

    Raises:
        PeaksError: no photo has a position.
    """
    has_position = {"exists": {"field": "gps"}}
    # no retries, so that an absent cluster fails at once
    if not client.count(index=PHOTOS, query=has_position)["count"]:
        fix = "load photos that have one with `peaks load-photos DIR`"
        raise PeaksError(f"No photo of the index {PHOTOS} has a position: {fix}.")
    pages = read_pages(client, PHOTOS, size=PAGE, source=False, fields=[{"field": "gps"}], query=has_position)
    positions = (read_point(hit["fields"]["gps"]) for hits in pages for hit in hits)
    return [position for position in positions if position is not None]


@dataclass(frozen=True)
class StoredLibrary:
    """A library as the index has it; photos of an earlier version have no root, and no time.

    Attributes:
        library: its name.
        root: its folder, an absolute path.
        photos: how many.
        loaded: when it was last loaded, ISO 8601.
    """

    library: str | None
    root: str | None
    photos: int
    loaded: str | None


def read_libraries(client: Elasticsearch) -> list[StoredLibrary]:
    """Return the libraries of the index in the order of their names."""
    sources = [
        {name: {"terms": {"field": name, "missing_bucket": True}}} for name in ("library", "library_root")
    ]
    composite: dict[str, Any] = {"size": MOST_LIBRARIES, "sources": sources}
    found = client.search(index=PHOTOS, size=0, aggs={
        "libraries": {"composite": composite, "aggs": {"loaded": {"max": {"field": "loaded"}}}}
    })
    return [
        StoredLibrary(
            bucket["key"]["library"], bucket["key"]["library_root"], bucket["doc_count"],
            bucket["loaded"].get("value_as_string"),
        )
        for bucket in found["aggregations"]["libraries"]["buckets"]
    ]


def require_libraries(client: Elasticsearch, names: Sequence[str]) -> list[StoredLibrary]:
    """Return the libraries of some names.

    Raises:
        PeaksError: the index has no library of one of the names.
    """
    libraries = read_libraries(client)
    known = list(dict.fromkeys(each.library for each in libraries if each.library is not None))
    if unknown := [name for name in names if name not in known]:
        known.sort(key=lambda name: name.casefold() != unknown[0].casefold())  # the one that was meant first
        has = f"it has {list_words(known, 8)}" if known else "load photos with `peaks load-photos DIR`"
        raise PeaksError(f"The index has no library {unknown[0]!r}: {has}.")
    return [each for each in libraries if each.library in names]


def count_confirmed(client: Elasticsearch, library: str | None = None) -> int:
    """Return of how many photos, of one library or of all, a person said what they show."""
    own = [] if library is None else [{"term": {"library": library}}]
    query = {"bool": {"filter": [{"exists": {"field": CONFIRMED}}, *own]}}
    return int(client.count(index=PHOTOS, query=query)["count"])


def forget_library(client: Elasticsearch, library: str) -> int:
    """Delete the photos of a library, and return how many there were."""
    query, removed = {"term": {"library": library}}, 0
    for hits in read_pages(client, PHOTOS, size=FORGOTTEN_PAGE, source=False, query=query):
        removed += delete_documents(client, PHOTOS, [hit["_id"] for hit in hits])
    refresh(client, PHOTOS)
    return removed


def read_documents(client: Elasticsearch, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return whole documents, vector included, by id; missing ones are left out."""
    request = partial(
        client.search,
        index=PHOTOS,
        size=len(ids),
        query={"ids": {"values": list(ids)}},
        fields=[{"field": "clip_image"}],
    )
    documents = {}
    for hit in with_retries(request)["hits"]["hits"] if ids else []:
        vector = read_vector(hit, "clip_image")
        documents[hit["_id"]] = {**hit["_source"], **({"clip_image": vector} if vector else {})}
    return documents


def _stored(hit: Mapping[str, Any]) -> StoredPhoto:
    fields = {name: values[0] for name, values in hit.get("fields", {}).items()}
    size, modified = fields.get("size_bytes"), fields.get("modified")
    return StoredPhoto(
        id=hit["_id"],
        path=fields.get("path", hit["_id"]),
        library=fields.get("library"),
        root=fields.get("library_root"),
        size=None if size is None else int(size),
        modified=None if modified is None else int(modified),
        content_hash=fields.get("content_hash"),
        sidecars=fields.get("sidecars"),
        sidecars_hash=fields.get("sidecars_hash"),
        location=fields.get("location", "exact"),
    )
