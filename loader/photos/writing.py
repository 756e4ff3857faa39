"""The last stages of a load: name the peaks, write the documents, carry moved and copied photos over."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from elasticsearch import Elasticsearch

from loader.elastic.bulk import NotWritten, Written, delete_documents, write_documents
from loader.elastic.indices import PHOTOS, find_name, refresh, refuse_replaced
from loader.elastic.photo_index import StoredPhoto, read_documents
from loader.files.library import PhotoFile, path_words
from loader.files.photo import Known, Photo
from loader.peaks.identification.document_fields import FillFields
from loader.photos.comparison import Comparison, is_current
from loader.photos.embedding import Embedded
from loader.photos.library_root import refuse_other_root
from loader.photos.report import Kind, Outcome
from loader.photos.settings import Settings

BATCH = 32  # moved and copied files that are looked up at a time

Other = TypeVar("Other")
Document = dict[str, Any]


@dataclass(frozen=True)
class Identified:
    """Photos and their documents."""

    photos: Sequence[Photo]
    documents: Sequence[Document]


def identify(
    embedded: Iterable[Embedded | Other],
    open_field_filler: Callable[[], FillFields],
    origin: Mapping[str, str],
    read_words: Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]],
) -> Iterator[Identified | Other]:
    """Name peaks and concepts in photos and complete their documents; yield every other item unchanged.

    Args:
        embedded: photos with their vectors.
        open_field_filler: called before the first photo is named.
        origin: the fields that say in which library they are.
        read_words: gives what persons said of photos, by id: the part of a document that a load must keep.
    """
    fill_fields: FillFields | None = None
    for result in embedded:
        if not isinstance(result, Embedded):
            yield result
            continue
        fill_fields = fill_fields or open_field_filler()
        kept = read_words([photo.id for photo in result.photos])
        words = [kept.get(photo.id, {}) for photo in result.photos]
        known = [{**photo.fields, **word} for photo, word in zip(result.photos, words, strict=True)]
        found = fill_fields(result.vectors, known)
        documents = [
            photo.document(vector.tolist(), {**fields, **word}, origin)
            for photo, vector, fields, word in zip(result.photos, result.vectors, found, words, strict=True)
        ]
        yield Identified(result.photos, documents)


class PhotoWriter:
    """Writes the documents of the earlier stages, and yields the outcome of each file.

    Args:
        client: of the cluster.
        comparison: of the library with the index; kept up to date.
        settings: how the library is loaded.

    Attributes:
        lost: files whose content the index held and has lost since; they have no outcome yet.
    """

    def __init__(self, client: Elasticsearch, comparison: Comparison, settings: Settings) -> None:
        self._client, self._comparison, self._settings = client, comparison, settings
        self._index = find_name(client, PHOTOS)
        self.lost: list[PhotoFile] = []

    def write(self, results: Iterable[Identified | Known | Outcome]) -> Iterator[Outcome]:
        """Put photos into the index, and yield every outcome unchanged.

        Raises:
            NotWritten: the cluster stayed away; what it took before that was yielded.
        """
        known: list[Known] = []
        for result in results:
            if isinstance(result, Outcome):
                yield result
            elif isinstance(result, Identified):
                yield from self._write(result)
            else:
                known.append(result)
                if len(known) == BATCH:
                    yield from self._carry_over(known)
                    known = []
        yield from self._carry_over(known)

    def _write(self, result: Identified) -> Iterator[Outcome]:
        photos = dict(zip([photo.id for photo in result.photos], result.photos, strict=True))
        documents = dict(zip(photos, result.documents, strict=True))
        try:
            for written in self._put(documents):
                yield from _outcomes(written, photos, documents)
        except NotWritten as error:  # it may have taken some of them
            yield from _outcomes(error.written, photos, documents)
            raise

    def _put(self, documents: Mapping[str, Document]) -> Iterator[Written]:
        """Write whole documents, and yield their outcomes; none of another library is overwritten.

        Raises:
            PeaksError: another load has begun a library of this name with another root, or the index was
                replaced by one of another model.
        """
        refuse_replaced(self._client, PHOTOS, self._index)
        new = documents.keys() - self._comparison.stored.photos.keys()
        written = write_documents(self._client, PHOTOS, documents, new=new)
        yield written
        if written.existing:  # another load of this library wrote them, or the first answer was lost
            refresh(self._client, PHOTOS)
            refuse_other_root(self._client, self._settings)
            yield write_documents(self._client, PHOTOS, {each: documents[each] for each in written.existing})

    def _write_states(self, files: Sequence[PhotoFile]) -> Iterator[Outcome]:
        """Write size and time of files whose content the index holds under their own id."""
        states = {file.id: self._state(file) for file in files}
        written = write_documents(self._client, PHOTOS, states, merge=True)
        refused = {each.id: each.reason for each in written.rejected}
        for file in files:
            if file.id in refused:
                yield Outcome("rejected", file.name, refused[file.id])
            else:
                yield Outcome("unchanged", file.name)

    def _carry_over(self, known: Sequence[Known]) -> Iterator[Outcome]:
        """Take files whose bytes the index holds: unchanged under their own id, moved or copied otherwise."""
        sources = [(each.file, self._comparison.find_source(each.file, each.content_hash)) for each in known]
        here = [file for file, source in sources if file.id == source.id]
        outdated = [file for file in here if not self._is_current(file)]
        yield from (Outcome("unchanged", file.name) for file in here if file not in outdated)
        yield from self._write_states(outdated)
        others = [(file, source) for file, source in sources if file.id != source.id]
        originals = self._read([source.id for _, source in others])
        for file, source in others:
            if source.id in originals:
                yield self._carry(file, source, originals[source.id])
            else:  # another load has moved or removed it
                self.lost.append(file)

    def _carry(self, file: PhotoFile, source: StoredPhoto, original: Document) -> Outcome:
        """Write a file's document from the one with its content; delete that if it gives way."""
        is_moved = self._comparison.gives_way(source)
        if is_moved:
            # Delete first: after a kill in between, the next run loads the file again, and no photo is there
            # twice.
            delete_documents(self._client, PHOTOS, [source.id])
        words = {"path": file.name, "path_words": path_words(file.name)}
        for written in self._put({file.id: {**original, **words, **self._state(file)}}):
            if written.rejected:
                return Outcome("rejected", file.name, written.rejected[0].reason)
        if is_moved:
            self._comparison.move(source, file)
        return Outcome("moved" if is_moved else "copied", file.name)

    def _read(self, ids: Sequence[str]) -> dict[str, Document]:
        """Whole documents; a refresh lets the search see those that were moved a moment ago."""
        found = read_documents(self._client, ids)
        if missing := [identifier for identifier in ids if identifier not in found]:
            refresh(self._client, PHOTOS)
            found |= read_documents(self._client, missing)
        return found

    def _is_current(self, file: PhotoFile) -> bool:
        return is_current(self._comparison.stored.photos[file.id], file)

    def _state(self, file: PhotoFile) -> Document:
        state = {**self._settings.origin, "size_bytes": file.size, "modified": file.modified}
        return {**state, "sidecars": file.sidecar_state} if file.sidecars else state


def _outcomes(
    written: Written, photos: Mapping[str, Photo], documents: Mapping[str, Document]
) -> Iterator[Outcome]:
    for refused in written.rejected:
        yield Outcome("rejected", photos[refused.id].name, refused.reason)
    kinds: tuple[tuple[Kind, list[str]], ...] = (("created", written.created), ("updated", written.updated))
    for kind, ids in kinds:
        for each in ids:
            yield Outcome(kind, photos[each].name, "", documents[each], photos[each].notes)
