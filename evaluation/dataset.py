"""The data of an evaluation, from the cluster: photos with cameras, peaks and concepts with prototypes."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Generic

import numpy as np
from elasticsearch import Elasticsearch, NotFoundError

from loader.arrays import Vectors
from loader.elastic.indices import PEAKS, PHOTOS, read_pages, read_vector
from loader.elastic.models import DeployedModel, read_deployed_model, read_index_model
from loader.elastic.photo_index import CONFIRMED
from loader.errors import PeaksError
from loader.files.content import hash_file
from loader.files.library import walk_library
from loader.files.paths import join_path
from loader.peaks.catalogue import UNDETERMINED, Concept, EntryT, Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.peaks.confirmed import read_word
from loader.peaks.identification.candidates import View, take_view
from loader.peaks.sight.camera import read_camera
from loader.peaks.sight.geometry import Camera, Summits
from loader.peaks.siglip import SiglipSigmoid
from loader.place import read_point

_PAGE = 500  # documents a request; a vector of 768 numbers is about 10 kB of JSON
_CAMERA_FIELDS = (
    *("gps", "altitude", "bearing", "bearing_reference", "field_of_view"),
    *("shot_time", "shot_time_local"),
)
_PHOTO_FIELDS = ("path", "library_root", "content_hash", "clip_image", CONFIRMED, *_CAMERA_FIELDS)


@dataclass(frozen=True)
class Photos:
    """The library, in the order of the paths.

    Attributes:
        paths: absolute, so that photos of several libraries stay apart; from the library's folder on where
            the index does not know that.
        hashes: SHA-256 of the files, "" where the index does not say.
        vectors: float32 ``(n, dims)``, rows of length 1.
        cameras: None for a photo without a position.
        without_vector: photos that the index holds without one; they are left out.
        roots: of each path the part that is its library's folder, with a ``/`` at its end; () without any.
        words: what a person said of each photo (`loader.peaks.confirmed.read_word`); () without any.
    """

    paths: tuple[str, ...]
    hashes: tuple[str, ...]
    vectors: Vectors
    cameras: tuple[Camera | None, ...]
    without_vector: int = 0
    roots: tuple[str, ...] = ()
    words: tuple[tuple[str, ...], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The paths from the libraries' folders on."""
        return tuple(map(str.removeprefix, self.paths, self.roots)) if self.roots else self.paths

    def __len__(self) -> int:
        return len(self.paths)

    def find_copies(self, folder: Path) -> frozenset[str]:
        """Return the paths of photos whose file is also under a folder.

        A reference photo must not be judged, because it is part of a prototype.
        """
        digests = {hash_file(photo.path) for photo in walk_library(folder).files}
        pairs = zip(self.paths, self.hashes, strict=True)
        return frozenset(path for path, digest in pairs if digest and digest in digests)


@dataclass(frozen=True)
class Catalogue(Generic[EntryT]):
    """Peaks or concepts with their prototypes, in the order of their ids.

    Attributes:
        kind: `Peak` or `Concept`.
        entries: ``m``; their names by language where a file gives them, else all "und".
        vectors: float32 ``(m, dims)``, as the index holds them, rows of length 1.
    """

    kind: type[EntryT]
    entries: tuple[EntryT, ...]
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Of the entries, in their order."""
        return tuple(entry.id for entry in self.entries)

    def with_languages(self, file: Path) -> Catalogue[EntryT]:
        """Return the entries with their names by language, from a catalogue's file.

        Raises:
            PeaksError: the file cannot be read, or names no entry of the index.
        """
        named = {entry.id: entry.names_by_language for entry in read_catalogue(file, self.kind)}
        if self.entries and not named.keys() & set(self.ids):
            raise PeaksError(
                f"No {self.kind.noun} of {file} is in the index: give the catalogue that was loaded into it."
            )
        languages = (named.get(entry.id, entry.names_by_language) for entry in self.entries)
        pairs = zip(self.entries, languages, strict=True)
        entries = tuple(replace(entry, names_by_language=names) for entry, names in pairs)
        return replace(self, entries=entries)


@dataclass(frozen=True)
class Dataset:
    """Everything that is evaluated.

    Attributes:
        photos: the library.
        peaks: of the catalogue, those with a vector.
        concepts: empty when there are none.
        model: the deployed text model.
        siglip: its scale and bias.
    """

    photos: Photos
    peaks: Catalogue[Peak]
    concepts: Catalogue[Concept]
    model: DeployedModel
    siglip: SiglipSigmoid

    @cached_property
    def summits(self) -> Summits:
        """Where the peaks stand."""
        return Summits.gather(self.peaks.entries)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """The view of each photo's camera."""
        return tuple(take_view(camera, self.summits) for camera in self.photos.cameras)


def read_dataset(
    client: Elasticsearch, peaks_file: Path | None = None, concepts_file: Path | None = None
) -> Dataset:
    """Read the three indices and the model behind them; the catalogues' files give the languages of names.

    Raises:
        PeaksError: an index is missing or empty, or the model carries no scale and bias.
    """
    model = read_deployed_model(client, read_index_model(client, PHOTOS).model_id)
    siglip = SiglipSigmoid.of(model)
    if siglip is None:
        raise PeaksError(
            f"Model [{model.model_id}] does not carry SigLIP's scale and bias: deploy it again with `peaks "
            "model deploy --clear-previous`, which writes them."
        )
    peaks, concepts = _read_prototypes(client, Peak), _read_prototypes(client, Concept)
    if not len(peaks):
        raise PeaksError(f"The index {PEAKS} holds no peak with a vector: run `peaks load-peaks FILE`.")
    return Dataset(
        read_photos(client),
        peaks.with_languages(peaks_file) if peaks_file else peaks,
        concepts.with_languages(concepts_file) if concepts_file else concepts,
        model,
        siglip,
    )


def read_photos(client: Elasticsearch) -> Photos:
    """Read every photo that has a vector.

    Raises:
        PeaksError: there is none.
    """
    paths, hashes, vectors, cameras, roots, words, without = [], [], [], [], [], [], 0
    for hit in _read_hits(client, PHOTOS, _PHOTO_FIELDS, "path"):
        vector = read_vector(hit, "clip_image")
        if vector is None:
            without += 1
            continue
        fields = _first_values(hit)
        roots.append(join_path(str(fields["library_root"]), "") if "library_root" in fields else "")
        paths.append(roots[-1] + str(fields.get("path", hit["_id"])))
        hashes.append(str(fields.get("content_hash", "")))
        vectors.append(np.asarray(vector, dtype=np.float32))
        cameras.append(read_camera(fields))
        words.append(read_word(hit["fields"]))
    if not paths:
        raise PeaksError(f"The index {PHOTOS} holds no photo with a vector: run `peaks load-photos DIR`.")
    rows = _unit(np.stack(vectors))
    return Photos(tuple(paths), tuple(hashes), rows, tuple(cameras), without, tuple(roots), tuple(words))


def _read_prototypes(client: Elasticsearch, kind: type[EntryT]) -> Catalogue[EntryT]:
    """Read the entries that have a vector; none when there is no such index."""
    entries, vectors = [], []
    with suppress(NotFoundError):
        for hit in _read_hits(client, kind.index, (*kind.keys, "text_embed"), "id"):
            if (vector := read_vector(hit, "text_embed")) is not None:
                entry = kind.from_hit(hit)
                entries.append(replace(entry, names_by_language={UNDETERMINED: entry.names}))
                vectors.append(vector)
    rows = _unit(np.asarray(vectors, dtype=np.float32)) if vectors else np.zeros((0, 0), dtype=np.float32)
    return Catalogue(kind, tuple(entries), rows)


def _read_hits(
    client: Elasticsearch, index: str, names: Sequence[str], order: str
) -> Iterator[dict[str, Any]]:
    fields = [{"field": name} for name in names]
    pages = read_pages(client, index, size=_PAGE, sort=({order: "asc"},), source=False, fields=fields)
    return chain.from_iterable(pages)


def _first_values(hit: Mapping[str, Any]) -> dict[str, Any]:
    """Return a hit's ``fields`` as a document holds them: one value each, the position as lat and lon."""
    fields = {name: values[0] for name, values in hit.get("fields", {}).items() if values}
    position = read_point(hit.get("fields", {}).get("gps"))
    if position is not None:
        fields["gps"] = {"lat": position.lat, "lon": position.lon}
    return fields


def _unit(vectors: Vectors) -> Vectors:
    """Rows at length 1: a cosine index takes vectors of any length, and `fields` gives them back as sent."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / lengths).astype(np.float32)  # a cosine index takes no vector of length 0
    return scaled
